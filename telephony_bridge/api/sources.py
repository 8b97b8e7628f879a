"""Sources: PBX installations and the tokens that prove them (CONTRACT §6.9)."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import webhooks
from telephony_bridge.api.endpoint import ADMINS, Ask, Endpoint, Name, Told
from telephony_bridge.model import rfc3339


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


class NewSource(Told):
    """``trunks`` are NAME_GLOB=ip or NAME_GLOB=gsm, the first match wins; ``secrets`` is what the vendor signs with."""

    name: Name
    dialect: Name
    timezone: str | None = None
    region: str | None = None
    outside_prefix: str | None = None
    extension_pattern: Name | None = None
    trunks: list[Name] = Field(default_factory=list, max_length=200)
    own_numbers: list[Name] = Field(default_factory=list, max_length=1000)
    secrets: dict[str, str] = Field(default_factory=dict)


async def add(ask: Ask) -> dict[str, Any]:
    told: NewSource = ask.body
    options = webhooks.options_from(
        company=ask.company,
        timezone=told.timezone,
        region=told.region,
        outside_prefix=told.outside_prefix,
        extension_pattern=told.extension_pattern,
        trunks=told.trunks,
        own_numbers=told.own_numbers,
    )
    return dict(
        await webhooks.add_source(ask.conn, told.name, told.dialect, options, told.secrets, address=ask.address, now=ask.now)
    )


async def find(ask: Ask) -> dict[str, Any]:
    items = [{**one, "created_at": rfc3339(one["created_at"])} for one in await webhooks.list_sources(ask.conn)]
    return {"items": items, "next": None}


ENDPOINTS = (
    Endpoint("POST", "/sources", "Register a PBX installation", add, Registered, roles=ADMINS, body=NewSource, status=201),
    Endpoint("GET", "/sources", "Every installation", find, Sources, roles=ADMINS),
)
