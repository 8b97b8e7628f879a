"""What supervisors and the owner are told: who will miss a floor, the day so far, the day as it closed, majors (R5, R43)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Literal

from telephony_bridge import db, notices, violations
from telephony_bridge.book import Book
from telephony_bridge.days import board, manager_days
from telephony_bridge.norms import calendar
from telephony_bridge.notices import DayOf, Decided
from telephony_bridge.people import Hearer, Hearers
from telephony_bridge.telling.readers import DAY, Reader, clock_of, reader_of
from telephony_bridge.telling.rounds import day_of, slow

SQL = db.queries("telling")
_REVIEW = sorted(code for code, (_, severity) in violations.CODES.items() if severity == "review")
_MAJOR = sorted(code for code, (_, severity) in violations.CODES.items() if severity == "major")
_GOOD_FOR = timedelta(hours=36)  # a supervisor reads it the next morning at the latest, a weekend apart
_HOURS = {"pace": timedelta(hours=3), "results": timedelta(hours=4)}
_HAS_NORM = frozenset({"met", "target"})


async def teams_so_far(conn: db.Connection, book: Book, hearers: Hearers, *, now: datetime) -> list[Decided]:
    """At the company's hours: who will miss a floor, and the department's day so far; each supervisor of his team."""
    day = now.astimezone(book.company.zone).date()
    due: list[tuple[Literal["pace", "results"], Reader]] = []
    for kind, clock in (("pace", "pace"), ("results", "report_at")):
        minutes = clock_of(book, clock, None, day)  # type: ignore[arg-type]
        since = calendar.local_moment(book.company.zone, day, minutes) if minutes is not None else None
        if since is not None and since <= now < since + _HOURS[kind]:
            told = _with_owner(hearers) if kind == "results" else hearers.of("team")
            due += [(kind, reader_of(book, person, now=now)) for person in told]  # type: ignore[misc]
    fresh = await notices.fresh_keys(conn, [f"{kind}_team/{reader.who}/{day}" for kind, reader in due])
    due = [(kind, reader) for kind, reader in due if f"{kind}_team/{reader.who}/{day}" in fresh]
    if not due:
        return []
    at_work = [id_ for id_ in book.handles if calendar.shift(book.schedule(id_), day) is not None]
    behind: dict[int, DayOf] = {}
    if any(kind == "pace" for kind, _ in due):
        for found in await manager_days(conn, book, at_work, day, now=now):
            if numbers := slow(book, found, now):
                behind[found.manager_id] = DayOf(book.names[found.manager_id], numbers, "pending", 0)
    lines = await _lines(conn, book, day, now=now) if any(kind == "results" for kind, _ in due) else {}
    decided = []
    for kind, reader in due:
        shown: Mapping[int, DayOf] = behind if kind == "pace" else lines
        people = [one for id_, one in shown.items() if _hears_of(reader.person, book, id_, day)]
        if not people:
            decided.append(reader.nothing(f"{kind}_team", str(day), now=now))
            continue
        decided.append(
            reader.notice(
                f"{kind}_team",
                str(day),
                {"people": people, "on": day, "met": sum(one.verdict in _HAS_NORM for one in people)},
                until=now + _GOOD_FOR,
                now=now,
            )
        )
    return decided


def _with_owner(hearers: Hearers) -> list[Hearer]:
    """Supervisors and the owner, each once (R5)."""
    return list({one.login: one for one in (*hearers.of("team"), *(one for one in hearers.users if one.is_owner))}.values())


async def _lines(conn: db.Connection, book: Book, day: date, *, now: datetime) -> dict[int, DayOf]:
    """Manager id -> his line of that day's board, of who was to work or did something."""
    ids = {handle: id_ for id_, handle in book.handles.items()}
    return {ids[line["manager"]]: day_of(line) for line in await board(conn, day, company=book.company, now=now)}


def _hears_of(person: Hearer, book: Book, manager_id: int, day: date) -> bool:
    return person.team is None or person.team == book.week(manager_id, day).team


async def days_closed(
    conn: db.Connection, book: Book, hearers: Hearers, ended: Collection[tuple[int, date]], *, now: datetime
) -> list[Decided]:
    """A day has been closed for the last of a team: its result to the supervisors, and majors to the owner."""
    recent = {(id_, day) for id_, day in ended if now - book.closes_at(id_, day) < _GOOD_FOR}
    decided: list[Decided] = []
    for day in sorted({day for _, day in recent}):
        working = [id_ for id_ in book.handles if calendar.shift(book.schedule(id_), day) is not None]
        is_open = {id_ for id_ in working if (id_, day) not in book.closed and (id_, day) not in ended}
        lines = await _lines(conn, book, day, now=now)
        opened = await conn.fetch(SQL.opened, day, _REVIEW)
        waiting = {row["manager_id"]: row for row in await conn.fetch(SQL.waiting_for_word, _REVIEW)}
        for person in hearers.of("team"):
            mine = [id_ for id_ in book.handles if _hears_of(person, book, id_, day)]
            people = [lines[id_] for id_ in mine if id_ in lines]
            if is_open.isdisjoint(mine) and people:
                codes: dict[str, int] = {}
                for row in opened:
                    if row["manager_id"] in mine:
                        codes[row["code"]] = codes.get(row["code"], 0) + row["violations"]
                decided.append(
                    reader_of(book, person, now=now).notice(
                        "day_team",
                        str(day),
                        {
                            "on": day,
                            "people": people,
                            "met": sum(one.verdict in _HAS_NORM for one in people),
                            "owed": [(code, number, None) for code, number in sorted(codes.items())],
                            "disputed": sum(waiting[id_]["disputed"] for id_ in mine if id_ in waiting),
                            "review": sum(waiting[id_]["review"] for id_ in mine if id_ in waiting),
                        },
                        until=now + _GOOD_FOR,
                        now=now,
                    )
                )
    return decided + await _majors(conn, book, hearers, recent, now=now)


async def _majors(
    conn: db.Connection, book: Book, hearers: Hearers, ended: Iterable[tuple[int, date]], *, now: datetime
) -> list[Decided]:
    """Who has so many new major violations in his last working days is told to the owner, each violation once."""
    last: dict[int, date] = {}
    for manager_id, day in ended:
        last[manager_id] = max(day, last.get(manager_id, day))
    since = {id_: _working_days_back(book, id_, day, book.setting("majors_days", id_, day)) for id_, day in last.items()}
    decided = []
    for person in hearers.of("owner") if since else ():
        rows = await conn.fetch(SQL.majors, list(since), list(since.values()), _MAJOR, person.login)
        by_manager: dict[int, list[db.Record]] = {}
        for row in rows:
            by_manager.setdefault(row["manager_id"], []).append(row)
        told = {
            id_: mine
            for id_, mine in by_manager.items()
            if len(mine) >= book.setting("majors", id_, last[id_]) and _hears_of(person, book, id_, last[id_])
        }
        if told:
            decided.append(
                reader_of(book, person, now=now).notice(
                    "majors",
                    now.isoformat(),
                    {
                        "days": book.setting("majors_days", None, max(last.values())),
                        "people": [(book.names[id_], _by_code(mine)) for id_, mine in sorted(told.items())],
                    },
                    until=now + 2 * _GOOD_FOR,
                    now=now,
                    tells=tuple(("majors", f"{person.login}/{row['id']}") for mine in told.values() for row in mine),
                )
            )
    return decided


def _by_code(rows: Sequence[db.Record]) -> list[tuple[str, int, Any]]:
    codes: dict[str, int] = {}
    for row in rows:
        codes[row["code"]] = codes.get(row["code"], 0) + 1
    return [(code, number, None) for code, number in sorted(codes.items())]


def _working_days_back(book: Book, manager_id: int, day: date, days: int) -> date:
    """The first of so many days with a shift of his that end with this one, three weeks back at the most."""
    found = day
    for back in range(21):
        on = day - back * DAY
        if calendar.shift(book.schedule(manager_id), on) is not None:
            found = on
            days -= 1
            if days <= 0:
                break
    return found
