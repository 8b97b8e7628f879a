"""SQL of the staff: managers with their working weeks, extensions and absences by date (EC-51 to EC-53, EC-58 to EC-60)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import asyncpg

from telephony_bridge import db
from telephony_bridge.errors import Conflict, NotFound, Refused
from telephony_bridge.model import DayKind, Schedule, Week
from telephony_bridge.people.vault import masked

SQL = db.queries("people")
LANGUAGES = ("ru", "en")
BEGINNING = date(2000, 1, 1)  # what has no beginning holds since here
_LATEST = date(2099, 12, 31)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Particulars:
    """What is a manager's own whatever the day: the rest is his week, which has a beginning.

    ``notify`` are addresses as the vault closed them; ``language`` is ru, en or the company's.
    """

    name: str
    first_day: date | None = None
    notify: tuple[str, ...] = ()
    language: str | None = None

    def checked(self) -> Particulars:
        """Itself. Raises ``Refused`` naming what is wrong."""
        if not self.name.strip():
            raise Refused("name: a manager needs a name")
        read_language(self.language)
        return self


def read_language(typed: str | None) -> str | None:
    """One of the two we have words in; None is the company's. Raises ``Refused``."""
    if typed not in (None, *LANGUAGES):
        raise Refused(f"language: read {typed!r}, expected {' or '.join(LANGUAGES)}")
    return typed


def read_zone(typed: str) -> ZoneInfo:
    """An IANA zone. Raises ``Refused``."""
    try:
        return ZoneInfo(typed)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise Refused(f"timezone: read {typed!r}, expected an IANA zone such as Europe/Moscow") from unknown


def read_segments(told: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Segments with shares in percent (EC-57), checked. Raises ``Refused``."""
    found = tuple((segment.strip(), share) for segment, share in told)
    if not found or not all(segment for segment, _ in found):
        raise Refused("segment: expected a word such as cold")
    if len({segment for segment, _ in found}) < len(found):
        raise Refused("segments: a segment is told twice; give each one share")
    if any(not 1 <= share <= 100 for _, share in found) or sum(share for _, share in found) > 100:
        shares = ", ".join(f"{segment} {share}" for segment, share in found)
        raise Refused(f"segments: read {shares}; expected shares from 1 to 100 percent, at most 100 together")
    return found


def version_day(schedule: Schedule, asked: date | None, last_closed: date | None, now: datetime) -> date | None:
    """From which day a changed week holds; None is since ever. Raises ``Refused``: closed days keep what they were judged by.

    Unless a day is asked for, a week of which no day is closed is corrected as a whole; else the change holds from the first
    day that is not closed.
    """
    if asked is not None and last_closed is not None and asked <= last_closed:
        raise Refused(f"from: his days up to {last_closed} are closed and keep what they were judged by; pick a later day")
    if asked is not None:
        return asked
    began = schedule.week_at(now).from_day
    if last_closed is None or (began is not None and began > last_closed):
        return began
    return last_closed + _DAY


async def all_managers(conn: db.Connection) -> list[db.Record]:
    """Every manager who is or was, by handle."""
    return list(await conn.fetch(SQL.everyone))


async def by_handle(conn: db.Connection, handle: str) -> db.Record:
    """One manager. Raises ``NotFound``."""
    row = await conn.fetchrow(SQL.by_handle, handle)
    if row is None:
        raise NotFound(f"there is no manager {handle!r}; see: telephony-bridge manager list")
    return row


async def schedules(conn: db.Connection, ids: Sequence[int] | None) -> dict[int, Schedule]:
    """Manager id -> working weeks with absences; None asks for all."""
    away: dict[int, list[tuple[date, date]]] = {}
    for row in await conn.fetch(SQL.absences, ids):
        away.setdefault(row["manager_id"], []).append((row["from_day"], row["to_day"]))
    versions = _grouped(await conn.fetch(SQL.versions, ids))
    return {
        row["id"]: Schedule(
            weeks=tuple(_week(one) for one in versions[row["id"]]),
            absences=tuple(away.get(row["id"], ())),
            first_day=row["first_day"],
            last_day=row["last_day"],
        )
        for row in await conn.fetch(SQL.everyone)
        if ids is None or row["id"] in ids
    }


def _week(row: db.Record) -> Week:
    return Week(
        timezone=ZoneInfo(row["timezone"]),
        opens=row["opens"],
        closes=row["closes"],
        days=frozenset(row["days"]),
        team=row["team"],
        segments=tuple((segment, share) for segment, share in row["segments"]),
        from_day=row["from_day"],
    )


async def calendar_days(conn: db.Connection) -> list[db.Record]:
    """Days the company sees otherwise than its country's calendar, in order."""
    return list(await conn.fetch(SQL.calendar_days))


async def set_calendar_day(
    conn: db.Connection, day: date, kind: DayKind, note: str | None, *, author: str, now: datetime
) -> None:
    """A day of the company's own calendar; the last word holds."""
    await conn.execute(SQL.set_calendar_day, day, kind.value, note, author, now)


async def add_manager(conn: db.Connection, handle: str, told: Particulars, week: Week, *, author: str, now: datetime) -> int:
    """Registers a salesperson whose week holds since ever; returns the id. Raises ``Refused`` or ``Conflict``."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", handle):
        raise Refused(f"handle: read {handle!r}, expected lower-case Latin letters, digits, dots, - and _")
    told = told.checked()
    try:
        async with conn.transaction():
            manager_id = int(
                await conn.fetchval(SQL.add, handle, told.name.strip(), told.first_day, list(told.notify), told.language, now)
            )
            await set_week(conn, manager_id, week, author=author, now=now)
    except asyncpg.UniqueViolationError as taken:
        raise Conflict(f"there is a manager {handle!r} already; pick another handle, or change that one") from taken
    return manager_id


async def change_manager(conn: db.Connection, manager_id: int, told: Particulars) -> None:
    """The manager is as told. Raises ``Refused``."""
    told = told.checked()
    await conn.execute(SQL.change, manager_id, told.name.strip(), told.first_day, list(told.notify), told.language)


async def set_week(conn: db.Connection, manager_id: int, week: Week, *, author: str, now: datetime) -> None:
    """A week holds from its first day on, until the next one begins; one of the same first day gives way."""
    await conn.execute(
        SQL.set_version,
        manager_id,
        week.from_day,
        str(week.timezone),
        week.team,
        week.opens,
        week.closes,
        sorted(week.days),
        [list(one) for one in week.segments],
        now,
        author,
    )


async def leave(conn: db.Connection, manager_id: int, *, on: date) -> None:
    """``on`` is the first day away. His extensions stay his until they are another's: a call made after is seen (EC-60)."""
    await conn.execute(SQL.leave, manager_id, on - _DAY)


async def add_absence(conn: db.Connection, manager_id: int, first: date, last: date, kind: str, *, now: datetime) -> int:
    """Days away, both inclusive (EC-51); returns the id. Raises ``Refused``."""
    if last < first:
        raise Refused(f"to: read {last}, expected a day on or after {first}")
    return int(await conn.fetchval(SQL.add_absence, manager_id, first, last, kind, now))


async def map_extension(
    conn: db.Connection,
    manager_id: int,
    source: str | None,
    extension: str,
    *,
    first: date | None,
    last: date | None,
    today: date,
) -> tuple[date, set[int]]:
    """An extension is this manager's from a day on; who had it has it until the day before (EC-58).

    Without ``first`` it holds since the beginning if it was nobody's yet (EC-59), else from today. Returns the first day
    and everybody whose calls may be another's now. Raises ``NotFound`` or ``Refused``.
    """
    if not extension.strip():
        raise Refused("extension: expected what the PBX calls the phone, such as 101")
    source_id: int | None = None
    if source is not None:
        source_id = await conn.fetchval(SQL.source_id, source)
        if source_id is None:
            raise NotFound(f"there is no source named {source}; see: telephony-bridge source list")
    if first is None:
        first = today if await conn.fetch(SQL.holders, source_id, extension, BEGINNING, None) else BEGINNING
    if last is not None and last < first:
        raise Refused(f"to: read {last}, expected a day on or after {first}")
    touched = {manager_id}
    for row in await conn.fetch(SQL.holders, source_id, extension, first, last):
        touched.add(row["manager_id"])
        if row["from_day"] < first:
            await conn.execute(SQL.end_mapping, row["id"], first - _DAY)
        else:
            await conn.execute(SQL.drop_mapping, row["id"])
        if last is not None and (row["to_day"] or _LATEST) > last:  # he has it again afterwards
            await conn.execute(SQL.map, source_id, extension, row["manager_id"], last + _DAY, row["to_day"])
    await conn.execute(SQL.map, source_id, extension, manager_id, first, last)
    return first, touched


async def list_managers(conn: db.Connection, *, now: datetime) -> list[dict[str, Any]]:
    """Every manager with extensions, absences and weeks, by handle; JSON-ready but for the weeks, addresses masked.

    ``week`` is the one that holds now, ``versions`` are all of them in order: (week, set at, author).
    """
    versions = _grouped(await conn.fetch(SQL.versions, None))
    extensions = _grouped(await conn.fetch(SQL.extensions))
    absences = _grouped(await conn.fetch(SQL.absences, None))
    return [
        {
            "id": row["id"],
            "handle": row["handle"],
            "name": row["name"],
            "week": Schedule(tuple(_week(one) for one in versions[row["id"]])).week_at(now),
            "versions": [(_week(one), one["set_at"], one["author"]) for one in versions[row["id"]]],
            "from": _iso(row["first_day"]),
            "last_day": _iso(row["last_day"]),
            "notify": [masked(kept) for kept in row["notify"]],
            "language": row["language"],
            "extensions": [
                {
                    "source": one["source"],
                    "extension": one["extension"],
                    "from": None if one["from_day"] == BEGINNING else _iso(one["from_day"]),
                    "to": _iso(one["to_day"]),
                }
                for one in extensions.get(row["id"], ())
            ],
            "absences": [
                {"from": _iso(one["from_day"]), "to": _iso(one["to_day"]), "kind": one["kind"]}
                for one in absences.get(row["id"], ())
            ],
        }
        for row in await conn.fetch(SQL.everyone)
    ]


def _grouped(rows: Iterable[db.Record]) -> Mapping[int, list[db.Record]]:
    found: dict[int, list[db.Record]] = {}
    for row in rows:
        found.setdefault(row["manager_id"], []).append(row)
    return found


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day is not None else None
