"""Leads that dropped out of sight: open, touched and without a next date at the close of a day (R33, V10). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from telephony_bridge.violations.promises import Promise


@dataclass(frozen=True, slots=True)
class Debt:
    """A lead found without a date on a day, and what has become of it. ``status`` is the row's, None while there is none.

    ``owner_id`` has the lead now; ``owed_by_call``: a call on it owes the same date already (V03).
    """

    lead_id: int
    manager_id: int
    day: date
    status: str | None
    because: str | None
    fixed_at: datetime | None
    owner_id: int | None
    lost_at: datetime | None
    owed_by_call: bool


_OPENED = frozenset({"open", "fixed_late", "disputed", "confirmed", "excused"})


def dated_at(found_at: datetime, contacts: Sequence[Promise]) -> datetime | None:
    """When the lead first had a date ahead, from the moment it was found to have none; that moment if it had one after all."""
    ahead = [
        max(one.set_at, found_at)
        for one in contacts
        if one.by_person and one.due_at > found_at and (one.closed_at is None or one.closed_at > max(one.set_at, found_at))
    ]
    return min(ahead, default=None)


def met_at(debt: Debt, found_at: datetime, due_at: datetime, contacts: Sequence[Promise]) -> tuple[bool, datetime | None]:
    """(is it a debt at all, when it was met). A date meets it, and so does giving the lead up.

    What was only watched passes on with the lead, or to the call that owes the same date; what has opened stays whose it is.
    """
    if debt.status == "closed":
        return debt.because != "corrected", debt.fixed_at or due_at
    met = dated_at(found_at, contacts)
    if met == found_at:
        return False, None
    if met is None or (debt.lost_at is not None and debt.lost_at < met):
        met = debt.lost_at or debt.fixed_at
    if met is None and debt.status not in _OPENED and (debt.owner_id != debt.manager_id or debt.owed_by_call):
        return False, None
    return True, met
