"""Ringostat: web hooks of calls, whose parameters the administrator chooses and names. Pure.

Help centre of the vendor (article 6313229) and receivers of it: ``uniqueid`` is the call, ``calldate`` its start, ``duration``
runs until the drop, ``billsec`` is the talk. Web hooks 2.0 put most into ``additional_call_data``. Before a call there is no
``billsec``: such an event ends nothing. The set we ask for is in ``docs/pbx/ringostat.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge.errors import Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation
from telephony_bridge.webhooks.dialects.bodies import events_of, nested, object_in, read_each, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, moment, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Dialect, Row
from telephony_bridge.webhooks.dialects.telling import call_of, number_of, via_of

_DIRECTIONS = {
    "in": Direction.INBOUND,
    "incoming": Direction.INBOUND,
    "inbound": Direction.INBOUND,
    "callback": Direction.INBOUND,  # the vendor: a callback is considered an incoming call
    "out": Direction.OUTBOUND,
    "outgoing": Direction.OUTBOUND,
    "outbound": Direction.OUTBOUND,
    "internal": Direction.INTERNAL,
}
_DISPOSITIONS = {
    "BUSY": Disposition.BUSY,
    "FAILED": Disposition.FAILED,
    "VOICEMAIL": Disposition.VOICEMAIL,
}
_BEFORE_THE_END = {"before", "answer", "redirect"}  # below the address, as our page has it
_CLIENT = {
    Direction.INBOUND: ("client", "userfield", "e164", "caller", "src"),
    Direction.OUTBOUND: ("client", "userfield", "dst", "e164"),
    Direction.INTERNAL: ("client", "dst"),
}
_EMPLOYEE = {
    Direction.INBOUND: ("employee", "sip", "connected_with", "dst", "n_alias"),
    Direction.OUTBOUND: ("employee", "sip", "src", "caller", "n_alias"),
    Direction.INTERNAL: ("employee", "sip", "src", "caller"),
}


@dataclass(frozen=True, slots=True)
class _Event:
    key: str
    direction: Direction
    started_at: datetime
    client: str
    extension: str
    line: str
    recording: str
    disposition: str
    duration: int | None
    talk: int | None  # None: the call goes on


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One event; rows of ``/calls/list``, which repair what was lost, may come as an array."""
    tail = delivery.tail.rpartition("/")[2].lower()
    return read_each(events_of(delivery), lambda told: _row(told, tail in _BEFORE_THE_END, installation))


def _row(record: dict[str, Any], begun: bool, installation: Installation) -> Row:
    whole = nested(record) if all(isinstance(value, str) for value in record.values()) else record
    parts = (object_in(whole, "additional_call_data"), whole)
    told = {name.lower(): value for part in parts for name, value in part.items() if value not in ("", None)}
    if not ({"call_type", "additional_call_data"} & told.keys() and {"uniqueid", "calldate"} & told.keys()):
        raise Misdirected("calldate and call_type of Ringostat are not here: add them to its parameters, if this is Ringostat")
    word = needed(text_in(told, "call_type"), "call_type", "every event of a call").lower()
    direction = _DIRECTIONS.get(word)
    if direction is None:
        raise NotACall(f"call_type {without_digits(word[:40])!r} is not understood: in, out and callback are", "call_type")
    begun = begun or not told.keys() & {"billsec", "disposition"}
    talk = None if begun else seconds(needed(text_in(told, "billsec"), "billsec", "the event after a call"), "billsec")
    event = _Event(
        key=needed(text_in(told, "uniqueid"), "uniqueid", "every event of a call"),
        direction=direction,
        started_at=at_needed(moment(text_in(told, "calldate"), "calldate", installation), "calldate", "every event"),
        client=_client(told, direction, installation),
        extension=text_in(told, "extension") or _extension(told, direction, installation),
        line=text_in(told, "line", "n_alias", "dst" if direction is Direction.INBOUND else "src"),
        recording=_recording(told),
        disposition=text_in(told, "disposition").upper(),
        duration=None if begun else seconds(text_in(told, "duration"), "duration"),
        talk=talk,
    )
    return Row(event.started_at, (f"id:{event.key}",), event)


def _client(told: Mapping[str, Any], direction: Direction, installation: Installation) -> str:
    """The outside party. ``caller`` and ``dst`` may as well be the employee or a number of the company."""
    found = [value for name in _CLIENT[direction] if (value := text_in(told, name))]
    if direction is Direction.INTERNAL:
        return found[0] if found else ""
    outside = [
        value
        for value in found
        if not re.search(installation.extension_pattern, value) and number_of(value, installation) not in installation.own_numbers
    ]
    return next(iter(outside or found), "")


def _extension(told: Mapping[str, Any], direction: Direction, installation: Installation) -> str:
    found = (text_in(told, name) for name in _EMPLOYEE[direction])
    return next((value for value in found if re.search(installation.extension_pattern, value)), "")


def _recording(told: Mapping[str, Any]) -> str:
    link = text_in(told, "recording", "recording_wav")
    return link if link.startswith(("http://", "https://")) else ""


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a ``uniqueid``."""
    events = sorted((row.said for row in rows), key=lambda one: (one.talk is None, one.started_at, repr(one)))
    ends = [one for one in events if one.talk is not None]
    last = max(ends, key=lambda one: (one.talk or 0, one.duration or 0, repr(one)), default=None)
    told = [last, *events] if last is not None else events
    started_at = min(one.started_at for one in events)
    extensions = [one.extension for one in told if one.extension]
    ended_at = last.started_at + timedelta(seconds=last.duration) if last is not None and last.duration is not None else None
    talk = 0 if last is None else min(last.talk or 0, last.talk or 0 if last.duration is None else last.duration)
    answered = last is not None and talk > 0 and last.disposition != "VOICEMAIL"
    return [
        call_of(
            events[0].key,
            told[0].direction,
            installation,
            party=next((one.client for one in told if one.client), ""),
            started_at=started_at,
            answered_at=ended_at - timedelta(seconds=talk) if answered and ended_at is not None else None,
            ended_at=ended_at,
            talk_seconds=talk,
            disposition=_disposition(last, answered),
            extension=extensions[0] if extensions else None,
            rung=extensions,
            recording_url=min((one.recording for one in events if one.recording), default=None),
            via=via_of(installation, *(one.line for one in told), *extensions),
            final=last is not None,
        )
    ]


def _disposition(last: _Event | None, answered: bool) -> Disposition:
    """The vendor: nobody talked where ``billsec`` is 0, whatever the status says."""
    if answered:
        return Disposition.ANSWERED
    return _DISPOSITIONS.get(last.disposition, Disposition.NO_ANSWER) if last is not None else Disposition.NO_ANSWER


DIALECT = Dialect(name="ringostat", title="Ringostat", read=read, tell=tell)
