"""What the three feeds of 3CX are read into, segments of calls, and how segments make a call. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from telephony_bridge.model import Call, Direction, Disposition, Installation, Talk
from telephony_bridge.webhooks.dialects.reading import Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, covered, talks_of, via_of

EXTENSION, LINE, RULE, VOICEMAIL, SYSTEM = "extension", "line", "rule", "voicemail", "system"  # what a party is
_CANCELED = {"terminatedbysrc", "srcparticipantterminated", "cancelled", "terminatedbyoriginator", "failedcancelled"}
_BUSY = {"targetbusy", "routebusy", "busy", "linebusy", "declined", "rejected"}
_FAILED = {
    "failed",
    "targetnotfound",
    "routenotfound",
    "norouteexists",
    "noroute",
    "notfound",
    "notavailable",
    "invaliddestination",
    "destinationprohibited",
    "externalcalldisabled",
    "licenselimitreached",
    "servererror",
    "targetdisabled",
    "callerdisabled",
}
_EPOCH = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Party:
    """One side of a segment: what it is, its directory number, its phone number and a trunk's name."""

    kind: str
    dn: str = ""
    number: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One line of the CDR service, one row of ``cdroutput`` or one report of an agent.

    ``taken``: a person answered it; when, may be unknown all the same. ``next`` is the row that goes on with it.
    """

    key: str
    source: Party
    destination: Party
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    taken: bool
    reason: str
    id: str = ""
    next: str = ""
    rung: tuple[str, ...] = ()
    direction: Direction | None = None
    talk: int | None = None
    left_a_message: bool = False
    recording: str = ""


def word_of(text: str) -> str:
    """A word of 3CX without case and separators: one system mixes ``TerminatedBySrc`` with ``src_participant_terminated``."""
    return "".join(char for char in text.lower() if char.isalnum())


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of its segments."""
    known: dict[str, Segment] = {}  # of a row that was told twice the one that knows its end
    for said in sorted((row.said for row in rows), key=lambda one: (one.ended_at or _EPOCH, repr(one))):
        known[said.id or repr(said)] = said
    segments = sorted(known.values(), key=lambda one: (one.started_at, one.id, repr(one)))
    direction = _direction(segments)
    talking = [one for one in segments if one.taken and _with_the_outside(one, direction)]
    talking.sort(key=lambda one: (one.answered_at or one.started_at, repr(one)))
    final = all(_ended(one) and (not one.next or one.next in known) for one in segments)
    ends = [one.ended_at for one in segments if one.ended_at is not None]
    ended_at = max(ends) if final and len(ends) == len(segments) else None
    talked, talk = _talk(talking, direction, ended_at)
    if ended_at is not None:
        talk = min(talk, int((ended_at - segments[0].started_at).total_seconds()))
    # the line that carried the talk, before those that were tried in vain
    lines = [party for one in (*talking, *segments) for party in (one.source, one.destination) if party.kind == LINE]
    callers = [one.source.dn for one in segments if one.source.kind == EXTENSION]
    rung = {one.destination.dn for one in segments if one.destination.kind == EXTENSION}.union(*(one.rung for one in segments))
    if direction is Direction.INBOUND:
        extension = talking[0].destination.dn if talking and talking[0].destination.kind == EXTENSION else None
    else:
        extension = callers[0] if callers else None
    last = max(segments, key=lambda one: (one.destination.kind in (LINE, RULE), one.ended_at or _EPOCH, repr(one)))
    return [
        call_of(
            segments[0].key,
            direction,
            installation,
            party=_party(segments, direction).replace("(0)", ""),  # +44 (0) …
            started_at=segments[0].started_at,
            answered_at=talking[0].answered_at if talking else None,
            ended_at=ended_at,
            talk_seconds=talk if final else 0,
            disposition=Disposition.ANSWERED if talking else _unanswered(segments, last, direction),
            extension=extension,
            rung=rung,
            talked=talked,
            hangup_cause=last.reason,
            recording_url=min((row.said.recording for row in rows if row.said.recording), default=None),
            via=via_of(installation, *(name for line in lines for name in (line.dn, line.name))),
            final=final,
        )
    ]


def _ended(one: Segment) -> bool:
    """A report is made at the end, whether or not it names the moment."""
    return one.ended_at is not None or one.talk is not None


def _direction(segments: Sequence[Segment]) -> Direction:
    """By the first segment that touches a line; what a queue or a menu starts stays who called it."""
    for one in segments:
        if one.direction is not None:
            return one.direction
        if one.source.kind == LINE:
            return Direction.INBOUND
        if one.destination.kind in (LINE, RULE):
            return Direction.OUTBOUND
    return Direction.INTERNAL


def _with_the_outside(one: Segment, direction: Direction) -> bool:
    """Whether a taken segment is talk with the other side, and not an agent's question to a colleague."""
    if direction is Direction.INTERNAL:
        return one.destination.kind == EXTENSION
    if direction is Direction.OUTBOUND and one.destination.kind == LINE:
        return True
    return one.source.kind != EXTENSION and one.destination.kind in (EXTENSION, LINE)


def _talk(talking: Sequence[Segment], direction: Direction, ended_at: datetime | None) -> tuple[tuple[Talk, ...], int]:
    """(who talked and how long, whole seconds in all). A talk whose beginning was not told has no length."""
    people = [(one.source if one.destination.kind == LINE else one.destination, one) for one in talking]
    spans = [(one.answered_at, one.ended_at) for one in talking if one.answered_at is not None and one.ended_at is not None]
    if direction is Direction.INTERNAL:
        return (), covered(spans)
    if any(one.answered_at is None for one in talking):
        shares = tuple(Talk(person.dn, one.talk or 0) for person, one in people if person.kind == EXTENSION)
        return shares, sum(one.talk or 0 for one in talking)
    legs = [Leg(person.dn, one.answered_at, one.ended_at) for person, one in people if person.kind == EXTENSION]
    return talks_of(legs, ended_at), covered(spans)


def _party(segments: Sequence[Segment], direction: Direction) -> str:
    """The outside party as sent; of an internal call whom it went to."""
    if direction is Direction.INBOUND:
        return next((one.source.number for one in segments if one.source.kind == LINE), "")
    if direction is Direction.OUTBOUND:
        called = [one.destination for one in segments if one.destination.kind in (LINE, RULE) and one.destination.number]
        return min(called, key=lambda party: party.kind == RULE).number if called else ""  # a rule has the number as dialled
    return segments[0].destination.dn or segments[0].destination.number


def _unanswered(segments: Sequence[Segment], last: Segment, direction: Direction) -> Disposition:
    reason = word_of(last.reason)
    if any(one.left_a_message for one in segments):
        return Disposition.VOICEMAIL
    if reason in _CANCELED:  # whoever calls gives up: ours, unless the call came in
        return Disposition.NO_ANSWER if direction is Direction.INBOUND else Disposition.CANCELED
    if reason in _BUSY:
        return Disposition.BUSY
    return Disposition.FAILED if reason in _FAILED else Disposition.NO_ANSWER
