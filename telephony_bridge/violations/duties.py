"""What a call owes (a comment, a next date), by when, and whether it is met (R18 to R29, EC-5 to EC-13). Pure.

Everything is a function of the sets of calls, comments and planned contacts: their order changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from telephony_bridge.model import Direction, Disposition
from telephony_bridge.violations.exemptions import Spared, date_due

Word = Literal["done", "due", "late", "not_needed"]
TYPED_WHILE_RINGING = timedelta(minutes=2)  # EC-5, EC-6


@dataclass(frozen=True, slots=True)
class CallForDuty:
    """A call as its duties see it. ``duty_manager`` is the last who talked with the client (EC-27); None owes nothing.

    A meeting is owed the same as a conversation and stands among the calls under its negated id (R8, ``meetings``).
    ``conversation``: a person answered and the talk reached the threshold; without one ``needs`` says what is owed (R18).
    ``comment_due_at`` is EC-7's for a conversation and the day's close without one (V02); a next date is due at ``due_at``.
    """

    id: int
    lead_id: int | None
    candidates: tuple[int, ...]
    manager_id: int | None
    duty_manager: int | None
    direction: Direction
    started_at: datetime
    ended_at: datetime
    talk_seconds: int
    disposition: Disposition
    conversation: bool
    due_at: datetime
    comment_due_at: datetime
    soft_at: datetime
    needs: Literal["comment", "outcome", "nothing"] = "outcome"
    series: timedelta = timedelta(minutes=30)
    drop_merge: timedelta = timedelta(minutes=5)
    set_anew: bool = False  # a date set before the call is not enough (R37, mode ``touched``)
    spared: tuple[Spared, ...] = ()  # by exemptions of its lead (R27)

    def date_due_at(self, met_at: datetime | None) -> datetime | None:
        """When its next date, set at ``met_at`` or not yet, is due; None while an exemption spares it."""
        return date_due(self.due_at, self.spared, met_at)


@dataclass(frozen=True, slots=True)
class CommentFact:
    """A comment. Machine text (``by_person`` false) satisfies nothing (R19).

    ``at`` is what it can be about; ``since`` is when its words came, where they were changed later (R24, ``removals``).
    """

    id: int
    lead_id: int
    call_id: int | None
    by_person: bool
    at: datetime
    outcome: str | None
    has_text: bool
    text: str = ""
    previous: str | None = None  # the person's text before it on this lead
    since: datetime | None = None

    @property
    def said_at(self) -> datetime:
        return self.since or self.at


_EMPTY_WORDS = {
    "ок",
    "окей",
    "ok",
    "да",
    "нет",
    "звонил",
    "звонила",
    "позвонил",
    "позвонила",
    "созвонились",
    "поговорили",
    "тест",
}


def is_poor(comment: CommentFact, least_letters: int) -> bool:
    """Says nothing a successor could use: too few letters, an empty word, or the words of the comment before (R20, V16)."""
    words = " ".join(comment.text.lower().split()).strip(" .,!?-–—")
    if sum(letter.isalpha() for letter in words) < least_letters or words in _EMPTY_WORDS:
        return True
    return comment.previous is not None and words == " ".join(comment.previous.lower().split()).strip(" .,!?-–—")


@dataclass(frozen=True, slots=True)
class PlannedFact:
    """A planned contact over its life: set, due, and closed when moved, done or lost."""

    lead_id: int
    set_at: datetime
    due_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class State:
    """Where a duty stands, and when it was met."""

    word: Word
    met_at: datetime | None = None


_NOT_NEEDED = State("not_needed")


def _state(met_at: datetime | None, due_at: datetime, now: datetime) -> State:
    if met_at is not None:
        return State("done", met_at)
    return State("late" if due_at <= now else "due")


def _owes(call: CallForDuty) -> bool:
    """Outgoing calls and answered incoming ones; a missed incoming call owes a call back, not a comment (EC-13)."""
    if call.duty_manager is None or call.direction is Direction.INTERNAL:
        return False
    return call.direction is Direction.OUTBOUND or call.disposition is Disposition.ANSWERED


def _owes_comment(call: CallForDuty) -> bool:
    """A conversation, or an attempt of ours; an incoming call too short to be one owes a date and no words."""
    return _owes(call) and (call.conversation or (call.direction is Direction.OUTBOUND and call.needs != "nothing"))


Place = tuple[Literal["call", "lead"], int]


def place_of(comment: CommentFact) -> Place:
    """The call a comment is bound to, else its lead."""
    return ("call", comment.call_id) if comment.call_id is not None else ("lead", comment.lead_id)


def places_of(call: CallForDuty) -> set[Place]:
    """Where comments stand that a call could be covered by: on itself, on its lead, on any candidate (EC-17)."""
    found: set[Place] = {("lead", lead_id) for lead_id in call.candidates} | {("call", call.id)}
    return found | {("lead", call.lead_id)} if call.lead_id is not None else found


def _can_be_about(comment: CommentFact, call: CallForDuty) -> bool:
    """Is this comment, by its time and content, one that a call of its place could be covered by (EC-5, EC-6)?"""
    outcome_is_enough = not call.conversation and call.needs != "comment"
    has_content = comment.has_text or (bool(comment.outcome) and outcome_is_enough)
    return has_content and comment.by_person and call.started_at - TYPED_WHILE_RINGING <= comment.at


def _chains(calls: Sequence[CallForDuty]) -> list[list[CallForDuty]]:
    """Calls that one comment covers: unanswered attempts with the final one, and a dropped line with its second part (EC-9)."""
    chains: list[list[CallForDuty]] = []
    for call in sorted(calls, key=lambda one: (one.started_at, one.id)):
        last = chains[-1] if chains else None
        if last is not None and last[0].duty_manager == call.duty_manager:
            before = last[-1]
            quiet = call.started_at - before.ended_at
            if (not before.conversation and quiet <= call.series) or (
                before.conversation and call.conversation and quiet <= call.drop_merge
            ):
                last.append(call)
                continue
        chains.append([call])
    return chains


def comment_states(calls: Sequence[CallForDuty], comments: Sequence[CommentFact], *, now: datetime) -> dict[int, State]:
    """Call id -> where its comment stands.

    A comment bound to a call covers that call's series up to it. An unbound one covers the latest uncovered series that
    began at most two minutes after it (EC-5, EC-6, EC-10); so two conversations an hour apart need two.
    """
    covered = covering(calls, comments)
    return {
        call.id: _state(covered[call.id].said_at if call.id in covered else None, call.comment_due_at, now)
        if _owes_comment(call)
        else _NOT_NEEDED
        for call in calls
    }


def covering(calls: Sequence[CallForDuty], comments: Sequence[CommentFact]) -> dict[int, CommentFact]:
    """Call id -> the comment that covered it first."""
    by_lead: dict[object, list[CallForDuty]] = {}
    for call in calls:
        if _owes_comment(call):
            by_lead.setdefault(call.lead_id if call.lead_id is not None else ("call", call.id), []).append(call)
    by_place: dict[Place, list[CommentFact]] = {}
    for comment in comments:
        by_place.setdefault(place_of(comment), []).append(comment)
    found: dict[int, CommentFact] = {}
    for mine in by_lead.values():
        places = set().union(*(places_of(call) for call in mine))
        found |= _covered(_chains(mine), [comment for place in places for comment in by_place.get(place, ())])
    return found


_UNREACHED = frozenset({"no_answer", "busy", "voicemail", "wrong_number", "hung_up"})
_TALKED = frozenset({"talked", "agreed", "not_interested", "will_call_himself"})


def _said_of(calls: Sequence[CallForDuty], comment: CommentFact) -> CallForDuty | None:
    """The call that an outcome is about: the one it names, else the latest before it was said."""
    about = [
        call
        for call in calls
        if (comment.call_id == call.id)
        or (
            comment.call_id is None
            and (comment.lead_id == call.lead_id or comment.lead_id in call.candidates)
            and call.started_at - TYPED_WHILE_RINGING <= comment.at <= call.ended_at + call.series
        )
    ]
    return max(about, key=lambda one: (one.started_at, one.id), default=None)


def claimed(calls: Sequence[CallForDuty], comments: Sequence[CommentFact]) -> set[int]:
    """Answered dials too short to be conversations of which a person says that they were (EC-33)."""
    said = {_said_of(calls, comment) for comment in comments if comment.by_person and comment.outcome in _TALKED}
    return {
        call.id
        for call in said
        if call is not None
        and call.duty_manager is not None
        and call.direction is Direction.OUTBOUND
        and call.disposition is Disposition.ANSWERED
        and not call.conversation
    }


def said_to_be_machines(calls: Sequence[CallForDuty], comments: Sequence[CommentFact]) -> set[int]:
    """Calls of which a person said that a machine answered (EC-32): the one he named, else the latest before he said it."""
    said = {_said_of(calls, comment) for comment in comments if comment.by_person and comment.outcome == "voicemail"}
    return {call.id for call in said if call is not None}


def _covered(chains: Sequence[Sequence[CallForDuty]], comments: Sequence[CommentFact]) -> dict[int, CommentFact]:
    met: dict[int, CommentFact] = {}
    for comment in sorted(comments, key=lambda one: (one.said_at, one.at, one.id)):
        for chain in _latest_first(chains, comment):
            covered = _reach(chain, comment)
            fresh = [call for call in covered if call.id not in met]
            if fresh:
                met |= {call.id: comment for call in fresh}
                break
            if covered and comment.call_id is not None:
                break
    return met


def _latest_first(chains: Sequence[Sequence[CallForDuty]], comment: CommentFact) -> list[Sequence[CallForDuty]]:
    """Series in the order in which a comment may be about them: words of a talk are about a conversation first (EC-10)."""
    latest = list(reversed(chains))
    if comment.call_id is None and comment.has_text and comment.outcome not in _UNREACHED:
        latest.sort(key=lambda chain: not any(call.conversation for call in chain))  # stable: the latest stays first
    return latest


def companions(calls: Sequence[CallForDuty]) -> dict[int, list[CallForDuty]]:
    """Call id -> the calls of its series, itself among them: one comment answers for all of them (EC-9)."""
    by_lead: dict[object, list[CallForDuty]] = {}
    for call in calls:
        if _owes_comment(call):
            by_lead.setdefault(call.lead_id if call.lead_id is not None else ("call", call.id), []).append(call)
    return {call.id: chain for mine in by_lead.values() for chain in _chains(mine) for call in chain}


def _reach(chain: Sequence[CallForDuty], comment: CommentFact) -> list[CallForDuty]:
    """The calls of a series this comment covers: all up to the last one that had begun when it was written (EC-9).

    An attempt without a conversation is covered by what was said of the later call; a conversation needs text of its own.
    """
    place = place_of(comment)
    if not any(_can_be_about(comment, call) and place in places_of(call) for call in chain):
        return []
    last = max(index for index, call in enumerate(chain) if call.started_at - TYPED_WHILE_RINGING <= comment.at)
    return [call for call in chain[: last + 1] if comment.has_text or not call.conversation]


def next_contact_states(calls: Sequence[CallForDuty], planned: Sequence[PlannedFact], *, now: datetime) -> dict[int, State]:
    """Call id -> where its next date stands: an open planned contact that is due after the call (R26, R37, EC-46, EC-47).

    One set before the call and still open at its end satisfies at once, unless it is to be set anew after each; one set later
    from the moment it was set. While an exemption of the lead stands, what was not met before it is not needed (R27).
    """
    states = {}
    for call in calls:
        if not _owes(call) or call.lead_id is None:
            states[call.id] = _NOT_NEEDED
            continue
        leads = {call.lead_id, *call.candidates}
        met = [
            max(contact.set_at, call.ended_at)
            for contact in planned
            if contact.lead_id in leads
            and contact.due_at > call.ended_at
            and (contact.set_at >= call.started_at or not call.set_anew)
            and (contact.closed_at is None or contact.closed_at > max(contact.set_at, call.ended_at))
        ]
        met_at = min(met, default=None)
        due_at = call.date_due_at(met_at)
        states[call.id] = _state(met_at, due_at, now) if due_at is not None else _NOT_NEEDED
    return states
