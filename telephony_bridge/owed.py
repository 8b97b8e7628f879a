"""What is owed beside the duties of a call: of leads (V09, V10, V14, V15, V17, V19) and of numbers (V11, V12), put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time

from telephony_bridge import db, violations
from telephony_bridge.book import Book
from telephony_bridge.callbacks import unreturned
from telephony_bridge.claims import unseen
from telephony_bridge.first_calls import judge_first_calls
from telephony_bridge.promises import judge_promises
from telephony_bridge.silence import Span, gaps, unheard
from telephony_bridge.sweep import judge_dateless
from telephony_bridge.violations import Finding

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
    findings = await _proved(conn, book, [*missed, *claimed], now=judged_at)
    return await violations.judge(conn, "call", subjects, findings, codes=_OF_NUMBERS, now=judged_at, at=now)


async def _proved(conn: db.Connection, book: Book, found: Sequence[tuple[Finding, Span]], *, now: datetime) -> list[Finding]:
    """Without what is overdue only because no PBX was heard when it should have seen the call (EC-40).

    With each finding comes the stretch in which that call would have been.
    """
    days = {
        finding.key: {(finding.manager_id, book.day(finding.manager_id, at)) for at in stretch}
        for finding, stretch in found
        if finding.due_at <= now and (finding.met_at is None or finding.met_at > finding.due_at)
    }
    deaf = await unheard(conn, book, set().union(*days.values()), now=now) if days else set()
    silent: dict[tuple[int, date], Sequence[Span]] = {}
    for day in {day for _, day in deaf}:
        managers = [manager_id for manager_id, other in deaf if other == day]
        silent |= {(id_, day): spans for id_, spans in (await gaps(conn, book, managers, day, now=now)).items()}

    def is_proved(finding: Finding, stretch: Span) -> bool:
        spans = [span for pair in days.get(finding.key, ()) for span in silent.get(pair, ())]
        return not any(start < stretch[1] and end > stretch[0] for start, end in spans)

    return [finding for finding, stretch in found if is_proved(finding, stretch)]


async def days_of_entry(conn: db.Connection, book: Book, lead_ids: Iterable[int]) -> set[tuple[int, date]]:
    """(manager, day) on which these leads were entered: a dial of a day before or after confirms a new lead (EC-62)."""
    since = datetime.combine(book.closed_since[0], time(), UTC)
    entered = await violations.entered(conn, lead_ids, since)
    return {(author_id, book.day(author_id, at)) for _, author_id, at in entered if author_id in book.handles}


async def owed_by(conn: db.Connection, managers: Sequence[int], since: date) -> tuple[set[int], set[int]]:
    """(calls, leads) for which these managers owe, or owed since a day, what hangs on their working days."""
    calls = await violations.subjects_of(conn, _OF_NUMBERS, managers, since)
    leads = await violations.subjects_of(conn, _OF_LEADS, managers, since)
    return calls, leads | set(await violations.promised_by(conn, managers, since))
