"""SQL of what people did about calls: comments and planned contacts, as the duties see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from telephony_bridge import db
from telephony_bridge.violations.duties import CommentFact, PlannedFact
from telephony_bridge.violations.promises import Promise

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
            text=row["text"],
            previous=row["previous"],
        )
        for row in await conn.fetch(SQL.comments_on, sorted(set(leads)), sorted(set(calls)), since)
    ]


async def promises_of(conn: db.Connection, leads: Iterable[int], since: datetime) -> list[Promise]:
    """Every planned contact of these leads that was set or due since a moment."""
    return [
        Promise(
            id=row["id"],
            lead_id=row["lead_id"],
            manager_id=row["manager_id"],
            author_id=row["author_id"],
            due_at=row["due_at"],
            basis=row["basis"],
            by_person=row["author_kind"] == "person",
            set_at=row["set_at"],
            closed_at=row["closed_at"],
            formerly=tuple(zip(row["handed_at"], row["former_ids"], strict=True)),
        )
        for row in await conn.fetch(SQL.promises_of, sorted(set(leads)), since)
    ]


async def entered(conn: db.Connection, leads: Iterable[int], since: datetime) -> list[tuple[int, int, datetime]]:
    """(lead, who entered it, when) of those of these leads that a person entered since a moment; imports are none (EC-62)."""
    return [(row["id"], row["author_id"], row["entered_at"]) for row in await conn.fetch(SQL.entered, sorted(set(leads)), since)]


async def given_up(
    conn: db.Connection, leads: Iterable[int], min_talk: int, of_source: Mapping[int, int]
) -> list[tuple[int, int, datetime, int]]:
    """(lead, who, when, after how many conversations) of those of these leads that a manager gave up.

    ``min_talk`` seconds make a conversation, or what a source has of its own.
    """
    rows = await conn.fetch(SQL.given_up, sorted(set(leads)), min_talk, list(of_source), list(of_source.values()))
    return [(row["id"], row["lost_by"], row["lost_at"], row["conversations"]) for row in rows]


async def first_conversations(conn: db.Connection, leads: Iterable[int], min_talk: int) -> list[db.Record]:
    """The first call on each of these leads that was a conversation, and since when the lead says if it buys alike."""
    return list(await conn.fetch(SQL.first_conversations, sorted(set(leads)), min_talk))


async def promised_by(conn: db.Connection, managers: Sequence[int], since: date) -> list[int]:
    """Leads with planned contacts of these managers that are due since a day, or were handed over within two weeks before it."""
    return [row["lead_id"] for row in await conn.fetch(SQL.promised_by, managers, since)]


async def planned_for(conn: db.Connection, leads: Iterable[int], since: datetime) -> list[PlannedFact]:
    """Every planned contact of these leads that was open at or after a moment."""
    return [
        PlannedFact(lead_id=row["lead_id"], set_at=row["set_at"], due_at=row["due_at"], closed_at=row["closed_at"])
        for row in await conn.fetch(SQL.planned_for, sorted(set(leads)), since)
        if row["author_kind"] == "person"
    ]
