"""SQL of hand-overs: what a leaver has, whose it becomes, and the digest of each card for its new owner (R23 to R25)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from telephony_bridge import db
from telephony_bridge.crm.shares import Held
from telephony_bridge.errors import NotFound
from telephony_bridge.model import rfc3339

SQL = db.queries("handover")


@dataclass(frozen=True, slots=True)
class CardToRead:
    """A card of a lead that was open. ``passed_at``: when the lead was handed over again; ``is_owner``: was it his until then?

    Without another hand-over: is it his now?
    """

    lead_id: int
    handover_id: int
    owner_id: int
    leaver: str
    at: datetime
    read_at: datetime | None
    passed_at: datetime | None
    is_owner: bool


async def held(conn: db.Connection, manager_id: int) -> list[Held]:
    """Everything a manager could pass on, a lead each: his leads, and others' on which a planned contact or deals are his."""
    return [
        Held(
            lead_id=row["id"],
            name=row["name"],
            owner_id=row["manager_id"],
            is_open=row["stage"] != "lost",
            planned_id=row["planned_id"],
            due_at=row["due_at"],
            deals=row["deals"],
            calls=row["calls"],
            is_commented=row["is_commented"],
        )
        for row in await conn.fetch(SQL.held, manager_id)
    ]


async def owed_comments(conn: db.Connection, manager_id: int, since: date) -> list[dict[str, Any]]:
    """{"call", "lead", "comment": due or late} of calls since a day for which a manager owes a comment, oldest first."""
    return [
        {"call": row["id"], "lead": row["lead_id"], "comment": row["comment"]}
        for row in await conn.fetch(SQL.owed, manager_id, since)
    ]


async def pass_on(
    conn: db.Connection,
    leaver_id: int,
    owners: Sequence[int],
    cards: Mapping[int, int],
    others: Mapping[int, int],
    holdings: Mapping[int, Held],
    *,
    report: Mapping[str, int],
    author: str,
    now: datetime,
) -> int:
    """Moves leads with what the leaver has on them (``cards``: lead -> owner), and of ``others`` only that; returns the id."""
    handover_id = int(await conn.fetchval(SQL.open, leaver_id, list(owners), now, author, dict(report)))
    leads, to = list(cards), list(cards.values())
    await conn.execute(
        SQL.add_cards,
        handover_id,
        leads,
        [holdings[lead].owner_id for lead in leads],
        to,
        [holdings[lead].is_open for lead in leads],
    )
    everything = {**cards, **others}
    planned = {one.planned_id: everything[lead] for lead, one in holdings.items() if one.planned_id is not None}
    await conn.execute(SQL.hold_planned, handover_id, list(planned))
    await conn.execute(SQL.move_planned, list(planned), list(planned.values()))
    await conn.execute(SQL.move_deals, list(everything), list(everything.values()), leaver_id, now)
    await conn.execute(SQL.log_owners, leads, to, author, now)
    await conn.execute(SQL.move_leads, leads, to, now)
    return handover_id


async def last_handover(conn: db.Connection, leaver_id: int) -> int | None:
    """The last hand-over from a manager, if there was one."""
    found: int | None = await conn.fetchval(SQL.last_of, leaver_id)
    return found


async def handovers(
    conn: db.Connection, *, handover_id: int | None = None, seen_by: int | None, below: int | None = None, limit: int
) -> list[dict[str, Any]]:
    """Hand-overs, newest first, JSON-ready; a manager knows those that gave him cards, and counts only these."""
    return [
        {
            "id": row["id"],
            "from": row["leaver"],
            "to": list(row["owners"]),
            "at": rfc3339(row["at"]),
            "author": row["author"],
            "cards": row["cards"],
            "unread": row["unread"],
            "report": row["report"] if seen_by is None else None,
        }
        for row in await conn.fetch(SQL.listed, handover_id, seen_by, below, limit)
    ]


async def one_handover(conn: db.Connection, handover_id: int, seen_by: int | None) -> dict[str, Any]:
    """One hand-over, JSON-ready. Raises ``NotFound``."""
    found = await handovers(conn, handover_id=handover_id, seen_by=seen_by, limit=1)
    if not found:
        raise NotFound(f"there is no hand-over {handover_id}")
    return found[0]


async def cards(
    conn: db.Connection,
    handover_id: int,
    *,
    seen_by: int | None,
    lead_id: int | None = None,
    below: int | None = None,
    limit: int,
) -> list[dict[str, Any]]:
    """Cards of a hand-over with their digest (R25), newest lead first; a manager knows his own."""
    return [_card(row) for row in await conn.fetch(SQL.cards, handover_id, seen_by, lead_id, below, limit)]


async def one_card(conn: db.Connection, handover_id: int, lead_id: int, seen_by: int | None) -> dict[str, Any]:
    """One card, JSON-ready. Raises ``NotFound``."""
    found = await cards(conn, handover_id, seen_by=seen_by, lead_id=lead_id, limit=1)
    if not found:
        raise NotFound(f"hand-over {handover_id} has no card of lead {lead_id}")
    return found[0]


async def read_card(conn: db.Connection, handover_id: int, lead_id: int, *, by: str, now: datetime) -> None:
    """Somebody has read a card; when it was read first stays."""
    await conn.execute(SQL.read, handover_id, lead_id, now, by)


async def cards_to_read(conn: db.Connection, leads: Iterable[int]) -> list[CardToRead]:
    """Every card that these leads were while they were open, in the order of their hand-overs."""
    return [
        CardToRead(
            lead_id=row["lead_id"],
            handover_id=row["handover_id"],
            owner_id=row["to_id"],
            leaver=row["leaver"],
            at=row["at"],
            read_at=row["read_at"],
            passed_at=row["passed_at"],
            is_owner=row["last_owner"] == row["to_id"],
        )
        for row in await conn.fetch(SQL.to_read, sorted(set(leads)))
    ]


async def leads_given(conn: db.Connection, managers: Sequence[int] | None, since: datetime) -> list[int]:
    """Open leads that were handed over to these managers, or to anybody, since a moment."""
    return [row["lead_id"] for row in await conn.fetch(SQL.given, managers, since)]


def _card(row: db.Record) -> dict[str, Any]:
    said = row["text"] is not None
    return {
        "lead": row["lead_id"],
        "name": row["name"],
        "company": row["company"],
        "stage": row["stage"],
        "manager": row["manager"],
        "calls": row["calls"],
        "owed_comments": row["owed"],
        "without_comments": row["without_comments"],
        "last_outcome": row["last_outcome"],
        "last_comment": {"text": row["text"], "author": row["author_name"], "at": rfc3339(row["said_at"])} if said else None,
        "next_goal": row["goal"] or row["said_goal"],
        "next_contact": (
            {"at": rfc3339(row["due_at"]), "basis": row["basis"], "goal": row["goal"]} if row["due_at"] is not None else None
        ),
        "read_at": rfc3339(row["read_at"]) if row["read_at"] is not None else None,
        "read_by": row["read_by"],
    }
