"""Policy: every number of the regulation as a versioned setting (R3, rules.md §5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import norms, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Day, Endpoint, Name, Told

Version = TypedDict(
    "Version",
    {
        "id": int,
        "value": str,
        "team": str | None,
        "manager": str | None,
        "segment": str | None,
        "from": str | None,
        "author": str,
        "reason": str | None,
    },
)


class Setting(TypedDict):
    """``value`` is what holds today for the company; ``versions`` are all that were ever set."""

    name: str
    value: str
    unit: str
    default: str
    meaning: str
    versions: list[Version]


class Settings(TypedDict):
    items: list[Setting]
    next: None


class Set(TypedDict):
    name: str
    version: int


class NewVersion(Told):
    """``from`` is a local day; without it the value holds from the next midnight (EC-67)."""

    name: Name
    value: Name
    team: Name | None = None
    manager: str | None = None
    segment: Name | None = None
    since: Day | None = Field(None, alias="from")
    reason: Name | None = None


async def find(ask: Ask) -> dict[str, Any]:
    return {"items": await norms.list_policy(ask.conn, ask.now.astimezone(ask.company.zone).date()), "next": None}


async def add(ask: Ask) -> dict[str, Any]:
    told: NewVersion = ask.body
    since = told.since or ask.now.astimezone(ask.company.zone).date() + timedelta(days=1)
    await pipeline.hold(ask.conn)
    version = await norms.set_policy(
        ask.conn,
        told.name,
        told.value,
        team=told.team,
        manager_id=await ask.manager_id(told.manager),
        segment=told.segment,
        from_day=since,
        author=ask.asker.name,
        reason=told.reason,
        now=ask.now,
    )
    await pipeline.norms_changed(ask.conn, company=ask.company, since=since, now=ask.now)
    return {"name": told.name, "version": version}


ENDPOINTS = (
    Endpoint("GET", "/policy", "Every setting, what holds today and every version", find, Settings),
    Endpoint("POST", "/policy", "A new version of a setting", add, Set, roles=SUPERVISORS, body=NewVersion, status=201),
)
