"""What becomes of a notice after a try: sent, tried again later, tried over another channel, or given up. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Outcome = Literal["sent", "later", "refused"]
_FIRST = timedelta(seconds=30)
_LONGEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Next:
    """Where a notice stands: its status, which channel is tried next, how often that one was tried, and when it is due."""

    status: Literal["waiting", "sent", "in_page", "expired", "undeliverable"]
    place: int
    tries: int
    at: datetime


def backoff(tries: int, luck: float) -> timedelta:
    """How long to wait after so many tries: doubled each time up to a quarter of an hour, more or less by half.

    ``luck`` from 0 to 1 spreads those that failed together.
    """
    doubled: timedelta = _FIRST * (1 << min(tries - 1, 10))
    return min(doubled, _LONGEST) * (0.5 + luck)


def in_turn(places: Sequence[int], first: int) -> list[int]:
    """A notice's own channel, then the next ones that take notices, round to the first."""
    return [*(one for one in places if one >= first), *(one for one in places if one < first)]


def after(
    outcome: Outcome,
    *,
    place: int,
    tries: int,
    alive: Sequence[int],
    fallback_after: int,
    retry_after: timedelta | None,
    good_until: datetime,
    luck: float,
    now: datetime,
) -> Next:
    """The next step after try number ``tries`` of the channel at ``place``; ``alive`` are the places that may be tried.

    A refusal, or ``fallback_after`` tries in vain, turn to the next channel at once; where there is no other the same one
    is tried again, no sooner than the receiver asked for. What can no longer be sent in time expires.
    """
    if outcome == "sent":
        return Next("sent", place, tries, now)
    others = [other for other in in_turn(alive, place) if other != place]
    if outcome == "refused":
        if not others:
            return Next("undeliverable", place, tries, now)
        return Next("waiting", others[0], 0, now)
    if tries % fallback_after == 0 and others:
        # having been round all of them, the first is due no sooner than if it had been alone
        step = Next("waiting", others[0], 0, now if others[0] > place else now + backoff(fallback_after, luck))
    else:
        step = Next("waiting", place, tries, now + max(backoff(tries, luck), retry_after or timedelta()))
    return step if step.at < good_until else Next("expired", step.place, step.tries, now)
