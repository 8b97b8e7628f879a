"""Ростелеком «Новая телефония»: call_events, and the replies of call_info that an administrator's script brings. Pure.

Guide of the domain administrator 7.5, by public services written after it: JSON, one ``session_id`` a call. Events tell when,
in Moscow's time without an offset; how long and with what result only call_info tells, which has to be asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Via
from telephony_bridge.phones import e164
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import event_of, object_in, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, moment, needed, seconds
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row, Secrets
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, talks_of, via_of

_MOSCOW = ZoneInfo("Europe/Moscow")
_TYPES = {
    "incoming": Direction.INBOUND,
    "outbound": Direction.OUTBOUND,
    "outgoing": Direction.OUTBOUND,
    "internal": Direction.INTERNAL,
}
_DIRECTIONS = {"1": Direction.INBOUND, "2": Direction.OUTBOUND, "3": Direction.INTERNAL}
_STATES = {"new", "calling", "connected", "disconnected", "end"}
_OURS = {"session_id", "from_number", "request_number", "is_record"}


@dataclass(frozen=True, slots=True)
class _Party:
    address: str
    pin: str = ""

    @property
    def user(self) -> str:
        """The extension: the PIN, or the login of ``sip:login@domain``; a phone number is nobody's."""
        scheme, colon, rest = self.address.partition(":")
        name = (rest if colon and scheme.lower() in ("sip", "sips") else self.address).partition("@")[0]
        return self.pin or ("" if name.startswith("+") or e164(name) else name)

    @property
    def is_login(self) -> bool:
        return "@" in self.address and bool(_Party(self.address).user)


@dataclass(frozen=True, slots=True)
class _Event:
    key: str
    direction: Direction
    state: str
    at: datetime
    caller: _Party
    called: _Party
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class _Info:
    key: str
    direction: Direction
    answered: bool
    started_at: datetime
    seconds: int
    caller: _Party
    called: _Party
    is_recorded: bool


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One event, or one reply of call_info."""
    told = event_of(delivery)
    method = delivery.tail.rpartition("/")[2]
    if method == "history_file_completed" or "order_id" in told:
        raise NotACall("A file of the call history is ready: fetch it with download_call_history; no call stands in this notice")
    if method == "get_number_info":
        raise NotACall("get_number_info asks who calls: it is answered, and tells of no call")
    if "info" in told or method == "call_info":
        info = _info(told)
        return [Row(info.started_at, (f"id:{info.key}",), info)]
    if "from_sipuri" in told and not told.keys() & {"session_id", "state"}:
        raise NotACall("call_back asks to make a call, and tells of none: events come to call_events", "from_sipuri")
    if not told.keys() & _OURS:
        raise Misdirected(
            "Neither session_id nor the numbers of call_events are here: this webhook is pasted into another system"
        )
    event = _event(told, installation)
    return [Row(event.at, (f"id:{event.key}",), event)]


def _event(told: dict[str, Any], installation: Installation) -> _Event:
    state = text_in(told, "state").lower()
    if state and state not in _STATES:
        raise NotACall("This state of call_events (analytics, for one) tells nothing of the call's course", "state")
    key = needed(text_in(told, "session_id", "call_session_id"), "session_id", "call_events")
    needed(state, "state", "call_events")
    direction = _TYPES.get(text_in(told, "type").lower())
    if direction is None:
        raise Malformed("type: expected incoming, outbound or internal", "type")
    # Moscow's time wherever the company is
    at = moment(text_in(told, "timestamp"), "timestamp", replace(installation, timezone=_MOSCOW))
    return _Event(
        key=key,
        direction=direction,
        state=state,
        at=at_needed(at, "timestamp", "call_events"),
        caller=_Party(text_in(told, "from_number"), text_in(told, "from_pin")),
        called=_Party(text_in(told, "request_number"), text_in(told, "request_pin")),
        is_recorded=text_in(told, "is_record").lower() == "true",
    )


def _info(told: dict[str, Any]) -> _Info:
    info = object_in(told, "info")
    if text_in(told, "result") not in ("", "0") or not info:
        raise NotACall("call_info found no such call: its reply has no info", "result")
    direction, state = _DIRECTIONS.get(text_in(info, "direction")), text_in(info, "state")
    if direction is None:
        raise Malformed("direction: expected 1 (incoming), 2 (outgoing) or 3 (internal)", "direction")
    if state not in ("1", "2"):
        raise Malformed("state: expected 1 (answered) or 2 (not answered)", "state")
    duration = seconds(text_in(info, "duration"), "duration")
    if duration is None and state == "1":
        raise Malformed("duration is missing; an answered call needs it", "duration")
    started_at = epoch(text_in(info, "start_call_date"), "start_call_date")
    return _Info(
        key=needed(text_in(told, "session_id") or text_in(info, "session_id"), "session_id", "call_info"),
        direction=direction,
        answered=state == "1",
        started_at=at_needed(started_at, "start_call_date", "call_info"),
        seconds=duration or 0,
        caller=_Party(text_in(info, "orig_number")),
        called=_Party(text_in(info, "dest_number")),
        is_recorded=text_in(info, "is_record").lower() in ("true", "1"),
    )


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a ``session_id``: when by its events, how long and whether at all by call_info where it was asked."""
    events = sorted((row.said for row in rows if isinstance(row.said, _Event)), key=lambda one: (one.at, repr(one)))
    infos = sorted(
        (row.said for row in rows if isinstance(row.said, _Info)), key=lambda one: (one.answered, one.seconds, repr(one))
    )
    info = infos[-1] if infos else None
    first: _Event | _Info = info if info is not None else events[0]
    direction, inbound = first.direction, first.direction is Direction.INBOUND
    started_at = _started_at(events, info)
    ended_at = max((one.at for one in events if one.state == "end"), default=None)
    final = info is not None or ended_at is not None
    connected = [one for one in events if one.state == "connected" and (ended_at is None or one.at <= ended_at)]
    answered_at = connected[0].at if connected else None
    answered = info.answered if info is not None else bool(connected)
    told: list[_Event | _Info] = [*events, *infos]
    ours = [one.called if inbound else one.caller for one in told]
    outside = [one.caller if inbound else one.called for one in told]
    named = [*(one.called for one in connected), *(one.called for one in infos)] if inbound and answered else ours
    credited = next((party for party in named if party.user), _Party(""))
    talked = talks_of(_legs(events, inbound), ended_at)
    talk: int | None = None
    if info is not None:
        talk = _room(info.seconds, answered_at or started_at, ended_at)
    elif len(talked) > 1:  # without the ringing between two of ours
        talk = _room(sum(one.seconds for one in talked), answered_at or started_at, ended_at)
    call = call_of(
        first.key,
        direction,
        installation,
        party=next((party.address for party in outside if party.address), ""),
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        talk_seconds=talk if final else 0,
        disposition=Disposition.ANSWERED if answered else Disposition.NO_ANSWER,
        extension=credited.user,
        rung={party.user for party in ours if party.user} if inbound else (),
        talked=talked,
        recording_url=f"rostelecom:{first.key}" if _is_recorded(events, info) else None,
        via=_via(credited, installation),
        final=final,
    )
    began = info is not None or any(one.state in ("new", "calling") for one in events)
    return [call if began else replace(call, ring_seconds=None)]


def _started_at(events: Sequence[_Event], info: _Info | None) -> datetime:
    """As ``new`` says; where that event was lost, as call_info says."""
    if info is None or any(one.state == "new" for one in events):
        return events[0].at
    return min([info.started_at, *(one.at for one in events)])


def _room(told: int, since: datetime, ended_at: datetime | None) -> int:
    """What was told, never longer than the events leave room for: whether call_info counts the ringing is not described."""
    return told if ended_at is None else min(told, int((ended_at - since).total_seconds()))


def _legs(events: Sequence[_Event], inbound: bool) -> list[Leg]:
    """Whom of ours a conversation was connected to, and until when where that was told."""
    legs = []
    for one in events:
        name = (one.called if inbound else one.caller).user
        if one.state != "connected" or not name:
            continue
        ends = [
            other.at
            for other in events
            if other.state == "disconnected" and other.at >= one.at and (other.called if inbound else other.caller).user == name
        ]
        legs.append(Leg(name, one.at, min(ends, default=None)))
    return legs


def _is_recorded(events: Sequence[_Event], info: _Info | None) -> bool:
    """Earlier events say only that recording is switched on."""
    return (info is not None and info.is_recorded) or any(one.is_recorded for one in events if one.state == "end")


def _via(ours: _Party, installation: Installation) -> Via:
    """The administrator's patterns first; a login of the domain is a SIP user."""
    told = via_of(installation, ours.address, ours.user)
    return Via.IP if told is Via.UNKNOWN and ours.is_login else told


def greet(delivery: Delivery, _secrets: Secrets) -> Answer | None:
    """The card of a caller, asked for while it rings: we have none to give."""
    return Answer(b"{}", "application/json") if delivery.tail.rpartition("/")[2] == "get_number_info" else None


DIALECT = Dialect(
    name="rostelecom",
    title="Ростелеком Новая телефония",
    read=read,
    tell=tell,
    secrets={
        "client_id": "the unique identification code (X-Client-ID) of the integration in the domain's settings",
        "sign_key": "the unique key for signatures, beside it",
    },
    prove=proofs.rostelecom,
    greet=greet,
)
