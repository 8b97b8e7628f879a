"""What supervisors and the owner are told: who will miss a floor, the day so far, the day as it closed, majors (R5, R43)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

from telephony_bridge import db, notices, violations
from telephony_bridge.book import Book
from telephony_bridge.days import board, manager_days
from telephony_bridge.norms import calendar
from telephony_bridge.notices import DayOf, Decided
from telephony_bridge.people import Hearer, Hearers
from telephony_bridge.telling.debts import working_days_back
from telephony_bridge.telling.hours import Clock, clock_of
from telephony_bridge.telling.readers import Reader, reader_of
from telephony_bridge.telling.rounds import day_of, slow

SQL = db.queries("telling")
_REVIEW = sorted(code for code, (_, severity) in violations.CODES.items() if severity == "review")
_MAJOR = sorted(code for code, (_, severity) in violations.CODES.items() if severity == "major")
_GOOD_FOR = timedelta(hours=36)  # a supervisor reads it the next morning at the latest, a weekend apart
_CLOCKS: tuple[tuple[Literal["pace", "results"], Clock, timedelta], ...] = (
    ("pace", "pace", timedelta(hours=3)),  # kind, clock, how long it is worth telling
    ("results", "report_at", timedelta(hours=4)),
)
_LATE = timedelta(hours=9)  # who closes his day so long after the company is told of apart: nobody waits a day for a night shift
_HAS_NORM = frozenset({"met", "target"})


async def teams_so_far(conn: db.Connection, book: Book, hearers: Hearers, *, now: datetime) -> list[Decided]:
    """At the company's hours: who will miss a floor, and the department's day so far; each supervisor of his team."""
    day = now.astimezone(book.company.zone).date()
    due: list[tuple[Literal["pace", "results"], Reader, datetime]] = []
    for kind, clock, worth in _CLOCKS:
        minutes = clock_of(book, clock, None, day)
        since = calendar.local_moment(book.company.zone, day, minutes) if minutes is not None else None
        if since is not None and since <= now < since + worth:
            told = _heard_by(book, hearers, day)
            if kind == "results":  # R5: the owner, too
                told = list({one.login: one for one in (*told, *(one for one in hearers.users if one.is_owner))}.values())
            due += [(kind, reader_of(book, person, now=now), since + worth) for person in told]
    keys = [reader.key(f"{kind}_team", str(day)) for kind, reader, _ in due]
    fresh = await notices.fresh_keys(conn, keys)
    due = [one for one, key in zip(due, keys, strict=True) if key in fresh]
    if not due:
        return []
    at_work = [id_ for id_ in book.handles if book.shift(id_, day) is not None]
    behind: dict[int, DayOf] = {}
    if any(kind == "pace" for kind, _, _ in due):
        for found in await manager_days(conn, book, at_work, day, now=now):
            if numbers := slow(book, found, now):
                behind[found.manager_id] = DayOf(book.names[found.manager_id], numbers, "pending", 0)
    lines = await _lines(conn, book, day, now=now) if any(kind == "results" for kind, _, _ in due) else {}
    decided = []
    for kind, reader, until in due:
        shown: Mapping[int, DayOf] = behind if kind == "pace" else lines
        people = [one for id_, one in shown.items() if _hears_of(reader.person, book, hearers, id_, day)]
        if not people:
            decided.append(reader.nothing(f"{kind}_team", str(day), now=now))
            continue
        decided.append(
            reader.notice(
                f"{kind}_team",
                str(day),
                {"people": people, "on": day, "met": sum(one.verdict in _HAS_NORM for one in people)},
                until=until,
                now=now,
            )
        )
    return decided


def _heard_by(book: Book, hearers: Hearers, day: date) -> list[Hearer]:
    """Everybody who hears of some team, each once."""
    teams = {book.week(id_, day).team for id_ in book.handles}
    return list({one.login: one for team in sorted(teams, key=str) for one in hearers.of_team(team)}.values())


async def _lines(conn: db.Connection, book: Book, day: date, *, now: datetime) -> dict[int, DayOf]:
    """Manager id -> his line of that day's board, of who was to work or did something."""
    ids = book.ids
    found = {ids[line["manager"]]: day_of(line) for line in await board(conn, day, company=book.company, now=now)}
    spans = {id_: book.shift(id_, day) for id_ in found}
    return {
        id_: replace(one, verdict="ahead") if (span := spans[id_]) is not None and now < span[0] else one
        for id_, one in found.items()
    }


def _hears_of(person: Hearer, book: Book, hearers: Hearers, manager_id: int, day: date) -> bool:
    """The owner hears of everybody."""
    return person.is_owner or person in hearers.of_team(book.week(manager_id, day).team)


async def days_closed(
    conn: db.Connection, book: Book, hearers: Hearers, ended: Collection[tuple[int, date]], *, now: datetime
) -> list[Decided]:
    """A day has been closed for the last of a team: its result to the supervisors, and majors to the owner."""
    recent = {(id_, day) for id_, day in ended if now - book.closes_at(id_, day) < _GOOD_FOR}
    decided: list[Decided] = []
    waiting = {row["manager_id"]: row for row in await conn.fetch(SQL.waiting_for_word, _REVIEW)} if recent else {}
    for day in sorted({day for _, day in recent}):
        lines = await _lines(conn, book, day, now=now)
        opened = await conn.fetch(SQL.opened, day, _REVIEW)
        for is_late in {_closes_late(book, id_, other) for id_, other in recent if other == day}:
            mine = [id_ for id_ in book.handles if _closes_late(book, id_, day) == is_late]
            working = [id_ for id_ in mine if book.shift(id_, day) is not None]
            is_open = {id_ for id_ in working if (id_, day) not in book.closed and (id_, day) not in ended}
            for person in _heard_by(book, hearers, day):
                his = {id_ for id_ in mine if _hears_of(person, book, hearers, id_, day)}
                if is_open.isdisjoint(his) and his & lines.keys():
                    reader = reader_of(book, person, now=now)
                    decided.append(_closing(reader, day, is_late, his, lines, opened, waiting, now=now))
    return decided + await _majors(conn, book, hearers, recent, now=now)


def _closes_late(book: Book, manager_id: int, day: date) -> bool:
    return book.closes_at(manager_id, day) - book.closes_at(None, day) >= _LATE


def _closing(
    reader: Reader,
    day: date,
    is_late: bool,
    his: Collection[int],
    lines: Mapping[int, DayOf],
    opened: Sequence[db.Record],
    waiting: Mapping[int, db.Record],
    *,
    now: datetime,
) -> Decided:
    people = [lines[id_] for id_ in lines if id_ in his]
    codes: Counter[str] = Counter()
    for row in opened:
        if row["manager_id"] in his:
            codes[row["code"]] += row["violations"]
    facts = {
        "on": day,
        "people": people,
        "met": sum(one.verdict in _HAS_NORM for one in people),
        "judged": sum(one.verdict in {*_HAS_NORM, "not_met"} for one in people),
        "owed": _by_code(codes),
        "disputed": sum(waiting[id_]["disputed"] for id_ in his if id_ in waiting),
        "review": sum(waiting[id_]["review"] for id_ in his if id_ in waiting),
    }
    return reader.notice("day_team", f"{day}/late" if is_late else str(day), facts, until=now + _GOOD_FOR, now=now)


async def _majors(
    conn: db.Connection, book: Book, hearers: Hearers, ended: Collection[tuple[int, date]], *, now: datetime
) -> list[Decided]:
    """Who has so many new major violations in his last working days is told to the owner, each violation once.

    A letter that waits for the morning gives way to one that knows more.
    """
    if not ended:
        return []
    day = {id_: book.day(id_, now) for id_ in book.handles}
    since = {id_: working_days_back(book, id_, on, book.setting("majors_days", id_, on)) for id_, on in day.items()}
    decided = []
    for person in hearers.of("owner"):
        await notices.fold(conn, (), ["majors"], login=person.login)
        by_manager: dict[int, list[db.Record]] = {}
        for row in await conn.fetch(SQL.majors, list(since), list(since.values()), _MAJOR, person.login):
            by_manager.setdefault(row["manager_id"], []).append(row)
        told = {id_: mine for id_, mine in by_manager.items() if len(mine) >= book.setting("majors", id_, day[id_])}
        if told:
            facts = {
                "days": book.setting("majors_days", None, max(day.values())),
                "people": [
                    (book.names[id_], _by_code(Counter(row["code"] for row in mine))) for id_, mine in sorted(told.items())
                ],
            }
            tells = tuple(("majors", f"{person.login}/{row['id']}") for mine in told.values() for row in mine)
            reader = reader_of(book, person, now=now)
            decided.append(reader.notice("majors", now.isoformat(), facts, until=now + 2 * _GOOD_FOR, now=now, tells=tells))
    return decided


def _by_code(codes: Counter[str]) -> list[tuple[str, int, None]]:
    """As templates take them: nothing here has a deadline ahead."""
    return [(code, number, None) for code, number in sorted(codes.items())]
