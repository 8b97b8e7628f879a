"""The processes under measurement: a no-op, a door, a worker, on a Postgres of their own; whatever was started is ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bench.load import LEADS
from telephony_bridge import db

TOKEN = "an-admin-token-of-the-bench"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.asynccontextmanager
async def process(*args: str, **environ: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A Python module as a process; it is told to stop, and ended if it does not."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TELEPHONY_BRIDGE_")}
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *args, env=clean | environ, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.terminate()
            try:
                await asyncio.wait_for(started.wait(), 25)
            except TimeoutError:
                started.kill()
                await started.wait()


async def answers(url: str, *, within: float = 30) -> float:
    """Seconds until the address answers 2xx."""
    began = time.monotonic()
    async with aiohttp.ClientSession() as session:
        while time.monotonic() - began < within:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(url) as answer:
                    if answer.status < 300:
                        return time.monotonic() - began
            await asyncio.sleep(0.01)
    raise RuntimeError(f"{url} did not answer within {within} s")


async def load(port: int, path: str, **how: float) -> dict[str, Any]:
    """One load in its own process; its figures."""
    options = [f"--{name}={value}" for name, value in how.items()]
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.load", f"--port={port}", f"--path={path}", *options, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await started.communicate()
    found: dict[str, Any] = json.loads(out)
    if found["refused"]:
        print(f"{found['refused']} requests were refused", file=sys.stderr)
    return found


def rss_mb(process: asyncio.subprocess.Process) -> float:
    """Resident memory of a process in MB."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


@dataclass
class Stage:
    """A database with a company in it, and the address of its source's webhook."""

    database: db.Database
    environ: dict[str, str]
    path: str
    serial: int = 0

    async def waiting(self) -> int:
        async with self.database.begin() as conn:
            return int(await conn.fetchval("select count(*) from deliveries where outcome = 'waiting'"))

    async def lag_ms(self) -> tuple[float, float]:
        """p50 and p99 of kept -> counted, of the last minute's deliveries."""
        async with self.database.begin() as conn:
            row = await conn.fetchrow(
                "select percentile_cont(array[0.5, 0.99]) within group "
                "(order by extract(epoch from settled_at - received_at) * 1000) as ms "
                "from deliveries where outcome = 'understood' and received_at > now() - interval '1 minute'"
            )
        return tuple(row["ms"]) if row and row["ms"] else (0.0, 0.0)


@contextlib.asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Postgres (embedded, unless DATABASE_URL is set) with a schema that is dropped afterwards: ten managers, 20,000 leads."""
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("DATABASE_URL") or await asyncio.to_thread(db.embedded_url, Path(folder))
        database = await db.connect(url, "bench")
        await db.migrate(database)
        port = free_port()
        environ = {
            "TELEPHONY_BRIDGE_DATABASE_URL": url,
            "TELEPHONY_BRIDGE_SCHEMA": "bench",
            "TELEPHONY_BRIDGE_ADMIN_TOKEN": TOKEN,
            "TELEPHONY_BRIDGE_TIMEZONE": "UTC",
            "TELEPHONY_BRIDGE_LOG_FORMAT": "json",
        }
        try:
            async with process("telephony_bridge", "serve", "--no-worker", **environ, TELEPHONY_BRIDGE_PORT=str(port)):
                await answers(f"http://127.0.0.1:{port}/readyz")
                path = await _company(f"http://127.0.0.1:{port}/api/v1")
            async with database.begin() as conn:  # as an import would have entered them, only sooner
                await conn.execute(
                    "insert into leads (name, segment, stage, author_kind, entered_at, updated_at) "
                    "select 'Lead ' || n, 'cold', 'new', 'machine', '2026-01-01', '2026-01-01' from generate_series(1, $1) n",
                    LEADS,
                )
                await conn.execute("insert into lead_phones (phone, lead_id, added_at) "
                                   "select '+799' || lpad((id - 1)::text, 8, '0'), id, '2026-01-01' from leads")  # fmt: skip
            yield Stage(database, environ, path)
        finally:
            async with database.pool.acquire() as conn:
                await conn.execute("drop schema bench cascade")
            await database.close()


async def _company(api: str) -> str:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {TOKEN}"}) as session:

        async def post(path: str, body: dict[str, Any]) -> Any:
            async with session.post(api + path, json=body) as answer:
                assert answer.status == 201, await answer.text()
                return await answer.json()

        source = await post(
            "/sources", {"name": "office", "dialect": "asterisk", "timezone": "UTC", "trunks": ["PJSIP/trunk*=ip"]}
        )
        for number in range(10):
            await post("/managers", {"handle": f"m{number}", "name": f"Manager {number}", "days": "mon-sun"})
            await post(f"/managers/m{number}/extensions", {"extension": str(101 + number)})
    return "/webhooks/" + str(source["url"]).partition("/webhooks/")[2]
