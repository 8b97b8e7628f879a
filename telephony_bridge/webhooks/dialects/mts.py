"""MTS (МТС) virtual PBX, vpbx.mts.ru: rows of its call history, posted by whoever polls it. Pure.

Guide of API CRM, ``GET /api/v1/callHistory/enterprise``: times in epoch milliseconds, an ORIGINATING and a TERMINATING row for
the halves of one call, whose ``extTrackingId`` differ in the suffix only. What live events look like is published nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Talk
from telephony_bridge.webhooks.dialects.bodies import events_of, read_each, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, needed, seconds
from telephony_bridge.webhooks.dialects.reading import Dialect, Row
from telephony_bridge.webhooks.dialects.telling import call_of, via_of

_HALVES = {"ORIGINATING", "TERMINATING"}
_HALF = re.compile(r":\d+\Z")
_TALK_IS = ("duration", "answerDuration")
_LIVE = {"subscriptionid", "abonentid", "clientapikey", "callbackurl", "enterprisebwksid", "groupbwksid"}


@dataclass(frozen=True, slots=True)
class _Half:
    key: str
    id: str
    outgoing: bool
    calling: str
    called: str
    started_at: datetime
    missed: bool
    duration: int
    answer_duration: int
    talk_is: str  # which of the two the talk is: a name, or empty where nobody said
    cause: str
    recorded: bool


def read(delivery: Delivery, _installation: Installation) -> list[Row]:
    """Rows of a page, of an array, or one alone. ``?talk=`` in the address says which of the two durations is the talk."""
    asked = (parse_qs(delivery.query).get("talk") or [""])[-1]
    talk_is = next((name for name in _TALK_IS if name.lower() == asked.lower()), "")
    if asked and not talk_is:
        raise Malformed("talk in the address: expected talk=duration or talk=answerDuration", "talk")
    return read_each(events_of(delivery, "content"), lambda record: _row(record, talk_is))


def _row(record: dict[str, Any], talk_is: str) -> Row:
    told = {name.lower(): value for name, value in record.items()}  # the casing of the keys varies
    if len(told.keys() & {"exttrackingid", "calltime", "callingnumber", "callednumber"}) < 2:
        if told.keys() & _LIVE or "CHECK_ALIVE" in told.values():
            raise NotACall("Live events of МТС are not understood, their format is unpublished: post rows of callHistory instead")
        raise Misdirected("extTrackingId and callTime of МТС are not here: post rows of GET /api/v1/callHistory/enterprise")
    direction = text_in(told, "direction").upper()
    if direction not in _HALVES:
        raise Malformed("direction: expected ORIGINATING or TERMINATING", "direction")
    if direction == "ORIGINATING":
        needed(text_in(told, "callednumber"), "calledNumber", "an ORIGINATING row")
    missed = needed(text_in(told, "status"), "status", "a row of the history").upper() == "MISSED"
    duration = text_in(told, "duration")
    id_ = needed(text_in(told, "exttrackingid"), "extTrackingId", "a row of the history")
    half = _Half(
        key=_HALF.sub("", id_) or id_,
        id=id_,
        outgoing=direction == "ORIGINATING",
        calling=text_in(told, "callingnumber"),
        called=text_in(told, "callednumber"),
        started_at=at_needed(epoch(text_in(told, "calltime"), "callTime", "ms"), "callTime", "a row of the history"),
        missed=missed,
        duration=seconds(duration if missed else needed(duration, "duration", "a row of the history"), "duration") or 0,
        answer_duration=seconds(text_in(told, "answerduration"), "answerDuration") or 0,
        talk_is=talk_is,
        cause=text_in(told, "terminationcause"),
        recorded=bool(text_in(told, "recordabonentid")),
    )
    return Row(half.started_at, (f"id:{half.key}",), half)


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of its halves."""
    known: dict[str, _Half] = {}  # a row polled twice with other words: the longer one is the later one
    for half in sorted((row.said for row in rows), key=lambda one: (bool(one.talk_is), one.duration, repr(one))):
        known[half.id] = half
    halves = sorted(known.values(), key=lambda one: (one.started_at, one.outgoing, repr(one)))
    extension = re.compile(installation.extension_pattern)
    outside = [one for one in halves if not all(extension.search(number) for number in (one.calling, one.called))]
    if outside:  # a redirection's other half goes out as well: the first one says who began
        direction = Direction.OUTBOUND if outside[0].outgoing else Direction.INBOUND
        mine = [one for one in outside if one.outgoing == outside[0].outgoing]
        sides = [_sides(one, extension) for one in mine]
    else:
        direction, mine, sides = Direction.INTERNAL, halves, [(one.calling, one.called) for one in halves]
    answered = [(one, ours) for one, (ours, _) in zip(mine, sides, strict=True) if _talk(one)]
    talked = tuple(Talk(ours, _talk(one)) for one, ours in answered) if direction is Direction.INBOUND else ()
    times = [_times(one) for one, _ in answered] if answered else [_times(mine[0])]
    ended_at = max((ended for _, ended in times if ended is not None), default=None)
    talk = sum(said.seconds for said in talked) or max((_talk(one) for one, _ in answered), default=0)
    longest = talk if ended_at is None else int((ended_at - halves[0].started_at).total_seconds())
    recorded = sorted(one.id for one in halves if one.recorded)
    ours, party = sides[0]
    rung = {number for number, _ in sides if extension.search(number)}
    return [
        call_of(
            halves[0].key,
            direction,
            installation,
            party=party,
            started_at=halves[0].started_at,
            answered_at=times[0][0],
            ended_at=ended_at,
            talk_seconds=min(talk, longest),
            disposition=Disposition.ANSWERED if answered else _unanswered(mine),
            extension=ours if direction is not Direction.INBOUND or answered else None,
            rung=rung,
            talked=talked,
            hangup_cause=min((one.cause for one in mine if one.cause), default=None),
            recording_url=f"mts:{recorded[0]}" if recorded else None,
            via=via_of(installation, ours),
        )
    ]


def _sides(half: _Half, extension: re.Pattern[str]) -> tuple[str, str]:
    """(our side, the outside party). The guide swaps the words of the two numbers: an extension is ours wherever it stands."""
    ours, party = (half.calling, half.called) if half.outgoing else (half.called, half.calling)
    return (party, ours) if extension.search(party) and not extension.search(ours) else (ours, party)


def _talk(half: _Half) -> int:
    """Whole seconds that are proved. Whether ``duration`` holds the talk and ``answerDuration`` the wait for it, or the whole
    and the talk, the guide does not say: until the administrator does, the shorter one, which is too long in neither case."""
    if half.missed:
        return 0
    return half.duration if half.talk_is == "duration" else min(half.duration, half.answer_duration)


def _times(half: _Half) -> tuple[datetime | None, datetime | None]:
    """(answered, ended), where the administrator said what the durations are."""
    if half.talk_is == "answerDuration":
        ended = half.started_at + timedelta(seconds=half.duration)
        return ended - timedelta(seconds=min(half.answer_duration, half.duration)), ended
    if half.talk_is == "duration" and _talk(half):
        answered = half.started_at + timedelta(seconds=half.answer_duration)
        return answered, answered + timedelta(seconds=half.duration)
    return None, None


def _unanswered(halves: Sequence[_Half]) -> Disposition:
    return Disposition.BUSY if any("BUSY" in half.cause.upper() for half in halves) else Disposition.NO_ANSWER


DIALECT = Dialect(
    name="mts",
    title="МТС",
    read=read,
    tell=tell,
    patient=True,  # errors of delivery are counted, and the API switches itself off
)
