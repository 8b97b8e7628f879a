"""policy try: what other settings would have changed."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from telephony_bridge import db, whatif
from telephony_bridge.api.policy import Tried
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import JSON, day_of, refuse, with_database


def try_policy(
    file: Path = typer.Argument(help="JSON, or TOML if it is named so: lists of what is tried, policy and norms."),
    from_day: str = typer.Option(..., "--from", help="First local day."),
    to_day: str = typer.Option(..., "--to", help="Last local day; it is over."),
    as_json: bool = JSON,
) -> None:
    """What would change, per manager, had other settings and norms held in a past period. Nothing is written.

    FILE is {"policy": [{"name": "repeat_cap", "value": 2}], "norms": [{"metric": "dials", "segment": "cold", "min": 50,
    "target": 60}]}; each entry may have a team or a manager, a setting also a segment. A narrower version in force still wins.

    Example: telephony-bridge policy try softer.json --from 2026-11-01 --to 2026-11-30
    """
    first, last = day_of(from_day, "--from"), day_of(to_day, "--to")
    assert first is not None
    assert last is not None
    tried = _read(file)

    async def run(database: db.Database, _: Settings, company: Company) -> dict[str, Any]:
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(f"{first} to {last}: judging", total=1)
            return await whatif.try_settings(
                database.apart,
                tried,
                first,
                last,
                company=company,
                now=datetime.now(UTC),
                told=lambda part: progress.update(task, completed=part),
            )

    told = with_database(run)
    if as_json:
        print(orjson.dumps(told).decode())
    else:
        _print(told)


def _read(file: Path) -> whatif.Tried:
    """What is tried. Refuses, naming the field that is wrong."""
    try:
        text = file.read_bytes()
        told = tomllib.loads(text.decode()) if file.suffix == ".toml" else orjson.loads(text)
        return Tried.model_validate(told).as_told()
    except OSError as missing:
        refuse(f"{file}: {missing.strerror}")
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
        refuse(f"{file}: {'.'.join(str(part) for part in first['loc']) or 'it'}: {first['msg']}")
    except ValueError as broken:
        refuse(f"{file}: no {'TOML' if file.suffix == '.toml' else 'JSON'} ({broken})")


def _print(told: dict[str, Any]) -> None:
    out = Console(markup=False, emoji=False, highlight=False)
    out.width = max(out.width, 128)
    if told["managers"]:
        table = Table(title=f"{told['from']} to {told['to']}: as it is -> as it would be", title_justify="left", pad_edge=False)
        for name in ("manager", "days met", "target", "not met", "dials", "connects", "new leads", "violations"):
            table.add_column(name, no_wrap=name != "violations")
        for line in told["managers"]:
            days = (line["days"][word] for word in ("met", "target", "not_met"))
            results = (line[metric] for metric in ("dials", "connects", "new_leads"))
            table.add_row(
                f"{line['name']} ({line['manager']})",
                *(_both(pair) for pair in (*days, *results)),
                ", ".join(f"{code} {_both(pair)}" for code, pair in line["violations"].items()),
            )
        out.print(table)
    else:
        out.print(f"{told['from']} to {told['to']}: nothing would change")
    if told["differing"]:
        which = ", ".join(f"{one['manager']} {one['date']}" for one in told["differing"])
        out.print(
            f"Leads or people have changed since: under the settings in force too these days come out otherwise now: {which}"
        )


def _both(pair: dict[str, int]) -> str:
    return str(pair["before"]) if pair["before"] == pair["after"] else f"{pair['before']} -> {pair['after']}"
