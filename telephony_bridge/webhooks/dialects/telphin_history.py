"""Телфин.Офис (Ringme): records of ``/client/…/call_history/``, one of them or a page. Pure.

Times end in ``_gmt`` and are GMT, durations are seconds. ``result`` is ``bridged`` when two people were connected; ``cdr``
lists the legs, of phones, menus and queues.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from telephony_bridge.errors import Malformed, NotACall
from telephony_bridge.model import Call, Direction, Disposition, Installation
from telephony_bridge.webhooks.dialects.bodies import text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, moment, needed, seconds
from telephony_bridge.webhooks.dialects.reading import Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, talks_of, via_of

_DIRECTIONS = {"in": Direction.INBOUND, "out": Direction.OUTBOUND}
_DISPOSITIONS = {
    "bridged": Disposition.ANSWERED,
    "answered": Disposition.NO_ANSWER,  # by a menu or a queue: nobody was connected
    "not answered": Disposition.NO_ANSWER,
    "busy": Disposition.BUSY,
    "rejected": Disposition.BUSY,
    "voicemail": Disposition.VOICEMAIL,
}
_GMT = Installation(ZoneInfo("UTC"))


@dataclass(frozen=True, slots=True)
class Part:
    """A leg of a phone: whose, from when to when, and how it ended."""

    extension: str
    result: str
    started_at: datetime | None
    ended_at: datetime | None
    recording: str


@dataclass(frozen=True, slots=True)
class Record:
    """A call of the archive."""

    key: str
    direction: Direction
    caller: str
    called: str
    did: str
    owner: str
    started_at: datetime
    bridged_at: datetime | None
    ended_at: datetime
    talk_seconds: int | None
    result: str
    cause: str
    parts: tuple[Part, ...]


def extension_of(name: str) -> str:
    """``13596*106@sipproxy.telphin.ru`` is 106; what has no client's prefix stays."""
    return name.partition("@")[0].rpartition("*")[2]


def read(told: Mapping[str, Any]) -> list[Row]:
    """The records; the good ones of a page with a broken one go with the error."""
    listed = told.get("call_history", [told])
    if not isinstance(listed, list) or not listed:
        raise NotACall("The page of call_history is empty: nothing to understand", "call_history")
    rows, broken = [], None
    for one in listed:
        try:
            record = _record(one if isinstance(one, dict) else {})
        except Malformed as said:
            broken = said
            continue
        rows.append(Row(record.started_at, (f"id:{record.key}",), record))
    if broken is not None:
        raise Malformed(broken.why, broken.field, rows=rows)
    return rows


def _at(told: Mapping[str, Any], name: str) -> datetime | None:
    return moment(text_in(told, name), name, _GMT)


def _record(told: Mapping[str, Any]) -> Record:
    direction = _DIRECTIONS.get(text_in(told, "flow").lower())
    if direction is None:
        raise Malformed("flow: expected in or out", "flow")
    started_at = at_needed(_at(told, "start_time_gmt") or _at(told, "init_time_gmt"), "start_time_gmt", "a record")
    ended_at = at_needed(_at(told, "hangup_time_gmt"), "hangup_time_gmt", "a record")
    bridged_at = _at(told, "bridged_time_gmt")
    if ended_at < started_at:
        raise Malformed("hangup_time_gmt is before start_time_gmt", "hangup_time_gmt")
    if bridged_at is not None and not started_at <= bridged_at <= ended_at:
        raise Malformed("bridged_time_gmt is not between start_time_gmt and hangup_time_gmt", "bridged_time_gmt")
    talk = seconds(text_in(told, "bridged_duration"), "bridged_duration")
    if talk is not None and talk > (ended_at - started_at).total_seconds() + 1:
        raise Malformed("bridged_duration is longer than the call", "bridged_duration")
    legs = told.get("cdr")
    return Record(
        key=needed(text_in(told, "call_uuid"), "call_uuid", "a record"),
        direction=direction,
        caller=text_in(told, "from_username"),
        called=text_in(told, "to_username"),
        did=text_in(told, "did_number"),
        owner=_phone(told),
        started_at=started_at,
        bridged_at=bridged_at,
        ended_at=ended_at,
        talk_seconds=talk,
        result=text_in(told, "result").lower(),
        cause=text_in(told, "hangup_cause"),
        parts=tuple(_part(leg) for leg in legs if isinstance(leg, dict)) if isinstance(legs, list) else (),
    )


def _phone(told: Mapping[str, Any]) -> str:
    """The extension, where it is a person's and not a menu's or a queue's."""
    return extension_of(text_in(told, "extension_name")) if text_in(told, "extension_type") in ("phone", "") else ""


def _part(told: Mapping[str, Any]) -> Part:
    return Part(
        extension=_phone(told),
        result=text_in(told, "result").lower(),
        started_at=_at(told, "start_time_gmt"),
        ended_at=_at(told, "hangup_time_gmt"),
        recording=text_in(told, "record_uuid"),
    )


def _talk(part: Part, call: Record) -> Leg:
    """An answered leg starts with its answer; nobody talks before the two were connected."""
    answered_at = max(at for at in (part.started_at, call.bridged_at, call.started_at) if at is not None)
    return Leg(part.extension, answered_at, part.ended_at)


def told(records: Sequence[Record], recordings: Sequence[str], installation: Installation) -> Call:
    """The call, with the recordings that events told of; of two records of it the later end knows more."""
    last = max(records, key=lambda one: (one.ended_at, repr(one)))
    inbound = last.direction is Direction.INBOUND
    party, direction = (last.caller if inbound else last.called), last.direction
    people = [part for part in last.parts if part.extension]
    spoke = [_talk(part, last) for part in people if part.result == "answered"]
    extension = last.owner if inbound else extension_of(last.caller) or last.owner
    if not last.did and re.fullmatch(installation.extension_pattern, extension_of(party)):
        direction, spoke = Direction.INTERNAL, []
        extension, party = extension_of(last.caller), extension_of(last.called)
    talked = talks_of(spoke, last.ended_at)
    disposition = _DISPOSITIONS.get(last.result, Disposition.FAILED)
    recorded = {part.recording for record in records for part in record.parts if part.recording} | set(recordings)
    return call_of(
        last.key,
        direction,
        installation,
        party=party,
        started_at=last.started_at,
        answered_at=last.bridged_at,
        ended_at=last.ended_at,
        talk_seconds=sum(talk.seconds for talk in talked) if len(talked) > 1 else last.talk_seconds,  # without ringing again
        disposition=disposition,
        extension=None if inbound and people else extension,
        rung={part.extension for part in people} if inbound else (),
        talked=talked,
        hangup_cause=last.cause,
        recording_url=f"telphin:{min(recorded)}" if recorded else None,
        via=via_of(installation, last.did, last.owner),
    )
