"""UIS, CoMagic, CallGear and Novofon 2.0: notifications of events. Pure.

There is no fixed payload: the customer writes a template for each event, ``{{variables}}`` are put in as JSON. Ours are in
``deploy/pbx/uis``, each with a constant ``event``; templates of others are told apart by the variables they hold. Durations
are seconds, times are the account's local ones, ``notification_timestamp`` counts seconds since 1970.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Via
from telephony_bridge.webhooks.dialects.bodies import event_of, object_in, text_in, text_of
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, moment, needed, seconds
from telephony_bridge.webhooks.dialects.reading import Dialect, Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, talks_of, via_of

_STARTED, _TALK_STARTED, _TALK_FINISHED, _LOST, _FINISHED, _RECORDING = range(6)
_OURS: dict[str, tuple[int, str]] = {  # the constant of our templates: what it is, and the direction that goes without saying
    "inbound_started": (_STARTED, "in"),
    "outbound_started": (_STARTED, "out"),
    "talk_started": (_TALK_STARTED, ""),
    "talk_finished": (_TALK_FINISHED, ""),
    "call_lost": (_LOST, "in"),
    "call_finished": (_FINISHED, ""),
    "recording_completed": (_RECORDING, ""),
}
_DIRECTIONS = {"in": Direction.INBOUND, "out": Direction.OUTBOUND}
_TALK, _WAIT = ("talk_time_duration", "talk_duration"), ("wait_time_duration", "wait_duration")
_TOTAL = ("total_time_duration", "total_duration")
_UNDIVIDED = re.compile(  # a name after a value without the & between, which GET templates written by hand forget
    r"(?<=[^&_])(?=(?:notification_(?:name|mnemonic|time|timestamp)|start_time|finish_time|external_id|direction|"
    r"is_internal|is_transfer|call_source|call_session_id|communication_(?:id|number|type)|leg_ids?|"
    r"(?:virtual|contact|calling|called|employee)_phone_number|(?:employee|contact)_full_name|(?:employee|contact)_id|"
    r"employee_ids|last_talked_employee_id|scenario_(?:name|id)|tag_(?:names|ids)|lost_reason|file_(?:link|duration)|"
    r"(?:talk|wait|total)_time_duration)=)"
)
_QUARTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Event:
    key: str
    kind: int
    at: datetime
    direction: Direction
    party: str
    line: str
    employee: str
    extension: str
    device: str
    rung: tuple[str, ...]
    started_at: datetime | None
    ended_at: datetime | None
    talk: int
    wait: int | None
    cause: str
    recorded: bool  # told when the recording was ready, some time after the end


@dataclass(frozen=True, slots=True)
class _Recording:
    key: str
    link: str


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One notification, of our templates or another's."""
    told = event_of(_divided(delivery))
    told = object_in(told, "args") or told  # an envelope seen at a customer's
    if "call_session_id" not in told:
        if told.keys() & {"notification_name", "notification_mnemonic"}:
            raise NotACall("A notification without call_session_id tells of no call", "call_session_id")
        raise Misdirected("call_session_id is not here: use the templates for UIS, or this is another system's webhook")
    key = needed(text_in(told, "call_session_id"), "call_session_id", "every notification")
    kind, told_by_event = _OURS.get(text_in(told, "event")) or (_kind(told), _way(told))
    at, shift = _times(told, installation)
    link, rows = text_in(told, "file_link"), []
    if kind == _RECORDING:
        needed(link, "file_link", "a completed recording")
    if link:
        rows.append(Row(at or delivery.received_at, (f"id:{key}",), _Recording(key, link), aside=True))
    if kind != _RECORDING:
        event = _event(key, kind, told, text_in(told, "direction") or told_by_event, at, shift, installation)
        rows.append(Row(event.at, (f"id:{key}",), event))
    return rows


def _divided(delivery: Delivery) -> Delivery:
    """With every ``&`` between the fields of a query or a form."""
    body = delivery.body
    if body.lstrip()[:1] not in (b"{", b"["):
        body = _UNDIVIDED.sub("&", text_of(body)).encode()
    return replace(delivery, body=body, query=_UNDIVIDED.sub("&", delivery.query))


def _way(told: Mapping[str, Any]) -> str:
    """The direction that other templates leave out: each of these variables stands in one event that begins a call only."""
    return "out" if "employee_phone_number" in told else "in" if "scenario_name" in told else ""


def _kind(told: Mapping[str, Any]) -> int:
    """Of a template that is not ours: by the variables that stand in one event only."""
    talk_told = any(name in told for name in _TALK)
    if "file_link" in told and not (talk_told and text_in(told, "finish_time", *_TOTAL)):
        return _RECORDING
    if text_in(told, "finish_time", *_TOTAL):
        return _FINISHED
    if "lost_reason" in told or text_in(told, "is_lost") == "true" or ("employee_ids" in told and not talk_told):
        return _LOST
    if "leg_ids" in told:
        return _TALK_FINISHED if talk_told else _TALK_STARTED
    return _STARTED


def _times(told: Mapping[str, Any], installation: Installation) -> tuple[datetime | None, timedelta]:
    """When it was sent, and how far the account's zone is from the installation's, where both spellings of it are told."""
    local = moment(text_in(told, "notification_time"), "notification_time", installation)
    stamp = epoch(text_in(told, "notification_timestamp"), "notification_timestamp")
    if stamp is None or local is None:
        return stamp or local, timedelta()
    return stamp, round((stamp - local) / _QUARTER) * _QUARTER


def _event(
    key: str, kind: int, told: Mapping[str, Any], way: str, at: datetime | None, shift: timedelta, installation: Installation
) -> _Event:
    direction = _DIRECTIONS.get(way or ("in" if kind == _LOST else ""))
    if direction is None:
        raise Malformed("direction: expected in or out; put {{direction}} into the template", "direction")
    if text_in(told, "is_internal") == "true":
        direction = Direction.INTERNAL
    started_at, ended_at = (
        None if found is None else found + shift
        for found in (moment(text_in(told, name), name, installation) for name in ("start_time", "finish_time"))
    )
    at = at_needed(at or ended_at or started_at, "notification_time", "every notification")
    talk, wait, total = (seconds(text_in(told, *names), names[0]) for names in (_TALK, _WAIT, _TOTAL))
    if kind in (_FINISHED, _LOST):
        ended_at = ended_at or at
        length = total if total is not None else wait if kind == _LOST else None
        if started_at is None and length is not None:
            started_at = ended_at - timedelta(seconds=length)
    if kind == _FINISHED:
        if not any(name in told for name in _TALK):
            raise Malformed("talk_time_duration is missing; the end of a call needs it", "talk_time_duration")
        started_at = at_needed(started_at, "start_time", "the end of a call")
    if started_at is not None and ended_at is not None:
        if not timedelta() <= ended_at - started_at <= timedelta(days=2):
            raise Malformed("start_time is not before the end of the call: check --timezone, it is the account's", "start_time")
        if kind == _FINISHED and (talk or 0) > (ended_at - started_at).total_seconds() + 2:
            raise Malformed("talk_time_duration is longer than the call", "talk_time_duration")
    return _Event(
        key=key,
        kind=kind,
        at=at,
        direction=direction,
        party=text_in(told, "contact_phone_number"),
        line=text_in(told, "virtual_phone_number"),
        employee=text_in(told, "employee_id", "last_talked_employee_id"),
        extension=text_in(told, "extension"),
        device=text_in(told, "employee_phone_number"),
        rung=_ids(told.get("employee_ids")),
        started_at=started_at,
        ended_at=ended_at,
        talk=talk or 0,
        wait=wait,
        cause=text_in(told, "lost_reason", "finish_reason"),
        recorded=bool(text_in(told, "file_link")),
    )


def _ids(value: object) -> tuple[str, ...]:
    """A list of ids, or the text of one."""
    text = " ".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else value
    return tuple(sorted(set(re.findall(r"\d+", text)))) if isinstance(text, str) else ()


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a ``call_session_id``; a recording whose call is not told of yet is none."""
    events = sorted((row.said for row in rows if isinstance(row.said, _Event)), key=lambda one: (one.kind, one.at, repr(one)))
    recording = min((row.said.link for row in rows if isinstance(row.said, _Recording)), default=None)
    if not events:
        return []
    names = {one.employee: one.extension for one in reversed(events) if one.employee and one.extension}
    ends = [one for one in events if one.ended_at is not None and one.kind in (_FINISHED, _LOST)]
    # told twice with different words: the later end knows more; a lost call is told as finished too, and that one knows
    end = max(ends, key=lambda one: (one.kind, not one.recorded, one.ended_at, one.talk, repr(one)), default=None)
    return [_call(events, end, names, recording, installation)]


def _who(event: _Event, names: Mapping[str, str]) -> str:
    """The extension where it is told; else UIS's own id of the employee."""
    return event.extension or names.get(event.employee, event.employee)


def _legs(events: Sequence[_Event], names: Mapping[str, str]) -> list[Leg]:
    """Each conversation: what its end says of its length, else from its start on."""
    ended = [one for one in events if one.kind == _TALK_FINISHED and one.talk]
    over = {_who(one, names) for one in ended}
    legs = [Leg(_who(one, names), one.at - timedelta(seconds=one.talk), one.at) for one in ended]
    return legs + [Leg(_who(one, names), one.at) for one in events if one.kind == _TALK_STARTED and _who(one, names) not in over]


def _call(
    events: Sequence[_Event], end: _Event | None, names: Mapping[str, str], recording: str | None, installation: Installation
) -> Call:
    main = end or events[0]
    starts = [one for one in events if one.kind == _STARTED]
    legs = [leg for leg in _legs(events, names) if leg.extension]
    first_told = min(one.started_at or one.at for one in events)
    started_at = (end.started_at if end else None) or first_told
    ended_at = end.ended_at if end else None
    answered = (
        bool(end.talk) and end.kind == _FINISHED if end else any(one.kind in (_TALK_STARTED, _TALK_FINISHED) for one in events)
    )
    talked = talks_of(legs, ended_at) if main.direction is not Direction.INTERNAL else ()
    outbound = (
        [_who(one, names) for one in starts if one.employee or one.extension] if main.direction is Direction.OUTBOUND else []
    )
    return call_of(
        main.key,
        main.direction,
        installation,
        party=_first(one.party for one in (main, *events)),
        started_at=started_at,
        answered_at=_answered_at(end, started_at, legs) if answered else None,
        ended_at=ended_at,
        talk_seconds=end.talk if end else 0,
        ring_seconds=end.wait if end else None,
        disposition=Disposition.ANSWERED if answered else Disposition.NO_ANSWER,  # why nobody answered is not told
        extension=outbound[0] if outbound else _who(main, names) or _first(_who(one, names) for one in events),
        rung={names.get(one, one) for event in events for one in (*event.rung, event.employee) if one},
        talked=talked,
        hangup_cause=_first(one.cause for one in (main, *events)),
        recording_url=recording,
        via=_via(_first(one.device for one in events), main.line, installation),
        final=end is not None,
    )


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")


def _answered_at(end: _Event | None, started_at: datetime, legs: Sequence[Leg]) -> datetime | None:
    """After the wait; where none is told, when the first conversation began. It leaves room for the talk that is told."""
    heard = min((leg.answered_at for leg in legs if leg.answered_at is not None), default=None)
    if heard is not None and heard <= started_at:  # nothing before the conversation was told
        heard = None
    if end is None or end.ended_at is None:
        return heard
    after_wait = None if end.wait is None else started_at + timedelta(seconds=end.wait)
    latest = end.ended_at - timedelta(seconds=end.talk - 2)
    return next((at for at in (after_wait, heard) if at is not None and started_at <= at <= latest), None)


def _via(device: str, line: str, installation: Installation) -> Via:
    """By the employee's device: a SIP line is a short number (6 or 7 digits), a full number is his phone."""
    told = via_of(installation, device, line)
    plain = device.lstrip("+")
    if told is not Via.UNKNOWN or not plain.isdecimal():
        return told
    return Via.IP if len(plain) in (6, 7) else Via.MOBILE if len(plain) > 9 else Via.UNKNOWN


DIALECT = Dialect(name="uis", title="UIS", read=read, tell=tell)
