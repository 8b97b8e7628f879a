"""Comments that were changed or emptied, and conversations whose comment is poor or gone (R20, R24, EC-45, V16). Pure.

What was said first covers a call for good: a duty that was met stays met. Whether something is left that a successor can
use goes by the words as they stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from telephony_bridge.violations.duties import (
    TYPED_WHILE_RINGING,
    CallForDuty,
    CommentFact,
    Place,
    companions,
    covering,
    is_poor,
    place_of,
    places_of,
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a comment says from a moment on."""

    since: datetime
    text: str
    outcome: str | None

    @property
    def has_text(self) -> bool:
        return bool(self.text.strip())


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment over its life: ``words`` oldest first. ``first`` is what it was when it was written."""

    first: CommentFact
    author_id: int | None
    words: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Present:
    """A comment as it stands: ``words`` without what came too late to matter, ``emptied_at`` when its text last was removed."""

    fact: CommentFact
    words: tuple[Words, ...]
    emptied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Lapse:
    """A conversation without a comment of worth: by when it is owed, and since when there is one again."""

    due_at: datetime
    met_at: datetime | None
    removed: int | None = None  # the comment whose text was removed


def as_said(comment: Comment) -> list[CommentFact]:
    """What met duties: the comment as it was written, and its text from when it came if it came later."""
    found = [comment.first]
    if not comment.first.has_text:
        late = next((words for words in comment.words if words.has_text), None)
        if late is not None:
            found.append(_fact(comment, late, late.since))
    return found


def as_it_stands(comment: Comment, kept: timedelta) -> Present:
    """What is there now. A text that is removed later than ``kept`` after it was written counts as still there."""
    words = tuple(one for one in comment.words if one.has_text or one.since <= comment.first.at + kept)
    emptied = [after.since for before, after in pairwise(words) if before.has_text and not after.has_text]
    since = words[-1].since
    for one in reversed(words):
        if one.has_text != words[-1].has_text:
            break
        since = one.since
    return Present(_fact(comment, words[-1], since), words, max(emptied, default=None))


def _fact(comment: Comment, words: Words, since: datetime) -> CommentFact:
    return replace(comment.first, text=words.text, has_text=words.has_text, outcome=words.outcome, since=since)


def lapses(
    calls: Sequence[CallForDuty], said: Sequence[CommentFact], present: Sequence[Present], least_letters: Mapping[int, int]
) -> dict[int, Lapse]:
    """Call id -> what is wrong with the comment that a conversation had (V16); ``least_letters`` by call id."""
    met, covered = covering(calls, said), covering(calls, [one.fact for one in present])
    by_place: dict[Place, list[Present]] = {}
    for comment in present:
        by_place.setdefault(place_of(comment.fact), []).append(comment)
    found = {}
    together = companions(calls)
    for call in calls:
        if call.conversation and call.id in met:
            places = set().union(*(places_of(one) for one in together[call.id]))
            near = [comment for place in places for comment in by_place.get(place, ())]
            one = lapse(call, met[call.id], near, covered, least_letters[call.id])
            if one is not None:
                found[call.id] = one
    return found


def lapse(
    call: CallForDuty,
    met_by: CommentFact,
    comments: Sequence[Present],
    covered: Mapping[int, CommentFact],
    least_letters: int,
) -> Lapse | None:
    """What a conversation owes whose comment was ``met_by``: nothing, or a comment that is there and says something.

    ``comments`` are of the call's places. ``covered``: call id -> what covers it as the comments stand, so that another
    call's comment replaces no removed one.
    """
    about = [one for one in comments if one.fact.by_person and call.started_at - TYPED_WHILE_RINGING <= one.fact.at]
    removed = next((one.emptied_at for one in about if one.fact.id == met_by.id and one.emptied_at is not None), None)
    if removed is not None:
        elsewhere = {fact.id for call_id, fact in covered.items() if call_id != call.id}
        mine = covered.get(call.id)
        about = [one for one in about if one.fact.id not in elsewhere or (mine is not None and one.fact.id == mine.id)]
    well_at = min((at for one in about if (at := _well_since(one, least_letters)) is not None), default=None)
    if removed is not None:
        is_in_time = well_at is not None and well_at <= call.comment_due_at  # put right before it was owed at all
        return Lapse(call.comment_due_at if is_in_time else removed, well_at, met_by.id)
    if well_at == met_by.said_at:
        return None
    spoilt = max((at for one in about if (at := _spoilt_at(one, least_letters)) is not None), default=call.comment_due_at)
    return Lapse(max(call.comment_due_at, spoilt), well_at)


def _well_since(comment: Present, least_letters: int) -> datetime | None:
    """Since when it says something without a break; None if it does not now."""
    since = None
    for words in reversed(comment.words):
        if not _says(comment, words, least_letters):
            break
        since = words.since
    return since


def _spoilt_at(comment: Present, least_letters: int) -> datetime | None:
    """When words that said something last gave way to words that do not."""
    pairs = pairwise(comment.words)
    lost = [
        after.since
        for before, after in pairs
        if _says(comment, before, least_letters) and not _says(comment, after, least_letters)
    ]
    return max(lost, default=None)


def _says(comment: Present, words: Words, least_letters: int) -> bool:
    return words.has_text and not is_poor(replace(comment.fact, text=words.text), least_letters)
