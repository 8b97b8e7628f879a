"""What people enter, and what follows at once: a lead, its changes, a comment, a next date; calls are judged in the same breath.

The caller holds the pen (``pipeline.hold``) and has checked who may write.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from telephony_bridge import crm, db, pipeline
from telephony_bridge.model import Company


@dataclass(frozen=True, slots=True)
class Writing:
    """Who writes, and as of when it counts as written (``at``); ``planner`` is who is to keep a next date."""

    author: crm.Author
    planner: int | None
    at: datetime
    company: Company
    now: datetime


async def enter_lead(conn: db.Connection, lead: crm.NewLead, by: Writing, *, allow_duplicate: bool = False) -> int:
    """A lead is entered, and the calls with its numbers find it (R9, EC-15); returns its id. Raises like ``crm.add_lead``."""
    lead_id = await crm.add_lead(
        conn, lead, author=by.author, at=by.at, now=by.now, region=by.company.region, allow_duplicate=allow_duplicate
    )
    await pipeline.leads_changed(conn, [lead_id], at=by.at, company=by.company, now=by.now)
    return lead_id


async def change_lead(
    conn: db.Connection, lead_id: int, changes: crm.Changes, *, author: str, by: int | None, company: Company, now: datetime
) -> None:
    """A lead changes now. ``by``: the manager who does it in his own name. Raises like ``crm.change_lead``."""
    await crm.change_lead(conn, lead_id, changes, author=author, by=by, at=now, now=now, region=company.region)
    await pipeline.leads_changed(conn, [lead_id], at=now, company=company, now=now)


async def comment(conn: db.Connection, lead_id: int, note: crm.Note, by: Writing) -> int:
    """A comment, perhaps with the next date (R18, R26); returns its id.

    Raises like ``crm.comment``, and ``Refused`` for a date that is too far without a reason (R29).
    """
    if note.next_contact is not None:
        await _check(conn, note.next_contact, by)
    comment_id = await crm.comment(conn, lead_id, note, author=by.author, manager_id=by.planner, at=by.at, now=by.now)
    await pipeline.notes_came(conn, [lead_id], at=by.at, company=by.company, now=by.now)
    return comment_id


async def set_contact(conn: db.Connection, lead_id: int, contact: crm.Plan, by: Writing) -> int:
    """The lead's one open planned contact is set or moved (R26); returns its id. Raises ``Refused`` as ``comment`` does."""
    await _check(conn, contact, by)
    planned_id = await crm.plan(conn, lead_id, contact, author=by.author, manager_id=by.planner, at=by.at)
    await pipeline.notes_came(conn, [lead_id], at=by.at, company=by.company, now=by.now)
    return planned_id


async def ask_exemption(
    conn: db.Connection,
    lead_id: int,
    kind: crm.ExemptionKind,
    reason: str,
    *,
    by: str,
    is_approved: bool,
    company: Company,
    now: datetime,
) -> int:
    """Somebody asks that a lead owes no next date (R27); returns the id. Raises like ``crm.ask_exemption``."""
    exemption_id = await crm.ask_exemption(conn, lead_id, kind, reason, by=by, is_approved=is_approved, now=now)
    await pipeline.exemptions_changed(conn, [lead_id], company=company, now=now)
    return exemption_id


async def _check(conn: db.Connection, contact: crm.Plan, by: Writing) -> None:
    await pipeline.check_horizon(conn, contact.due_at, contact.reason, manager_id=by.planner, at=by.at, company=by.company)
