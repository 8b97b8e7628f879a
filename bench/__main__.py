"""``python -m bench``: every figure of docs/benchmarks.md, measured in this run."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench import micro, report
from bench.stage import Stage, answers, free_port, load, process, rss_mb, stage
from telephony_bridge import db

PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


async def door(stage: Stage, seconds: float, rounds: int) -> list[report.Figure]:
    """Door ÷ no-op, each at its own time, the two interleaved."""
    noop_port, door_port = free_port(), free_port()
    figures = []
    async with (
        process("bench.noop", str(noop_port)),
        process("telephony_bridge", "serve", "--no-worker", **stage.environ, TELEPHONY_BRIDGE_PORT=str(door_port)),
    ):
        await answers(f"http://127.0.0.1:{door_port}/readyz")
        for connections, must, aim in ((64, 0.55, 0.75), (16, 0.40, 0.60), (1, None, None)):
            pairs = []
            for _ in range(rounds):
                idle = await load(noop_port, "/", connections=connections, seconds=seconds)
                busy = await load(door_port, stage.path, connections=connections, seconds=seconds, first=stage.serial)
                stage.serial = busy["last"]
                pairs.append((idle["rate"], busy["rate"]))
            figures.append(report.ratio(f"door ÷ no-op, {connections} connections", pairs, must, aim))
            say(f"{figures[-1]}")
    return figures


async def story(stage: Stage, seconds: float, rounds: int) -> list[report.Figure]:
    """Everything kept is understood, matched, weighed and judged; the clock stops when nothing waits."""
    noop_port, door_port = free_port(), free_port()
    pairs = []
    async with (
        process("bench.noop", str(noop_port)),
        process("telephony_bridge", "serve", "--no-worker", **stage.environ, TELEPHONY_BRIDGE_PORT=str(door_port)),
        process("telephony_bridge", "work", **stage.environ),
    ):
        await answers(f"http://127.0.0.1:{door_port}/readyz")
        await _drained(stage)
        for _ in range(rounds):
            idle = await load(noop_port, "/", connections=64, seconds=seconds)
            began = time.monotonic()
            busy = await load(door_port, stage.path, connections=64, seconds=seconds, first=stage.serial)
            stage.serial = busy["last"]
            await _drained(stage)
            pairs.append((idle["rate"], busy["requests"] / (time.monotonic() - began)))
            say(f"story: {pairs[-1][1]:.0f} of {pairs[-1][0]:.0f} a second")
    return [report.ratio("whole story ÷ no-op, nothing left waiting", pairs, 0.25, 0.40)]


async def _drained(stage: Stage) -> None:
    while await stage.waiting():
        await asyncio.sleep(0.05)


async def open_loop(stage: Stage, seconds: float, rate: float) -> list[report.Figure]:
    """Requests by the clock, whatever the answers: latencies, lag and memory."""
    noop_port, door_port = free_port(), free_port()
    async with (
        process("bench.noop", str(noop_port)),
        process("telephony_bridge", "serve", "--no-worker", **stage.environ, TELEPHONY_BRIDGE_PORT=str(door_port)) as served,
        process("telephony_bridge", "work", **stage.environ) as worker,
    ):
        await answers(f"http://127.0.0.1:{door_port}/readyz")
        await _drained(stage)
        idle = await load(noop_port, "/", connections=128, seconds=seconds, rate=rate)
        busy = await load(door_port, stage.path, connections=128, seconds=seconds, rate=rate, first=stage.serial)
        stage.serial = busy["last"]
        memory = rss_mb(served) + rss_mb(worker)
        await _drained(stage)
        lag = await stage.lag_ms()
    return [
        report.Figure(f"open loop {rate:.0f}/s: door p99 ÷ no-op p99", busy["p99_ms"] / idle["p99_ms"], "×", most=5, aim=3),
        report.Figure(f"open loop {rate:.0f}/s: door p50", busy["p50_ms"], "ms"),
        report.Figure(f"open loop {rate:.0f}/s: door p99", busy["p99_ms"], "ms"),
        report.Figure(f"open loop {rate:.0f}/s: kept → counted p50", lag[0], "ms"),
        report.Figure(f"open loop {rate:.0f}/s: kept → counted p99", lag[1], "ms", most=1000, aim=250),
        report.Figure("memory, door + worker under that load", memory, "MB", most=200, aim=120),
    ]


async def start() -> list[report.Figure]:
    """Until /readyz answers, with the embedded Postgres: an empty folder, and one that was used before."""
    found = []
    folder = Path(tempfile.mkdtemp())
    try:
        for what, most, aim in (("an empty folder", None, None), ("a used folder", 3.0, 1.5)):
            port = free_port()
            began = time.monotonic()
            async with process(
                "telephony_bridge", "serve", TELEPHONY_BRIDGE_DATA_DIR=str(folder), TELEPHONY_BRIDGE_PORT=str(port)
            ):
                await answers(f"http://127.0.0.1:{port}/readyz")
                found.append(report.Figure(f"cold start to ready, {what}", time.monotonic() - began, "s", most=most, aim=aim))
            say(f"{found[-1]}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return found


async def run(how: argparse.Namespace) -> None:
    figures: list[report.Figure] = []
    wanted = {how.only} if how.only else {"door", "story", "open", "start", "micro"}
    facts: dict[str, Any] = {}
    if wanted & {"door", "story", "open"}:
        async with stage() as found:
            async with found.database.begin() as conn:
                facts["postgres"] = await conn.fetchval("select current_setting('server_version')")
            if "door" in wanted:
                figures += await door(found, how.seconds, how.rounds)
            if "story" in wanted:
                await _forget(found.database)
                figures += await story(found, how.seconds, how.rounds)
            if "open" in wanted:
                await _forget(found.database)
                figures += await open_loop(found, how.seconds, how.rate)
    if "start" in wanted:
        figures += await start()
    if "micro" in wanted:
        figures += micro.figures()
    page = report.page(figures, command="make bench" + (f" BENCH='{' '.join(sys.argv[1:])}'" if sys.argv[1:] else ""), **facts)
    print(page)
    if not how.only:
        PAGE.write_text(page, "utf-8")
        say(f"written to docs/{PAGE.name}")


async def _forget(database: db.Database) -> None:
    """What an earlier part kept would otherwise be understood in a later one's time."""
    async with database.begin() as conn:
        await conn.execute("delete from deliveries")


def main() -> None:
    told = argparse.ArgumentParser(prog="make bench BENCH=…")
    told.add_argument("--seconds", type=float, default=5, help="of each load")
    told.add_argument("--rounds", type=int, default=3, help="interleaved; medians of their ratios")
    told.add_argument("--rate", type=float, default=1000, help="calls a second of the open loop")
    told.add_argument("--only", choices=["door", "story", "open", "start", "micro"], help="prints, writes nothing")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(told.parse_args()))


if __name__ == "__main__":
    main()
