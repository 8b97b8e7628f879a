"""Meetings: a negotiation face to face owes what a conversation by phone owes (R8, EC-49). Pure.

It is an attempt, and no dial and no connect: nothing proves it but the word of who held it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting that was held. ``manager_id`` owes for it; None owes nothing. A machine's is shown and is no attempt (R19)."""

    id: int
    lead_id: int
    manager_id: int | None
    by_person: bool
    started_at: datetime
    ended_at: datetime

    @property
    def duty_id(self) -> int:
        """Its place among the calls, whose duties share its lead's comments; ids of calls are positive."""
        return -self.id
