"""What every verb needs: settings, an open database, one way to print and one way to refuse."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn, TypeVar

import orjson
import typer
from rich.console import Console
from rich.table import Table

from telephony_bridge import db
from telephony_bridge.app import company_of
from telephony_bridge.errors import BridgeError
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings, read_settings

T = TypeVar("T")
JSON = typer.Option(False, "--json", help="Print JSON instead of a table.")
AUTHOR = "command line"


def refuse(why: str) -> NoReturn:
    """One line on stderr and exit code 1."""
    print(why.replace("\n", " "), file=sys.stderr)
    raise typer.Exit(1)


def settings() -> Settings:
    try:
        return read_settings()
    except BridgeError as wrong:
        refuse(str(wrong))


def with_database(story: Callable[[db.Database, Settings, Company], Awaitable[T]], *, migrated: bool = True) -> T:
    """Opens the database the settings name, tells the story, closes it."""
    told = settings()

    async def run() -> T:
        database = await db.open_database(told)
        try:
            if migrated:
                await db.check_migrated(database)
            return await story(database, told, company_of(told))
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except BridgeError as refused:
        refuse(str(refused))


def in_transaction(story: Callable[[db.Connection, Settings, Company, datetime], Awaitable[T]]) -> T:
    """The same, in one transaction and with the time of the command."""

    async def run(database: db.Database, told: Settings, company: Company) -> T:
        async with database.begin() as conn:
            return await story(conn, told, company, datetime.now(UTC))

    return with_database(run)


def show(rows: list[dict[str, Any]], *, as_json: bool, columns: list[str] | None = None) -> None:
    """A table for people, or JSON for machines."""
    if as_json:
        print(orjson.dumps(rows, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS).decode())
        return
    table = Table(box=None, pad_edge=False)
    names = columns or (list(rows[0]) if rows else ["nothing to show"])
    for name in names:
        table.add_column(name)
    for row in rows:
        table.add_row(*(_cell(row.get(name)) for name in names))
    Console(markup=False, emoji=False, highlight=False).print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%SZ")
    if isinstance(value, (dict, list)):
        return orjson.dumps(value, default=str).decode()
    return str(value)


def show_one(value: dict[str, Any], *, as_json: bool) -> None:
    if as_json or not sys.stdout.isatty():
        print(orjson.dumps(value, default=str).decode())
    else:
        for key, part in value.items():
            print(f"{key}: {_cell(part)}")


def day_of(typed: str | None, name: str = "date") -> date | None:
    """A typed day. Raises a usage error that names the option."""
    if typed is None:
        return None
    try:
        day = date.fromisoformat(typed)
        if 2000 < day.year < 2100:
            return day
        raise ValueError(day)
    except ValueError:
        raise typer.BadParameter(f"{name}: read {typed!r}, expected a day such as 2026-11-23") from None


def moment_of(typed: str | None, name: str) -> datetime | None:
    """A typed moment with an offset (RFC 3339)."""
    if typed is None:
        return None
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise typer.BadParameter(f"{name}: read {typed!r}, expected RFC 3339 such as 2026-11-23T18:00:00+03:00")
    return at.astimezone(UTC)


def next_midnight(company: Company, now: datetime) -> date:
    """The day from which a version without ``--from`` holds (EC-67)."""
    return now.astimezone(company.zone).date() + timedelta(days=1)
