"""Mango Office (Манго Офис): Realtime events of its VPBX API. Pure.

Guide VPBX API 1.9: a form with ``vpbx_api_key``, ``sign`` and ``json``; which event it is stands in the path below the
address. ``events/summary`` ends a call, ``events/call`` tells of each leg, ``events/recording`` of its recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Via
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import event_of, object_in, object_of, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, needed, without_digits
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, talks_of, via_of

_DIRECTIONS = {"0": Direction.INTERNAL, "1": Direction.INBOUND, "2": Direction.OUTBOUND}
_STATES = {"Appeared", "Connected", "OnHold", "Disconnected"}
_DISPOSITIONS = {  # disconnect_reason, the longest prefix wins; the guide: an unknown code is its class
    "1121": Disposition.BUSY,
    "1122": Disposition.BUSY,  # rejected
    "1123": Disposition.BUSY,  # do not disturb
    "1124": Disposition.BUSY,
    "113": Disposition.FAILED,
    "114": Disposition.FAILED,
    "115": Disposition.FAILED,
    "131": Disposition.VOICEMAIL,
    "1": Disposition.NO_ANSWER,
    "": Disposition.FAILED,  # billing, wrong numbers, unreachable networks
}
_OTHERS = {"text", "dtmf", "sms_id", "tags", "tag_ids"}  # fields of events/sms, events/dtmf and events/record/tagged


@dataclass(frozen=True, slots=True)
class _Party:
    extension: str
    number: str


@dataclass(frozen=True, slots=True)
class _Summary:
    key: str
    direction: Direction
    caller: _Party
    called: _Party
    line: str
    created_at: datetime
    forwarded_at: datetime | None
    talk_at: datetime | None
    ended_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class _LegEvent:
    key: str
    leg: str
    state: str
    at: datetime
    caller: _Party
    called: _Party
    line: str
    location: str


@dataclass(frozen=True, slots=True)
class _Recording:
    key: str
    id: str


def read(delivery: Delivery, _installation: Installation) -> list[Row]:
    """One event. The path names it; where an administrator cut the path off, its fields do."""
    told = event_of(delivery)
    if "json" in told:
        told = object_of(text_in(told, "json"))
    if "entry_id" not in told:
        if told.keys() & {"vpbx_api_key", "call_id", "recording_id", "command_id"} or delivery.tail.startswith("events/"):
            raise NotACall(f"Mango's event {without_digits(delivery.tail) or 'without entry_id'} tells of no call", "entry_id")
        raise Misdirected("Neither Mango's form fields nor entry_id are here: this webhook is pasted into another system")
    key = needed(text_in(told, "entry_id"), "entry_id", "every event of a call")
    if "call_direction" in told:
        summary = _summary(key, told, delivery.received_at)
        return [Row(summary.created_at, (f"id:{key}",), summary)]
    if "call_state" in told:
        leg = _leg(key, told, delivery.received_at)
        return [Row(leg.at, (f"id:{key}",), leg)]
    if "recording_id" in told:
        return _recording(key, told, delivery)
    if told.keys() & _OTHERS:
        raise NotACall("Mango's event of another kind: only calls and their recordings are used")
    raise Malformed("call_direction (events/summary) or call_state (events/call) is missing", "call_direction")


def _ahead(at: datetime, received_at: datetime) -> timedelta:
    """The guide calls its times UTC+3 where clients found true ones: an event three hours ahead of its receipt is local."""
    return timedelta(hours=3) if timedelta(minutes=175) < at - received_at < timedelta(minutes=185) else timedelta()


def _happened_at(told: dict[str, Any], event: str, received_at: datetime) -> datetime:
    """The time of an event that is sent at once."""
    at = at_needed(epoch(text_in(told, "timestamp"), "timestamp"), "timestamp", event)
    return at - _ahead(at, received_at)


def _party(told: dict[str, Any], name: str) -> _Party:
    party = object_in(told, name)
    return _Party(text_in(party, "extension"), text_in(party, "number"))


def _summary(key: str, told: dict[str, Any], received_at: datetime) -> _Summary:
    direction = _DIRECTIONS.get(text_in(told, "call_direction"))
    if direction is None:
        raise Malformed("call_direction: expected 0 (internal), 1 (inbound) or 2 (outbound)", "call_direction")
    ended_at = at_needed(epoch(text_in(told, "end_time"), "end_time"), "end_time", "events/summary")
    ahead = _ahead(ended_at, received_at)  # of the whole call, however long before its end it began
    names = ("create_time", "forward_time", "talk_time")
    created_at, forwarded_at, talk_at = (
        None if at is None else at - ahead for at in (epoch(text_in(told, name), name) for name in names)
    )
    created_at, ended_at = at_needed(created_at, "create_time", "events/summary"), ended_at - ahead
    if ended_at < created_at:
        raise Malformed("end_time is before create_time", "end_time")
    if talk_at is not None and not created_at <= talk_at <= ended_at:
        raise Malformed("talk_time is not between create_time and end_time", "talk_time")
    return _Summary(
        key=key,
        direction=direction,
        caller=_party(told, "from"),
        called=_party(told, "to"),
        line=text_in(told, "line_number"),
        created_at=created_at,
        forwarded_at=forwarded_at,
        talk_at=talk_at,
        ended_at=ended_at,
        reason=text_in(told, "disconnect_reason"),
    )


def _leg(key: str, told: dict[str, Any], received_at: datetime) -> _LegEvent:
    state = text_in(told, "call_state")
    if state not in _STATES:
        raise Malformed("call_state: expected Appeared, Connected, OnHold or Disconnected", "call_state")
    return _LegEvent(
        key=key,
        leg=needed(text_in(told, "call_id"), "call_id", "events/call"),
        state=state,
        at=_happened_at(told, "events/call", received_at),
        caller=_party(told, "from"),
        called=_party(told, "to"),
        line=text_in(object_in(told, "to"), "line_number") or text_in(object_in(told, "dct"), "number"),
        location=text_in(told, "location"),
    )


def _recording(key: str, told: dict[str, Any], delivery: Delivery) -> list[Row]:
    if text_in(told, "recording_state") in ("Started", "Continued"):
        raise NotACall("A recording began or goes on; Completed and events/record/added tell of the file", "recording_state")
    if text_in(told, "completion_code") not in ("", "1000"):
        raise NotACall("A recording that failed; events/record/added tells of what was saved of it", "completion_code")
    at = _happened_at(told, "a recording", delivery.received_at) if text_in(told, "timestamp") else delivery.received_at
    recording = _Recording(key, needed(text_in(told, "recording_id"), "recording_id", "a recording"))
    return [Row(at, (f"id:{key}",), recording, aside=True)]


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of an ``entry_id``; a recording whose call is not told of yet is none."""
    said = [row.said for row in rows]
    summaries = [one for one in said if isinstance(one, _Summary)]
    events = [one for one in said if isinstance(one, _LegEvent)]
    recordings = sorted(one.id for one in said if isinstance(one, _Recording))
    recording = f"mango:{recordings[0]}" if recordings else None
    if summaries:  # told twice with different words: the later end knows more
        last = max(summaries, key=lambda one: (one.ended_at, repr(one)))
        return [_ended(last, events, recording, installation)]
    return [_going_on(events, recording, installation)] if events else []


def _legs(events: Sequence[_LegEvent]) -> list[Leg]:
    """Each employee's conversation with the outside party: one side of the leg has an extension, the other has none."""
    spans: dict[tuple[str, str], dict[str, datetime]] = {}
    for event in sorted(events, key=lambda one: (one.at, repr(one))):
        if event.location not in ("abonent", "") or bool(event.caller.extension) == bool(event.called.extension):
            continue
        span = spans.setdefault((event.leg, event.called.extension or event.caller.extension), {})
        if event.state == "Disconnected":
            span[event.state] = event.at
        else:
            span.setdefault(event.state, event.at)
    return [Leg(extension, span.get("Connected"), span.get("Disconnected")) for (_, extension), span in spans.items()]


def _ended(told: _Summary, events: Sequence[_LegEvent], recording: str | None, installation: Installation) -> Call:
    inbound = told.direction is Direction.INBOUND
    ours, party = (told.called, told.caller) if inbound else (told.caller, told.called)
    legs = _legs(events)
    talked = talks_of(legs, told.ended_at)
    if told.talk_at is not None:  # the vendor: entry_result and disconnect_reason do not tell whether anybody talked
        disposition = Disposition.VOICEMAIL if told.reason.startswith("131") else Disposition.ANSWERED
    else:
        disposition = _unanswered(told)
    if inbound and disposition is Disposition.ANSWERED and not (ours.extension or ours.number or talked):
        disposition = Disposition.NO_ANSWER  # a menu or an announcement took it
    ring_from = told.forwarded_at if inbound and told.forwarded_at else told.created_at
    rung_until = told.talk_at or told.ended_at
    return call_of(
        told.key,
        told.direction,
        installation,
        party=party.number or party.extension,
        started_at=told.created_at,
        answered_at=told.talk_at,
        ended_at=told.ended_at,
        talk_seconds=sum(talk.seconds for talk in talked) if len(talked) > 1 else None,  # without the ringing between them
        ring_seconds=max(int((rung_until - ring_from).total_seconds()), 0),
        disposition=disposition,
        extension=ours.extension if ours.number or not inbound or told.talk_at else "",  # a group that missed it has no number
        rung={leg.extension for leg in legs},
        talked=talked,
        hangup_cause=told.reason,
        recording_url=recording,
        via=_via(ours.number, told.line, installation),
    )


def _unanswered(told: _Summary) -> Disposition:
    if told.reason == "1110" and told.direction is Direction.OUTBOUND:  # the caller gave up, and he is ours
        return Disposition.CANCELED
    return next(word for prefix, word in _DISPOSITIONS.items() if told.reason.startswith(prefix))


def _going_on(events: Sequence[_LegEvent], recording: str | None, installation: Installation) -> Call:
    """Only legs were told: the summary is owed."""
    first = min(events, key=lambda one: (one.at, repr(one)))
    if first.caller.extension:
        direction = Direction.INTERNAL if first.called.extension else Direction.OUTBOUND
    else:
        direction = Direction.INBOUND
    inbound = direction is Direction.INBOUND
    ours, party = (first.called, first.caller) if inbound else (first.caller, first.called)
    legs = _legs(events)
    answered = min((leg.answered_at for leg in legs if leg.answered_at is not None), default=None)
    call = call_of(
        first.key,
        direction,
        installation,
        party=party.number or party.extension,
        started_at=first.at,
        answered_at=answered,
        talk_seconds=0,
        disposition=Disposition.ANSWERED if answered else Disposition.NO_ANSWER,
        extension=ours.extension,
        rung={leg.extension for leg in legs},
        talked=talks_of(legs, None),
        recording_url=recording,
        via=_via(ours.number if ours.extension else "", first.line, installation),  # in a menu the number is the company's
        final=False,
    )
    return call if first.state == "Appeared" else replace(call, ring_seconds=None)  # when it began to ring is not told


def _via(device: str, line: str, installation: Installation) -> Via:
    """By the employee's device: a SIP address, or a phone number, which is his mobile or an FMC number."""
    if device.lower().startswith("sip:"):
        return Via.IP
    told = via_of(installation, device, line)
    return Via.MOBILE if told is Via.UNKNOWN and device.lstrip("+").isdecimal() and len(device) > 9 else told


DIALECT = Dialect(
    name="mango",
    title="Mango Office",
    read=read,
    tell=tell,
    secrets={
        "vpbx_api_key": "the unique code of your VPBX (cabinet: Integrations, API connector)",
        "vpbx_api_salt": "the key for signatures, beside it",
    },
    prove=proofs.mango,
    answer=lambda _: Answer(),  # only the status is looked at
)
