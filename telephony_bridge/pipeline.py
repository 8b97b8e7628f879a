"""The stories of the house, told in its own words: deliveries came · the CRM changed · a deadline passed · a day ended.

Every story takes a list, runs inside the caller's transaction and holds the pen: derived facts have one writer at a time.
Told twice, a story changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from telephony_bridge import calls, crm, db, marks, passing, telling, violations, webhooks
from telephony_bridge.anew import derive_again, judge_numbers_of
from telephony_bridge.book import Book, day_start, open_book, utc_day
from telephony_bridge.claims import claimed_between
from telephony_bridge.days import board, days_ended, days_under_way, reports, to_close
from telephony_bridge.errors import Refused
from telephony_bridge.hearing import BOOK_DAYS, Understood, deliveries_came
from telephony_bridge.judging import judge_calls
from telephony_bridge.model import Company
from telephony_bridge.owed import judge_leads, owed_by
from telephony_bridge.passing import READ_REACH, card_read, judge_cards, preview_handover
from telephony_bridge.planning import check_horizon, offered_dates
from telephony_bridge.sweep import sweep_base
from telephony_bridge.telling import preview as preview_notices

__all__ = [
    "Company",
    "Understood",
    "board",
    "calendar_changed",
    "calls_marked",
    "card_read",
    "check_horizon",
    "days_reopened",
    "deliveries_came",
    "dispute",
    "evidence_watched",
    "exemptions_changed",
    "hand_over",
    "hold",
    "leads_changed",
    "norms_changed",
    "notes_came",
    "numbers_changed",
    "offered_dates",
    "people_changed",
    "preview_handover",
    "preview_notices",
    "replay",
    "reports",
    "silence_settled",
    "time_passed",
]

NOTE_REACH = timedelta(days=31)  # how old a call may be that a comment is still about
_BEGINNING = datetime(2000, 1, 3, tzinfo=UTC)  # before any call


async def hold(conn: db.Connection) -> None:
    """Takes the pen before facts are written that other stories read: two people enter the same lead one after the other."""
    await webhooks.inbox.take_pen(conn)


async def dispute(conn: db.Connection, violation_id: int, *, author: str, reason: str, company: Company, now: datetime) -> None:
    """A manager contests a violation, within three working days of his by what time has been watched (EC-68)."""
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=utc_day(now))

    def is_in_time(manager_id: int, opened_at: datetime) -> bool:
        return min(now, judged_at) <= book.working_days_later(manager_id, opened_at, violations.DISPUTE_DAYS)

    await violations.dispute(conn, violation_id, author=author, reason=reason, is_in_time=is_in_time, now=now)


async def notes_came(conn: db.Connection, lead_ids: Iterable[int], *, at: datetime, company: Company, now: datetime) -> None:
    """Comments or next dates were written on leads as of ``at``: what their calls owe is judged anew; whose they are stays."""
    judged_at = await webhooks.inbox.take_pen(conn)
    since = min(at, now) - NOTE_REACH
    book = await open_book(conn, company, since=utc_day(since))
    leads = set(lead_ids)
    await judge_calls(conn, book, call_ids=(), lead_ids=leads, since=since, judged_at=judged_at, now=now)
    await judge_leads(conn, book, leads, judged_at=judged_at, now=now)
    if book.rules.ever("norm_needs_comment", "true"):  # a comment weighs there, also one of before a day's close told after it
        weighed = await calls.of_leads(conn, leads, since)
        manager_days = {(row["manager_id"], row["day"]) for row in weighed}
        await days_ended(conn, book, only=manager_days, closed_only=True, now=judged_at)


async def exemptions_changed(conn: db.Connection, lead_ids: Iterable[int], *, company: Company, now: datetime) -> None:
    """Leads owe no next date any more, or owe one again (R27): all their calls, meetings and planned contacts are judged anew."""
    judged_at = await webhooks.inbox.take_pen(conn)
    leads = set(lead_ids)
    book = await open_book(conn, company, since=utc_day(now) - timedelta(days=BOOK_DAYS))
    await judge_calls(conn, book, call_ids=(), lead_ids=leads, since=_BEGINNING, judged_at=judged_at, now=now)
    await judge_leads(conn, book, leads, judged_at=judged_at, now=now)


async def leads_changed(conn: db.Connection, lead_ids: Iterable[int], *, at: datetime, company: Company, now: datetime) -> None:
    """Leads or their phones changed as of ``at``: match, weigh and judge the calls since a week before it (EC-15)."""
    judged_at = await webhooks.inbox.take_pen(conn)
    leads = sorted(set(lead_ids))
    since = utc_day(min(at, now)) - timedelta(days=BOOK_DAYS)
    book = await open_book(conn, company, since=since)
    day = book.day(None, min(at, now))
    backfill = timedelta(days=book.setting("match_backfill", None, day))
    touched = await calls.of_lead_numbers(conn, leads, since=day - backfill)
    await derive_again(conn, book, touched, leads=leads, judged_at=judged_at, now=now)
    await judge_cards(conn, book, leads, judged_at=judged_at, now=now)


async def numbers_changed(conn: db.Connection, numbers: Iterable[str], *, company: Company, now: datetime) -> None:
    """Numbers became, or are no longer, never a client's (EC-22 to EC-26): their recent calls are matched and judged anew."""
    judged_at = await webhooks.inbox.take_pen(conn)
    since = utc_day(now) - timedelta(days=BOOK_DAYS)
    book = await open_book(conn, company, since=since)
    touched = await calls.of_numbers(conn, numbers, since=since)
    await derive_again(conn, book, touched, leads=(), judged_at=judged_at, now=now)


async def calls_marked(conn: db.Connection, call_ids: Iterable[int], *, company: Company, now: datetime) -> None:
    """People said of calls that they are private (EC-25) or conversations though short (EC-33): they are judged anew."""
    judged_at = await webhooks.inbox.take_pen(conn)
    rows = await calls.whole(conn, call_ids)
    days = {row["day"] for row in rows}
    book = await open_book(conn, company, since=min(days, default=utc_day(now)))
    touched = await marks.settle(conn, book, days, [row["id"] for row in rows])
    await derive_again(conn, book, touched, leads=(), judged_at=judged_at, now=now)


async def silence_settled(conn: db.Connection, start: datetime, end: datetime, *, company: Company, now: datetime) -> None:
    """A silence was settled as outage or pause (EC-40): the closed days it lies in are judged anew."""
    judged_at = await webhooks.inbox.take_pen(conn)
    first, last = utc_day(start) - timedelta(days=1), utc_day(end) + timedelta(days=1)
    book = await open_book(conn, company, since=first)
    days = [first + timedelta(days=shift) for shift in range((last - first).days + 1)]
    touched = {(manager_id, day) for manager_id in book.handles for day in days}
    owing, promised = await owed_by(conn, list(book.handles), first - timedelta(days=31))
    owing |= {row["id"] for row in await claimed_between(conn, book, start, end)}
    await judge_leads(conn, book, promised, judged_at=judged_at, now=now)
    await judge_numbers_of(conn, book, owing, judged_at=judged_at, now=now)
    await days_ended(conn, book, only=touched, closed_only=True, now=judged_at)


async def calendar_changed(conn: db.Connection, day: date, *, company: Company, now: datetime) -> None:
    """A day became free, worked or shorter (EC-54): closed days are judged anew, promises of that day fall on another."""
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=min(day, utc_day(now) - timedelta(days=BOOK_DAYS)))
    owing, promised = await owed_by(conn, list(book.handles), day - timedelta(days=7))
    await judge_numbers_of(conn, book, owing, judged_at=judged_at, now=now)
    await judge_leads(conn, book, promised, judged_at=judged_at, now=now)
    await _judge_reading(conn, book, None, day, judged_at=judged_at, now=now)
    await days_ended(conn, book, only={(manager_id, day) for manager_id in book.handles}, closed_only=True, now=judged_at)


async def people_changed(
    conn: db.Connection,
    manager_ids: Iterable[int],
    *,
    since: date,
    until: date | None = None,
    company: Company,
    now: datetime,
) -> None:
    """Extensions, schedules or absences changed: the calls since that day find their manager and day anew (EC-52, EC-59).

    ``until``: closed days up to then are judged anew also where there was no call, for their norm may be gone.
    """
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=since)
    managers = list(manager_ids)
    owing, promised = await owed_by(conn, managers, since - timedelta(days=7))  # what a weekend moved onto that day, too
    touched = owing.union(await calls.of_people(conn, managers, since=since))
    start = day_start(since)
    leads = {*promised, *await violations.met_since(conn, start, managers)}
    await derive_again(conn, book, touched, leads=sorted(leads), since=start, judged_at=judged_at, now=now)
    if until is not None:
        away = {(id_, day) for id_, day in book.closed if id_ in managers and since <= day <= until}
        await days_ended(conn, book, only=away, closed_only=True, now=judged_at)
    await _judge_reading(conn, book, managers, since, judged_at=judged_at, now=now)


async def norms_changed(conn: db.Connection, *, company: Company, since: date, now: datetime) -> None:
    """Norms or policy changed from a day on: what no closed day has decided yet is judged anew (R3)."""
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=since)
    start = day_start(since)
    met = await violations.met_since(conn, start)
    await derive_again(conn, book, await calls.undecided(conn, since), leads=met, since=start, judged_at=judged_at, now=now)
    await _judge_reading(conn, book, None, since, judged_at=judged_at, now=now)


async def _judge_reading(
    conn: db.Connection, book: Book, managers: Sequence[int] | None, since: date, *, judged_at: datetime, now: datetime
) -> None:
    """Cards handed over to these managers, or to anybody, whose reading may be due since a day (V18)."""
    began = datetime.combine(since, time(), book.company.zone) - READ_REACH
    await judge_cards(conn, book, await crm.leads_given(conn, managers, began), judged_at=judged_at, now=now)


async def time_passed(conn: db.Connection, *, company: Company, now: datetime) -> tuple[dict[str, int], bool]:
    """Deadlines that passed and days that ended. Returns (violations opened by code, whether more may be waiting).

    Only here time moves on: the other stories judge as of the last look, so that a deadline passes for all at once. Where a
    connector reads another CRM, time goes no further than that CRM has been read (EC-41).
    """
    judged_before = await webhooks.inbox.take_pen(conn)
    seen_until = await crm.seen_until(conn)
    judged_at = now if seen_until is None or seen_until >= now else max(judged_before, seen_until)
    await webhooks.inbox.judge_until(conn, judged_at)
    opened: Counter[str] = Counter()
    reminded = await violations.reminders_due(conn, now=judged_at)
    passed = await violations.deadlines_passed(conn, now=judged_at)
    opened.update(code for code, _, _ in passed)
    for code, column in (("V01", "comment"), ("V02", "comment"), ("V03", "next_contact")):
        await calls.expire(conn, [int(subject) for found, kind, subject in passed if (found, kind) == (code, "call")], column)
    book = await open_book(conn, company, since=utc_day(now) - timedelta(days=BOOK_DAYS))
    overdue = {source.id: now - source.settle_after for source in book.sources.values()}
    settled = await calls.settle_overdue(conn, overdue, "end_not_told")
    if settled:
        await derive_again(conn, book, settled, leads=(), judged_at=judged_at, now=now)
    uncalled = await violations.leads_due(conn, now=judged_at)
    opened.update(await judge_leads(conn, book, uncalled, judged_at=judged_at, now=judged_at))
    unseen = await violations.calls_due(conn, now=judged_at)
    opened.update(await judge_numbers_of(conn, book, unseen, judged_at=judged_at, now=judged_at))
    await days_under_way(conn, book, now=now)
    ended = await to_close(conn, book, await webhooks.inbox.late_since(conn), now=judged_at)
    opened.update(await days_ended(conn, book, only=ended, closed_only=False, now=judged_at))
    opened.update(await sweep_base(conn, book, ended, now=judged_at))
    is_whole = not (reminded or passed or settled or uncalled or unseen)
    await telling.tell(conn, book, ended, is_whole=is_whole, now=now)
    return dict(opened), not is_whole


async def hand_over(
    conn: db.Connection, leaver: str, owners: Sequence[str], *, author: str, company: Company, now: datetime
) -> dict[str, Any]:
    """A leaver's cards become others', who are told of it (R23 to R25). Raises like ``passing.hand_over``."""
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=utc_day(now))
    told = await passing.hand_over(conn, book, leaver, owners, author=author, judged_at=judged_at, now=now)
    await telling.handed_over(conn, book, told, now=now)
    return told


async def evidence_watched(conn: db.Connection, *, company: Company, now: datetime) -> None:
    """A look at what the evidence itself lacks: silent sources and extensions of nobody are told to the administrator."""
    await webhooks.inbox.take_pen(conn)
    await telling.evidence_watched(conn, company=company, now=now)


async def days_reopened(
    conn: db.Connection, day: date, managers: Iterable[int], *, author: str, reason: str, company: Company, now: datetime
) -> None:
    """A supervisor has closed days judged anew by all that is known now: later leads, rules, moves; then they are closed again.

    Raises ``Refused`` when none of them is closed.
    """
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=day)
    pairs = {(manager_id, day) for manager_id in managers} & set(book.closed)
    if not pairs:
        raise Refused(f"{day} is not closed for them yet: it is judged by what is known then")
    book.reopen(pairs)
    touched = await calls.of_day(conn, day, sorted(manager_id for manager_id, _ in pairs))
    await derive_again(conn, book, touched, leads=(), judged_at=judged_at, now=now)
    await days_ended(conn, book, only=pairs, closed_only=False, reopened=(author, reason), now=judged_at)


async def replay(conn: db.Connection, delivery_ids: Sequence[int], *, now: datetime) -> int:
    """These deliveries wait again, to be understood by today's parser; returns how many."""
    return await webhooks.inbox.reopen(conn, delivery_ids, now=now)
