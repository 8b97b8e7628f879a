"""The service as a process of its own: it stops politely at SIGTERM, and even kill -9 loses nothing it acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import orjson
import pytest

from telephony_bridge import db, webhooks
from telephony_bridge.model import Company
from tests.street import MOSCOW, ami_row, at


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def process(verb: list[str], url: str, schema: str, port: int, **told: str) -> AsyncIterator[asyncio.subprocess.Process]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("TELEPHONY_BRIDGE_")} | {
        "TELEPHONY_BRIDGE_DATABASE_URL": url,
        "TELEPHONY_BRIDGE_SCHEMA": schema,
        "TELEPHONY_BRIDGE_PORT": str(port),
        "TELEPHONY_BRIDGE_LOG_FORMAT": "json",
        **{f"TELEPHONY_BRIDGE_{name}": value for name, value in told.items()},
    }
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "telephony_bridge", *verb, env=environ, stderr=asyncio.subprocess.PIPE
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def ready(port: int) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(300):
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.05)
    pytest.fail("the service did not get ready")


async def office(database: db.Database) -> str:
    async with database.begin() as conn:
        told = await webhooks.add_source(
            conn, "office", "asterisk", {"timezone": str(MOSCOW)}, {}, address="", now=datetime.now(UTC)
        )
    return told["url"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_nothing_acknowledged_is_lost(own_database: db.Database, database_url: str, how: signal.Signals) -> None:
    path, port = await office(own_database), free_port()
    acknowledged: list[int] = []
    refused = 0

    async def sender(session: aiohttp.ClientSession, first: int) -> None:
        nonlocal refused
        for index in range(first, 100_000, 16):
            row = ami_row(at("09:00") + timedelta(seconds=index), number=f"+799900{index:05}")
            try:
                async with session.post(f"http://127.0.0.1:{port}{path}", json=row) as answer:
                    if answer.status == 200:
                        acknowledged.append((await answer.json())["delivery"])
                    else:
                        refused += 1
            except aiohttp.ClientError:
                return

    async with process(["serve"], database_url, own_database.schema, port) as service:
        await ready(port)
        async with aiohttp.ClientSession() as session:
            senders = [asyncio.create_task(sender(session, first)) for first in range(16)]
            while len(acknowledged) < 300:
                await asyncio.sleep(0.01)
            service.send_signal(how)
            assert await asyncio.wait_for(service.wait(), 25) == (0 if how is signal.SIGTERM else -9)
            await asyncio.gather(*senders)
    assert refused == 0
    async with own_database.begin() as conn:
        kept = {row["id"] for row in await conn.fetch("select id from deliveries")}
    assert set(acknowledged) <= kept
    assert len(acknowledged) >= 300


async def test_a_worker_process_understands_what_a_door_without_one_kept(own_database: db.Database, database_url: str) -> None:
    path, port = await office(own_database), free_port()
    async with (
        process(["serve", "--no-worker"], database_url, own_database.schema, port) as door,
        aiohttp.ClientSession() as session,
    ):
        await ready(port)
        async with session.post(f"http://127.0.0.1:{port}{path}", json=ami_row(at("10:00"))) as answer:
            assert answer.status == 200
        await asyncio.sleep(0.3)
        async with own_database.begin() as conn:
            assert await webhooks.inbox.waiting(conn, now=datetime.now(UTC), limit=9, max_bytes=1 << 20)
        async with process(["work"], database_url, own_database.schema, port) as worker:
            for _ in range(200):
                async with own_database.begin() as conn:
                    if not await webhooks.inbox.waiting(conn, now=datetime.now(UTC), limit=9, max_bytes=1 << 20):
                        break
                await asyncio.sleep(0.05)
            async with own_database.begin() as conn:
                assert await conn.fetchval("select count(*) from calls") == 1
                assert len(await webhooks.load_sources(conn, Company(MOSCOW))) == 1
            worker.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(worker.wait(), 10) == 0
        door.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(door.wait(), 25) == 0


async def test_no_token_and_nothing_of_a_request_reaches_the_log(database: db.Database, database_url: str) -> None:
    path, port = await office(database), free_port()
    requests = [
        f"POST {path}/\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        f"POST {path} HTTP/9.9\r\n\r\n",
        f"POST {path}/{'a' * 9000} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nContent-Encoding: gzip\r\n\r\n+79990000",
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 90\r\n\r\n+79990000",
    ]
    async with process(["serve"], database_url, database.schema, port) as started:
        await ready(port)
        async with process(["serve"], database_url, database.schema, port) as second:
            _, why = await asyncio.wait_for(second.communicate(), 20)
            assert (second.returncode, why.count(b"\n")) == (1, 1)
            assert b"TELEPHONY_BRIDGE_PORT" in why
        for request in requests:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request.encode("latin-1"))
            if "90\r\n" not in request:
                assert b" 400 " in await reader.readline()
            writer.close()
        await asyncio.sleep(0.3)
        started.send_signal(signal.SIGTERM)
        _, log = await asyncio.wait_for(started.communicate(), 20)
    lines = [orjson.loads(line) for line in log.splitlines()]
    assert sum("Error handling request" in line["event"] for line in lines) >= 3
    assert "postgres_away" not in {line["event"] for line in lines}
    assert path.rpartition("/")[2] not in log.decode()
    assert "79990000" not in log.decode()


async def test_a_worker_alone_can_be_scraped_and_is_nothing_else(own_database: db.Database, database_url: str) -> None:
    port = free_port()
    async with process(["work"], database_url, own_database.schema, free_port(), METRICS_PORT=str(port)) as worker:
        async with aiohttp.ClientSession() as session:
            for _ in range(300):
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                        if answer.status == 200:
                            break
                await asyncio.sleep(0.05)
            async with session.get(f"http://127.0.0.1:{port}/metrics") as answer:
                text = await answer.text()
            for path in ("/", "/readyz", "/api/v1/openapi.json", "/webhooks/office/x"):
                async with session.get(f"http://127.0.0.1:{port}{path}") as answer:
                    assert answer.status == 404
        for name in ("inbox_waiting", "notices_waiting", "postgres_up", "understand_seconds_count"):
            assert f"\ntelephony_bridge_{name} " in text
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), 20) == 0
