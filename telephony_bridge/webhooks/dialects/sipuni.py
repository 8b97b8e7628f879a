"""Sipuni (Сипуни): events of the PBX by HTTP. Pure.

doc.sipuni.com «Отправка событий HTTP», and a capture of real traffic: a query string or a form. ``event`` 1 is a call that
rings, 3 an answer, 2 the end, 4 the end of a second leg (a transfer). Times are seconds since 1970, UTC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Via
from telephony_bridge.webhooks.dialects.bodies import event_of, form_of, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, needed
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row, Secrets
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, talks_of, via_of

_RING, _END, _ANSWER, _SECOND_LEG = "1", "2", "3", "4"
_DISPOSITIONS = {  # any other word is a call that could not be made
    "ANSWER": Disposition.ANSWERED,
    "NOANSWER": Disposition.NO_ANSWER,
    "BUSY": Disposition.BUSY,
    "CANCEL": Disposition.CANCELED,
}
_SUCCESS = Answer(b'{"success":true}', "application/json")
_SLACK = timedelta(seconds=2)  # seen: an answer one second before the start of its call


@dataclass(frozen=True, slots=True)
class _Side:
    """``extension`` without the cabinet's prefix where the side is an employee's, else the outside ``number``."""

    extension: str
    number: str


@dataclass(frozen=True, slots=True)
class _Event:
    key: str
    kind: str
    at: datetime
    direction: Direction | None
    caller: _Side
    called: _Side
    cabinet: str
    channel: str
    rung: tuple[str, ...]
    transfer_from: str
    status: str
    started_at: datetime | None
    answered_at: datetime | None
    recording: str


def read(delivery: Delivery, _installation: Installation) -> list[Row]:
    """One event. An answer may name nobody: the other events of the call do."""
    told = event_of(delivery)
    kind = text_in(told, "event")
    if not kind and told.keys() & {"call_id", "treeNumber", "pbxdstnum"}:
        raise Malformed("event is missing: 1 (rings), 2 (ended), 3 (answered) or 4 (a second leg ended)", "event")
    if not re.fullmatch(r"\d{1,3}", kind, re.ASCII):
        raise Misdirected("event is no number of Sipuni's: this webhook is pasted into another system", "event")
    if kind not in (_RING, _END, _ANSWER, _SECOND_LEG):
        raise NotACall("Sipuni's event of another kind: 1 to 4 tell of calls", "event")
    event = _event(kind, told)
    return [Row(event.at, (f"id:{event.key}",), event)]


def _event(kind: str, told: dict[str, Any]) -> _Event:
    name = f"event {kind}"
    key = needed(text_in(told, "call_id"), "call_id", name)
    at = at_needed(epoch(text_in(told, "timestamp"), "timestamp"), "timestamp", name)
    started_at, answered_at = (epoch(text_in(told, field), field) for field in ("call_start_timestamp", "call_answer_timestamp"))
    status = text_in(told, "status").upper()
    if kind == _END:
        needed(status, "status", name)
        started_at = at_needed(started_at, "call_start_timestamp", name)
        if started_at > at:
            raise Malformed("call_start_timestamp is after timestamp, the end", "call_start_timestamp")
        if status == "ANSWER" and answered_at is not None and answered_at > at:
            raise Malformed("call_answer_timestamp is after timestamp, the end", "call_answer_timestamp")
    cabinet = text_in(told, "user_id")
    return _Event(
        key=key,
        kind=kind,
        at=at,
        direction=_direction(told, kind),
        caller=_side(told, "src", cabinet),
        called=_side(told, "dst", cabinet),
        cabinet=cabinet or next((text_in(told, f"{side}_num")[:6] for side in ("src", "dst") if _inside(told, side)), ""),
        channel=text_in(told, "channel"),
        rung=tuple(sorted({one.strip() for one in text_in(told, "last_called").split(",") if one.strip()})),
        transfer_from=text_in(told, "transfer_from"),
        status=status,
        started_at=started_at,
        answered_at=answered_at,
        recording=text_in(told, "call_record_link"),
    )


def _inside(told: dict[str, Any], side: str) -> bool:
    return text_in(told, f"{side}_type") == "2"


def _direction(told: dict[str, Any], kind: str) -> Direction | None:
    source, target = text_in(told, "src_type"), text_in(told, "dst_type")
    if source == "1":  # a call nobody took has 1 on both sides
        return Direction.INBOUND
    if source == "2" and target in ("1", "2"):
        return Direction.OUTBOUND if target == "1" else Direction.INTERNAL
    if kind in (_RING, _END) and (source or target or text_in(told, "src_num", "dst_num")):
        field = "src_type" if source != "2" else "dst_type"
        raise Malformed(f"{field}: expected 1 (outside) or 2 (employee); without it the direction is not known", field)
    return None


def _side(told: dict[str, Any], side: str, cabinet: str) -> _Side:
    """An inner number is the cabinet's six digits and the extension; a suffix ``_id…`` belongs to no number."""
    number, short = (re.sub(r"_id\d*$", "", text_in(told, field)) for field in (f"{side}_num", f"short_{side}_num"))
    if not _inside(told, side):
        dialled = text_in(told, "pbxdstnum") if side == "dst" else ""
        return _Side("", number or short or dialled)
    if not short and cabinet and number.startswith(cabinet):
        short = number.removeprefix(cabinet)
    return _Side(short or (number[6:] if len(number) > 6 else number), "")


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a ``call_id``. Events that name no side (an answer alone) tell of no call yet."""
    events = sorted((row.said for row in rows), key=lambda one: (one.at, one.kind, repr(one)))
    last = next((one for one in reversed(events) if one.kind == _END), None)
    # the end is what the vendor settled on; where it names no sides the first event that does speaks, a second leg as the last
    named = sorted(
        (one for one in events if one.direction is not None), key=lambda one: (one is not last, one.kind == _SECOND_LEG)
    )
    return [_call(named[0], last, events, installation)] if named else []


def _call(first: _Event, last: _Event | None, events: Sequence[_Event], installation: Installation) -> Call:
    assert first.direction is not None
    inbound = first.direction is Direction.INBOUND
    passed = [one for one in events if one.kind == _SECOND_LEG and one.transfer_from and one.status == "ANSWER"]
    passed.sort(key=lambda one: (one.answered_at or one.at, repr(one)))
    started_at = min(one.started_at or one.at for one in ([last] if last is not None else events))
    answered_at = _answered_at(events, started_at, last)
    if last is None:
        disposition = Disposition.ANSWERED if answered_at or passed else Disposition.NO_ANSWER
    else:
        disposition = _DISPOSITIONS.get(last.status, Disposition.FAILED)
        if inbound and disposition is Disposition.CANCELED:  # the caller gave up
            disposition = Disposition.NO_ANSWER
    answered = disposition is Disposition.ANSWERED
    rung = {one for event in events if event.kind != _SECOND_LEG for one in (*event.rung, event.called.extension) if one}
    taker = _taker(last, events, passed, rung) if inbound and answered else first.caller.extension
    party = first.caller if inbound else first.called
    recordings = [one.recording for one in (*([last] if last else []), *events) if one.recording]
    ended_at = last.at if last is not None else None
    return call_of(
        first.key,
        first.direction,
        installation,
        party=party.number or party.extension,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        talk_seconds=None if last is not None else 0,
        disposition=disposition,
        extension=taker,
        rung=rung,
        talked=talks_of(_legs(taker, answered_at, passed, ended_at), ended_at),
        hangup_cause=last.status if last is not None else None,
        recording_url=recordings[0] if recordings else None,
        via=_via(events, installation),
        final=last is not None,
    )


def _answered_at(events: Sequence[_Event], started_at: datetime, last: _Event | None) -> datetime | None:
    """Event 3 knows it; ``call_answer_timestamp`` is also told of calls nobody took, and may lie before the start."""
    until = last.at if last is not None else events[-1].at
    told = [one.at for one in events if one.kind == _ANSWER and started_at - _SLACK <= one.at <= until]
    if not told and last is not None and last.status == "ANSWER" and last.answered_at is not None:
        told = [last.answered_at]
    return max(min(told), started_at) if told else None


def _legs(taker: str, answered_at: datetime | None, passed: Sequence[_Event], ended_at: datetime | None) -> list[Leg]:
    """Who talked with the outside party: whoever took or made the call, then each to whom it was passed on.

    None where that is not known: an event 4 that repeats the answer of the whole call does not tell when it was passed on.
    """
    if answered_at is None or not taker:
        return []
    legs = [Leg(taker, answered_at)]
    for one in passed:
        if len(one.rung) != 1 or one.answered_at is None or not answered_at < one.answered_at <= (ended_at or one.at):
            return []
        legs.append(Leg(one.rung[0], one.answered_at, min(one.at, ended_at or one.at)))
    return legs


def _taker(last: _Event | None, events: Sequence[_Event], passed: Sequence[_Event], rung: set[str]) -> str:
    """Who took an inbound call; ``last_called`` of several extensions does not tell, nor after a transfer."""
    ends = [last] if last is not None else []
    transferred = [one.transfer_from for one in (*passed, *ends) if one.transfer_from]
    if transferred:
        return transferred[0]
    for told in (*(one for one in events if one.kind == _ANSWER), *ends):
        if len(told.rung) == 1:
            return told.rung[0]
        if told.called.extension:
            return told.called.extension
    return next(iter(rung)) if len(rung) == 1 else ""


def _via(events: Sequence[_Event], installation: Installation) -> Via:
    """By the employee's leg: a device of the cabinet, or an outside number dialled in his place."""
    channels = [one.channel for one in events if one.channel]
    if any(re.match(r"Local/.*@vatsout", channel) for channel in channels):
        return Via.MOBILE
    cabinets = tuple(f"SIP/{one.cabinet}" for one in events if one.cabinet)
    if any(channel.startswith(cabinets) for channel in channels):
        return Via.IP
    return via_of(installation, *channels)


def _greet(delivery: Delivery, _secrets: Secrets) -> Answer | None:
    """The bare request that is made when the address is saved."""
    return None if delivery.body.strip() or "event" in form_of(delivery.query) else _SUCCESS


DIALECT = Dialect(
    name="sipuni",
    title="Sipuni",
    read=read,
    tell=tell,
    greet=_greet,
    answer=lambda _: _SUCCESS,
    patient=True,  # another answer, and it may stop sending
)
