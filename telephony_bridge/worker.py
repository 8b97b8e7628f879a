"""The loops: understand deliveries, watch deadlines, close days, send notices. The worker's side opens its transactions here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from telephony_bridge import db, logs, metrics, pipeline, sending, webhooks
from telephony_bridge.model import Company

BATCH = 400
BATCH_BYTES = 512 << 10  # a delivery may hold hundreds of rows: nobody should wait long for the pen
_IDLE = 0.05  # seconds between looks at an empty inbox
_WATCH = 5.0  # seconds between looks at deadlines
_LOOK = 60.0  # seconds between looks at what the evidence lacks
log = structlog.get_logger("worker")


def clock() -> datetime:
    return datetime.now(UTC)


async def understand_some(database: db.Database, company: Company, *, now: datetime, wait: bool) -> int:
    """One batch out of the inbox; returns how many deliveries were settled or put aside.

    ``wait``: stand in line for the pen (a command must finish its pass); a loop gives way to whoever holds it.
    """
    ids: list[int] = []
    try:
        async with database.begin() as conn:
            if wait:
                await webhooks.inbox.take_pen(conn)
            elif not await webhooks.inbox.try_pen(conn):
                return 0
            batch = await webhooks.inbox.waiting(conn, now=now, limit=BATCH, max_bytes=BATCH_BYTES)
            ids = [delivery.id for _, delivery in batch]
            if batch:
                story = await pipeline.deliveries_came(conn, batch, company=company, now=now)
    except db.AWAY:
        raise
    except Exception as failed:
        log.warning("batch_failed", deliveries=len(ids), error=logs.place_of(failed))
        await _one_by_one(database, company, ids, now=now)
        return len(ids)
    if ids:
        _count(story, clock())
        log.info(
            "understood",
            deliveries=len(ids),
            first=min(ids),
            last=max(ids),
            calls=sum(story.calls.values()),
            opened=dict(story.opened),
            seconds=round((clock() - now).total_seconds(), 3),
        )
    return len(ids)


async def _one_by_one(database: db.Database, company: Company, ids: list[int], *, now: datetime) -> None:
    """After a batch failed: the poisonous delivery is put aside with its error, the rest goes on."""
    for delivery_id in ids:
        try:
            async with database.begin() as conn:
                await webhooks.inbox.take_pen(conn)
                batch = await webhooks.inbox.by_ids(conn, [delivery_id])
                story = await pipeline.deliveries_came(conn, batch, company=company, now=now)
            _count(story, clock())
        except db.AWAY:
            raise
        except Exception as failed:
            log.exception("put_aside", delivery=delivery_id)
            why = f"This program failed over it: {logs.place_of(failed)}"
            async with database.begin() as conn:
                await webhooks.inbox.put_aside(conn, delivery_id, why, now=now)


def _count(story: pipeline.Understood, done: datetime) -> None:
    for (source, outcome), number in story.outcomes.items():
        metrics.delivery(source, outcome, number)
    for received_at in story.received:
        metrics.understood((done - received_at).total_seconds())
    for labels, number in story.calls.items():
        metrics.call(*labels, number)
    for result, number in story.matches.items():
        metrics.match(result, number)
    for code, number in story.opened.items():
        metrics.violation(code, number)


async def watch(database: db.Database, company: Company, *, now: datetime) -> None:
    """Deadlines that passed and days that ended, until none is left."""
    more = True
    while more:
        async with database.begin() as conn:
            await webhooks.inbox.take_pen(conn)
            opened, more = await pipeline.time_passed(conn, company=company, now=now)
        for code, number in opened.items():
            metrics.violation(code, number)
        if opened:
            log.info("deadlines_passed", opened=opened)


async def look_at_evidence(database: db.Database, company: Company, *, now: datetime) -> None:
    """Silent sources and extensions that are nobody's: the administrator is told."""
    async with database.begin() as conn:
        await pipeline.evidence_watched(conn, company=company, now=now)


async def work_once(
    database: db.Database, company: Company, *, post: sending.Post | None = None, now: datetime | None = None
) -> int:
    """One full pass over everything due; deadlines are judged as of ``now``. Returns how many deliveries were settled.

    With a ``post`` every notice that is due is tried once, too.
    """
    settled = 0
    while some := await understand_some(database, company, now=clock(), wait=True):
        settled += some
    await watch(database, company, now=now or clock())
    await look_at_evidence(database, company, now=now or clock())
    if post is not None:
        await sending.send_due(post, now=now or clock())
    return settled


async def run(
    database: db.Database, company: Company, *, post: sending.Post | None = None, stopping: Callable[[], bool] = lambda: False
) -> None:
    """Works until cancelled or told to stop; Postgres away is waited out. With a ``post`` notices go out meanwhile."""
    if post is None:
        await _work(database, company, stopping)
    else:
        await asyncio.gather(_work(database, company, stopping), sending.run(post, stopping=stopping))


async def _work(database: db.Database, company: Company, stopping: Callable[[], bool]) -> None:
    watched = looked = datetime.min.replace(tzinfo=UTC)
    pause = 1.0
    while not stopping():
        try:
            some = await understand_some(database, company, now=clock(), wait=False)
            if (clock() - watched).total_seconds() >= _WATCH:
                await watch(database, company, now=clock())
                watched = clock()
            if (clock() - looked).total_seconds() >= _LOOK:
                await look_at_evidence(database, company, now=clock())
                looked = clock()
            pause = 1.0
        except db.AWAY as away:
            log.error("postgres_away", error=type(away).__name__, retry_in=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 30.0)
            continue
        except Exception:
            log.exception("pass_failed")
            await asyncio.sleep(1.0)
            continue
        # after a full batch a breath, so that whoever waits for the pen (a person saving a comment) gets it
        await asyncio.sleep(0.002 if some else _IDLE)
