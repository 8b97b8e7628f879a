"""3CX: its question before a report, our template, and the relay beside it."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from defusedxml import ElementTree

from telephony_bridge import webhooks
from telephony_bridge.model import Delivery
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.threecx import DIALECT
from tests.webhooks.test_fixtures import FIXTURES, installation

PBX = Path(__file__).parents[2] / "deploy" / "pbx" / "threecx"
LINES = (FIXTURES / "threecx" / "many_lines.1.csv").read_bytes().splitlines(keepends=True)


def asked(query: str, tail: str = "lookup", method: str = "GET") -> object:
    assert DIALECT.greet is not None
    answer = DIALECT.greet(Delivery(1, datetime.now(UTC), b"", query=query, tail=tail, method=method), {})
    return answer and json.loads(answer.body)


def test_every_number_is_known_so_that_its_calls_are_reported() -> None:
    assert asked("number=%2B79990000401") == {"contacts": [{"id": "+79990000401", "number": "+79990000401"}]}
    assert asked('number=8999"><script>') == {"contacts": [{"id": "8999", "number": "8999"}]}
    assert asked("number=anonymous") == {"contacts": []}
    assert asked("number=1", tail="") is None
    assert asked("number=1", method="POST") is None


def test_our_template_posts_what_the_dialect_reads() -> None:
    text = (PBX / "telephony-bridge.xml").read_text()
    root = ElementTree.fromstring(text)
    values = {value.get("Key"): value.text for value in root.iter("Value")}
    assert {f"[{name}]" for name in ("CallType", "Number", "Agent", "Duration")} <= set(values.values())
    told = json.loads((FIXTURES / "threecx" / "report_outbound_answered.json").read_text())
    body = json.dumps({name: told[name] for name in values}).encode()
    (call,) = understand(DIALECT, [Delivery(1, datetime.now(UTC), body)], installation("threecx", "report_outbound_answered"))
    assert (call.extension, call.number, call.talk_seconds) == ("101", "+79990000451", 55)
    assert "https://bridge.example/w/lookup?number=[Number]" in webhooks.snippet("threecx", "https://bridge.example/w")


@pytest.fixture
async def bridge() -> AsyncIterator[tuple[str, dict[str, int], list[bytes]]]:
    answer, bodies = {"status": 503}, []

    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        if answer["status"] != 503:
            bodies.append(body)
        return web.Response(status=answer["status"])

    app = web.Application()
    app.router.add_post("/w", take)
    async with TestServer(app) as server:
        yield str(server.make_url("/w")), answer, bodies


def send(port: int, *chunks: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
        for chunk in chunks:
            sender.sendall(chunk)


async def until(bodies: list[bytes], expected: bytes) -> None:
    for _ in range(200):
        if b"".join(bodies) == expected:
            return
        await asyncio.sleep(0.05)
    assert b"".join(bodies) == expected


async def test_the_relay_keeps_every_line_until_the_bridge_has_it(
    bridge: tuple[str, dict[str, int], list[bytes]], tmp_path: Path
) -> None:
    url, answer, bodies = bridge
    spool = tmp_path / "threecx.csv"
    command = (sys.executable, str(PBX / "telephony-bridge-relay.py"), "--url", url, "--listen", "127.0.0.1:0",
               "--spool", str(spool), "--every", "0.05")  # fmt: skip

    async def start() -> tuple[asyncio.subprocess.Process, int]:
        relay = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        assert relay.stderr is not None
        said = (await asyncio.wait_for(relay.stderr.readline(), 20)).decode()
        return relay, int(said.rpartition(":")[2])

    relay, port = await start()
    try:
        await asyncio.to_thread(send, port, LINES[0][:40], LINES[0][40:], LINES[1][:60])  # cut: the second never ends
        while not (spool.is_file() and spool.stat().st_size):
            await asyncio.sleep(0.05)
    finally:
        relay.kill()
        await relay.wait()
    assert spool.read_bytes() == LINES[0]
    spool.write_bytes(LINES[0] + LINES[1][:20])  # a power cut while it was written
    answer["status"] = 200
    relay, port = await start()
    try:
        await asyncio.to_thread(send, port, LINES[1] + LINES[2].rstrip())  # all 27 fields: whole without its end
        await until(bodies, LINES[0] + LINES[1][:20] + b"\n" + LINES[1] + LINES[2])
    finally:
        relay.kill()
        await relay.wait()
