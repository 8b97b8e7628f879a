"""SQL of what people did about calls: comments and planned contacts, as the duties see them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from telephony_bridge import db
from telephony_bridge.violations.duties import CommentFact, PlannedFact

SQL = db.queries("duties")


async def comments_on(conn: db.Connection, leads: Iterable[int], calls: Iterable[int], since: datetime) -> list[CommentFact]:
    """What was written on these leads since a moment, or on these calls."""
    return [
        CommentFact(
            id=row["id"],
            lead_id=row["lead_id"],
            call_id=row["call_id"],
            by_person=row["author_kind"] == "person",
            at=row["at"],
            outcome=row["outcome"],
            has_text=bool(row["text"].strip()),
        )
        for row in await conn.fetch(SQL.comments_on, sorted(set(leads)), sorted(set(calls)), since)
    ]


async def planned_for(conn: db.Connection, leads: Iterable[int], since: datetime) -> list[PlannedFact]:
    """Every planned contact of these leads that was open at or after a moment."""
    return [
        PlannedFact(lead_id=row["lead_id"], set_at=row["set_at"], due_at=row["due_at"], closed_at=row["closed_at"])
        for row in await conn.fetch(SQL.planned_for, sorted(set(leads)), since)
        if row["author_kind"] == "person"
    ]
