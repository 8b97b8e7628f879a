"""The hours of a working day at which a manager is told something, moved into the shift of who works at other hours."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Literal

from telephony_bridge.book import Book
from telephony_bridge.norms import COMPANY, calendar

Clock = Literal["morning", "remainder", "pace", "report_at"]
_BEFORE = timedelta(hours=-3)  # the morning list may come so long before the shift
INTO = timedelta(hours=1)  # later notices come when the shift is so far under way


def hours_of(book: Book, manager_id: int, day: date) -> dict[str, tuple[datetime, datetime]]:
    """Kind -> from when until when it may be told of a day with a shift; what policy has switched off is not there."""
    schedule = book.schedule(manager_id)
    span = calendar.shift(schedule, day)
    assert span is not None

    def at(name: Clock, earliest: timedelta) -> datetime | None:
        minutes = clock_of(book, name, manager_id, day)
        return calendar.shift_moment(schedule, day, minutes, earliest=earliest) if minutes is not None else None

    morning, remainder, pace = at("morning", _BEFORE), at("remainder", INTO), at("pace", INTO)
    found = {}
    if morning is not None:
        found["morning"] = (morning, remainder if remainder is not None and remainder > morning else span[1])
    if remainder is not None:
        found["remainder"] = (remainder, span[1])
    if pace is not None:
        found["pace"] = (pace, span[1])
    found["results"] = (book.reports_at(manager_id, day), book.closes_at(manager_id, day))
    return found


def clock_of(book: Book, name: Clock, manager_id: int | None, day: date) -> int | None:
    """A clock of the policy in minutes after midnight, for a manager or the company; None where it is off."""
    word = book.word(name, manager_id, day) if manager_id is not None else book.company_word(name, day)
    if word == "off":
        return None
    return book.rules.number(name, book.person(manager_id, day) if manager_id is not None else COMPANY, day)
