"""The words of the house as frozen values. No I/O, no behaviour beyond what the value itself says.

Times are aware ``datetime`` in UTC, seconds are whole, phone numbers are E.164 with the plus; unknown is ``None``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


def rfc3339(at: datetime) -> str:
    """A moment as the contract spells it: UTC, whole seconds, ``Z``. ``at`` is in UTC already."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Company:
    """The company's defaults: clock, phone region, language of pages and notices."""

    zone: ZoneInfo
    region: str = "RU"
    language: str = "ru"


class Direction(StrEnum):
    """Seen from the company: who started it. ``internal`` has no outside party."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"
    INTERNAL = "internal"


class Disposition(StrEnum):
    """How a call ended. ``answered`` needs a person on the far leg (CONTRACT §5)."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"
    CANCELED = "canceled"
    VOICEMAIL = "voicemail"


class Via(StrEnum):
    """The road of the outside leg: only ``ip`` counts towards a norm (R15)."""

    IP = "ip"
    MOBILE = "mobile"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Installation:
    """What an administrator told us about one PBX: how its clock, numbers and trunks are to be read."""

    timezone: ZoneInfo
    region: str = "RU"
    outside_prefix: str = ""
    extension_pattern: str = r"^\d{2,5}$"
    trunks: tuple[tuple[str, Via], ...] = ()  # (channel or trunk name glob, via), first match wins
    own_numbers: frozenset[str] = frozenset()  # E.164
    is_crm: bool = False  # tells of calls second-hand: a PBX that saw the same call wins, and alone it proves no IP


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook request as it arrived, raw. ``tail`` is the path below the webhook's address, ``query`` undecoded."""

    id: int
    received_at: datetime
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # lower-case names
    query: str = ""
    tail: str = ""
    method: str = "POST"


@dataclass(frozen=True, slots=True)
class Talk:
    """One person's share of a conversation with the outside party."""

    extension: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Call:
    """One conversation attempt, however many rows, legs, events and repeats told of it (CONTRACT §5).

    ``settled`` says why a call is final whose end was never told; ``robot``: a dialler dialled it, not a person (EC-31).
    """

    call_key: str
    direction: Direction
    extension: str | None
    number: str | None
    number_raw: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    ring_seconds: int | None
    talk_seconds: int
    disposition: Disposition
    hangup_cause: str | None = None
    recording_url: str | None = None
    via: Via = Via.UNKNOWN
    final: bool = True
    talked: tuple[Talk, ...] = ()
    settled: str | None = None
    robot: bool = False


class MatchResult(StrEnum):
    """What the matcher decided; none and ambiguous are results, not errors."""

    MATCHED = "matched"
    AMBIGUOUS = "ambiguous"
    NONE = "none"
    INTERNAL = "internal"
    EXCLUDED = "excluded"


class WhyNot(StrEnum):
    """Why a call does not count for a metric (CONTRACT §5)."""

    INBOUND = "inbound"
    INTERNAL = "internal"
    EXCLUDED_NUMBER = "excluded_number"
    NON_IP = "non_ip"
    NO_MANAGER = "no_manager"
    NO_LEAD = "no_lead"
    WRONG_SEGMENT = "wrong_segment"
    NO_COMMENT = "no_comment"
    REPEAT = "repeat"
    TOO_SHORT = "too_short"
    VOICEMAIL = "voicemail"
    ROBOT = "robot"
    PERSONAL = "personal"
    NOT_ANSWERED = "not_answered"
    NOT_FINAL = "not_final"


@dataclass(frozen=True, slots=True)
class LeadCandidate:
    """A lead that has the call's number, with what EC-17 needs to choose among several."""

    lead_id: int
    segment: str
    manager_id: int | None
    is_open: bool
    entered_at: datetime
    planned_on: date | None  # day of the open planned contact, in the company's zone
    last_activity_at: datetime | None
    segments_before: tuple[tuple[int, str], ...] = ()  # (move, the segment until it), oldest first
    owners_before: tuple[
        tuple[datetime, int | None], ...
    ] = ()  # (when it became another's, whose it was until then), oldest first

    def segment_as_of(self, move: int | None) -> str:
        """The segment after a move of leads, now if None: a closed day keeps the one it was judged by."""
        if move is not None:
            for moved, was in self.segments_before:
                if moved > move:
                    return was
        return self.segment

    def as_of(self, at: datetime) -> LeadCandidate:
        """The lead as it was owned at a moment: a hand-over moves no call that was made before it."""
        for until, owner in self.owners_before:
            if at < until:
                return replace(self, manager_id=owner)
        return self


@dataclass(frozen=True, slots=True)
class Match:
    """Whose number it is: the chosen lead, every candidate kept, and the reason in a word."""

    result: MatchResult
    lead_id: int | None = None
    candidates: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Weight:
    """What a call counts for. A ``None`` reason means it counts."""

    why_not_dial: WhyNot | None
    why_not_connect: WhyNot | None

    @property
    def dial(self) -> bool:
        return self.why_not_dial is None

    @property
    def connect(self) -> bool:
        return self.why_not_connect is None


class DayKind(StrEnum):
    """A day of the production calendar: free, worked though a weekend, an hour shorter, or as the week has it (EC-54)."""

    OFF = "off"
    WORK = "work"
    SHORT = "short"
    USUAL = "usual"


def _usual(_day: date) -> DayKind:
    return DayKind.USUAL


def _midnight(_day: date) -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Week:
    """A manager's working week, team and segments from a local day on. Hours may pass midnight (20:00-08:00).

    ``segments`` are client segments with his share of work in percent (EC-57), as they were told.
    """

    timezone: ZoneInfo
    opens: int = 9 * 60  # minutes after local midnight
    closes: int = 18 * 60  # minutes after local midnight of the opening day; <= opens means the next day
    days: frozenset[int] = frozenset({1, 2, 3, 4, 5})  # ISO weekdays
    team: str | None = None
    segments: tuple[tuple[str, int], ...] = (("cold", 100),)
    from_day: date | None = None  # None: since ever

    @property
    def segment(self) -> str:
        """The one with the greatest share, of equal ones the first."""
        return max(self.segments, key=lambda one: one[1])[0]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a manager works: his weeks in order, the first of them since ever, and what else says of a day that he is at work."""

    weeks: tuple[Week, ...]
    absences: tuple[tuple[date, date], ...] = ()  # inclusive local days
    first_day: date | None = None
    last_day: date | None = None  # the last day of work, inclusive
    kind: Callable[[date], DayKind] = _usual  # the production calendar
    boundary: Callable[[date], int] = _midnight  # minutes after midnight at which a day begins

    def week(self, day: date) -> Week:
        """The week that holds on a day."""
        for week in reversed(self.weeks):
            if week.from_day is None or week.from_day <= day:
                return week
        return self.weeks[0]

    def week_at(self, at: datetime) -> Week:
        """The week that holds at a moment: one begins at midnight by the clock of the one before."""
        held = self.weeks[0]
        for week in self.weeks[1:]:
            if week.from_day is not None and at.astimezone(held.timezone).date() < week.from_day:
                break
            held = week
        return held


class Verdict(StrEnum):
    """A day's judgement; of three metrics the worst stands."""

    NOT_MET = "not_met"
    MET = "met"
    TARGET = "target"
    PENDING = "pending"
    NOT_EVALUATED = "not_evaluated"
    OFF = "off"
