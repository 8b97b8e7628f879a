"""GET /calls: what the PBX proved, whose it is, what it counts for and why not (CONTRACT §5, §6.1)."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import calls, db, phones
from telephony_bridge.api.endpoint import Ask, Day, Endpoint, Id, Limit, Told
from telephony_bridge.errors import NotFound, Refused
from telephony_bridge.model import WhyNot
from telephony_bridge.webhooks.dialects.files import call_json

_ALIASES = {"true": "dials", "dial": "dials", "connect": "connects", "false": "none"}
_COUNTED = {"dials_pbx", "dials_crm", "dials", "connects_pbx", "connects_crm", "connects", "none", *WhyNot}


class Talked(TypedDict):
    extension: str
    seconds: int


class Counts(TypedDict):
    dial: bool
    connect: bool


class CallAnswer(TypedDict):
    """A call as CONTRACT §5 has it."""

    id: int
    source: str
    dialect: str
    call_key: str
    direction: Literal["outbound", "inbound", "internal"]
    extension: str | None
    number: str | None
    number_raw: NotRequired[str | None]
    started_at: str
    answered_at: str | None
    ended_at: str | None
    ring_seconds: int | None
    talk_seconds: int
    disposition: Literal["answered", "no_answer", "busy", "failed", "canceled", "voicemail"]
    hangup_cause: str | None
    recording_url: str | None
    via: Literal["ip", "mobile", "unknown"]
    final: bool
    settled: str | None
    twins: list[int]
    twin_of: int | None
    talked: NotRequired[list[Talked]]
    date: str
    manager: str | None
    duty_manager: str | None
    lead: int | None
    candidates: list[int]
    match: Literal["matched", "ambiguous", "none", "internal", "excluded"]
    match_reason: str
    counts: Counts
    why_not: dict[str, str]
    comment: Literal["done", "due", "late", "not_needed"]
    next_contact: Literal["done", "due", "late", "not_needed"]
    robot: NotRequired[bool]
    personal: Literal["held", "waiting", "refused"] | None
    claimed: bool
    claim: Literal["accepted", "refused"] | None
    deliveries: list[int]


class Calls(TypedDict):
    items: list[CallAnswer]
    next: str | None


class CallsQuery(Told):
    """``counted``: dials_pbx, dials_crm, dials (or true), connects_pbx, connects_crm, connects, false, or a ``why_not`` word.

    ``claimed``: true for short talks that are said to be conversations and wait for a supervisor's word (EC-33).
    """

    day: Day | None = Field(None, alias="date")
    manager: str | None = None
    source: str | None = None
    number: str | None = None
    lead: Id | None = None
    counted: str | None = None
    claimed: bool | None = None
    limit: Limit = 100
    cursor: str | None = None


def answer(row: db.Record) -> dict[str, Any]:
    """A ledger row as CONTRACT §5 has it, with what was derived."""
    told = {metric: "twin" if row["twin_of"] is not None else row[f"why_not_{metric}"] for metric in ("dial", "connect")}
    why_not = {metric: word for metric, word in told.items() if word is not None}
    return {
        "id": row["id"],
        **call_json(calls.read_call(row), row["source"], row["dialect"]),
        "settled": row["settled"],
        "twins": list(row["twins"]),
        "twin_of": row["twin_of"],
        "date": row["day"].isoformat(),
        "manager": row["manager"],
        "duty_manager": row["duty_manager"],
        "lead": row["lead_id"],
        "candidates": list(row["candidates"]),
        "match": row["match"],
        "match_reason": row["match_reason"],
        "counts": {metric: word is None for metric, word in told.items()},
        "why_not": why_not,
        "comment": row["comment"],
        "next_contact": row["next_contact"],
        "personal": row["personal"],
        "claimed": row["claimed"] and row["claim"] is None,
        "claim": row["claim"],
        "deliveries": list(row["delivery_ids"]),
    }


def _cursor(row: db.Record) -> str:
    return base64.urlsafe_b64encode(f"{row['started_at'].isoformat()} {row['id']}".encode()).decode()


def _after(cursor: str | None) -> tuple[datetime, int] | None:
    if cursor is None:
        return None
    try:
        at, _, last = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        return datetime.fromisoformat(at), int(last)
    except (ValueError, binascii.Error):
        raise Refused("cursor: give back what `next` said, as it was") from None


async def find(ask: Ask) -> dict[str, Any]:
    asked: CallsQuery = ask.query
    counted = _ALIASES.get(asked.counted, asked.counted) if asked.counted is not None else None
    if counted is not None and counted not in _COUNTED:
        raise Refused(f"counted: read {asked.counted!r}, expected one of {', '.join(sorted(_COUNTED | set(_ALIASES)))}")
    number = asked.number
    if number is not None:
        number = phones.e164(number, ask.company.region)
        if number is None:
            return {"items": [], "next": None}
    rows = await calls.listed(
        ask.conn,
        day=asked.day,
        manager_id=await ask.manager_id(asked.manager),
        source=asked.source,
        number=number,
        lead_id=asked.lead,
        seen_by=ask.asker.seen_by,
        counted=counted,
        claimed=asked.claimed,
        after=_after(asked.cursor),
        limit=asked.limit + 1,
    )
    page = rows[: asked.limit]
    return {"items": [answer(row) for row in page], "next": _cursor(page[-1]) if len(rows) > asked.limit else None}


async def row_of(ask: Ask) -> db.Record:
    """The call that the path names. Raises ``NotFound``, also for a call that a manager has no part in."""
    rows = await calls.listed(ask.conn, call_id=ask.id("id"), seen_by=ask.asker.seen_by, limit=1)
    if not rows:
        raise NotFound(f"there is no call {ask.path['id']}")
    return rows[0]


async def one(ask: Ask) -> dict[str, Any]:
    return answer(await row_of(ask))


ENDPOINTS = (
    Endpoint("GET", "/calls", "Calls, newest first", find, Calls, query=CallsQuery),
    Endpoint("GET", "/calls/{id}", "One call", one, CallAnswer),
)
