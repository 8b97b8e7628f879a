"""onlinePBX: web hooks of its panel, one event a request. Pure.

Knowledge base of the vendor (page 27591028): JSON with ``event``, ``uuid`` of the call and ``date`` in epoch seconds. Receivers
of live traffic also meet forms, ``no value`` for what is empty and ``data`` for ``date``. ``call_end`` or ``call_missed`` ends.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation
from telephony_bridge.webhooks.dialects.bodies import event_of, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Dialect, Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, talks_of, via_of

_STARTS = ("call_start", "call_user_start")
_ENDS = ("call_end", "call_missed")
_EVENTS = (*_STARTS, "call_answered", *_ENDS)
_DIRECTIONS = {"inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND, "local": Direction.INTERNAL}
_UUID = re.compile(r"(?i)[0-9a-z]{8}(?:-[0-9a-z]{4}){3}-[0-9a-z]{12}")  # the vendor's own examples hold letters beyond f
_CAUSES = {  # FreeSWITCH's words, where an installation sends hangup_cause
    "USER_BUSY": Disposition.BUSY,
    "CALL_REJECTED": Disposition.BUSY,
    "ORIGINATOR_CANCEL": Disposition.CANCELED,
    "UNALLOCATED_NUMBER": Disposition.FAILED,
    "NO_ROUTE_DESTINATION": Disposition.FAILED,
    "INVALID_NUMBER_FORMAT": Disposition.FAILED,
    "NORMAL_TEMPORARY_FAILURE": Disposition.FAILED,
    "RECOVERY_ON_TIMER_EXPIRE": Disposition.FAILED,
    "DESTINATION_OUT_OF_ORDER": Disposition.FAILED,
}


@dataclass(frozen=True, slots=True)
class _Event:
    key: str
    word: str
    direction: Direction
    caller: str
    callee: str
    gateway: str
    at: datetime
    talk: int | None
    cause: str
    recording: str


def read(delivery: Delivery, _installation: Installation) -> list[Row]:
    """One event."""
    told = event_of(delivery)
    told = {name: "" if isinstance(value, str) and value.strip().lower() == "no value" else value for name, value in told.items()}
    if "event" not in told or not told.keys() & {"uuid", "domain", "gateway"}:
        raise Misdirected("event and uuid of onlinePBX are not here: this webhook is pasted into another system", "event")
    word = text_in(told, "event").lower()
    if word not in _EVENTS:
        raise NotACall(f"The event {without_digits(word[:40])!r} tells of no call: {', '.join(_EVENTS)} do", "event")
    direction = _DIRECTIONS.get(text_in(told, "direction").lower())
    if direction is None:
        raise Malformed("direction: expected inbound, outbound or local", "direction")
    date = "date" if text_in(told, "date") else "data"  # some events misspell it
    dirty = needed(text_in(told, "uuid"), "uuid", f"the event {word}")
    clean = _UUID.search(dirty)
    talk = seconds(text_in(told, "dialog_duration"), "dialog_duration")
    event = _Event(
        key=clean.group() if clean else "".join(dirty.split()),
        word=word,
        direction=direction,
        caller=text_in(told, "caller"),
        callee=text_in(told, "callee"),
        gateway=text_in(told, "gateway"),
        at=at_needed(epoch(text_in(told, date), date), "date", f"the event {word}"),
        talk=0 if word == "call_missed" else talk,
        cause=text_in(told, "hangup_cause").upper(),
        recording=text_in(told, "download_url"),
    )
    return [Row(event.at, (f"id:{event.key}",), event)]


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a ``uuid``."""
    events = sorted((row.said for row in rows), key=lambda one: (one.at, _EVENTS.index(one.word), repr(one)))
    sides = [_sides(one, installation) for one in events]
    persons = [person for _, person in sides if person]
    parties = [party for party, _ in sides if party]
    direction = events[0].direction
    if direction is Direction.INTERNAL or all(party is None for party, _ in sides):
        direction, parties, persons = Direction.INTERNAL, [events[0].callee], [events[0].caller]
    ends = [one for one in events if one.word in _ENDS]
    last = max(ends, key=lambda one: (one.talk is not None, bool(one.talk), one.at, repr(one)), default=None)
    answers = [  # a menu answers an inbound call as well, and names no employee
        (one.at, person)
        for one, (_, person) in zip(events, sides, strict=True)
        if one.word == "call_answered" and (person or one.direction is not Direction.INBOUND)
    ]
    answered_at = min((at for at, _ in answers), default=None)
    if last is not None and last.talk is None and answered_at is not None and answered_at <= last.at:
        last = replace(last, talk=int((last.at - answered_at).total_seconds()))  # its end leaves the length out
    started_at, final, talk = events[0].at, last is not None and last.talk is not None, 0
    if last is not None and last.talk is not None:
        answered_at, talk = _talk(last, last.talk, answered_at, started_at if events[0].word in _STARTS else None)
        started_at = min(started_at, answered_at or started_at)
    ended_at = last.at if last is not None and final else None
    disposition = Disposition.ANSWERED
    if answered_at is None:
        told = _CAUSES.get(last.cause) if last is not None and direction is not Direction.INBOUND else None
        disposition = told or Disposition.NO_ANSWER
    legs = [Leg(person, at) for at, person in answers if person and (ended_at is None or at < ended_at)]
    call = call_of(
        events[0].key,
        direction,
        installation,
        party=parties[0] if parties else "",
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        talk_seconds=talk,
        disposition=disposition,
        extension=persons[0] if persons else None,
        rung=persons,
        talked=talks_of(legs, ended_at) if direction is Direction.INBOUND else (),
        hangup_cause=last.cause if last is not None else None,
        recording_url=min((one.recording for one in events if one.recording), default=None),
        via=via_of(installation, *sorted({one.gateway for one in events})),
        final=final,
    )
    # without the event of its start the earliest moment known stands for it, and how long it rang is not known
    return [call if events[0].word in _STARTS else replace(call, ring_seconds=None)]


def _sides(event: _Event, installation: Installation) -> tuple[str | None, str]:
    """(the outside party, None between two extensions; the employee) of one event."""
    extension = re.compile(installation.extension_pattern)
    inbound = event.direction is Direction.INBOUND
    ours, others = (event.callee, event.caller) if inbound else (event.caller, event.callee)
    if inbound and extension.search(others) and not extension.search(ours):
        ours, others = others, ours  # a transfer is told as inbound from the employee
    if extension.search(ours) and extension.search(others) and (inbound or not event.gateway):
        return None, ours
    return "" if inbound and others == event.gateway else others, ours if not inbound or extension.search(ours) else ""


def _talk(end: _Event, talk: int, answered_at: datetime | None, started_at: datetime | None) -> tuple[datetime | None, int]:
    """(when somebody answered, whole seconds of talk). A duration of 0 is a missed call, whoever "answered" it."""
    if not talk:
        return None, 0
    since = answered_at if answered_at is not None and answered_at < end.at else end.at - timedelta(seconds=talk)
    since = since if started_at is None else max(since, started_at)
    return since, min(talk, int((end.at - since).total_seconds()))


DIALECT = Dialect(name="onlinepbx", title="onlinePBX", read=read, tell=tell)
