"""What an administrator pastes works: nothing is lost while the bridge is away, nothing is sent for ever."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from telephony_bridge import webhooks
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.engine import understand

PBX = Path(__file__).parents[2] / "deploy" / "pbx"
MASTER = (Path(__file__).parents[2] / "fixtures" / "cdr" / "asterisk" / "master_csv.csv").read_bytes()


@dataclass
class Bridge:
    """A loopback bridge that answers with ``status`` and remembers the bodies it took."""

    server: TestServer
    status: int = 503
    bodies: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/webhooks/office/token"))


@pytest.fixture
async def bridge() -> AsyncIterator[Bridge]:
    async def take(request: web.Request) -> web.Response:
        body = await request.read()
        if found.status != 503:
            found.bodies.append(body)
        return web.Response(status=found.status)

    app = web.Application()
    app.router.add_post("/webhooks/office/token", take)
    async with TestServer(app) as server:
        found = Bridge(server)
        yield found


async def run(*args: str, **environ: str) -> int:
    done = await asyncio.to_thread(
        subprocess.run, args, env=os.environ | environ, capture_output=True, text=True, timeout=60, check=False
    )
    return done.returncode


def test_source_add_prints_them_filled_in() -> None:
    for dialect in ("asterisk", "freepbx", "rostelecom"):
        told = webhooks.snippet(dialect, "https://bridge.example/webhooks/office/token")
        assert "https://bridge.example/webhooks/office/token" in told
        assert "@URL@" not in told


async def test_the_relay_resumes_where_the_bridge_took_it(bridge: Bridge, tmp_path: Path) -> None:
    log, place = tmp_path / "Master.csv", tmp_path / "place"
    lines = MASTER.splitlines(keepends=True)
    log.write_bytes(lines[0] + lines[1][:40])
    relay = (sys.executable, str(PBX / "asterisk" / "telephony-bridge-relay.py"), "--once", "--url", bridge.url, "--file", str(log),
             "--place", str(place))  # fmt: skip
    assert await run(*relay) == 1
    assert not place.exists()
    bridge.status = 200
    assert await run(*relay) == 0
    assert bridge.bodies == [lines[0]]
    with log.open("ab") as more:
        more.write(lines[1][40:])
    assert await run(*relay) == 0
    assert await run(*relay) == 0
    assert bridge.bodies == [lines[0], lines[1]]
    log.rename(tmp_path / "Master.csv.1")
    log.write_bytes(lines[1])
    bridge.status = 422
    assert await run(*relay) == 0
    assert bridge.bodies[2:] == [lines[1]]


async def test_rotation_while_the_bridge_is_away_loses_no_line(bridge: Bridge, tmp_path: Path) -> None:
    log, place = tmp_path / "Master.csv", tmp_path / "place"
    lines = MASTER.splitlines(keepends=True)
    log.write_bytes(lines[0])
    relay = (sys.executable, str(PBX / "asterisk" / "telephony-bridge-relay.py"), "--once", "--url", bridge.url, "--file", str(log),
             "--place", str(place))  # fmt: skip
    bridge.status = 200
    assert await run(*relay) == 0
    bridge.status = 503
    with log.open("ab") as more:
        more.write(lines[1])
    assert await run(*relay) == 1
    log.rename(tmp_path / "Master.csv.1")
    log.write_bytes(lines[0])
    bridge.status = 200
    assert await run(*relay) == 0
    assert bridge.bodies == [lines[0], lines[1], lines[0]]


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("flock")), reason="curl and flock are needed to run the spool script"
)
async def test_the_spool_keeps_what_was_not_taken(bridge: Bridge, tmp_path: Path) -> None:
    body = (Path(__file__).parents[2] / "fixtures" / "cdr" / "asterisk" / "hook_form.form").read_bytes()
    for name in ("1795417205.1-1.form", "1795417206.1-2.form"):
        (tmp_path / name).write_bytes(body)
        os.utime(tmp_path / name, (1, 1))
    spool = {"BRIDGE_URL": bridge.url, "BRIDGE_SPOOL": str(tmp_path)}
    script = str(PBX / "asterisk" / "telephony-bridge-spool.sh")
    await run("sh", script, **spool)
    assert len(list(tmp_path.glob("*.form"))) == 2
    bridge.status = 200
    assert await run("sh", script, **spool) == 0
    assert bridge.bodies == [body, body]
    assert not list(tmp_path.glob("*.form"))
    (tmp_path / "3.form").write_bytes(b"src=101")
    os.utime(tmp_path / "3.form", (1, 1))
    bridge.status = 422
    await run("sh", script, **spool)
    assert [path.name for path in tmp_path.glob("3*")] == ["3.form.refused"]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is needed to run the poller")
async def test_the_poller_sends_the_rows_again_until_they_are_taken(bridge: Bridge, tmp_path: Path) -> None:
    row = ('"2026-11-23 11:00:00","Иван ""Ваня"" <101>","74950000001","89990000101","from-internal","PJSIP/101-0000000a",'
           '"PJSIP/provider-0000000b","Dial","PJSIP/79990000101@provider,300","62","52","ANSWERED","1795420800.201","","","101",'
           '"74950000001","1795420800.201","1",')  # fmt: skip
    mysql = tmp_path / "mysql"
    mysql.write_text(f"#!/bin/sh\ncat <<'END'\n{row}\nEND\n")
    mysql.chmod(0o755)
    place = tmp_path / "place"
    how = {"BRIDGE_URL": bridge.url, "BRIDGE_PLACE": str(place), "BRIDGE_MYSQL": str(mysql)}
    script = str(PBX / "freepbx" / "telephony-bridge-poll.sh")
    assert await run("sh", script, **how) == 1
    assert not place.exists()
    bridge.status = 200
    assert await run("sh", script, **how) == 0
    assert place.exists()
    (body,) = bridge.bodies
    (call,) = understand(
        webhooks.DIALECTS["freepbx"], [Delivery(1, datetime.now(UTC), body)], Installation(ZoneInfo("Europe/Moscow"))
    )
    assert (call.extension, call.number, call.talk_seconds, call.disposition) == ("101", "+79990000101", 52, "answered")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is needed to run the poller")
async def test_the_poller_moves_on_only_when_every_page_was_taken(bridge: Bridge, tmp_path: Path) -> None:
    mysql, place = tmp_path / "mysql", tmp_path / "place"
    mysql.write_text(
        '#!/bin/sh\nfor last; do :; done\ncase "$last" in *"limit 0, 2"*) echo a,; echo b, ;; *"limit 2, 2"*) echo c, ;; esac\n'
    )
    mysql.chmod(0o755)
    how = {"BRIDGE_URL": bridge.url, "BRIDGE_PLACE": str(place), "BRIDGE_MYSQL": str(mysql), "BRIDGE_PAGE": "2"}
    script = str(PBX / "freepbx" / "telephony-bridge-poll.sh")
    bridge.status = 200
    assert await run("sh", script, **how) == 0
    assert [body.split()[1:] for body in bridge.bodies] == [[b"a", b"b"], [b"c"]]
    place.unlink()
    mysql.write_text("#!/bin/sh\necho a,\nexit 1\n")
    assert await run("sh", script, **how) == 1
    assert not place.exists()
    assert len(bridge.bodies) == 2


def field_values(handler: str) -> dict[str, str]:
    """What the hangup handler puts after each field's name."""
    lines = [
        line.partition("Set(TB=")[2].removesuffix(")").removeprefix("${TB}&")
        for line in handler.splitlines()
        if "Set(TB=" in line
    ]
    return dict(pair.split("=", 1) for line in lines for pair in line.split("&"))


def test_what_a_caller_may_write_is_encoded_by_the_hangup_handler_and_meets_no_shell() -> None:
    handler = (PBX / "asterisk" / "extensions_telephony_bridge.conf").read_text()
    told = field_values(handler)
    assert {
        "uniqueid",
        "linkedid",
        "sequence",
        "channel",
        "start",
        "disposition",
        "dialstatus",
        "answeredtime",
        "dialedpeername",
    } <= set(told)
    numbers_and_words = {"duration", "billsec", "dialstatus", "hangupcause", "answeredtime", "dialedtime"}
    assert {name for name, value in told.items() if not value.startswith("${URIENCODE(")} == numbers_and_words
    assert not any(word in handler for word in ("System(", "TrySystem(", "SHELL(", "CURL("))
