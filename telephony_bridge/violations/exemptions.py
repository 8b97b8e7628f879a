"""Leads that owe no next date because a supervisor said so (R27, EC-64), and what is owed again after he took it back. Pure.

An exemption spares what was not met before it. It excuses no comment, and it does not undo what was done late before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Exemption:
    """When it was approved and when withdrawn; None while it stands."""

    lead_id: int
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Spared:
    """An exemption as one duty sees it: since when, and when the duty is due again; None while it stands."""

    since: datetime
    due_at: datetime | None


def date_due(due_at: datetime, spared: Sequence[Spared], met_at: datetime | None) -> datetime | None:
    """When a duty is due that was met at ``met_at`` or is not yet; None: an exemption spares it.

    After a withdrawal it is owed again from then on, with the usual grace, and never late for the time before.
    """
    latest = due_at
    for one in spared:
        if met_at is not None and met_at <= one.since:
            continue
        if one.due_at is None:
            return None
        latest = max(latest, one.due_at)
    return latest


def promise_due(due_at: datetime, exemptions: Sequence[Exemption], kept_at: datetime | None) -> datetime | None:
    """The moment a planned contact falls on: its own, or that of the withdrawal if it fell due while the lead was exempt."""
    return date_due(due_at, [Spared(one.since, one.until) for one in exemptions], kept_at)
