"""Whether a lead was asked at its first conversation if it buys what we sell (V19): R11, only where the policy wants it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from telephony_bridge import db, violations
from telephony_bridge.deriving import Book
from telephony_bridge.norms import calendar
from telephony_bridge.violations import Finding


async def judge_first_calls(
    conn: db.Connection, book: Book, lead_ids: Iterable[int], *, judged_at: datetime, now: datetime
) -> dict[str, int]:
    """V19 of these leads; returns how many opened, by code."""
    leads = sorted(set(lead_ids))
    if not leads or not book.rules.ever("first_call_qualifies", "true"):
        return {}
    min_talk = book.setting("min_talk", None, book.day(None, now))
    found = [_finding(book, row) for row in await violations.first_conversations(conn, leads, min_talk)]
    return await violations.judge(
        conn,
        "lead",
        [str(lead_id) for lead_id in leads],
        [one for one in found if one is not None],
        codes=("V19",),
        now=judged_at,
        at=now,
    )


def _finding(book: Book, row: db.Record) -> Finding | None:
    """Due when the comment of that conversation is (EC-7); an answer of before is an answer."""
    manager_id = row["duty_manager_id"]
    if manager_id is None:
        return None
    day = book.day(manager_id, row["started_at"])
    if not book.flag("first_call_qualifies", manager_id, day):
        return None
    due_at = calendar.hard_deadline(
        book.schedule(manager_id),
        row["ended_at"] or row["started_at"] + timedelta(seconds=row["talk_seconds"]),
        day,
        hard_minutes=book.setting("hard", manager_id, day),
        hard_min_minutes=book.setting("hard_min", manager_id, day),
    )
    return Finding(
        code="V19",
        subject_kind="lead",
        subject_id=str(row["lead_id"]),
        manager_id=manager_id,
        day=day,
        due_at=due_at,
        met_at=row["buys_analog_at"],
        evidence={"lead": row["lead_id"], "call": row["id"], "deliveries": list(row["delivery_ids"])},
        policy_version=book.version(manager_id, day),
    )
