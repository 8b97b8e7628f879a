"""What the legs of a Vonage conversation make together: who is the client, who are ours, who talked. Pure.

A leg joins the platform and one endpoint: ``from`` of an inbound leg, ``to`` of an outbound one. A user, a SIP address, a
number of the extension pattern or of our own is ours, other numbers are outside; a websocket is a robot and nobody.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from telephony_bridge.model import Call, Direction, Disposition, Installation, Via
from telephony_bridge.webhooks.dialects.reading import Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, covered, number_of, talks_of, via_of

ENDS = {  # the statuses that end a leg; the first of these that a leg was told is its outcome
    "busy": Disposition.BUSY,
    "failed": Disposition.FAILED,
    "rejected": Disposition.FAILED,  # by Vonage itself, before it was connected
    "cancelled": Disposition.CANCELED,
    "unanswered": Disposition.NO_ANSWER,
    "timeout": Disposition.NO_ANSWER,
    "completed": Disposition.NO_ANSWER,  # an unanswered leg may send this as well, with duration 0
}
_HIDDEN = {"", "anonymous", "private", "restricted", "unavailable", "unknown", "withheld"}


@dataclass(frozen=True, slots=True)
class Party:
    kind: str  # phone, sip, app, websocket…; empty where the vendor does not say
    name: str


@dataclass(frozen=True, slots=True)
class Event:
    key: str
    leg: str
    status: str
    at: datetime
    inbound: bool
    caller: Party
    called: Party
    start: datetime | None
    end: datetime | None
    seconds: int | None
    network: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Answering machine detection."""

    key: str
    leg: str
    word: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """A leg went from one conversation to another."""

    before: str
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Recording:
    key: str
    leg: str
    link: str


@dataclass(frozen=True, slots=True)
class _Leg:
    """All that was told of one leg."""

    id: str
    inbound: bool
    endpoint: Party
    other: Party  # the other side: the caller's id on an outbound leg, the number called on an inbound one
    first_at: datetime
    rang: bool  # its beginning was told, not only its end
    answered_at: datetime | None
    ended_at: datetime | None
    seconds: int | None
    outcome: str
    cause: str
    network: str
    machine: bool


def _leg(events: Sequence[Event], verdicts: Sequence[Verdict]) -> _Leg:
    ordered = sorted(events, key=lambda one: (one.at, repr(one)))
    first = ordered[0]
    ends = [one for one in ordered if one.status in ENDS]
    outcome = next((word for word in ENDS if any(one.status == word for one in ends)), "")
    done = max((one for one in ends if one.status == "completed"), key=lambda one: (one.end or one.at, repr(one)), default=None)
    ended_at = max((one.end or one.at for one in ends), default=None)
    answered_at = min((one.at for one in ordered if one.status == "answered"), default=None)
    told = done.seconds if done is not None else None
    if answered_at is None and done is not None and outcome == "completed":
        length = timedelta(seconds=told) if told is not None else (done.end or done.at) - (done.start or done.end or done.at)
        if length:
            answered_at = done.start or (done.end or done.at) - length
    if answered_at is not None and ended_at is not None:
        answered_at = min(answered_at, ended_at)
    last = max(verdicts, key=lambda one: (one.at, one.word), default=None)
    closing = next((one for one in ends if one.status == outcome), None)
    inbound = first.inbound
    return _Leg(
        id=first.leg,
        inbound=inbound,
        endpoint=first.caller if inbound else first.called,
        other=first.called if inbound else first.caller,
        first_at=min(at for one in ordered for at in (one.at, one.start, one.end, answered_at) if at is not None),
        rang=any(one.status in ("started", "ringing") for one in ordered),
        answered_at=answered_at,
        ended_at=ended_at,
        seconds=told,
        outcome=outcome,
        cause=(closing.detail or closing.status) if closing else "",
        network=max(one.network for one in ordered),
        machine=last is not None and last.word == "machine",
    )


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a conversation and of those its legs moved to; a recording alone is none."""
    said = [row.said for row in rows]
    events = [one for one in said if isinstance(one, Event)]
    if not events:
        return []
    verdicts = [one for one in said if isinstance(one, Verdict)]
    legs = [
        _leg([one for one in events if one.leg == id_], [one for one in verdicts if one.leg == id_])
        for id_ in {one.leg for one in events}
    ]
    legs.sort(key=lambda one: (one.first_at, one.id))
    keys = [(one.at, one.key or one.leg) for one in events]
    keys += [(one.at, key) for one in said if isinstance(one, Moved) for key in (one.before, one.after)]
    named = [(at, key) for at, key in keys if key not in {leg.id for leg in legs}] or keys  # a conversation's id before a leg's
    recording = min((one.link for one in said if isinstance(one, Recording)), default=None)
    return [_call(min(named)[1], legs, recording, installation)]


def _is_person(party: Party, installation: Installation) -> bool:
    """A user, a SIP address or what the extension pattern knows: a name that says who it is."""
    if re.search(installation.extension_pattern, party.name):
        return True
    return party.kind != "websocket" and not party.name.lstrip("+").isdecimal() and party.name.lower() not in _HIDDEN


def _is_ours(party: Party, installation: Installation) -> bool:
    own = number_of(party.name, installation, international=True) in installation.own_numbers
    return own or _is_person(party, installation)


def _call(key: str, legs: Sequence[_Leg], recording: str | None, installation: Installation) -> Call:
    people = [leg for leg in legs if leg.endpoint.kind != "websocket"]
    ours = [leg for leg in people if _is_ours(leg.endpoint, installation)]
    outside = [leg for leg in people if leg not in ours]
    first = legs[0]
    client: _Leg | None = None
    if first.inbound and first in outside:  # every other leg is somebody whom the call was given to
        direction, client, staff = Direction.INBOUND, first, [leg for leg in people if leg is not first]
    elif outside:
        # several numbers and nobody of ours: who was called first is the client, the others are employees' phones
        tries = outside if ours else [leg for leg in outside if leg.endpoint.name == outside[0].endpoint.name]
        client = min(tries, key=lambda leg: (leg.answered_at is None, leg.first_at, leg.id))
        direction, staff = Direction.OUTBOUND, ours or [leg for leg in outside if leg not in tries]
    else:
        dials_out = first.inbound and not _is_ours(first.other, installation)
        direction, staff = Direction.OUTBOUND if dials_out else Direction.INTERNAL, ours
    ended_at = _ended_at(legs, [leg for leg in outside if leg not in staff])
    starter = _starter(direction, first, client, staff, installation)
    spans = _spans(client, staff, ended_at)
    talked = talks_of(spans, ended_at)
    talk_seconds: int | None = covered((one.answered_at, one.ended_at) for one in spans if one.answered_at and one.ended_at)
    if direction is Direction.INBOUND:
        answered_at = min((span.answered_at for span in spans if span.answered_at is not None), default=None)
    elif client is not None:
        answered_at = client.answered_at
        if not staff:
            talk_seconds = _lasted(client.seconds, answered_at, ended_at) if answered_at and ended_at else 0
    else:
        others = [leg for leg in staff if leg.endpoint.name != starter and direction is Direction.INTERNAL]
        answered_at, talk_seconds = min((leg.answered_at for leg in others if leg.answered_at), default=None), None
    side = client or first
    call = call_of(
        key,
        direction,
        installation,
        party=client.endpoint.name if client else _other(first, staff, starter),
        started_at=first.first_at,
        answered_at=answered_at,
        ended_at=ended_at,
        talk_seconds=talk_seconds,
        disposition=_disposition(direction, side, staff, answered=answered_at is not None),
        extension=starter,
        rung={leg.endpoint.name for leg in staff},
        talked=talked,
        hangup_cause=side.cause,
        recording_url=recording,
        via=_via(side, staff, installation),
        final=ended_at is not None,
        international=True,
    )
    return call if first.rang else replace(call, ring_seconds=None)


def _starter(
    direction: Direction, first: _Leg, client: _Leg | None, staff: Sequence[_Leg], installation: Installation
) -> str | None:
    """Who of ours: the user that dials, the employee rung before the client, the caller's id where it is a person's."""
    if direction is Direction.INBOUND:
        return None
    if first.inbound:
        return first.endpoint.name
    shown = (client or first).other
    names = [leg.endpoint.name for leg in staff[:1]]
    if _is_person(shown, installation):
        names.insert(0 if direction is Direction.INTERNAL else 1, shown.name)
    return names[0] if names else None


def _other(first: _Leg, staff: Sequence[_Leg], starter: str | None) -> str:
    """The other side where no client has a leg: whom a user dialled, or the colleague."""
    names = [first.other.name] if first.inbound else []
    names += [leg.endpoint.name for leg in staff if leg.endpoint.name != starter]
    return names[0] if names else ""


def _ended_at(legs: Sequence[_Leg], outside: Sequence[_Leg]) -> datetime | None:
    """When the clients' legs are over, or the first leg, or all of them; later events never make a call go on again."""
    for these in (outside, legs[:1], legs):
        ends = [leg.ended_at for leg in these]
        if ends and None not in ends:
            return max(at for at in ends if at is not None)
    return None


def _spans(client: _Leg | None, staff: Sequence[_Leg], ended_at: datetime | None) -> list[Leg]:
    """Each employee's time with the client: both on the line."""
    if client is None or (not client.inbound and client.answered_at is None):
        return []
    found = []
    for leg in staff:
        if leg.answered_at is None:
            continue
        later = leg if client.inbound or leg.answered_at > (client.answered_at or client.first_at) else client
        start = max(leg.answered_at, (client.first_at if client.inbound else client.answered_at) or leg.answered_at)
        end = min((at for at in (leg.ended_at, client.ended_at, ended_at) if at is not None), default=None)
        if end is None:
            found.append(Leg(leg.endpoint.name, start))
        elif end >= start:
            found.append(Leg(leg.endpoint.name, start, start + timedelta(seconds=_lasted(later.seconds, start, end))))
    return found


def _lasted(told: int | None, start: datetime, end: datetime) -> int:
    """Whole seconds as told, and never longer than the times allow: the vendor's figures may contradict."""
    length = (end - start).total_seconds()
    return int(length) if told is None else min(told, ceil(length))


def _disposition(direction: Direction, leg: _Leg, staff: Sequence[_Leg], *, answered: bool) -> Disposition:
    if answered:
        return Disposition.VOICEMAIL if leg.machine and direction is Direction.OUTBOUND else Disposition.ANSWERED
    told = ENDS.get(leg.outcome, Disposition.NO_ANSWER)
    if direction is Direction.INBOUND:
        if staff and all(one.outcome == "busy" for one in staff):
            return Disposition.BUSY
        return told if told is Disposition.FAILED else Disposition.NO_ANSWER
    return told


def _via(leg: _Leg, staff: Sequence[_Leg], installation: Installation) -> Via:
    """By the employee's endpoint; ``network`` of the client's leg is the client's own carrier and tells nothing of our road."""
    ordered = sorted(staff, key=lambda one: (one.answered_at is None, one.answered_at or one.first_at, one.id))
    if ordered:
        mine = ordered[0]
        if not mine.endpoint.name.lstrip("+").isdecimal() or mine.endpoint.kind in ("sip", "app"):
            return Via.IP
        if mine.network.isdecimal():  # MCC and MNC: a mobile carrier
            return Via.MOBILE
    elif _is_person(leg.other, installation) and not leg.inbound:
        return Via.IP  # he dialled from an app or a SIP phone that has no leg of its own
    return via_of(installation, *(one.endpoint.name for one in ordered[:1]), leg.other.name)
