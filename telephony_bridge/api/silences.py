"""Silences of a PBX, settled by a supervisor: without that a day with a gap has no verdict (EC-40, CONTRACT §8)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import norms, pipeline, webhooks
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Endpoint, Moment, Name, Told
from telephony_bridge.db import Record
from telephony_bridge.errors import NotFound, Refused
from telephony_bridge.model import rfc3339

_LONGEST = timedelta(days=7)
Silence = TypedDict(
    "Silence",
    {
        "id": int,
        "source": str,
        "from": str,
        "to": str,
        "settled_as": Literal["outage", "pause"],
        "author": str,
        "reason": str | None,
        "created_at": str,
    },
)


class Silences(TypedDict):
    items: list[Silence]
    next: None


class NewSilence(Told):
    """``outage``: the PBX did not tell, no verdict; ``pause``: nobody called, as good as evidence. The board names the gaps."""

    source: Name
    since: Moment = Field(alias="from")
    to: Moment
    settled_as: Literal["outage", "pause"]
    reason: Name


def _answer(row: Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "source": row["source"],
        "from": rfc3339(row["from_at"]),
        "to": rfc3339(row["to_at"]),
        "settled_as": row["settled_as"],
        "author": row["author"],
        "reason": row["reason"],
        "created_at": rfc3339(row["created_at"]),
    }


async def settle(ask: Ask) -> dict[str, Any]:
    told: NewSilence = ask.body
    if not timedelta() < told.to - told.since <= _LONGEST:
        raise Refused("to: expected a moment after `from`, within a week")
    await pipeline.hold(ask.conn)
    sources = await webhooks.load_sources(ask.conn, ask.company)
    source_id = next((source.id for source in sources.values() if source.name == told.source), None)
    if source_id is None:
        raise NotFound(f"there is no source named {told.source}")
    silence_id = await norms.settle_silence(
        ask.conn, source_id, told.since, told.to, told.settled_as, author=ask.asker.name, reason=told.reason, now=ask.now
    )
    await pipeline.silence_settled(ask.conn, told.since, told.to, company=ask.company, now=ask.now)
    return next(_answer(row) for row in await norms.silences(ask.conn, limit=1) if row["id"] == silence_id)


async def find(ask: Ask) -> dict[str, Any]:
    return {"items": [_answer(row) for row in await norms.silences(ask.conn, limit=1000)], "next": None}


ENDPOINTS = (
    Endpoint("POST", "/silences", "What a silence of a PBX was", settle, Silence, roles=SUPERVISORS, body=NewSilence, status=201),
    Endpoint("GET", "/silences", "Silences that were settled", find, Silences, roles=SUPERVISORS),
)
