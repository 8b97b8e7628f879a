"""What one manager owes, for his own eyes: the open and the watched, and what became of it where people spoke (EC-68)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from telephony_bridge import db

SQL = db.queries("register")
_NOT_HIS = ("V13",)  # for a supervisor's review
_ONCE_OPEN = ("V09",)  # every planned contact is watched: until its day it stands in his plan


@dataclass(frozen=True, slots=True)
class Debt:
    """One row of the register. ``said``: {"to", "author", "reason"} of each word of a person on it, the oldest first."""

    id: int
    code: str
    subject_kind: str
    subject_id: str
    status: str
    day: date
    due_at: datetime
    opened_at: datetime | None
    evidence: Mapping[str, Any]
    said: Sequence[Mapping[str, Any]]

    @property
    def is_owed(self) -> bool:
        """Still to be done; what is fixed or settled is shown for a word on it."""
        return self.status in ("watching", "reminded", "open", "disputed")

    @property
    def may_be_disputed(self) -> bool:
        return self.status in ("open", "fixed_late")


async def debts_of(conn: db.Connection, manager_id: int, *, since: date) -> list[Debt]:
    """A manager's debts, soonest deadline first; those fixed late or settled are told of days ``since``."""
    rows = await conn.fetch(SQL.of_manager, manager_id, since, list(_NOT_HIS), list(_ONCE_OPEN))
    return [
        Debt(
            id=row["id"],
            code=row["code"],
            subject_kind=row["subject_kind"],
            subject_id=row["subject_id"],
            status=row["status"],
            day=row["day"],
            due_at=row["due_at"],
            opened_at=row["opened_at"],
            evidence=row["evidence"],
            said=row["said"],
        )
        for row in rows
    ]
