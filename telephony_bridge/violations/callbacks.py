"""Missed incoming calls and what answered them: who missed several calls of one number owes one call back (EC-13, V11). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

RUN = timedelta(days=31)  # who calls again after a longer silence is missed anew


@dataclass(frozen=True, slots=True)
class Missed:
    """An incoming call of one number that nobody answered, and who owes the call back."""

    call_id: int
    manager_id: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Owed:
    """The first missed call of a run, and when the number was dialled, or answered, after it."""

    first: Missed
    returned_at: datetime | None


def owed(missed: Sequence[Missed], returned: Sequence[datetime]) -> list[Owed]:
    """The runs of missed calls of one number: each lasts until anyone dials the number, or answers a call of it."""
    found: list[Owed] = []
    before: Missed | None = None
    for one in sorted(missed, key=lambda call: (call.at, call.call_id)):
        goes_on = before is not None and one.at - before.at <= RUN and not any(before.at <= at < one.at for at in returned)
        if not goes_on:
            found.append(Owed(one, min((at for at in returned if at >= one.at), default=None)))
        before = one
    return found
