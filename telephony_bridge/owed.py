"""What is owed beside the duties of a call: of leads (V09, V10, V14, V15, V17, V19) and of numbers (V11, V12), put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime

from telephony_bridge import db, violations
from telephony_bridge.callbacks import unreturned
from telephony_bridge.claims import unseen
from telephony_bridge.deriving import Book
from telephony_bridge.first_calls import judge_first_calls
from telephony_bridge.promises import judge_promises
from telephony_bridge.sweep import judge_dateless

_OF_NUMBERS = ("V11", "V12")
_OF_LEADS = ("V10", "V19")


async def judge_leads(
    conn: db.Connection, book: Book, lead_ids: Iterable[int], *, judged_at: datetime, now: datetime
) -> dict[str, int]:
    """Promises, dates and answers owed for these leads; returns how many violations opened, by code."""
    leads = set(lead_ids)
    opened: Counter[str] = Counter()
    for judge in (judge_promises, judge_dateless, judge_first_calls):
        opened.update(await judge(conn, book, leads, judged_at=judged_at, now=now))
    return dict(opened)


async def judge_numbers(
    conn: db.Connection,
    book: Book,
    units: Iterable[tuple[date, str | None]],
    *,
    call_ids: Iterable[int],
    judged_at: datetime,
    now: datetime,
) -> dict[str, int]:
    """Missed calls and claims of the numbers of these (day, number); ``call_ids`` are calls that changed or are no more.

    Returns how many violations opened, by code.
    """
    asked = {(day, number) for day, number in units if number is not None}
    missed, of_missed = await unreturned(conn, book, asked)
    claimed, of_claims = await unseen(conn, book, asked)
    subjects = [str(id_) for id_ in of_missed | of_claims | set(call_ids)]
    return await violations.judge(conn, "call", subjects, [*missed, *claimed], codes=_OF_NUMBERS, now=judged_at, at=now)


async def owed_by(conn: db.Connection, managers: Sequence[int], since: date) -> tuple[set[int], set[int]]:
    """(calls, leads) for which these managers owe, or owed since a day, what hangs on their working days."""
    calls = await violations.subjects_of(conn, _OF_NUMBERS, managers, since)
    leads = await violations.subjects_of(conn, _OF_LEADS, managers, since)
    return calls, leads | set(await violations.promised_by(conn, managers, since))


def pairs(rows: Collection[db.Record]) -> set[tuple[date, str | None]]:
    """The (day, number) of ledger rows."""
    return {(row["day"], row["number"]) for row in rows}
