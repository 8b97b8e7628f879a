"""The book: rules, people and closings as they stand in a transaction; every question names a manager and a day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, partial

from telephony_bridge import db, norms, people, webhooks
from telephony_bridge.model import (
    Company,
    DayKind,
    Schedule,
    Week,
)
from telephony_bridge.norms import calendar


@dataclass(frozen=True, slots=True)
class Closed:
    """When a manager's day was closed, and what was known then: entries of leads, versions of rules, moves of leads (R3)."""

    at: datetime
    leads_until: datetime
    policies_until: int
    norms_until: int
    moves_until: int
    calls_until: int


@dataclass(frozen=True, slots=True)
class Book:
    """Rules and people as they stand in this transaction."""

    company: Company
    sources: Mapping[int, webhooks.Source]
    rules: norms.Rules
    handles: Mapping[int, str]
    names: Mapping[int, str]
    schedules: dict[int | None, Schedule]  # None: where there is no manager
    closed: dict[tuple[int, date], Closed]
    closed_since: list[date]  # one day: closings before it are not read yet, see ``reach``
    _settings: dict[tuple[str, int | None, date], int] = field(default_factory=dict)  # asked a dozen times a call
    _days: dict[tuple[int | None, datetime], date] = field(default_factory=dict)  # as often

    def person(self, manager_id: int | None, day: date) -> norms.Person:
        """The manager as the versions of norms and policy see him on a day."""
        return _person(manager_id, self.schedules[manager_id], day) if manager_id in self.handles else _NOBODY

    def week(self, manager_id: int | None, day: date) -> Week:
        return self.schedule(manager_id).week(day)

    @property
    def ids(self) -> dict[str, int]:
        """Handle -> manager."""
        return {handle: id_ for id_, handle in self.handles.items()}

    def shift(self, manager_id: int | None, day: date) -> tuple[datetime, datetime] | None:
        """The shift of his that opens on a day, as ``calendar.shift`` tells it."""
        return calendar.shift(self.schedule(manager_id), day)

    def schedule(self, manager_id: int | None) -> Schedule:
        """The manager's, or the company's clock with the usual hours where there is no manager."""
        return self.schedules[manager_id if manager_id in self.handles else None]

    def word(self, name: str, manager_id: int | None, day: date) -> str:
        """A setting that is a word."""
        return self.rules.value(name, self.person(manager_id, day), day, self._known(manager_id, day))

    def company_word(self, name: str, day: date) -> str:
        """A setting as it holds for the company, for nobody in particular."""
        return self.rules.value(name, norms.COMPANY, day)

    def flag(self, name: str, manager_id: int | None, day: date) -> bool:
        return self.rules.flag(name, self.person(manager_id, day), day, self._known(manager_id, day))

    def norm(self, metric: str, manager_id: int, segment: str, day: date) -> norms.Norm | None:
        """The norm of one of his segments."""
        closed = self.closed.get((manager_id, day))
        person = replace(self.person(manager_id, day), segment=segment)
        return self.rules.norm(metric, person, day, closed.norms_until if closed is not None else None)

    def version(self, manager_id: int | None, day: date) -> str:
        """Names the state of the policy that a day is judged by."""
        return self.rules.version(self._known(manager_id, day))

    def _known(self, manager_id: int | None, day: date) -> int | None:
        """A closed day is judged by the versions that were known when it was closed (R3)."""
        closed = self.closed.get((manager_id, day)) if manager_id is not None else None
        return closed.policies_until if closed is not None else None

    def setting(self, name: str, manager_id: int | None, day: date) -> int:
        key = (name, manager_id, day)
        if key not in self._settings:
            self._settings[key] = self.rules.number(name, self.person(manager_id, day), day, self._known(manager_id, day))
        return self._settings[key]

    def min_talk(self, source_id: int, manager_id: int | None, day: date) -> int:
        """Seconds that make a conversation: the source's own number beats the policy (EC-33)."""
        source = self.sources.get(source_id)
        if source is not None and source.min_talk is not None:
            return source.min_talk
        return self.setting("min_talk", manager_id, day)

    def is_late(self, manager_id: int, day: date, call_id: int) -> bool:
        """Whether a call was told of after the day had been closed: what it owes is judged by late evidence (EC-38)."""
        closed = self.closed.get((manager_id, day))
        return closed is not None and call_id > closed.calls_until

    def has_left(self, manager_id: int | None, day: date) -> bool:
        """Whether the day is after his last one: calls by his extension are then somebody else's doing (EC-60)."""
        last_day = self.schedule(manager_id).last_day
        return last_day is not None and day > last_day

    def day_subject(self, manager_id: int, day: date, segment: str | None = None) -> str:
        """How the register names a manager's day; of several segments only the one with the greatest share needs no name."""
        subject = f"{self.handles[manager_id]}/{day.isoformat()}"
        return subject if segment in (None, self.week(manager_id, day).segment) else f"{subject}/{segment}"

    def day(self, manager_id: int | None, at: datetime) -> date:
        """The shift day a moment belongs to (EC-1 to EC-4)."""
        key = (manager_id, at)
        if key not in self._days:
            self._days[key] = calendar.shift_day(self.schedule(manager_id), at)
        return self._days[key]

    def day_bounds(self, manager_id: int | None, day: date) -> tuple[datetime, datetime]:
        """When a manager's day begins and ends."""
        return calendar.day_bounds(self.schedule(manager_id), day)

    def overdue_before(self, manager_id: int, day: date) -> datetime:
        """When the free days before a day begin, or the day itself: what was planned for them is of this day (EC-48)."""
        schedule = self.schedule(manager_id)
        first = day
        for _ in range(14):
            if calendar.shift(schedule, first - timedelta(days=1)) is not None:
                break
            first -= timedelta(days=1)
        return self.day_bounds(manager_id, first)[0]

    def closes_at(self, manager_id: int | None, day: date) -> datetime:
        return calendar.closes_at(self.schedule(manager_id), day, self.setting("day_close", manager_id, day))

    def reopen(self, pairs: Iterable[tuple[int, date]]) -> None:
        """From here on these days are judged as if they had not been closed."""
        for pair in pairs:
            self.closed.pop(pair, None)
        self.forget()

    def forget(self) -> None:
        """Other closings are known now: what was asked before is asked anew."""
        self._settings.clear()
        self._days.clear()

    def reports_at(self, manager_id: int, day: date) -> datetime:
        """When the day so far is put on record: the first such hour after its shift began."""
        return calendar.reports_at(self.schedule(manager_id), day, self.setting("report_at", manager_id, day))

    def working_days_later(self, manager_id: int, at: datetime, days: int) -> datetime:
        """The same time of day after so many days with a shift of his, or three weeks on if he has none."""
        return calendar.working_days_later(self.schedule(manager_id), at, days)


_NOBODY = norms.Person()


def _person(manager_id: int | None, schedule: Schedule, day: date) -> norms.Person:
    week = schedule.week(day)
    return norms.Person(manager_id, week.team, week.segment)


async def person_of(conn: db.Connection, handle: str, day: date) -> norms.Person:
    """A manager as the versions of norms and policy see him on a day. Raises ``NotFound``."""
    manager_id = (await people.by_handle(conn, handle))["id"]
    return _person(manager_id, (await people.schedules(conn, [manager_id]))[manager_id], day)


def _day_kinds(
    rules: norms.Rules, manager_id: int, schedule: Schedule, company: Company, own: Mapping[date, DayKind]
) -> Callable[[date], DayKind]:
    """The production calendar of a manager: the company's own word, else the country's that his setting names (EC-54)."""

    @cache
    def kind(day: date) -> DayKind:
        country = rules.value("calendar", _person(manager_id, schedule, day), day)
        return own.get(day) or norms.day_kind(company.region if country == "company" else country.upper(), day)

    return kind


async def open_book(conn: db.Connection, company: Company, *, since: date, rules: norms.Rules | None = None) -> Book:
    """Reads the book; ``since`` is the first day whose closing matters, ``rules`` are others than those in force."""
    managers = await people.all_managers(conn)
    rules = rules or await norms.load_rules(conn)
    own = {row["day"]: DayKind(row["kind"]) for row in await people.calendar_days(conn)}
    schedules: dict[int | None, Schedule] = {None: Schedule((Week(company.zone),))}
    for id_, schedule in (await people.schedules(conn, None)).items():
        schedules[id_] = replace(schedule, kind=_day_kinds(rules, id_, schedule, company, own))
    book = Book(
        company=company,
        sources=await webhooks.load_sources(conn, company),
        rules=rules,
        handles={row["id"]: row["handle"] for row in managers},
        names={row["id"]: row["name"] for row in managers},
        schedules=schedules,
        closed=await _closings(conn, since, None),
        closed_since=[since],
    )
    for whose, schedule in schedules.items():
        schedules[whose] = replace(schedule, boundary=partial(book.setting, "day_boundary", whose))
    return book


async def _closings(conn: db.Connection, since: date, before: date | None) -> dict[tuple[int, date], Closed]:
    return {
        (row["manager_id"], row["day"]): Closed(
            row["closed_at"],
            row["leads_until"],
            row["policies_until"],
            row["norms_until"],
            row["moves_until"],
            row["calls_until"],
        )
        for row in await norms.closed_days(conn, since, before)
    }


async def reach(conn: db.Connection, book: Book, days: Iterable[date]) -> None:
    """Reads closings back to the first of these days: a call told of years later finds its day closed (EC-38)."""
    first = min(days, default=None)
    if first is None:
        return
    first -= timedelta(days=3)  # a call's shift day, its neighbours and a series lie within
    if first < book.closed_since[0]:
        book.closed.update(await _closings(conn, first, book.closed_since[0]))
        book.closed_since[0] = first
        book.forget()


def utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def day_start(day: date) -> datetime:
    """The first moment at which it may be that day for somebody."""
    return datetime.combine(day, time(), UTC) - timedelta(hours=14)
