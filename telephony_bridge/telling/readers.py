"""Who reads a notice: in which language and zone, and when he may be disturbed. A notice for him is made here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from telephony_bridge import notices, people
from telephony_bridge.book import Book
from telephony_bridge.norms import calendar

DAY = timedelta(days=1)
_NO_WORK = timedelta(days=14)  # no shift in sight: he is asked again then


@dataclass(frozen=True, slots=True)
class Reader:
    """A person as notices see him; ``quiet_until``: he is not to be disturbed before that moment."""

    person: people.Hearer
    language: str
    zone: ZoneInfo
    quiet_until: datetime | None

    def key(self, kind: str, key: str) -> str:
        """What a notice of this kind for him is known by in the outbox; managers and users do not mix."""
        who = f"m{self.person.manager_id}" if self.person.manager_id is not None else f"u:{self.person.login}"
        return f"{kind}/{who}/{key}"

    def notice(
        self,
        kind: str,
        key: str,
        facts: Mapping[str, object],
        *,
        until: datetime,
        now: datetime,
        opens: str | None = None,
        tells: tuple[tuple[str, str], ...] = (),
    ) -> notices.Decided:
        """A notice in his language, due as soon as he may be disturbed; ``key`` tells it from others of its kind for him."""
        title, body = notices.render(kind, self.language, self.zone, now=now, facts=facts)
        return notices.Decided(
            key=self.key(kind, key),
            kind=kind,
            title=title,
            body=body,
            good_until=until,
            due_at=self.quiet_until or now,
            manager_id=self.person.manager_id,
            login=self.person.login,
            opens=opens,
            in_page=not self.person.channels,
            tells=tells,
        )

    def nothing(self, kind: str, key: str, *, now: datetime) -> notices.Decided:
        """That there was nothing to tell, so that the question is not asked again."""
        return notices.Decided(
            key=self.key(kind, key),
            kind=kind,
            title="",
            body="",
            good_until=now,
            due_at=now,
            manager_id=self.person.manager_id,
            login=self.person.login,
            is_needed=False,
        )


def reader_of(book: Book, person: people.Hearer, *, now: datetime) -> Reader:
    """Quiet hours are his own clock's, and nobody's who is at work (policy ``quiet_hours``); a manager's free days are quiet."""
    language = person.language or book.company.language
    if person.manager_id is None:
        day = now.astimezone(book.company.zone).date()
        return Reader(person, language, book.company.zone, _quiet(book.company_word("quiet_hours", day), book.company.zone, now))
    schedule = book.schedule(person.manager_id)
    zone, day = schedule.week_at(now).timezone, book.day(person.manager_id, now)
    span = calendar.shift(schedule, day)
    if span is not None and span[0] <= now < span[1]:
        return Reader(person, language, zone, None)
    quiet = _quiet(book.word("quiet_hours", person.manager_id, day), zone, now)
    if is_free(book, person.manager_id, now):
        works = calendar.working_day(schedule, day + DAY)
        begins = calendar.shift(schedule, works) if works is not None else None
        quiet = begins[0] if begins is not None else now + _NO_WORK
    return Reader(person, language, zone, quiet)


def is_free(book: Book, manager_id: int, now: datetime) -> bool:
    """A day without a shift, from when the day before it is closed: the night of Friday is told of on Saturday."""
    schedule, day = book.schedule(manager_id), book.day(manager_id, now)
    if calendar.shift(schedule, day) is not None:
        return False
    return calendar.shift(schedule, day - DAY) is None or now >= book.closes_at(manager_id, day - DAY)


def quiet_until(book: Book, person: people.Hearer, *, now: datetime) -> datetime | None:
    """When a person may be disturbed again; None where he may be now."""
    return reader_of(book, person, now=now).quiet_until


def _quiet(word: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    return None if word == "off" else calendar.quiet_until(calendar.parse_hours(word), zone, now)


def good_until(book: Book, manager_id: int, limit: datetime, *, now: datetime) -> datetime:
    """A manager's notice is good until the limit, or until his next quiet hours outside a shift."""
    day = book.day(manager_id, now)
    word, span = book.word("quiet_hours", manager_id, day), book.shift(manager_id, day)
    if word == "off":
        return limit
    quiet = calendar.quiet_from(calendar.parse_hours(word), book.schedule(manager_id).week_at(now).timezone, now)
    if span is not None and span[0] <= quiet < span[1]:
        quiet = span[1]
    return min(limit, quiet)
