"""Meetings: a negotiation face to face owes what a conversation by phone owes (R8, EC-49). Pure.

It is an attempt, and no dial and no connect: nothing proves it but the word of who held it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from telephony_bridge.model import Direction, Disposition
from telephony_bridge.violations.duties import CallForDuty
from telephony_bridge.violations.exemptions import Spared


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

    def as_conversation(
        self, duty_manager: int | None, *, due_at: datetime, soft_minutes: int, spared: tuple[Spared, ...]
    ) -> CallForDuty:
        """Itself as duties see it; ``due_at`` is EC-7's."""
        return CallForDuty(
            id=self.duty_id,
            lead_id=self.lead_id,
            candidates=(),
            manager_id=duty_manager,
            duty_manager=duty_manager,
            direction=Direction.OUTBOUND,
            started_at=self.started_at,
            ended_at=self.ended_at,
            talk_seconds=int((self.ended_at - self.started_at).total_seconds()),
            disposition=Disposition.ANSWERED,
            conversation=True,
            due_at=due_at,
            comment_due_at=due_at,
            soft_at=self.ended_at + timedelta(minutes=soft_minutes),
            drop_merge=timedelta(0),  # nobody redials a meeting: a call just before it was another talk
            spared=spared,
        )
