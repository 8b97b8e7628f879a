"""SQL of deals: what a lead may buy, for how much, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from telephony_bridge import db
from telephony_bridge.errors import NotFound
from telephony_bridge.model import rfc3339

SQL = db.queries("crm")


async def add_deal(
    conn: db.Connection, lead_id: int, *, manager_id: int | None, title: str, amount: Decimal | None, stage: str, now: datetime
) -> int:
    """Opens a deal on a lead; returns its id."""
    return int(await conn.fetchval(SQL.add_deal, lead_id, manager_id, title, amount, stage, now))


async def one_deal(conn: db.Connection, deal_id: int, seen_by: int | None) -> dict[str, Any]:
    """One deal, JSON-ready; a manager knows his own. Raises ``NotFound``."""
    found = await find_deals(conn, deal_id=deal_id, lead_id=None, seen_by=seen_by, below=None, limit=1)
    if not found:
        raise NotFound(f"there is no deal {deal_id}")
    return found[0]


async def change_deal(conn: db.Connection, deal_id: int, told: Mapping[str, Any], *, now: datetime) -> None:
    """What is told changes, the rest stays. Raises ``NotFound``."""
    rows = await conn.fetch(SQL.deals, deal_id, None, None, None, 1)
    if not rows:
        raise NotFound(f"there is no deal {deal_id}")
    merged = {name: told.get(name, rows[0][name]) for name in ("manager_id", "title", "amount", "stage")}
    amount = Decimal(merged["amount"]) if merged["amount"] is not None else None
    await conn.execute(SQL.change_deal, deal_id, merged["manager_id"], merged["title"], amount, merged["stage"], now)


async def find_deals(
    conn: db.Connection, *, deal_id: int | None = None, lead_id: int | None, seen_by: int | None, below: int | None, limit: int
) -> list[dict[str, Any]]:
    """Deals, newest first; amounts are decimal strings in the company's currency."""
    return [
        {
            "id": row["id"],
            "lead": row["lead_id"],
            "manager": row["manager"],
            "title": row["title"],
            "amount": row["amount"],
            "stage": row["stage"],
            "created_at": rfc3339(row["created_at"]),
            "updated_at": rfc3339(row["updated_at"]),
        }
        for row in await conn.fetch(SQL.deals, deal_id, lead_id, seen_by, below, limit)
    ]
