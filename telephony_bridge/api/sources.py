"""Sources: PBX installations and the tokens that prove them (CONTRACT §6.9)."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import webhooks
from telephony_bridge.api.endpoint import ADMINS, Ask, Endpoint, Name, Told
from telephony_bridge.model import Company, rfc3339


class Source(TypedDict):
    """What is known of an installation; secrets and tokens are never told again."""

    name: str
    dialect: str
    options: dict[str, Any]
    created_at: str


class Sources(TypedDict):
    items: list[Source]
    next: None


class Registered(TypedDict):
    """``token`` and the ``url`` that holds it are told once."""

    name: str
    dialect: str
    url: str
    token: str


class ChangedSource(Told):
    """``trunks`` are NAME_GLOB=ip or NAME_GLOB=gsm, the first match wins; ``secrets`` is what the vendor signs with.

    ``allow`` lists the addresses or blocks that may post; ``settle_after`` is how many minutes a call's end may be owed.
    ``min_talk`` is how many seconds make a conversation there; ``clock_ahead`` how many seconds its clock is ahead, or behind
    if negative.
    ``crm``: it tells of calls second-hand, a PBX that saw the same call wins (EC-37).
    """

    timezone: str | None = None
    region: str | None = None
    outside_prefix: str | None = None
    extension_pattern: Name | None = None
    trunks: list[Name] = Field(default_factory=list, max_length=200)
    own_numbers: list[Name] = Field(default_factory=list, max_length=1000)
    allow: list[Name] = Field(default_factory=list, max_length=200)
    settle_after: int | None = Field(None, ge=1, le=7 * 1440)
    crm: bool | None = None
    min_talk: int | None = Field(None, ge=1, le=600)
    clock_ahead: int | None = Field(None, ge=-86_400, le=86_400)
    secrets: dict[str, str] = Field(default_factory=dict)

    def options(self, company: Company) -> dict[str, Any]:
        """As stored; raises ``Refused``."""
        return webhooks.options_from(company=company, **self.model_dump(exclude={"name", "dialect", "secrets"}))


class NewSource(ChangedSource):
    """An installation: its name, how it speaks, and how it is read."""

    name: Name
    dialect: Name


class Changed(TypedDict):
    """As it is now; of its secrets only the names."""

    name: str
    dialect: str
    options: dict[str, Any]
    secrets: list[str]


async def add(ask: Ask) -> dict[str, Any]:
    told: NewSource = ask.body
    options = told.options(ask.company)
    return dict(
        await webhooks.add_source(ask.conn, told.name, told.dialect, options, told.secrets, address=ask.address, now=ask.now)
    )


async def change(ask: Ask) -> dict[str, Any]:
    told: ChangedSource = ask.body
    return await webhooks.change_source(ask.conn, ask.path["name"], told.options(ask.company), told.secrets)


async def find(ask: Ask) -> dict[str, Any]:
    items = [{**one, "created_at": rfc3339(one["created_at"])} for one in await webhooks.list_sources(ask.conn)]
    return {"items": items, "next": None}


ENDPOINTS = (
    Endpoint("POST", "/sources", "Register a PBX installation", add, Registered, roles=ADMINS, body=NewSource, status=201),
    Endpoint("PATCH", "/sources/{name}", "What is given replaces what was", change, Changed, roles=ADMINS, body=ChangedSource),
    Endpoint("GET", "/sources", "Every installation", find, Sources, roles=ADMINS),
)
