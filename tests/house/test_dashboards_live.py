"""Every PromQL of the dashboards is asked of a real Prometheus that scrapes a running service."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from telephony_bridge import metrics
from tests.busy import TEAM, busy_days
from tests.grafana import BOARDS, promql
from tests.street import Street

PROMETHEUS = shutil.which("prometheus")


@asynccontextmanager
async def scraping(port: int, place: Path) -> AsyncIterator[str]:
    """A Prometheus that scrapes a local port every second; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        own = probe.getsockname()[1]
    config = place / "prometheus.yml"
    job = f"{{job_name: door, scrape_interval: 1s, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}"
    config.write_text(f"scrape_configs:\n  - {job}\n")
    assert PROMETHEUS is not None
    process = await asyncio.create_subprocess_exec(
        PROMETHEUS,
        f"--config.file={config}",
        f"--storage.tsdb.path={place / 'data'}",
        f"--web.listen-address=127.0.0.1:{own}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{own}/api/v1/query"
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.skipif(PROMETHEUS is None, reason="NO PROMETHEUS: apt-get install -y prometheus")
async def test_every_promql_panel_gives_data(street: Street, tmp_path: Path) -> None:
    await busy_days(street)
    metrics.notice("json", "sent")  # nobody of the team has a channel
    port = street.client.server.port
    assert port is not None
    asked, empty = 0, []
    async with scraping(port, tmp_path) as address, aiohttp.ClientSession() as session:

        async def ask(expr: str) -> list[object]:
            async with session.post(address, data={"query": expr}) as answer:
                told = await answer.json()
                assert answer.status == 200, (expr, told)
                return list(told["data"]["result"])

        for _ in range(60):
            try:
                if await ask("count_over_time(telephony_bridge_inbox_waiting[1m]) > 2"):
                    break
            except (aiohttp.ClientError, AssertionError):  # it is starting
                pass
            await asyncio.sleep(0.5)
        for name, board in BOARDS.items():
            chosen = {"manager": ["olga"] if name == "manager" else list(TEAM)}
            for panel in board["panels"]:
                for target in (one for one in panel["targets"] if "expr" in one):
                    asked += 1
                    if not await ask(promql(target["expr"], chosen)):
                        empty.append((name, panel["title"], target["refId"]))
    assert empty == [("team", "Темп: наборы к концу смены", "A")]  # it is evening: no shift is under way
    assert asked > 30
