"""Who gets which of a leaver's cards: by turns, so that everybody gets as many leads and as many overdue ones (R23). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Held:
    """What a leaver has on one lead: the lead if ``owner_id`` says so, the planned contact, so many open deals.

    ``calls`` and ``is_commented`` are the lead's, whoever made and wrote them.
    """

    lead_id: int
    name: str
    owner_id: int | None
    is_open: bool
    planned_id: int | None
    due_at: datetime | None
    deals: int
    calls: int
    is_commented: bool

    @property
    def is_gap(self) -> bool:
        """Calls, and not a word of a person about any of them (R24)."""
        return self.calls > 0 and not self.is_commented

    def is_overdue(self, today: datetime) -> bool:
        """The day for which it was planned was over when today began."""
        return self.due_at is not None and self.due_at < today


def shares(cards: Iterable[Held], owners: Sequence[int], *, today: datetime) -> dict[int, int]:
    """Lead -> new owner. Overdue cards go round first, then those with a date, then without, then the lost ones.

    Of each of these everybody gets as many as the others, or one more; the order of the cards changes nothing.
    """
    turns = sorted(cards, key=lambda one: (not one.is_open, not one.is_overdue(today), one.due_at is None, one.lead_id))
    return {one.lead_id: owners[turn % len(owners)] for turn, one in enumerate(turns)}
