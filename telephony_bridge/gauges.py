"""What a scrape tells: this process' counters, and the business numbers of today as the database has them (CONTRACT §7).

The numbers are the same on every replica. They are asked for when somebody scrapes, at most every few seconds; a scrape waits for
them only where there are none yet, so a slow database makes numbers older, and a minute later absent, but no scrape slow.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from aiohttp import web

from telephony_bridge import crm, db, logs, metrics, notices, quality, silence, telling, violations, webhooks
from telephony_bridge.book import Book, open_book
from telephony_bridge.days import METRICS, ManagerDay, manager_days
from telephony_bridge.model import Company

# seconds
_FRESH = 3.0  # numbers may be so old
_SLOWER = 60.0  # what is wrong with the evidence shows in half-hours, and is dear to ask
_PATIENCE = 0.05  # a scrape waits so long for numbers newer than those there are
_FIRST = 5.0  # and so long where there are none
_STALE = 60.0  # older numbers are not told: none is better than a wrong one
_LIMIT = 20.0  # a database that needs longer is away
log = structlog.get_logger("gauges")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of the evidence: gaps by (day, manager), families of gauges about sources."""

    gaps: Mapping[tuple[date, int], Sequence[silence.Span]]
    families: metrics.Families


class Gauges:
    """Answers scrapes of one process."""

    def __init__(self, database: db.Database, company: Company, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._company = company
        self._clock = clock
        self._asking: asyncio.Task[None] | None = None
        self._asked = self._told = self._looked = self._began = float("-inf")
        self._evidence = Evidence({}, {})
        self._text = b""
        self._up = False

    async def scrape(self, _: web.Request) -> web.Response:
        """``GET /metrics``."""
        body = await self.text()
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def text(self) -> bytes:
        """The exposition."""
        loop = asyncio.get_running_loop()
        has_numbers = loop.time() - self._told < _STALE
        is_mine = self._asking is None and loop.time() - self._asked >= _FRESH
        if is_mine:
            self._asking = asyncio.create_task(self._ask(), name="gauges")
            self._began = loop.time()
        hangs = self._asking is not None and loop.time() - self._began > _LIMIT  # a frozen server answers no rollback either
        if hangs:
            self._up = False
        if self._asking is not None and not hangs and (is_mine or not has_numbers):
            await asyncio.wait({self._asking}, timeout=_PATIENCE if has_numbers else _FIRST)
        pool = self._database.pool
        metrics.set_postgres(up=self._up, size=pool.get_size(), idle=pool.get_idle_size())
        return metrics.render() + (self._text if loop.time() - self._told < _STALE else b"")

    async def stop(self) -> None:
        """Ends what is under way."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _ask(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            async with asyncio.timeout(_LIMIT):
                families = await self._read(loop)
            self._text = await asyncio.to_thread(metrics.exposition, families)
            self._told, self._up = began, True
        except db.AWAY as away:
            log.error("postgres_away", error=type(away).__name__)
            self._up = False
        except Exception as failed:
            log.error("gauges_failed", error=logs.place_of(failed))
        finally:
            self._asked, self._asking = began, None

    async def _read(self, loop: asyncio.AbstractEventLoop) -> metrics.Families:
        now = self._clock()
        async with self._database.begin(read_only=True) as conn:
            book = await open_book(conn, self._company, since=now.date())
            working = await _shift_days(book, now)
            if loop.time() - self._looked >= _SLOWER:
                self._evidence = await _evidence(conn, book, working, now=now)
                self._looked = loop.time()
            days = [
                found
                for day in sorted(set(working.values()))
                for found in await manager_days(
                    conn,
                    book,
                    [manager_id for manager_id, his in working.items() if his == day],
                    day,
                    gaps={manager_id: spans for (on, manager_id), spans in self._evidence.gaps.items() if on == day},
                    now=now,
                )
            ]
            shown = [found for found in days if found.scheduled or any(tally.pbx for tally in found.tallies.values())]
            families = {**await _of_days(book, shown), **self._evidence.families, **await _at_work(book, days, now)}
            families["violations_open"] = await violations.open_by_code(conn)
            families["planned_contacts"] = await _planned(conn, book, working, shown)
            waiting, oldest = await webhooks.inbox.depth(conn)
            unsent, unsent_since = await notices.depth(conn, now=now)
            could_know = min(await crm.seen_until(conn) or now, now)
            judged_until = await webhooks.inbox.judged_until(conn)
        for name, number, age in (
            ("inbox", waiting, oldest and now - oldest),
            ("notices", unsent, unsent_since and now - unsent_since),
        ):
            families[f"{name}_waiting"] = [(number,)]
            families[f"{name}_oldest_seconds"] = [(max(age.total_seconds(), 0.0) if age else 0.0,)]
        families["deadlines_behind_seconds"] = [(max((could_know - judged_until).total_seconds(), 0.0),)]
        return families


# Zone arithmetic and norms of hundreds of people take a while: each loop over them takes a breath, for the door waits.


async def _shift_days(book: Book, now: datetime) -> dict[int, date]:
    """Manager -> the shift day of his that is now: after midnight a night shift is still the day before's. Not who has left."""
    found = {}
    for manager_id in book.handles:
        await asyncio.sleep(0)
        day = book.day(manager_id, now)
        if not book.has_left(manager_id, day):
            found[manager_id] = day
    return found


async def _evidence(conn: db.Connection, book: Book, working: Mapping[int, date], *, now: datetime) -> Evidence:
    gaps = {}
    for day in sorted(set(working.values())):
        mine = [manager_id for manager_id, his in working.items() if his == day]
        for manager_id, spans in (await silence.gaps(conn, book, mine, day, now=now)).items():
            gaps[day, manager_id] = spans
    today = now.astimezone(book.company.zone).date()
    marks = await quality.marks(conn, today, today, company=book.company, now=now)
    heard = await webhooks.inbox.last_heard(conn, now=now)
    silent = {mark.source for mark in marks if mark.code in ("D02", "D03")}
    by_code = Counter((mark.source, mark.code) for mark in marks)
    return Evidence(
        gaps,
        {
            "data_quality": [(*labels, number) for labels, number in by_code.items()],
            "source_silent": [(name, name in silent) for name in heard],
            "source_last_delivery_timestamp_seconds": [(name, at.timestamp()) for name, at in heard.items() if at is not None],
        },
    )


async def _of_days(book: Book, days: Iterable[ManagerDay]) -> dict[str, list[tuple[str | float, ...]]]:
    families: dict[str, list[tuple[str | float, ...]]] = {name: [] for name in (*METRICS, "norm", "verdict")}
    for found in days:
        await asyncio.sleep(0)
        handle = book.handles[found.manager_id]
        bounds = found.bounds
        for metric, tally in found.tallies.items():
            families[metric] += [(handle, "pbx", tally.pbx), (handle, "crm", tally.crm), (handle, "counted", tally.counted)]
            low, high = bounds.get(metric, (0, 0))
            families["norm"] += [(handle, metric, "min", low), (handle, metric, "target", high)]
        families["verdict"].append((handle, found.provisional.value, 1))
    return families


async def _at_work(book: Book, days: Iterable[ManagerDay], now: datetime) -> dict[str, list[tuple[str | float, ...]]]:
    """The pace of who is at work, from an hour into his shift on."""
    at_work = 0
    pace: list[tuple[str | float, ...]] = []
    for found in days:
        await asyncio.sleep(0)
        span = book.shift(found.manager_id, found.day)
        if span is None or not span[0] <= now < span[1]:
            continue
        at_work += 1
        if now - span[0] >= telling.INTO:
            handle = book.handles[found.manager_id]
            pace += [(handle, one.metric, one.projected or 0) for one in telling.paces(book, found, now)]
    return {"managers_at_work": [(at_work,)], "pace": pace}


async def _planned(
    conn: db.Connection, book: Book, working: Mapping[int, date], shown: Iterable[ManagerDay]
) -> list[tuple[str | float, ...]]:
    """Planned contacts of everybody's shift day; who is at work and has none has zeros."""
    asked = []
    for manager_id, day in working.items():
        await asyncio.sleep(0)
        asked.append((manager_id, day, *book.day_bounds(manager_id, day), book.overdue_before(manager_id, day)))
    found = {book.handles[one.manager_id]: {"due": 0, "overdue": 0, "done": 0} for one in shown}
    found |= dict(await crm.planned_today(conn, asked))
    return [(handle, state, number) for handle, states in found.items() for state, number in states.items()]
