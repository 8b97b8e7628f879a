"""The whole life of a delivery: kept, understood, whose call it is and what it counts for, what is owed, who was told."""

from __future__ import annotations

from typing import Any

from telephony_bridge import calls, db, phones, violations, webhooks
from telephony_bridge.model import rfc3339

SQL = db.queries("life")


async def life_of(conn: db.Connection, delivery_id: int) -> dict[str, Any]:
    """One delivery whole, its body as text, with ``life``: the calls it told of. Numbers are masked; JSON-ready.

    Each call has its match, weight and words, and ``owed``: violations with their moves and the notices that told of them.
    Raises ``NotFound``.
    """
    found = await webhooks.inbox.shown(conn, delivery_id)
    rows = [row for id_ in found["call_ids"] for row in await calls.listed(conn, call_id=id_, limit=1)]
    owed = await conn.fetch(SQL.owed, [row["id"] for row in rows])
    ids = [row["id"] for row in owed]
    moves, told = await conn.fetch(SQL.moves, ids), await conn.fetch(SQL.told, ids)
    return {
        **found,
        "body": found["body"].decode("utf-8", "replace"),
        "life": [
            {**_call(row), "owed": [_violation(one, moves, told) for one in owed if one["call_id"] == row["id"]]} for row in rows
        ],
    }


def _call(row: db.Record) -> dict[str, Any]:
    return {
        "call": row["id"],
        "deliveries": list(row["delivery_ids"]),
        "direction": row["direction"],
        "extension": row["extension"],
        "number": phones.masked(row["number"]) if row["number"] else None,
        "started_at": rfc3339(row["started_at"]),
        "disposition": row["disposition"],
        "talk_seconds": row["talk_seconds"],
        "via": row["via"],
        "final": row["final"],
        "manager": row["manager"],
        "match": row["match"],
        "lead": row["lead_id"],
        "day": row["day"].isoformat(),
        "dial": row["why_not_dial"] or "counts",
        "connect": row["why_not_connect"] or "counts",
        "comment": row["comment"],
        "next_contact": row["next_contact"],
    }


def _violation(row: db.Record, moves: list[db.Record], told: list[db.Record]) -> dict[str, Any]:
    return {
        "violation": row["id"],
        "code": row["code"],
        "name": violations.CODES[row["code"]][0],
        "manager": row["manager"],
        "status": row["status"],
        "closed_because": row["closed_because"],
        "due_at": rfc3339(row["due_at"]),
        "moves": [
            {"at": rfc3339(one["at"]), "to": one["to_status"], "author": one["author"], "reason": one["reason"]}
            for one in moves
            if one["violation_id"] == row["id"]
        ],
        "notices": [
            {
                "notice": one["id"],
                "kind": one["kind"],
                "stage": one["stage"],
                "status": one["status"],
                "decided_at": rfc3339(one["decided_at"]),
                "sent_at": rfc3339(one["sent_at"]) if one["sent_at"] is not None else None,
                "channel": one["channel"],
            }
            for one in told
            if one["violation_id"] == row["id"]
        ],
    }
