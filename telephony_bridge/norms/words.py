"""What people's words about calls come to: which private marks hold (EC-25), which claims of talk are accepted (EC-33). Pure.

Functions of the set of words: the order in which they are read changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

About = Literal["personal", "talk"]
Said = Literal["marked", "accepted", "refused"]
Personal = Literal["held", "waiting", "refused"]
Claim = Literal["accepted", "refused"]


@dataclass(frozen=True, slots=True)
class Word:
    """One word about a call: a manager's ``marked``, or a supervisor's ``accepted`` or ``refused``."""

    id: int
    call_id: int
    about: About
    word: Said
    at: datetime


def claims(words: Iterable[Word]) -> dict[int, Claim]:
    """Call id -> the last word of a supervisor about a claim that it was a conversation."""
    return {word.call_id: word.word for word in _in_order(words, "talk") if word.word != "marked"}


def private(words: Iterable[Word], limit: int) -> dict[int, Personal]:
    """Call id -> what became of its mark. ``words`` are all those of one manager's day.

    A supervisor's last word decides. Without one the first ``limit`` marks of the day hold; a settled mark keeps its place,
    so that one word changes one call.
    """
    places: dict[int, int] = {}
    settled: dict[int, Personal] = {}
    for word in _in_order(words, "personal"):
        if word.word == "marked":
            places.setdefault(word.call_id, len(places))
        else:
            settled[word.call_id] = "held" if word.word == "accepted" else "refused"
    first: dict[int, Personal] = {call_id: "held" if place < limit else "waiting" for call_id, place in places.items()}
    return first | settled


def _in_order(words: Iterable[Word], about: About) -> list[Word]:
    return sorted((word for word in words if word.about == about), key=lambda word: (word.at, word.id))
