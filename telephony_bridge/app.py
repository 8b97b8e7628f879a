"""Builds the aiohttp application: the door, the API, the pages, metrics and health, in that order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime

import asyncpg
import orjson
from aiohttp import web

from telephony_bridge import api, db, pages, people, quality, sending, webhooks, worker
from telephony_bridge.gauges import Gauges
from telephony_bridge.model import Company, rfc3339
from telephony_bridge.settings import Settings


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
    gauges = Gauges(database, company, clock)

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

    async def running(_: web.Application) -> AsyncIterator[None]:
        door.start()
        work = asyncio.create_task(worker.run(database, company, post=post), name="worker") if with_worker else None
        yield
        if work is not None:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        await gauges.stop()
        await door.stop()

    app = web.Application(client_max_size=webhooks.MAX_BODY)
    app.router.add_route("*", "/webhooks/{source}/{token}", door.receive)
    app.router.add_route("*", "/webhooks/{source}/{token}/{tail:.*}", door.receive)
    app.router.add_routes(api.routes(database, settings, company, vault, clock))
    app.router.add_routes(pages.routes(database, settings, company, clock))
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", gauges.scrape)
    app.cleanup_ctx.append(running)
    return app


def build_watched(database: db.Database, settings: Settings, *, clock: Callable[[], datetime] = worker.clock) -> web.Application:
    """What a worker alone answers: how it does, to whoever watches; no door, API or page."""
    gauges = Gauges(database, company_of(settings), clock)

    async def running(_: web.Application) -> AsyncIterator[None]:
        yield
        await gauges.stop()

    app = web.Application()
    app.router.add_get("/healthz", _healthz)
    app.router.add_get("/metrics", gauges.scrape)
    app.cleanup_ctx.append(running)
    return app


async def _healthz(_: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
