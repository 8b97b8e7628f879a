"""What an endpoint is: a value that routes, checks, runs in one transaction and documents itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from telephony_bridge.db import Apart, Connection
from telephony_bridge.errors import BridgeError, NotFound, Refused
from telephony_bridge.model import Company
from telephony_bridge.people import Vault, by_handle
from telephony_bridge.sending import closed

Role = Literal["manager", "supervisor", "admin"]
EVERYONE: frozenset[Role] = frozenset({"manager", "supervisor", "admin"})
SUPERVISORS: frozenset[Role] = frozenset({"supervisor", "admin"})
ADMINS: frozenset[Role] = frozenset({"admin"})


def _of_this_century(day: date) -> date:
    """A year that telephony and calendars know; beyond it arithmetic ends. Raises ``ValueError``."""
    if not 2000 < day.year < 2100:
        raise ValueError(f"the year {day.year} cannot be")
    return day


def _moment(at: datetime) -> datetime:
    _of_this_century(at)
    return at.astimezone(UTC)


Day = Annotated[date, AfterValidator(_of_this_century)]
Moment = Annotated[AwareDatetime, AfterValidator(_moment)]
Text = Annotated[str, Field(max_length=10_000)]
Name = Annotated[str, Field(min_length=1, max_length=300)]
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Address = Annotated[str, Field(min_length=1, max_length=2000)]
Language = Literal["ru", "en"]
Limit = Annotated[int, Field(ge=1, le=1000)]


class Forbidden(BridgeError):
    """The asker is known, and his role may not do this."""


class Told(BaseModel):
    """A request body or query as strangers send it: an unknown field is an error that names it."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Nothing(Told):
    """No body, or no query."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: a token or a signed-in person. ``manager`` and ``manager_id`` are set when bound to a salesperson."""

    name: str
    role: Role
    manager_id: int | None = None
    manager: str | None = None
    is_person: bool = False

    @property
    def seen_by(self) -> int | None:
        """Whose own a manager's answers are limited to; None for who sees all."""
        return (self.manager_id or -1) if self.role == "manager" else None


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, checked, inside its transaction.

    ``apart`` opens another one, on copies, in which nothing can be written; ``vault`` holds the key of addresses.
    """

    conn: Connection
    asker: Asker
    company: Company
    address: str
    now: datetime
    path: Mapping[str, str]
    query: Any
    body: Any
    apart: Apart
    vault: Vault

    def id(self, name: str) -> int:
        """An id out of the path. Raises ``NotFound``: what is no number names nothing."""
        typed = self.path[name]
        if not typed.isascii() or not typed.isdigit() or len(typed) > 18:
            raise NotFound(f"there is nothing with the id {typed[:40]!r}")
        return int(typed)

    def day(self, name: str) -> date:
        """A day out of the path. Raises ``Refused``."""
        try:
            return _of_this_century(date.fromisoformat(self.path[name]))
        except ValueError:
            raise Refused(f"{name}: read {self.path[name][:40]!r}, expected a day such as 2026-11-23") from None

    async def closed(self, urls: Sequence[str]) -> tuple[str, ...]:
        """Addresses of channels as they are kept. Raises ``Refused`` for what no channel understands, and for the masked form."""
        return await closed(self.vault, urls)

    async def manager_id(self, handle: str | None) -> int | None:
        """The id behind a handle. Raises ``NotFound``, also for a colleague a manager asks about."""
        if handle is None:
            return None
        row = await by_handle(self.conn, handle)
        if self.asker.seen_by not in (None, row["id"]):
            raise NotFound(f"there is no manager {handle!r}")
        return int(row["id"])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """``handler(ask) -> value`` (a JSON-ready dict or list); errors of ``errors.py`` become problems (RFC 9457).

    ``answer`` is the type whose JSON Schema the answer keeps to.
    """

    method: Literal["GET", "POST", "PATCH", "DELETE"]
    path: str
    summary: str
    handler: Callable[[Ask], Awaitable[Any]]
    answer: Any
    roles: frozenset[Role] = EVERYONE
    query: type[BaseModel] = Nothing
    body: type[BaseModel] = Nothing
    status: int = 200
