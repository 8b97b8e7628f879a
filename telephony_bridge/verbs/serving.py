"""serve, work, migrate."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
from collections.abc import AsyncIterator

import structlog
import typer
from aiohttp import web

from telephony_bridge import db, logs, people, sending, worker
from telephony_bridge.app import build, build_watched
from telephony_bridge.errors import Refused
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import moment_of, with_database

log = structlog.get_logger("serve")


async def until_told() -> None:
    """Returns at SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    await stop.wait()


@contextlib.asynccontextmanager
async def listening(app: web.Application, host: str, port: int, setting: str) -> AsyncIterator[None]:
    """Listens meanwhile; in-flight requests are answered before the socket closes. Raises ``Refused`` naming the setting."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=20)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port, backlog=1024).start()
        except OSError as taken:
            raise Refused(f"{host}:{port} cannot be served on ({taken.strerror}); see TELEPHONY_BRIDGE_{setting}") from taken
        yield
    finally:
        await runner.cleanup()


async def serve_until_told(database: db.Database, told: Settings, *, with_worker: bool) -> None:
    """Listens until SIGTERM or SIGINT."""
    async with listening(build(database, told, with_worker=with_worker), told.host, told.port, "PORT"):
        gc.freeze()  # what starting made stays: a full collection that walks it stops everything for a tenth of a second
        log.info("serving", address=told.address, worker=with_worker)
        await until_told()
        log.info("stopping")


def serve(
    no_worker: bool = typer.Option(False, "--no-worker", help="The door, API and pages only; run `work` elsewhere."),
) -> None:
    """The service: door, API, pages, metrics and the worker.

    Example: telephony-bridge serve
    """

    async def run(database: db.Database, told: Settings, _: Company) -> None:
        logs.set_up(told.log_format)
        await serve_until_told(database, told, with_worker=not no_worker)

    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    with_database(run)


def work(
    once: bool = typer.Option(False, "--once", help="One full pass over everything due, then exit."),
    now: str | None = typer.Option(None, "--now", help="Judge deadlines as of this moment (RFC 3339); only with --once."),
) -> None:
    """The worker alone: understands deliveries, watches deadlines, closes days.

    Example: telephony-bridge work --once --now 2026-11-24T00:00:00+03:00
    """
    at = moment_of(now, "--now")
    if at is not None and not once:
        raise typer.BadParameter("--now needs --once: a running worker goes by the clock")

    async def run(database: db.Database, told: Settings, company: Company) -> None:
        logs.set_up(told.log_format)
        post = sending.Post(database, company, told.address, people.vault_of(told))
        if once:
            settled = await worker.work_once(database, company, post=post, now=at)
            print(f"{settled} deliveries settled")
            return
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        async with contextlib.AsyncExitStack() as watched:
            if told.metrics_port is not None:
                app = build_watched(database, told)
                await watched.enter_async_context(listening(app, told.host, told.metrics_port, "METRICS_PORT"))
            gc.freeze()
            await worker.run(database, company, post=post, stopping=stop.is_set)

    with_database(run)


def migrate() -> None:
    """Brings the schema up to date; safe to run twice, or from two hosts.

    Example: telephony-bridge migrate
    """

    async def run(database: db.Database, told: Settings, _: Company) -> None:
        applied = await db.migrate(database)
        print(f"{told.schema_name}: " + (", ".join(applied) if applied else "nothing to do"))

    with_database(run, migrated=False)
