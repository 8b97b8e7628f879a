"""What each manager is told of his day by the clock: the morning list, what is left, his pace, the day so far (R36, R43, R5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from telephony_bridge import crm, db, norms
from telephony_bridge.book import Book
from telephony_bridge.days import METRICS, ManagerDay, manager_days
from telephony_bridge.norms import calendar
from telephony_bridge.notices import DayOf, Decided, Number, Planned, by_code
from telephony_bridge.people import Hearers
from telephony_bridge.planning import is_overdue
from telephony_bridge.telling.debts import LISTS, NOTHING, Owed, owed_by
from telephony_bridge.telling.hours import hours_of
from telephony_bridge.telling.readers import DAY, Reader, good_until, reader_of


@dataclass(frozen=True, slots=True)
class Due:
    """A notice whose hour has come for a manager: of which day, and until when it is worth sending."""

    kind: str
    reader: Reader
    day: date
    until: datetime

    @property
    def manager_id(self) -> int:
        assert self.reader.person.manager_id is not None
        return self.reader.person.manager_id

    @property
    def key(self) -> str:
        return self.reader.key(self.kind, str(self.day))


def due_now(book: Book, hearers: Hearers, *, now: datetime) -> list[Due]:
    """Every manager's notices by the clock whose hour has come and is not over, whether or not they are decided."""
    found = []
    for manager_id, person in hearers.managers.items():
        schedule, today = book.schedule(manager_id), book.day(manager_id, now)
        for day in (today - DAY, today):  # a night shift's report comes in the morning after
            span = calendar.shift(schedule, day)
            if span is None or (day < today and now >= book.closes_at(manager_id, day)):
                continue
            hours = hours_of(book, manager_id, day)
            for kind, (since, until) in hours.items():
                if since <= now < until:
                    reader = reader_of(book, person, now=now)
                    found.append(Due(kind, reader, day, good_until(book, manager_id, until, now=now)))
    return found


async def by_the_clock(conn: db.Connection, book: Book, due: Sequence[Due], *, now: datetime) -> list[Decided]:
    """The notices of these managers' hours."""
    decided: list[Decided] = []
    lists = [one for one in due if one.kind in LISTS]
    if lists:
        contacts = await _contacts(conn, book, [one.manager_id for one in lists], now=now)
        made = await _made(conn, book, lists)
        owed = await owed_by(conn, book, {one.manager_id for one in lists}, is_list=True, now=now)
        decided += [
            _list(one, contacts.get(one.manager_id, ()), made.get(one.manager_id, 0), owed.get(one.manager_id, NOTHING), now=now)
            for one in lists
        ]
    paces = [one for one in due if one.kind == "pace"]
    for day in {one.day for one in paces}:
        mine = {one.manager_id: one for one in paces if one.day == day}
        behind = {found.manager_id: slow(book, found, now) for found in await manager_days(conn, book, mine, day, now=now)}
        decided += [_pace(one, behind.get(one.manager_id, ()), now=now) for one in mine.values()]
    results = [one for one in due if one.kind == "results"]
    on_record = await norms.reports(conn, [(one.manager_id, one.day) for one in results]) if results else {}
    decided += [
        _results(book, one, on_record[one.manager_id, one.day][-1]["line"], now=now)
        for one in results
        if (one.manager_id, one.day) in on_record
    ]
    return decided


async def _contacts(conn: db.Connection, book: Book, managers: Sequence[int], *, now: datetime) -> dict[int, list[Planned]]:
    """Manager id -> what is planned for his local today and was not made, overdue first."""
    by_zone: dict[ZoneInfo, set[int]] = {}
    for one_id in managers:
        by_zone.setdefault(book.schedule(one_id).week_at(now).timezone, set()).add(one_id)
    ids = book.ids
    found: dict[int, list[Planned]] = {}
    for zone, mine in by_zone.items():
        ends = datetime.combine(now.astimezone(zone).date() + DAY, time(), zone)
        only = next(iter(mine)) if len(mine) == 1 else None
        for one in await crm.planned(conn, before=ends, manager_id=only, zone=zone):
            manager_id = ids.get(one["manager"])
            if manager_id is not None and manager_id in mine:
                at = datetime.fromisoformat(one["at"])
                overdue = is_overdue(book, manager_id, at, today=now.astimezone(zone).date())
                contact = Planned(one["name"], at, one["goal"], one["last_outcome"], overdue)
                found.setdefault(manager_id, []).append(contact)
    return found


async def _made(conn: db.Connection, book: Book, lists: Sequence[Due]) -> dict[int, int]:
    """Manager id -> how many of today's planned contacts he has made."""
    ids = book.ids
    asked = [
        (one.manager_id, one.day, *book.day_bounds(one.manager_id, one.day), book.overdue_before(one.manager_id, one.day))
        for one in lists
        if one.kind == "remainder"
    ]
    return {ids[handle]: states["done"] for handle, states in await crm.planned_today(conn, asked)}


def _list(due: Due, planned: Sequence[Planned], made: int, owed: Owed, *, now: datetime) -> Decided:
    return due.reader.notice(
        due.kind,
        str(due.day),
        {
            "planned": planned,
            "overdue": sum(one.overdue for one in planned),
            "made": made,
            "owed": by_code(owed.debts),
        },
        until=due.until,
        now=now,
        opens="plan",
        tells=owed.tells,
    )


def slow(book: Book, found: ManagerDay, now: datetime) -> tuple[Number, ...]:
    """The metrics that will miss their floor if the rest of the shift goes as it has gone; none where the PBX was not heard."""
    return tuple(one for one in paces(book, found, now) if one.projected is not None and one.projected < one.minimum)


def paces(book: Book, found: ManagerDay, now: datetime) -> tuple[Number, ...]:
    """Each metric that has a norm, with what the shift will have counted; none before it or where the PBX was not heard."""
    span = book.shift(found.manager_id, found.day)
    if span is None or found.gaps or not span[0] < now:
        return ()
    passed = calendar.share_worked(span, now, break_minutes=book.setting("break_minutes", found.manager_id, found.day))
    counted, bounds = found.tallies, found.bounds
    return tuple(
        Number(metric, counted[metric].counted, *bounds[metric], projected=int(counted[metric].counted / passed))
        for metric in METRICS
        if metric in bounds
    )


def _pace(due: Due, numbers: Sequence[Number], *, now: datetime) -> Decided:
    if not numbers:
        return due.reader.nothing("pace", str(due.day), now=now)
    return due.reader.notice("pace", str(due.day), {"numbers": numbers}, until=due.until, now=now, opens="owed")


def _results(book: Book, due: Due, line: Mapping[str, Any], *, now: datetime) -> Decided:
    facts = {"on": due.day, "mine": day_of(line), "closes_at": book.closes_at(due.manager_id, due.day)}
    return due.reader.notice("results", str(due.day), facts, until=due.until, now=now, opens="owed")


def day_of(line: Mapping[str, Any]) -> DayOf:
    """A line of the board; a day under way by what its verdict would be if it ended now."""
    return DayOf(
        line["name"],
        tuple(Number(metric, line[metric]["counted"], line[metric]["min"], line[metric]["target"]) for metric in METRICS),
        str(line.get("provisional", line["verdict"])),
        line["violations"]["open"],
    )
