"""How far ahead a next date may lie without a reason, and the dates that are offered (R29, R30)."""

from __future__ import annotations

from datetime import date, datetime

from telephony_bridge import db, norms
from telephony_bridge.book import Book, open_book
from telephony_bridge.errors import Refused
from telephony_bridge.model import Company, rfc3339
from telephony_bridge.norms import calendar


async def offered_dates(
    conn: db.Connection, manager_id: int | None, *, company: Company, now: datetime
) -> list[tuple[str, datetime]]:
    """(span, moment) of each preset, on working days of this manager's, or of the company's usual week."""
    return offered(await open_book(conn, company, since=now.date()), manager_id, now=now)


def offered(book: Book, manager_id: int | None, *, now: datetime) -> list[tuple[str, datetime]]:
    """The same, of an open book."""
    spans = norms.presets.split("presets", book.word("presets", manager_id, book.day(manager_id, now)))
    return norms.presets.dates(book.schedule(manager_id), now, spans)


def is_overdue(book: Book, manager_id: int | None, due_at: datetime, *, today: date) -> bool:
    """Whether the working day on which a planned contact falls lies before a local day: Saturday's is Monday's (EC-48)."""
    schedule = book.schedule(manager_id)
    day = due_at.astimezone(schedule.week_at(due_at).timezone).date()
    return (calendar.working_day(schedule, day) or day) < today


async def check_horizon(
    conn: db.Connection, due_at: datetime, reason: str | None, *, manager_id: int | None, at: datetime, company: Company
) -> None:
    """A next date beyond ``max_horizon`` days, as of ``at``, needs a reason (R29). Raises ``Refused``."""
    if reason is not None and reason.strip():
        return
    book = await open_book(conn, company, since=at.date())
    zone = book.schedule(manager_id).week_at(at).timezone
    days = book.setting("max_horizon", manager_id, book.day(manager_id, at))
    if (due_at.astimezone(zone).date() - at.astimezone(zone).date()).days > days:
        raise Refused(f"reason: {rfc3339(due_at)} is more than {days} days ahead; say why, or set a nearer date (max_horizon)")
