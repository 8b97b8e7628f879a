"""SQL of the tallies: counted from the ledger each time, never incremented (invariant 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import orjson

from telephony_bridge import db

SQL = db.queries("tally")


@dataclass(frozen=True, slots=True)
class Tally:
    """A metric's three numbers: what the PBX proved, what is also in the CRM, what counts after every rule."""

    pbx: int = 0
    crm: int = 0
    counted: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.pbx + other.pbx, self.crm + other.crm, self.counted + other.counted)


@dataclass(frozen=True, slots=True)
class NewLeads:
    """A manager's window of a day: from when to when he entered, and between which days a dial confirms it (EC-62).

    ``known``: the last move of a lead to look at, none of later ones; None looks at all.
    """

    manager_id: int
    since: datetime
    until: datetime
    first_day: date
    last_day: date
    known: int | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """Calls of a source as evidence: (started, ended), and silences a supervisor settled: (from, to, outage or pause)."""

    calls: tuple[tuple[datetime, datetime], ...]
    settled: tuple[tuple[datetime, datetime, str], ...]


async def tallies(
    conn: db.Connection, days: Iterable[date], managers: Sequence[int] | None
) -> dict[tuple[int, date], dict[str | None, dict[str, Tally]]]:
    """(manager, day) -> segment of the leads, None without a lead -> {"dials", "connects"}."""
    found: dict[tuple[int, date], dict[str | None, dict[str, Tally]]] = {}
    for row in await conn.fetch(SQL.calls, sorted(set(days)), managers):
        found.setdefault((row["manager_id"], row["day"]), {})[row["segment"]] = {
            metric: Tally(row[f"{metric}_pbx"], row[f"{metric}_crm"], row[f"{metric}_counted"])
            for metric in ("dials", "connects")
        }
    return found


async def not_counted(conn: db.Connection, day: date, managers: Sequence[int] | None) -> dict[int, dict[str, int]]:
    """Manager -> reason -> dials that do not count."""
    found: dict[int, dict[str, int]] = {}
    for row in await conn.fetch(SQL.not_counted, day, managers):
        found.setdefault(row["manager_id"], {})[row["why_not_dial"]] = row["calls"]
    return found


async def new_leads(conn: db.Connection, windows: Sequence[NewLeads], *, needs_call: bool) -> dict[int, dict[str, Tally]]:
    """Manager -> segment -> leads he entered (crm), those he dialled (pbx), and those that are new and so may count."""
    if not windows:
        return {}
    columns = zip(*((w.manager_id, w.since, w.until, w.first_day, w.last_day, w.known) for w in windows), strict=True)
    found: dict[int, dict[str, Tally]] = {}
    for row in await conn.fetch(SQL.new_leads, *columns):
        counted = row["called"] if needs_call else row["new"]
        found.setdefault(row["manager_id"], {})[row["segment"]] = Tally(row["proved"], row["entered"], counted)
    return found


async def sources_of(conn: db.Connection, managers: Sequence[int], day: date) -> dict[int, set[int]]:
    """Manager -> sources that tell of him on a day."""
    found: dict[int, set[int]] = {}
    for row in await conn.fetch(SQL.sources_of, managers, day):
        found.setdefault(row["manager_id"], set()).add(row["source_id"])
    return found


async def heard(conn: db.Connection, sources: Iterable[int], since: datetime, until: datetime) -> dict[int, Heard]:
    """Source -> what was heard of it between two moments."""
    asked = sorted(set(sources))
    first, last = since.astimezone(UTC).date(), until.astimezone(UTC).date()
    calls: dict[int, list[tuple[datetime, datetime]]] = {source: [] for source in asked}
    settled: dict[int, list[tuple[datetime, datetime, str]]] = {source: [] for source in asked}
    # a call that began before the window may reach into it: four hours back cover any conversation
    for row in await conn.fetch(SQL.calls_between, asked, since - timedelta(hours=4), until, first - timedelta(days=1), last):
        calls[row["source_id"]].append((row["started_at"], row["ended_at"]))
    for row in await conn.fetch(SQL.settled_silences, asked, since, until):
        settled[row["source_id"]].append((row["from_at"], row["to_at"], row["settled_as"]))
    return {source: Heard(tuple(calls[source]), tuple(settled[source])) for source in asked}


async def usual_calls(conn: db.Connection, sources: Iterable[int], first: date, last: date) -> dict[int, list[int]]:
    """Source -> calls it told of on each day of these on which it told of any."""
    found: dict[int, list[int]] = {}
    for row in await conn.fetch(SQL.usual_calls, sorted(set(sources)), first, last):
        found.setdefault(row["source_id"], []).append(row["calls"])
    return found


async def settle_silence(
    conn: db.Connection,
    source_id: int,
    start: datetime,
    end: datetime,
    word: str,
    *,
    author: str,
    reason: str | None,
    now: datetime,
) -> int:
    """A supervisor says that a silence was an ``outage`` (no verdict) or a ``pause`` (as good as evidence); returns its id."""
    return int(await conn.fetchval(SQL.settle_silence, source_id, start, end, word, author, reason, now))


async def silences(conn: db.Connection, *, limit: int) -> list[db.Record]:
    """What was settled, newest first."""
    return list(await conn.fetch(SQL.silences, limit))


async def closed_days(conn: db.Connection, since: date, before: date | None) -> list[db.Record]:
    """Closings of days since a first one: manager_id, day, closed_at, and what was known then."""
    return list(await conn.fetch(SQL.closed, since, before))


async def close_days(conn: db.Connection, ended: Sequence[tuple[int, date]], *, now: datetime) -> datetime:
    """Closes days; what the CRM holds at this moment is what they were judged by. Returns that newest entry."""
    newest = await conn.fetchval(SQL.newest_lead)
    until = max(newest, now) if newest is not None else now
    if ended:
        await conn.execute(SQL.close_day, [manager for manager, _ in ended], [day for _, day in ended], now, until)
    return until


async def report(
    conn: db.Connection,
    lines: Mapping[tuple[int, date], Mapping[str, object]],
    kind: str,
    *,
    author: str | None = None,
    reason: str | None = None,
    now: datetime,
) -> None:
    """Puts lines of the board on record, by (manager, day): provisional, closed, corrected or reopened."""
    if lines:
        managers, days = zip(*lines, strict=True)
        told = [orjson.dumps(line).decode() for line in lines.values()]
        await conn.execute(SQL.report, managers, days, told, kind, now, author, reason)


async def reports(conn: db.Connection, pairs: Iterable[tuple[int, date]]) -> dict[tuple[int, date], list[db.Record]]:
    """(manager, day) -> what was put on record of it, oldest first."""
    found: dict[tuple[int, date], list[db.Record]] = {}
    asked = sorted(set(pairs))
    if asked:
        for row in await conn.fetch(SQL.reports, *zip(*asked, strict=True)):
            found.setdefault((row["manager_id"], row["day"]), []).append(row)
    return found


async def last_closed(conn: db.Connection) -> Mapping[int, date]:
    """Manager -> the last day that is closed."""
    return {row["manager_id"]: row["day"] for row in await conn.fetch(SQL.last_closed)}


async def first_call_day(conn: db.Connection) -> date | None:
    """The first day on which any manager has a call."""
    day: date | None = await conn.fetchval(SQL.first_call_day)
    return day
