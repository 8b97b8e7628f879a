"""Norms: floors and goals, versioned (CONTRACT §6.9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import norms, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Day, Endpoint, Name, Told

Norm = TypedDict(
    "Norm",
    {
        "id": int,
        "metric": str,
        "segment": str,
        "team": str | None,
        "manager": str | None,
        "min": int,
        "target": int,
        "from": str | None,
        "author": str,
    },
)


class Norms(TypedDict):
    items: list[Norm]
    next: None


class Goals(Told):
    """A floor and a goal of a full day, and for whom."""

    metric: Literal["dials", "connects", "new_leads"]
    segment: Name
    team: Name | None = None
    manager: str | None = None
    min: int = Field(ge=0, le=100_000)
    target: int = Field(ge=0, le=100_000)


class NewNorm(Goals):
    """``from`` is a local day; without it the norm holds from the next midnight (EC-67)."""

    since: Day | None = Field(None, alias="from")


async def add(ask: Ask) -> dict[str, Any]:
    told: NewNorm = ask.body
    since = told.since or ask.now.astimezone(ask.company.zone).date() + timedelta(days=1)
    await pipeline.hold(ask.conn)
    norm_id = await norms.set_norm(
        ask.conn,
        told.metric,
        told.segment,
        minimum=told.min,
        target=told.target,
        team=told.team,
        manager_id=await ask.manager_id(told.manager),
        from_day=since,
        author=ask.asker.name,
        now=ask.now,
    )
    await pipeline.norms_changed(ask.conn, company=ask.company, since=since, now=ask.now)
    return next(one for one in await norms.list_norms(ask.conn) if one["id"] == norm_id)


async def find(ask: Ask) -> dict[str, Any]:
    return {"items": await norms.list_norms(ask.conn), "next": None}


ENDPOINTS = (
    Endpoint("POST", "/norms", "A new version of a norm", add, Norm, roles=SUPERVISORS, body=NewNorm, status=201),
    Endpoint("GET", "/norms", "Every version of every norm", find, Norms),
)
