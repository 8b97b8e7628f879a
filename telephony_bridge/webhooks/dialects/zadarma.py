"""Zadarma, and Novofon 1.0: its call notifications. Pure.

zadarma/user-api-v1, lib/Webhook: form fields, the event's name in ``event``. ``NOTIFY_END`` and ``NOTIFY_OUT_END`` end a call,
START, INTERNAL and ANSWER tell of it while it goes on, ``NOTIFY_RECORD`` of its recording. Times are the account's local ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Via
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import event_of, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, moment, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row, Secrets
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, talks_of, via_of

_INBOUND = {"NOTIFY_START", "NOTIFY_INTERNAL", "NOTIFY_ANSWER", "NOTIFY_END"}
_OUTBOUND = {"NOTIFY_OUT_START", "NOTIFY_OUT_END"}
_DISPOSITIONS = {  # any other word (no money, no limit, unallocated number, …) is a call that could not be made
    "answered": Disposition.ANSWERED,
    "busy": Disposition.BUSY,
    "cancel": Disposition.CANCELED,
    "no answer": Disposition.NO_ANSWER,
}
_SLACK = timedelta(seconds=5)  # between their clock and ours
_RINGING = timedelta(minutes=2)  # what `duration` may leave out, with the way here
_LIVE = timedelta(hours=1)  # how long after its start a call that is not over may be answered


@dataclass(frozen=True, slots=True)
class _Live:
    key: str
    event: str
    outbound: bool
    started_at: datetime
    received_at: datetime
    internal: str
    party: str
    line: str


@dataclass(frozen=True, slots=True)
class _End:
    key: str
    outbound: bool
    started_at: datetime
    received_at: datetime
    internal: str
    party: str
    line: str
    seconds: int | None
    disposition: str
    cause: str
    recording: str


@dataclass(frozen=True, slots=True)
class _Recording:
    id: str


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One notification."""
    told = event_of(delivery)
    event = text_in(told, "event")
    if not event and "pbx_call_id" in told:
        raise Malformed("event is missing: every notification names its own", "event")
    if not re.fullmatch(r"[A-Z_]+", event):
        raise Misdirected("event names no notification of Zadarma's: this webhook is pasted into another system", "event")
    if event == "NOTIFY_RECORD":
        key = needed(text_in(told, "pbx_call_id"), "pbx_call_id", event)
        recording = _Recording(needed(text_in(told, "call_id_with_rec"), "call_id_with_rec", event))
        return [Row(delivery.received_at, (f"id:{key}",), recording, aside=True)]
    if event not in _INBOUND | _OUTBOUND:
        raise NotACall(f"Zadarma's {without_digits(event[:40])} tells of no call and no recording", "event")
    key = needed(text_in(told, "pbx_call_id"), "pbx_call_id", event)
    started_at = at_needed(moment(text_in(told, "call_start"), "call_start", installation), "call_start", event)
    said = _end if event.endswith("_END") else _live
    return [Row(started_at, (f"id:{key}",), said(event, key, told, started_at, delivery.received_at))]


def _live(event: str, key: str, told: dict[str, Any], started_at: datetime, received_at: datetime) -> _Live:
    # NOTIFY_ANSWER alone has one name for both directions: the id of a call begins with in_ or out_
    outbound = event in _OUTBOUND or (event == "NOTIFY_ANSWER" and key.startswith("out_"))
    party = needed(text_in(told, "destination"), "destination", event) if outbound else text_in(told, "caller_id")
    line = text_in(told, "caller_id" if outbound else "called_did")
    return _Live(key, event, outbound, started_at, received_at, text_in(told, "internal"), party, line)


def _end(event: str, key: str, told: dict[str, Any], started_at: datetime, received_at: datetime) -> _End:
    outbound = event in _OUTBOUND
    disposition = needed(text_in(told, "disposition"), "disposition", event).lower()
    duration = seconds(text_in(told, "duration"), "duration")
    if disposition == "answered" and duration is None:
        raise Malformed(f"duration is missing; {event} of an answered call needs it", "duration")
    return _End(
        key=key,
        outbound=outbound,
        started_at=started_at,
        received_at=received_at,
        internal=text_in(told, "internal"),
        party=needed(text_in(told, "destination"), "destination", event) if outbound else text_in(told, "caller_id"),
        line=text_in(told, "caller_id" if outbound else "called_did"),
        seconds=duration,
        disposition=disposition,
        cause=text_in(told, "status_code"),
        recording="" if text_in(told, "is_recorded") == "0" else text_in(told, "call_id_with_rec"),
    )


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a ``pbx_call_id``; a recording whose call is not told of yet is none."""
    said = [row.said for row in rows]
    ends = [one for one in said if isinstance(one, _End)]
    live = sorted((one for one in said if isinstance(one, _Live)), key=lambda one: (one.received_at, repr(one)))
    recordings = {one.id for one in said if isinstance(one, _Recording)} | {end.recording for end in ends if end.recording}
    recording = f"zadarma:{min(recordings)}" if recordings else None
    if ends:
        # told twice with other words: the longer one knows more; an inbound call stays one if a leg out ends under its id
        last = max(ends, key=lambda end: (not end.outbound, end.seconds or 0, -end.received_at.timestamp(), repr(end)))
        return [_ended(last, live, recording, installation)]
    return [_going_on(live, recording, installation)] if live else []


def _ended_at(told: _End) -> datetime | None:
    """The arrival of the event, where it fits what the event says; else as long after the start as the call lasted."""
    earliest = told.started_at + timedelta(seconds=told.seconds or 0)
    if earliest - _SLACK <= told.received_at <= earliest + _RINGING:
        return max(told.received_at, earliest).replace(microsecond=0)
    return earliest if told.seconds else None  # whether the zero of a call nobody took leaves out its ringing is not told


def _answers(live: Sequence[_Live], started_at: datetime, until: datetime) -> list[Leg]:
    """Who answered, by the arrival of NOTIFY_ANSWER: it has no time of its own. Read from a file it proves no time."""
    return [
        Leg(one.internal, min(max(one.received_at.replace(microsecond=0), started_at), until))
        for one in live
        if one.event == "NOTIFY_ANSWER" and started_at - _SLACK <= one.received_at <= until + _SLACK
    ]


def _answerer(live: Sequence[_Live]) -> str:
    """Who answered, where that is one alone."""
    names = {one.internal for one in live if one.event == "NOTIFY_ANSWER" and one.internal}
    return names.pop() if len(names) == 1 else ""


def _rung(live: Sequence[_Live]) -> set[str]:
    return {one.internal for one in live if one.event == "NOTIFY_INTERNAL" and one.internal}


def _ended(told: _End, live: Sequence[_Live], recording: str | None, installation: Installation) -> Call:
    ended_at = _ended_at(told)
    answers = _answers(live, told.started_at, ended_at) if ended_at else []
    if told.outbound:
        internal = next((one.internal for one in live if one.event == "NOTIFY_OUT_START" and one.internal), told.internal)
    else:
        internal = told.internal or _answerer(live)
    return call_of(
        told.key,
        _direction(told.outbound, told.party, installation),
        installation,
        party=told.party,
        started_at=told.started_at,
        answered_at=answers[0].answered_at if answers else None,
        ended_at=ended_at,
        talk_seconds=told.seconds,
        disposition=_disposition(told, live),
        extension=internal,
        rung=_rung(live),
        talked=talks_of((leg for leg in answers if leg.extension), ended_at),
        hangup_cause=told.cause,
        recording_url=recording,
        via=_via(internal, told.line, installation),
    )


def _disposition(told: _End, live: Sequence[_Live]) -> Disposition:
    disposition = _DISPOSITIONS.get(told.disposition, Disposition.FAILED)
    if disposition is Disposition.CANCELED and not told.outbound:
        return Disposition.NO_ANSWER  # the caller gave up
    # answered, yet the events on the way name nobody whom it rang: a menu or an announcement is no person
    only_a_menu = not told.outbound and not told.internal and {one.event for one in live} == {"NOTIFY_START"}
    if disposition is Disposition.ANSWERED and (not told.seconds or only_a_menu):
        return Disposition.NO_ANSWER
    return disposition


def _going_on(live: Sequence[_Live], recording: str | None, installation: Installation) -> Call:
    """The event that ends it is owed."""
    first = min(live, key=lambda one: (one.event == "NOTIFY_ANSWER", one.started_at, repr(one)))
    answers = _answers(live, first.started_at, first.started_at + _LIVE)
    internal = first.internal if first.outbound else _answerer(live)
    return call_of(
        first.key,
        _direction(first.outbound, first.party, installation),
        installation,
        party=first.party,
        started_at=first.started_at,
        answered_at=answers[0].answered_at if answers else None,
        talk_seconds=0,
        disposition=Disposition.ANSWERED if any(one.event == "NOTIFY_ANSWER" for one in live) else Disposition.NO_ANSWER,
        extension=internal,
        rung=_rung(live),
        talked=talks_of((leg for leg in answers if leg.extension), None),
        recording_url=recording,
        via=_via(internal, first.line, installation),
        final=False,
    )


def _direction(outbound: bool, party: str, installation: Installation) -> Direction:
    if not outbound:
        return Direction.INBOUND
    return Direction.INTERNAL if re.search(installation.extension_pattern, party) else Direction.OUTBOUND


def _via(internal: str, line: str, installation: Installation) -> Via:
    """A PBX extension is a SIP device, unless the administrator knows that it passes its calls on."""
    told = via_of(installation, internal, line)
    return Via.IP if told is Via.UNKNOWN and internal else told


def _greet(delivery: Delivery, _secrets: Secrets) -> Answer | None:
    """The check of the address: ``?zd_echo=VALUE`` is answered with exactly the value."""
    echo = dict(parse_qsl(delivery.query, keep_blank_values=True)).get("zd_echo")
    return None if echo is None or delivery.body else Answer(echo.encode("utf-8", "replace"))


DIALECT = Dialect(
    name="zadarma",
    title="Zadarma",
    read=read,
    tell=tell,
    secrets={"secret": "the secret of the API keys (cabinet: the page of the API)"},
    prove=proofs.zadarma,
    greet=_greet,
    answer=lambda _: Answer(),  # what stands in the answer to a START steers the call
)
