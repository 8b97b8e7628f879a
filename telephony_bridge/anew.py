"""Calls that the ledger has already, matched, weighed and judged anew because something around them changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from telephony_bridge import calls, db, deriving, marks
from telephony_bridge.book import Book, reach
from telephony_bridge.days import days_ended
from telephony_bridge.judging import judge_calls
from telephony_bridge.owed import days_of_entry, judge_leads, judge_numbers


async def derive_again(
    conn: db.Connection,
    book: Book,
    call_ids: Iterable[int],
    *,
    leads: Sequence[int],
    since: datetime | None = None,
    judged_at: datetime,
    now: datetime,
) -> None:
    """Who, whose lead, what it counts for and what is owed, for calls the ledger already has, and on these leads ``since``."""
    rows = await calls.whole(conn, call_ids)
    await reach(conn, book, (row["day"] for row in rows))
    by_source: dict[int, list[db.Record]] = {}
    for row in rows:
        by_source.setdefault(row["source_id"], []).append(row)
    units: set[tuple[date, str | None, int | None]] = {(row["day"], row["number"], row["manager_id"]) for row in rows}
    for source_id, mine in by_source.items():
        made = await deriving.entries(conn, book, source_id, [(calls.read_call(row), tuple(row["delivery_ids"])) for row in mine])
        kept = [
            marks.as_said(deriving.keep_match(book, row, entry), row["personal"]) for row, entry in zip(mine, made, strict=True)
        ]
        await calls.write(conn, source_id, [], {row["id"]: entry for row, entry in zip(mine, kept, strict=True)}, {}, now=now)
        units |= {(entry.day, entry.call.number, entry.manager_id) for entry in kept}
    twins = await deriving.find_twins(conn, book, {(day, number) for day, number, _ in units if number is not None})
    units |= {(row["day"], row["number"], row["manager_id"]) for row in twins}
    said = await marks.settle(conn, book, {day for day, _, _ in units}, ())
    await deriving.reweigh(conn, book, deriving.units_of(units))
    old_leads = {row["lead_id"] for row in rows if row["lead_id"] is not None}
    await judge_calls(
        conn,
        book,
        call_ids={row["id"] for row in (*rows, *twins)},
        lead_ids=old_leads | set(leads),
        since=since if leads else None,
        judged_at=judged_at,
        now=now,
    )
    await judge_numbers(
        conn,
        book,
        {(day, number) for day, number, _ in units},
        call_ids={row["id"] for row in (*rows, *twins)},
        judged_at=judged_at,
        now=now,
    )
    await judge_leads(conn, book, old_leads | set(leads), judged_at=judged_at, now=now)
    manager_days = {(manager, day) for day, _, manager in units if manager is not None}
    manager_days |= await days_of_entry(conn, book, old_leads | set(leads))
    await days_ended(conn, book, only=manager_days, closed_only=True, now=judged_at)
    if said:  # what they show is settled now: the second time there is nothing left
        await derive_again(conn, book, said, leads=sorted(old_leads), judged_at=judged_at, now=now)


async def judge_numbers_of(
    conn: db.Connection, book: Book, call_ids: Iterable[int], *, judged_at: datetime, now: datetime
) -> dict[str, int]:
    """What is owed for the numbers of these calls (V11, V12); returns how many opened, by code."""
    rows = await calls.whole(conn, call_ids)
    units = {(row["day"], row["number"]) for row in rows}
    return await judge_numbers(conn, book, units, call_ids={row["id"] for row in rows}, judged_at=judged_at, now=now)
