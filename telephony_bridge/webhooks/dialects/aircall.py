"""Aircall: the ``call.*`` events of its webhooks, each with the whole call as it stands. Pure.

Aircall, webhooks overview: JSON with ``resource``, ``event``, ``timestamp``, ``token`` and the call in ``data``, at least once
and in no order. ``call.hungup`` comes at once, ``call.ended`` half a minute later and complete. Times are seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Talk, Via
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import events_of, object_in, read_each, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Dialect, Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, talks_of, via_of

_DIRECTIONS = {"inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND}
_KNOWS_MORE = ("call.hungup", "call.ended")  # of two that end a call the later in this list


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The call as one event tells it; without ``event`` it is a record of the API."""

    key: str
    event: str
    at: datetime
    direction: Direction
    done: bool
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    number: str
    line: tuple[str, str]  # name and digits
    user: str
    given_by: str
    missed: str
    voicemail: bool
    cause: str
    recording: str


@dataclass(frozen=True, slots=True)
class _Recording:
    key: str
    link: str


def read(delivery: Delivery, _installation: Installation) -> list[Row]:
    """One event, or what the API returns: a call, ``{"call": {…}}``, or a page of ``calls``."""
    return read_each(events_of(delivery, "calls"), lambda told: _row(told, delivery.received_at))


def _row(told: dict[str, Any], received_at: datetime) -> Row:
    event, resource = text_in(told, "event"), text_in(told, "resource")
    if (resource and event) or (resource == "call" and "data" in told) or (event.startswith("call.") and "data" in told):
        if (resource and resource != "call") or (event and not event.startswith("call.")):
            raise NotACall(f"Aircall's event {without_digits(event)} tells of no call", "event")
        needed(event, "event", "Aircall's webhook")
        call = object_in(told, "data")
    else:
        call = object_in(told, "call") or told
        event = ""
        if not ("id" in call and "raw_digits" in call):
            raise Misdirected("Aircall's resource, event and data are not here: this webhook is pasted into another system")
    key = needed(text_in(call, "id"), "data.id", "every event of a call")
    ties = (f"id:{key}",)
    at = epoch(text_in(told, "timestamp"), "timestamp") if event else None
    if event == "call.comm_assets_generated" and "started_at" not in call:
        link = text_in(call, "recording", "asset")
        if not link:
            raise NotACall("The assets that were generated hold no recording", "data.recording")
        return Row(at or received_at, ties, _Recording(key, link), aside=True)
    found = _snapshot(key, event, at, call)
    return Row(found.started_at, ties, found)  # a tag or a comment may come days later


def _snapshot(key: str, event: str, at: datetime | None, call: dict[str, Any]) -> _Snapshot:
    direction = _DIRECTIONS.get(text_in(call, "direction").lower())
    if direction is None:
        raise Malformed("data.direction: expected inbound or outbound", "data.direction")
    started, answered, ended = (epoch(text_in(call, name), f"data.{name}") for name in ("started_at", "answered_at", "ended_at"))
    started = at_needed(started, "data.started_at", "a call")
    if answered is not None and answered < started:
        raise Malformed("data.answered_at is before data.started_at", "data.answered_at")
    if ended is not None and ended < (answered or started):
        raise Malformed("data.ended_at is before the call began", "data.ended_at")
    seconds(text_in(call, "duration"), "data.duration")  # with the ringing: the times tell the talk
    done = event in _KNOWS_MORE or text_in(call, "status").lower() == "done"
    if event in _KNOWS_MORE:
        at_needed(ended, "data.ended_at", event)
    number = text_in(call, "raw_digits") or _outside(call)
    if direction is Direction.OUTBOUND and event in _KNOWS_MORE:
        needed(number, "data.raw_digits", event)
    line, user = object_in(call, "number"), object_in(call, "user")
    return _Snapshot(
        key=key,
        event=event,
        at=at or ended or answered or started,
        direction=direction,
        done=done and ended is not None,
        started_at=started,
        answered_at=answered,
        ended_at=ended,
        number=number,
        line=(text_in(line, "name"), text_in(line, "digits")),
        user=text_in(user, "id") or _taking_part(call),
        given_by=text_in(object_in(call, "transferred_by"), "id"),
        missed=text_in(call, "missed_call_reason"),
        voicemail=bool(text_in(call, "voicemail")) or event == "call.voicemail_left",
        cause=text_in(call, "hangup_cause"),
        recording=text_in(call, "recording", "asset") if not text_in(call, "voicemail") else "",
    )


def _taking_part(call: dict[str, Any]) -> str:
    """The user among the participants, where he alone is one: ``user`` is empty when an outbound call begins."""
    return _alone(call, "user", "id")


def _outside(call: dict[str, Any]) -> str:
    """The outside party among the participants, where it alone is one."""
    return _alone(call, "external", "phone_number")


def _alone(call: dict[str, Any], kind: str, field: str) -> str:
    for name in ("participants", "conference_participants"):
        listed = call.get(name)
        parts = [part for part in listed if isinstance(part, dict)] if isinstance(listed, list) else []
        told = {text_in(part, field) for part in parts if text_in(part, "type") == kind} - {""}
        if len(told) == 1:
            return told.pop()
    return ""


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of an ``id``. The last event that ends it tells it; what it leaves out the others add."""
    said = [row.said for row in rows]
    told = sorted((one for one in said if isinstance(one, _Snapshot)), key=_knowing)
    if not told:
        return []
    last = told[-1]
    answered_at = last.answered_at or min((one.answered_at for one in told if one.answered_at), default=None)
    ended_at = last.ended_at if last.done else None
    if answered_at is not None and ended_at is not None and answered_at > ended_at:
        answered_at = None
    inbound = last.direction is Direction.INBOUND
    ordered = sorted(told, key=lambda one: (one.at, repr(one)))
    first = _first(ordered, inbound=inbound)
    left_at = min((one.at for one in told if one.event == "call.external_transferred"), default=None)
    talked = talks_of(_legs(ordered, first, answered_at, left_at), ended_at)
    recordings = [one.recording for one in told if one.recording] or sorted(
        one.link for one in said if isinstance(one, _Recording)
    )
    return [
        call_of(
            last.key,
            last.direction,
            installation,
            party=last.number or max(one.number for one in told),
            started_at=last.started_at,
            answered_at=answered_at,
            ended_at=ended_at,
            talk_seconds=_talk(talked, answered_at, ended_at, left_at),
            disposition=_disposition(told, last, answered=answered_at is not None),
            extension=None if inbound else first,
            rung={one.user for one in told if one.user} if inbound else (),
            talked=talked,
            hangup_cause=last.missed or last.cause or max(one.cause for one in told),
            recording_url=recordings[-1] if recordings else None,
            via=_via(told, installation),
            final=ended_at is not None,
        )
    ]


def _knowing(one: _Snapshot) -> tuple[bool, int, datetime, str]:
    """Ended calls above going ones, ``call.ended`` and what came after it above ``call.hungup``."""
    rank = _KNOWS_MORE.index(one.event) if one.event in _KNOWS_MORE else 1 if one.done else 0
    return one.done, rank, one.at, repr(one)


def _first(ordered: Sequence[_Snapshot], *, inbound: bool) -> str:
    """Who talked first (inbound) or who dialled (outbound): the earliest user told, before him who gave the call to another."""
    names = (one.given_by or one.user for one in ordered if not inbound or one.answered_at is not None)
    return next((name for name in names if name), "")


def _legs(ordered: Sequence[_Snapshot], first: str, answered_at: datetime | None, left_at: datetime | None) -> list[Leg]:
    """Who talked from when to when. A second employee is proved by his own ``call.answered`` after the transfer."""
    if answered_at is None or not first:
        return []
    legs = []
    name, since = first, answered_at
    for one in ordered:
        if one.event != "call.answered" or one.user in ("", name) or one.at <= since:
            continue
        moved = (other.at for other in ordered if other.event == "call.transferred" and since <= other.at <= one.at)
        legs.append(Leg(name, since, min(moved, default=one.at)))
        name, since = one.user, one.at
    return [*legs, Leg(name, since, left_at if left_at is not None and left_at >= since else None)]


def _talk(talked: Sequence[Talk], answered_at: datetime | None, ended_at: datetime | None, left_at: datetime | None) -> int:
    """From the answer to the end, or until the call was given to an outside number; of several people without the gaps."""
    if answered_at is None or ended_at is None:
        return 0
    if len(talked) > 1:
        return sum(talk.seconds for talk in talked)
    until = left_at if left_at is not None and answered_at <= left_at <= ended_at else ended_at
    return int((until - answered_at).total_seconds())


def _disposition(told: Sequence[_Snapshot], last: _Snapshot, *, answered: bool) -> Disposition:
    if answered:
        return Disposition.ANSWERED
    if last.direction is Direction.INBOUND and any(one.voicemail for one in told):
        return Disposition.VOICEMAIL
    # the vendor lists no causes: only the word itself is taken
    return Disposition.BUSY if "busy" in last.cause.lower() else Disposition.NO_ANSWER


def _via(told: Sequence[_Snapshot], installation: Installation) -> Via:
    """All of Aircall is VoIP; an administrator who knows better says so by the line."""
    said = via_of(installation, *max(one.line for one in told))
    return Via.IP if said is Via.UNKNOWN else said


DIALECT = Dialect(
    name="aircall",
    title="Aircall",
    read=read,
    tell=tell,
    secrets={"token": "the token that was shown or returned when the webhook was created"},
    prove=proofs.aircall,
    patient=True,
)
