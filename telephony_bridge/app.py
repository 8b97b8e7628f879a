"""Builds the aiohttp application: the door, the API, the pages, metrics and health, in that order."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime

import asyncpg
import orjson
from aiohttp import web

from telephony_bridge import api, db, metrics, notices, pages, people, pipeline, quality, sending, violations, webhooks, worker
from telephony_bridge.model import Company, rfc3339
from telephony_bridge.settings import Settings

_GAUGES_FOR = 3.0  # seconds the business gauges may be old


def company_of(settings: Settings) -> Company:
    return Company(settings.zone, settings.region, settings.language)


def build(
    database: db.Database, settings: Settings, *, with_worker: bool, clock: Callable[[], datetime] = worker.clock
) -> web.Application:
    """The whole service on an open, migrated database; whoever built the database closes it. ``clock`` is the API's now."""
    company = company_of(settings)
    door = webhooks.Door(database, company, address=settings.address, proxies=settings.trusted_proxies)
    vault = people.vault_of(settings)
    post = sending.Post(database, company, settings.address, vault)
    gauges = _Gauges(database, company, clock)

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_: web.Request) -> web.Response:
        try:
            await db.check_migrated(database)
            async with database.begin() as conn:
                heard = await quality.sources_heard(conn, company=company, now=clock())
        except db.Behind as behind:
            return webhooks.problem(503, str(behind))
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as away:
            return webhooks.problem(503, f"Postgres does not answer: {type(away).__name__}")
        told = {
            "status": "ready",
            "sources": {one.source: one.word for one in heard},
            "last_delivery": {one.source: rfc3339(one.last_delivery) if one.last_delivery else None for one in heard},
        }
        return web.Response(body=orjson.dumps(told), content_type="application/json")

    async def scrape(_: web.Request) -> web.Response:
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await gauges.refresh()
        return web.Response(body=metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    async def running(_: web.Application) -> AsyncIterator[None]:
        door.start()
        work = asyncio.create_task(worker.run(database, company, post=post), name="worker") if with_worker else None
        yield
        if work is not None:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        await door.stop()

    app = web.Application(client_max_size=webhooks.MAX_BODY)
    app.router.add_route("*", "/webhooks/{source}/{token}", door.receive)
    app.router.add_route("*", "/webhooks/{source}/{token}/{tail:.*}", door.receive)
    app.router.add_routes(api.routes(database, settings, company, vault, clock))
    app.router.add_routes(pages.routes(database, settings, company, clock))
    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", scrape)
    app.cleanup_ctx.append(running)
    return app


class _Gauges:
    """The business numbers of today, asked of the database at most every few seconds: the same on every replica."""

    def __init__(self, database: db.Database, company: Company, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._company = company
        self._clock = clock
        self._asked = float("-inf")
        self._asking = asyncio.Lock()

    async def refresh(self) -> None:
        loop = asyncio.get_running_loop()
        async with self._asking:
            if loop.time() - self._asked < _GAUGES_FOR:
                return
            now = self._clock()
            async with self._database.begin() as conn:
                lines = await pipeline.board(conn, now.astimezone(self._company.zone).date(), company=self._company, now=now)
                waiting, oldest = await webhooks.inbox.depth(conn)
                unsent, unsent_since = await notices.depth(conn, now=now)
                heard = await webhooks.inbox.last_heard(conn, now=now)
                opened = await violations.open_by_code(conn)
                planned = await pipeline.planned_contacts(conn, company=self._company, now=now)
                today = now.astimezone(self._company.zone).date()
                marks = Counter(
                    (mark.source, mark.code) for mark in await quality.marks(conn, today, today, company=self._company, now=now)
                )
            metrics.set_quality((source, code, number) for (source, code), number in marks.items())
            metrics.set_day(lines)
            metrics.set_inbox(waiting, (now - oldest).total_seconds() if oldest is not None else 0.0)
            metrics.set_notices(unsent, (now - unsent_since).total_seconds() if unsent_since is not None else 0.0)
            metrics.set_heard({name: at.timestamp() for name, at in heard.items() if at is not None})
            metrics.set_violations_open(opened)
            metrics.set_planned(planned)
            metrics.set_pool(self._database.pool.get_size(), self._database.pool.get_idle_size())
            self._asked = loop.time()
