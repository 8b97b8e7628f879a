"""What an endpoint is: a value that routes, checks, runs in one transaction and documents itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from telephony_bridge.db import Connection
from telephony_bridge.model import Company

Role = Literal["manager", "supervisor", "admin"]
EVERYONE: frozenset[Role] = frozenset({"manager", "supervisor", "admin"})
SUPERVISORS: frozenset[Role] = frozenset({"supervisor", "admin"})
ADMINS: frozenset[Role] = frozenset({"admin"})


class Told(BaseModel):
    """A request body or query as strangers send it: an unknown field is an error that names it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Nothing(Told):
    """No body, or no query."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a token or a signed-in person. ``manager`` and ``manager_id`` are set when bound to a salesperson."""

    name: str
    role: Role
    manager_id: int | None = None
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, checked, inside its transaction."""

    conn: Connection
    asker: Asker
    company: Company
    now: datetime
    path: Mapping[str, str]
    query: Any
    body: Any


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``handler(ask) -> value`` (a JSON-ready dict or list); errors of ``errors.py`` become problems (RFC 9457)."""

    method: Literal["GET", "POST", "PATCH"]
    path: str
    summary: str
    handler: Callable[[Ask], Awaitable[Any]]
    roles: frozenset[Role] = EVERYONE
    query: type[BaseModel] = Nothing
    body: type[BaseModel] = Nothing
    status: int = 200
    answer: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})  # JSON Schema of the answer
