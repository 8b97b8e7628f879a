"""SQL of the tallies: counted from the ledger each time, never incremented (invariant 3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from telephony_bridge import db

SQL = db.queries("tally")


@dataclass(frozen=True, slots=True)
class Tally:
    """A metric's three numbers: what the PBX proved, what is also in the CRM, what counts after every rule."""

    pbx: int = 0
    crm: int = 0
    counted: int = 0


@dataclass(frozen=True, slots=True)
class NewLeads:
    """A manager's window of a day: from when to when he entered, and between which days a dial confirms it (EC-62)."""

    manager_id: int
    since: datetime
    until: datetime
    first_day: date
    last_day: date
    segment: str


@dataclass(frozen=True, slots=True)
class Heard:
    """Calls of a source as evidence: (started, ended), and silences a supervisor settled: (from, to, outage or pause)."""

    calls: tuple[tuple[datetime, datetime], ...]
    settled: tuple[tuple[datetime, datetime, str], ...]


async def tallies(
    conn: db.Connection, days: Iterable[date], managers: Sequence[int] | None
) -> dict[tuple[int, date], dict[str, Tally]]:
    """(manager, day) -> {"dials", "connects"}."""
    return {
        (row["manager_id"], row["day"]): {
            metric: Tally(row[f"{metric}_pbx"], row[f"{metric}_crm"], row[f"{metric}_counted"])
            for metric in ("dials", "connects")
        }
        for row in await conn.fetch(SQL.calls, sorted(set(days)), managers)
    }


async def not_counted(conn: db.Connection, day: date, managers: Sequence[int] | None) -> dict[int, dict[str, int]]:
    """Manager -> reason -> dials that do not count."""
    found: dict[int, dict[str, int]] = {}
    for row in await conn.fetch(SQL.not_counted, day, managers):
        found.setdefault(row["manager_id"], {})[row["why_not_dial"]] = row["calls"]
    return found


async def new_leads(conn: db.Connection, windows: Sequence[NewLeads], *, needs_call: bool) -> dict[int, Tally]:
    """Manager -> leads he entered (crm), those he dialled (pbx), and those that are new, of the segment and so counted."""
    if not windows:
        return {}
    columns = zip(*((w.manager_id, w.since, w.until, w.first_day, w.last_day, w.segment) for w in windows), strict=True)
    return {
        row["manager_id"]: Tally(row["proved"], row["entered"], row["called"] if needs_call else row["new"])
        for row in await conn.fetch(SQL.new_leads, *columns)
    }


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


async def outages(
    conn: db.Connection, sources: Iterable[int], since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Silences of these sources that a supervisor settled as outages and that reach between two moments."""
    rows = await conn.fetch(SQL.settled_silences, sorted(set(sources)), since, until + timedelta(seconds=1))
    return [(row["from_at"], row["to_at"]) for row in rows if row["settled_as"] == "outage"]


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


async def closed_days(conn: db.Connection, since: date) -> dict[tuple[int, date], tuple[datetime, datetime]]:
    """(manager, day) -> (closed at, newest entry of a lead that is seen)."""
    return {
        (row["manager_id"], row["day"]): (row["closed_at"], row["leads_until"]) for row in await conn.fetch(SQL.closed, since)
    }


async def close_days(conn: db.Connection, ended: Sequence[tuple[int, date]], *, now: datetime) -> datetime:
    """Closes days; what the CRM holds at this moment is what they were judged by. Returns that newest entry."""
    newest = await conn.fetchval(SQL.newest_lead)
    until = max(newest, now) if newest is not None else now
    if ended:
        await conn.execute(SQL.close_day, [manager for manager, _ in ended], [day for _, day in ended], now, until)
    return until


async def last_closed(conn: db.Connection) -> Mapping[int, date]:
    """Manager -> the last day that is closed."""
    return {row["manager_id"]: row["day"] for row in await conn.fetch(SQL.last_closed)}


async def first_call_day(conn: db.Connection) -> date | None:
    """The first day on which any manager has a call."""
    day: date | None = await conn.fetchval(SQL.first_call_day)
    return day
