"""The nightly sweep of the base: open leads that were touched and have no date ahead (V10), as each day closes (R33)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta

from telephony_bridge import db, violations
from telephony_bridge.book import Book, reach
from telephony_bridge.norms import calendar
from telephony_bridge.violations import Finding
from telephony_bridge.violations.dateless import Debt, met_at
from telephony_bridge.violations.promises import Promise

SQL = db.queries("sweep")
_BACK = timedelta(days=14)  # days that were closed late are swept as of their close, but not a year of imported history
_DAY = timedelta(days=1)


async def sweep_base(conn: db.Connection, book: Book, ended: Collection[tuple[int, date]], *, now: datetime) -> dict[str, int]:
    """V10 of (manager, day) pairs that have closed; returns how many opened, by code. Days off are not swept."""
    opened: dict[str, int] = {}
    days = sorted({day for _, day in ended if book.closes_at(None, day) >= now - _BACK})
    for day in days:
        closes = {
            manager_id: book.closes_at(manager_id, day)
            for manager_id, other in ended
            if other == day and book.shift(manager_id, day) is not None
        }
        found = await conn.fetch(SQL.dateless, list(closes), list(closes.values()))
        fresh = [
            Debt(row["id"], row["manager_id"], day, None, None, None, row["manager_id"], None, row["owed_by_call"])
            for row in found
        ]
        for code, number in (await _judge(conn, book, fresh, {debt.lead_id for debt in fresh}, judged_at=now, now=now)).items():
            opened[code] = opened.get(code, 0) + number
    return opened


async def judge_dateless(
    conn: db.Connection, book: Book, lead_ids: Iterable[int], *, judged_at: datetime, now: datetime
) -> dict[str, int]:
    """V10 as far as it was found for these leads: a date was set, or the lead was lost, or became somebody else's."""
    return await _judge(conn, book, [], set(lead_ids), judged_at=judged_at, now=now)


async def _judge(
    conn: db.Connection, book: Book, fresh: list[Debt], leads: set[int], *, judged_at: datetime, now: datetime
) -> dict[str, int]:
    if not leads:
        return {}
    known = [
        Debt(
            row["lead_id"], row["manager_id"], row["day"], row["status"], row["closed_because"], row["fixed_at"], row["owner_id"],
            row["lost_at"], row["owed_by_call"], row["is_exempt"],
        )
        for row in await conn.fetch(SQL.found, sorted(leads))
    ]  # fmt: skip
    keys = {(debt.lead_id, debt.manager_id, debt.day) for debt in known}
    debts = known + [debt for debt in fresh if (debt.lead_id, debt.manager_id, debt.day) not in keys]
    if not debts:
        return {}
    await reach(conn, book, (debt.day for debt in debts))
    touched = {debt.lead_id for debt in debts}
    since = min(book.closes_at(debt.manager_id, debt.day) for debt in debts)
    contacts: dict[int, list[Promise]] = {}
    for one in await violations.promises_of(conn, touched, since):
        contacts.setdefault(one.lead_id, []).append(one)
    findings = [_finding(book, debt, contacts.get(debt.lead_id, [])) for debt in debts]
    return await violations.judge(
        conn,
        "lead",
        [str(id_) for id_ in touched],
        [found for found in findings if found is not None],
        codes=("V10",),
        now=judged_at,
        at=now,
    )


def _finding(book: Book, debt: Debt, contacts: list[Promise]) -> Finding | None:
    """Due at the close of the next working day. A day that became free, or one he no longer works after, asks for nothing."""
    schedule = book.schedule(debt.manager_id)
    next_day = calendar.working_day(schedule, debt.day + _DAY)
    if calendar.shift(schedule, debt.day) is None or next_day is None:
        return None
    due_at = book.closes_at(debt.manager_id, next_day)
    is_owed, met = met_at(debt, book.closes_at(debt.manager_id, debt.day), due_at, contacts)
    if not is_owed:
        return None
    return Finding(
        code="V10",
        subject_kind="lead",
        subject_id=str(debt.lead_id),
        manager_id=debt.manager_id,
        day=debt.day,
        due_at=due_at,
        met_at=met,
        evidence={"lead": debt.lead_id},
        policy_version=book.version(debt.manager_id, debt.day),
    )
