"""What is recorded about a lead beside calls: comments that change, meetings, and the dates that are offered (R8, R24, R29)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import crm, pipeline
from telephony_bridge.api.endpoint import Ask, Endpoint, Forbidden, Moment, Text, Told
from telephony_bridge.api.leads import Kept, planner_of
from telephony_bridge.api.writing import author_of
from telephony_bridge.crm import Outcome
from telephony_bridge.errors import Refused
from telephony_bridge.model import rfc3339

LATEST = timedelta(days=1)  # how long after a meeting a manager may still enter it himself


class Preset(TypedDict):
    """``preset`` is days, weeks or months ahead; ``at`` is ten o'clock local on the next working day then."""

    preset: str
    at: str


class Presets(TypedDict):
    items: list[Preset]
    next: None


class CommentChanges(Told):
    """What is given changes, what is not stays. Without text and outcome the comment is removed; its versions are kept."""

    text: Text | None = None
    outcome: Outcome | None = None
    goal: Text | None = None


class NewMeeting(Told):
    """A meeting that was held: ``at`` is when it began. ``author`` (a handle) may be given by admin and supervisor."""

    at: Moment
    minutes: Annotated[int, Field(ge=1, le=720)]
    author: str | None = None
    goal: Text | None = None


async def _change(ask: Ask, told: dict[str, Any]) -> dict[str, Any]:
    await pipeline.hold(ask.conn)
    lead_id, comment_id = ask.id("id"), ask.id("comment")
    lead = await crm.lead_seen_by(ask.conn, lead_id, ask.asker.seen_by)
    if told.get("outcome") == "will_call_himself" and lead["next_contact"] is None:
        raise Refused("outcome: a client who will call himself needs a date on which you call him; set the next contact first")
    by = ask.asker.manager or ask.asker.name
    at = await crm.change_comment(ask.conn, lead_id, comment_id, told, by=by, author_id=ask.asker.seen_by, now=ask.now)
    await pipeline.notes_came(ask.conn, [lead_id], at=at, company=ask.company, now=ask.now)
    return {"id": comment_id, "lead": await crm.lead_seen_by(ask.conn, lead_id, None)}


async def change(ask: Ask) -> dict[str, Any]:
    told: CommentChanges = ask.body
    given = told.model_dump(exclude_unset=True)
    return await _change(ask, given | ({"text": told.text or ""} if "text" in given else {}))


async def remove(ask: Ask) -> dict[str, Any]:
    return await _change(ask, {"text": "", "outcome": None})


async def meet(ask: Ask) -> dict[str, Any]:
    told: NewMeeting = ask.body
    await pipeline.hold(ask.conn)
    lead_id = ask.id("id")
    await crm.lead_seen_by(ask.conn, lead_id, ask.asker.seen_by)
    author = await author_of(ask, told.author)
    if ask.asker.role == "manager" and told.at < ask.now - LATEST:
        raise Forbidden(
            f"at: read {rfc3339(told.at)}; a manager enters a meeting within a day of its beginning, an older one a supervisor"
        )
    ended_at = told.at + timedelta(minutes=told.minutes)
    meeting_id = await crm.hold_meeting(ask.conn, lead_id, told.at, ended_at, told.goal, author=author, now=ask.now)
    await pipeline.notes_came(ask.conn, [lead_id], at=told.at, company=ask.company, now=ask.now)
    return {"id": meeting_id, "lead": await crm.lead_seen_by(ask.conn, lead_id, None)}


async def presets(ask: Ask) -> dict[str, Any]:
    lead = await crm.lead_seen_by(ask.conn, ask.id("id"), ask.asker.seen_by)
    asker = crm.Author("person", ask.asker.name, ask.asker.manager_id)
    planner = await planner_of(ask, asker, lead)
    offered = await pipeline.offered_dates(ask.conn, planner, company=ask.company, now=ask.now)
    return {"items": [{"preset": span, "at": rfc3339(at)} for span, at in offered], "next": None}


ENDPOINTS = (
    Endpoint(
        "PATCH", "/leads/{id}/comments/{comment}", "Change a comment; what it said is kept", change, Kept, body=CommentChanges
    ),
    Endpoint("DELETE", "/leads/{id}/comments/{comment}", "Empty a comment; what it said is kept", remove, Kept),
    Endpoint("POST", "/leads/{id}/meetings", "Record a meeting that was held", meet, Kept, body=NewMeeting, status=201),
    Endpoint("GET", "/leads/{id}/presets", "Dates to offer for the next contact", presets, Presets),
)
