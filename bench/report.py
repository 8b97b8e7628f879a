"""Figures against their targets, and the page they are written to."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Figure:
    """``least``/``most`` is what must hold, ``aim`` what we want; ``aside`` is what does not travel to another machine."""

    what: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None
    aim: float | None = None
    spread: tuple[float, float] | None = None
    aside: str = ""

    @property
    def verdict(self) -> str:
        if self.least is None and self.most is None:
            return ""
        good = self.value >= self.least if self.least is not None else self.value <= (self.most or 0)
        if not good:
            return "MISSED"
        aimed = self.aim is not None and (self.value >= self.aim if self.least is not None else self.value <= self.aim)
        return "aim" if aimed else "met"

    def __str__(self) -> str:
        return f"{self.what}: {self.value:.3g} {self.unit} {self.verdict}"


def ratio(what: str, pairs: Sequence[tuple[float, float]], must: float | None, aim: float | None) -> Figure:
    """(no-op, ours) of each round as the median of the rounds' ratios."""
    ratios = [ours / idle for idle, ours in pairs]
    aside = f"{median(ours for _, ours in pairs):,.0f}/s of {median(idle for idle, _ in pairs):,.0f}/s"
    return Figure(what, median(ratios), "", least=must, aim=aim, spread=(min(ratios), max(ratios)), aside=aside)


def page(figures: Sequence[Figure], *, command: str, postgres: str = "none") -> str:
    lines = [
        "# Benchmarks",
        "",
        f"Measured by `{command}` on {datetime.now(UTC):%Y-%m-%d}: {_machine()},",
        f"Python {platform.python_version()}, aiohttp {version('aiohttp')}, asyncpg {version('asyncpg')}, Postgres {postgres}.",
        "",
        "The no-op is an aiohttp server that parses the JSON and answers 204. Load, no-op, door, worker and Postgres share the",
        "machine. Only ratios inside one run travel; what is aside does not.",
        "",
        "| what | measured | rounds from-to | must | aim | | aside |",
        "|---|---|---|---|---|---|---|",
    ]
    for one in figures:
        must = (
            "" if one.least is None and one.most is None else f"≥ {one.least:g}" if one.least is not None else f"≤ {one.most:g}"
        )
        spread = f"{one.spread[0]:.2f}-{one.spread[1]:.2f}" if one.spread else ""
        aim = f"{one.aim:g}" if one.aim is not None else ""
        lines.append(f"| {one.what} | {one.value:.3g} {one.unit} | {spread} | {must} | {aim} | {one.verdict} | {one.aside} |")
    return "\n".join(lines) + "\n"


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores of {model}, {memory:.0f} GiB"
