"""Whether planned contacts were kept: missed ones (V09), and dates only pushed ahead (V15). R28, R32, EC-49, EC-50. Pure.

An attempt is a dial to the lead, answered or not, or a conversation that the client began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

PUSHES = 3  # moves in a row without an attempt between them that make V15


@dataclass(frozen=True, slots=True)
class Promise:
    """A planned contact over its life; ``by_person`` is false for a machine's default, which is no plan.

    ``manager_id`` has it now; ``formerly``: who had it before, each until it was handed over, in order.
    """

    id: int
    lead_id: int
    manager_id: int | None
    author_id: int | None
    due_at: datetime
    basis: str
    by_person: bool
    set_at: datetime
    closed_at: datetime | None
    formerly: tuple[tuple[datetime, int | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """A stretch in which a planned contact was one manager's; None where it began with the contact or has not ended."""

    manager_id: int | None
    since: datetime | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Push:
    """The move that was one too many, and the first attempt after it."""

    promise: Promise
    moves: int
    met_at: datetime | None


def holdings(promise: Promise) -> list[Holding]:
    """Whose it was, one after the other: a hand-over ends one manager's promise and begins another's (R23)."""
    ends = [until for until, _ in promise.formerly]
    owners = [*(owner for _, owner in promise.formerly), promise.manager_id]
    return [Holding(*one) for one in zip(owners, [None, *ends], [*ends, promise.closed_at], strict=True)]


def kept_at(promise: Promise, attempts: Sequence[datetime], *, since: datetime) -> datetime | None:
    """When the contact was first attempted on its day (from ``since``, the day's start) or after it."""
    return min((at for at in attempts if at >= max(since, promise.set_at)), default=None)


def is_judged(promise: Promise, holding: Holding, deadline: datetime) -> bool:
    """Was it still the lead's planned contact, and his, when its day closed? One moved or lost before is another's business."""
    return promise.by_person and (holding.until is None or holding.until >= deadline)


def pushed(promises: Sequence[Promise], attempts: Sequence[datetime]) -> list[Push]:
    """The third move in a row without an attempt, for each such run of a lead's dates."""
    found = []
    run = 0
    mine = sorted((one for one in promises if one.by_person), key=lambda one: (one.set_at, one.id))
    for before, after in pairwise(mine):
        if any(before.set_at <= at <= after.set_at for at in attempts):
            run = 0
            continue
        run += 1
        if run == PUSHES:
            found.append(Push(after, run, min((at for at in attempts if at > after.set_at), default=None)))
    return found
