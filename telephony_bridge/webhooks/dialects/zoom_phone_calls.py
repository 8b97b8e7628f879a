"""What the parts of a Zoom Phone call make together: the caller's, and each employee's whom it rang. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from telephony_bridge.model import Call, Direction, Disposition, Installation, Via
from telephony_bridge.webhooks.dialects.reading import Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, covered, talks_of, via_of

_NOBODY = {"callqueue", "autoreceptionist"}  # who answers there is a machine
_ELSEWHERE = "by other"  # "Answered by Other Member": this one's phone stopped ringing because a colleague answered
_ANSWERED = {"call connected", "connected", "answered", "accepted", "picked up", "succeeded"}
_DISPOSITIONS = {  # handup_result and result, in small letters and without underscores; by the first that stands in it
    "voicemail": Disposition.VOICEMAIL,
    "busy": Disposition.BUSY,
    "reject": Disposition.BUSY,
    "declin": Disposition.BUSY,
    "cancel": Disposition.CANCELED,
    "no answer": Disposition.NO_ANSWER,
    "missed": Disposition.NO_ANSWER,
    "timeout": Disposition.NO_ANSWER,
    "abandoned": Disposition.NO_ANSWER,
    _ELSEWHERE: Disposition.NO_ANSWER,
    "fail": Disposition.FAILED,
    "block": Disposition.FAILED,
    "wrong number": Disposition.FAILED,
    "restricted": Disposition.FAILED,
    "disabled": Disposition.FAILED,
    "error": Disposition.FAILED,
    "unavailable": Disposition.FAILED,
    "unconnected": Disposition.FAILED,
}


@dataclass(frozen=True, slots=True)
class Party:
    extension: str
    kind: str  # user, callqueue, autoreceptionist, commonarea, pstn…
    number: str
    connection: str
    device: str

    @property
    def is_person(self) -> bool:
        """One of ours. A call that a queue or a menu gives on names it as the caller, with a whole number as its extension."""
        short = self.extension.isdecimal() and len(self.extension) < 8
        return short and self.kind not in _NOBODY and not self.kind.startswith(("pstn", "external"))


@dataclass(frozen=True, slots=True)
class Part:
    """What one event or one line of a log says of one person's part."""

    key: str
    side: str  # whose part it is: caller, callee
    state: str  # ringing, answered, missed, rejected, ended, log
    first_at: datetime
    rang_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    talk_seconds: int | None
    caller: Party
    callee: Party
    inside: bool
    result: str
    recording: str

    @property
    def mine(self) -> Party:
        return self.caller if self.side == "caller" else self.callee

    @property
    def word(self) -> str:
        return self.result.replace("_", " ").lower()

    @property
    def outcome(self) -> Disposition | None:
        if self.word in _ANSWERED:
            return Disposition.ANSWERED
        told = next((found for word, found in _DISPOSITIONS.items() if word in self.word), None)
        if told is None and self.state in ("missed", "rejected"):
            return Disposition.BUSY if self.state == "rejected" else Disposition.NO_ANSWER
        return told

    @property
    def is_elsewhere(self) -> bool:
        """A colleague answered, perhaps under another id."""
        return _ELSEWHERE in self.word

    @property
    def is_refusal(self) -> bool:
        return self.outcome not in (None, Disposition.ANSWERED)


@dataclass(frozen=True, slots=True)
class Recording:
    key: str
    link: str


@dataclass(frozen=True, slots=True)
class _Member:
    """All that was told of one employee's part."""

    extension: str
    is_person: bool
    first_at: datetime
    answered: bool
    answered_at: datetime | None
    ended_at: datetime | None
    closed: bool
    talk_seconds: int | None
    parts: tuple[Part, ...]


def _member(parts: Sequence[Part]) -> _Member:
    refused = max((part.ended_at or part.first_at for part in parts if part.is_refusal), default=None)
    timed = [part.answered_at for part in parts if part.answered_at is not None and not part.is_refusal]
    connected = any(part.outcome is Disposition.ANSWERED for part in parts)
    # what the end says holds, but a phone that rang in vain may ring and be answered again
    taken = [at for at in timed if connected or refused is None or at > refused]
    closed_at = max((part.ended_at or part.first_at for part in parts if part.state not in ("ringing", "answered")), default=None)
    opened_at = max((part.answered_at or part.rang_at or part.first_at for part in parts), default=None)
    return _Member(
        extension=max(part.mine.extension for part in parts),
        is_person=not any(part.mine.kind in _NOBODY for part in parts),
        first_at=min(part.first_at for part in parts),
        answered=connected or bool(taken),
        answered_at=min(taken, default=None),
        ended_at=max((part.ended_at for part in parts if part.ended_at is not None), default=None),
        closed=closed_at is not None and opened_at is not None and closed_at >= opened_at,
        talk_seconds=max((part.talk_seconds for part in parts if part.talk_seconds is not None), default=None),
        parts=tuple(parts),
    )


def _members(parts: Sequence[Part]) -> list[_Member]:
    """The caller, and each employee that was called, by his extension; where one alone was, his parts need not name him."""
    callers = [part for part in parts if part.side == "caller"]
    called = [part for part in parts if part.side != "caller"]
    names = sorted({part.mine.extension for part in called})
    if len(set(names) - {""}) <= 1:
        groups = [callers, called]
    else:
        groups = [callers, *([part for part in called if part.mine.extension == name] for name in names)]
    return [_member(group) for group in groups if group]


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a ``call_id``. What only tells that a colleague answered, under another id, is none of its own."""
    parts = sorted({row.said for row in rows if isinstance(row.said, Part)}, key=lambda one: (one.first_at, repr(one)))
    if not parts:
        return []
    members = _members(parts)
    if all(any(part.is_elsewhere for part in member.parts) and not member.answered for member in members):
        return []
    links = sorted(row.said.link for row in rows if isinstance(row.said, Recording))
    links += sorted(part.recording for part in parts if part.recording)
    return [_call(parts, members, links[0] if links else None, installation)]


def _call(parts: Sequence[Part], members: Sequence[_Member], recording: str | None, installation: Installation) -> Call:
    callers = [member for member in members if member.parts[0].side == "caller"]
    called = sorted((member for member in members if member not in callers), key=lambda one: (one.first_at, one.extension))
    inside = any(part.inside or (part.caller.is_person and part.callee.is_person) for part in parts) or bool(callers and called)
    direction = Direction.INTERNAL if inside else Direction.OUTBOUND if callers else Direction.INBOUND
    people = [member for member in called if member.is_person]
    far = people if people or direction is Direction.INBOUND else callers  # whose answer is a person's on the far side
    answered_at = min((one.answered_at for one in far if one.answered_at is not None), default=None)
    answered = any(one.answered for one in far)
    final = _is_over(members)
    ended_at = max((one.ended_at for one in members if one.ended_at is not None), default=None) if final else None
    spans = _spans(people, ended_at) if direction is Direction.INBOUND else []
    talked = talks_of(spans, ended_at)
    starter = callers[0] if callers else None
    outcomes = [part for member in (far or called) for part in member.parts if part.outcome is not None]
    closing = max(outcomes, key=lambda one: (one.state == "log", one.ended_at or one.first_at, repr(one)), default=None)
    started_at = min(part.first_at for part in parts)
    call = call_of(
        parts[0].key,
        direction,
        installation,
        party=_party(parts, direction),
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        talk_seconds=_talk(spans, far, answered_at, started_at, ended_at) if final else 0,
        disposition=Disposition.ANSWERED if answered else _unanswered(parts, closing, direction),
        extension=_starter(starter, parts) if direction is not Direction.INBOUND else None,
        rung={member.extension for member in people},
        talked=talked,
        hangup_cause=closing.result if closing else max(part.result for part in parts),  # the second: a word we do not know
        recording_url=recording,
        via=_via(callers or [one for one in people if one.answered] or people, installation),
        final=final,
    )
    rang = any(part.rang_at is not None and part.rang_at == call.started_at for part in parts)
    return call if rang else replace(call, ring_seconds=None)


def _starter(caller: _Member | None, parts: Sequence[Part]) -> str | None:
    if caller is not None:
        return caller.extension
    return next((part.caller.extension for part in parts if part.caller.is_person), None)


def _party(parts: Sequence[Part], direction: Direction) -> str:
    """The outside party as sent, or the colleague's extension."""
    sides = [part.caller if direction is Direction.INBOUND else part.callee for part in parts]
    if direction is Direction.INTERNAL:
        return next((side.extension for side in sides if side.extension), "")
    return next((side.number for side in sides if side.number), "")


def _is_over(members: Sequence[_Member]) -> bool:
    """Everybody's part is. An end holds for who was told of before it; a phone that rang in vain ends only its own part."""
    last = max(
        (part.ended_at or part.first_at for one in members for part in one.parts if part.state in ("ended", "log")), default=None
    )
    return all(one.closed or (last is not None and (one.answered_at or one.first_at) <= last) for one in members)


def _spans(people: Iterable[_Member], ended_at: datetime | None) -> list[Leg]:
    spans = []
    for one in people:
        if one.answered_at is not None:
            end = one.ended_at or ended_at
            spans.append(Leg(one.extension, one.answered_at, None if end is None else max(end, one.answered_at)))
    return [span for span in spans if span.extension]


def _talk(
    spans: Sequence[Leg], far: Sequence[_Member], answered_at: datetime | None, started_at: datetime, ended_at: datetime | None
) -> int:
    """From answer to end; where the times were not told, the seconds of the log."""
    if len(spans) > 1:
        return covered((one.answered_at, one.ended_at) for one in spans if one.answered_at and one.ended_at)
    if answered_at is not None and ended_at is not None:
        until = max((one.ended_at for one in far if one.answered_at is not None and one.ended_at), default=ended_at)
        return max(int((until - answered_at).total_seconds()), 0)
    told = max((one.talk_seconds for one in far if one.talk_seconds is not None), default=0)
    return told if ended_at is None else min(told, int((ended_at - started_at).total_seconds()))


def _unanswered(parts: Sequence[Part], closing: Part | None, direction: Direction) -> Disposition:
    if any(part.outcome is Disposition.VOICEMAIL for part in parts):
        return Disposition.VOICEMAIL
    told = closing.outcome if closing is not None else None
    if told is None or told is Disposition.ANSWERED or (told is Disposition.CANCELED and direction is Direction.INBOUND):
        return Disposition.NO_ANSWER  # an outside caller who gave up
    return told


def _via(members: Sequence[_Member], installation: Installation) -> Via:
    """By the employee's own connection; the other side's tells nothing of our road."""
    mine = [part.mine for member in members for part in member.parts]
    if any(one.connection == "voip" or "_client" in one.device.lower() for one in mine):
        return Via.IP
    return via_of(installation, *sorted({one.number for one in mine if one.number}))
