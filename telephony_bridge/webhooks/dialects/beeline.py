"""Билайн «Облачная АТС» (Beeline): live events of its BroadWorks switch, polled statistics and recordings. Pure.

A call is the ``extTrackingId`` that all its legs share; each subscriber has his own leg with a beginning and an end. A row of
the statistics stands for a call only where no live event told of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from telephony_bridge.errors import Malformed, Misdirected
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation
from telephony_bridge.webhooks.dialects.beeline_events import LegEvent, events_of, tail_of, user_of, via_of_subscriber
from telephony_bridge.webhooks.dialects.beeline_statistics import APART, Recording, Statistic, counted, polled, together
from telephony_bridge.webhooks.dialects.bodies import records_of, text_of
from telephony_bridge.webhooks.dialects.engine import connected
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, covered, talks_of

_CAUSES = {  # internalReleaseCause; the schema has no other
    "busy": Disposition.BUSY,
    "temporarily unavailable": Disposition.NO_ANSWER,
    "request timeout": Disposition.NO_ANSWER,
    "forbidden": Disposition.FAILED,
    "routing failure": Disposition.FAILED,
    "global failure": Disposition.FAILED,
    "request failure": Disposition.FAILED,
    "server failure": Disposition.FAILED,
    "translation failure": Disposition.FAILED,
    "user not found": Disposition.FAILED,
    "dial tone timeout": Disposition.FAILED,
    "insufficient credits": Disposition.FAILED,
}
_MILDEST = (Disposition.NO_ANSWER, Disposition.BUSY, Disposition.CANCELED, Disposition.FAILED)


@dataclass(frozen=True, slots=True)
class _Half:
    """One subscriber's leg, from all its events."""

    who: str
    subscriber: str
    device: str
    outgoing: bool
    outside: bool
    enquired: bool  # a colleague asked him first, before he was put through to the outside
    party: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    cause: str
    released_by: str


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """An xsi:Event, or rows of the statistics or of the recordings."""
    text = text_of(delivery.body).strip("\ufeff \t\r\n")
    if text.startswith("<"):
        return [Row(event.started_at, _ties(event), event) for event in events_of(text, installation)]
    rows: list[Row] = []
    broken: Malformed | None = None
    for record in _records(delivery):
        try:
            told = polled(record, installation)
        except Malformed as said:
            broken = broken or said
            continue
        if isinstance(told, Recording):
            rows.append(Row(told.at or delivery.received_at, (f"id:{told.key}",), told, aside=True))
        else:
            near = _near(told.party, (told.started_at - APART, told.started_at + APART))
            rows.append(Row(told.started_at, (f"id:{told.key}", *near), told))
    if broken is not None:
        raise Malformed(broken.why, broken.field, rows=rows)
    return rows


def _records(delivery: Delivery) -> list[dict[str, str]]:
    try:
        return records_of(delivery, {})
    except Malformed as said:
        if said.syntax:
            raise
        raise Misdirected(
            "The JSON holds no rows of statistics or recordings: this webhook is pasted into another system"
        ) from None


def _ties(event: LegEvent) -> tuple[str, ...]:
    times = [at for at in (event.started_at, event.answered_at) if at is not None]
    return (*(f"id:{key}" for key in event.keys), f"leg:{event.leg}", *_near(event.party, times))


def _near(party: str, times: Iterable[datetime]) -> tuple[str, ...]:
    """What events and statistics of the same call share: the outside number and the minute."""
    tail = tail_of(party)
    return tuple(sorted({f"near:{tail}:{int(at.timestamp()) // 60}" for at in times})) if tail else ()


def _apart(row: Row) -> Row:
    return replace(row, ties=tuple(tie for tie in row.ties if not tie.startswith("near:")))


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """Calls by their ids; then the rows of statistics that tell of none of them."""
    calls: list[Call] = []
    seen: list[LegEvent] = []
    lone: list[Statistic] = []
    links: dict[str, str] = {}
    for alike in connected(_apart(row) for row in rows):
        said = [row.said for row in alike]
        events = [one for one in said if isinstance(one, LegEvent)]
        for recording in sorted((one for one in said if isinstance(one, Recording)), key=lambda one: one.id, reverse=True):
            links[recording.key] = f"beeline:{recording.id}"
        if events:
            seen += events
            link = min((links[event.key] for event in events if event.key in links), default=None)
            calls.append(_conversation(events, link, installation))
        else:
            lone += [one for one in said if isinstance(one, Statistic)]
    untold = together([one for one in lone if not any(one.tells_of(event) for event in seen)])
    return calls + [counted(alike, links.get(alike[0].key), installation) for alike in untold]


def _half(events: Sequence[LegEvent], installation: Installation) -> _Half:
    """The first event of a leg knows best whom it is with, the last one how it ended."""
    ordered = sorted(events, key=lambda one: (one.ended_at is not None, not one.begins, repr(one)))
    first, ends = ordered[0], [one for one in ordered if one.ended_at is not None]
    ended_at = min((one.ended_at for one in ends if one.ended_at), default=None)
    answers = [one.answered_at for one in ends if one.answered_at] or [one.answered_at for one in ordered if one.answered_at]
    answered_at = min((at for at in answers if ended_at is None or at <= ended_at), default=None)
    types = {one.party_type for one in ordered}
    partied = [one for one in ordered if one.party_type == "network"] or ordered  # after a transfer the party is another
    party = next((one.party for one in partied if one.party), "")
    if "network" in types or "group" in types:
        outside = "network" in types
    else:
        outside = not re.fullmatch(installation.extension_pattern, user_of(party))
    return _Half(
        who=first.who,
        subscriber=first.subscriber,
        device=next((one.device for one in ordered if one.device), ""),
        outgoing=first.outgoing,
        outside=outside,
        enquired="network" in types and "group" in types,
        party=party,
        started_at=min(one.started_at for one in ordered),
        answered_at=answered_at,
        ended_at=ended_at,
        cause=next((one.cause for one in reversed(ordered) if one.cause), ""),
        released_by=next((one.released_by for one in reversed(ordered) if one.released_by), ""),
    )


def _conversation(events: Sequence[LegEvent], recording: str | None, installation: Installation) -> Call:
    legs: dict[str, list[LegEvent]] = {}
    for event in events:
        legs.setdefault(event.leg, []).append(event)
    halves = sorted(
        (_half(told, installation) for told in legs.values()), key=lambda one: (one.started_at, one.outgoing, repr(one))
    )
    # a colleague's half of a call with the outside (a pick-up, an enquiry before a transfer) is no conversation with it
    ours = [half for half in halves if half.outside] or halves
    internal = not ours[0].outside
    first = next((half for half in ours if half.outgoing), ours[0]) if internal else ours[0]
    ends = [half.ended_at for half in halves if half.ended_at is not None]
    final = len(ends) == len(halves)
    ended_at = max(ends) if final else None
    spoken = [half for half in ours if half.answered_at is not None]
    talks = [Leg(half.who, _from(half, ours), half.ended_at) for half in spoken]
    if internal:
        direction = Direction.INTERNAL
    else:
        direction = Direction.OUTBOUND if first.outgoing else Direction.INBOUND
    credited = min(spoken, key=lambda one: (one.answered_at, one.who)) if spoken and direction is Direction.INBOUND else first
    return call_of(
        min((event.started_at, event.key == event.leg, event.key) for event in events)[2],
        direction,
        installation,
        party=first.party,
        started_at=ours[0].started_at,
        answered_at=min((half.answered_at for half in spoken if half.answered_at), default=None),
        ended_at=ended_at,
        talk_seconds=covered((leg.answered_at, leg.ended_at) for leg in talks if leg.answered_at and leg.ended_at)
        if final
        else 0,
        disposition=Disposition.ANSWERED if spoken else _unanswered(ours, direction),
        extension=user_of(first.party) if internal and not first.outgoing else first.who,
        rung={half.who for half in ours if not half.outgoing},
        talked=() if internal else talks_of(talks, ended_at),
        hangup_cause=credited.cause or credited.released_by,
        recording_url=recording,
        via=via_of_subscriber(installation, credited.subscriber, credited.device, credited.who),
        final=final,
    )


def _from(half: _Half, ours: Sequence[_Half]) -> datetime | None:
    """From when on he talked with the outside: after an enquiry, once the colleague who asked was out of the call."""
    if not half.enquired or half.answered_at is None:
        return half.answered_at
    left = [one.ended_at for one in ours if one is not half and one.ended_at is not None]
    return max([half.answered_at, *(at for at in left if half.ended_at is None or at <= half.ended_at)])


def _unanswered(halves: Sequence[_Half], direction: Direction) -> Disposition:
    """The mildest of what the legs tell: one of several who was busy does not make the call busy."""
    return min((_outcome(half, direction) for half in halves), key=_MILDEST.index)


def _outcome(half: _Half, direction: Direction) -> Disposition:
    if not half.cause and half.outgoing and half.released_by.lower() == "localrelease" and direction is not Direction.INBOUND:
        return Disposition.CANCELED  # our side gave up
    return _CAUSES.get(half.cause.lower(), Disposition.NO_ANSWER)


DIALECT = Dialect(
    name="beeline",
    title="Билайн Облачная АТС",
    read=read,
    tell=tell,
    answer=lambda _: Answer(),
    patient=True,  # a switch that gives a subscription up tells nothing any more, and nothing tells that
)
