"""import-cdr: a PBX's exported history, through the same dialects and the same inbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import orjson
import typer
from rich.console import Console
from rich.progress import Progress, track

from telephony_bridge import db, webhooks, worker
from telephony_bridge.errors import NotFound, Unreadable
from telephony_bridge.model import Company, Delivery
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import refuse, with_database
from telephony_bridge.webhooks.dialects.bodies import text_of

_LINES = 500  # of a file in one delivery


def import_cdr(
    dialect: str = typer.Argument(help="One of " + ", ".join(sorted(webhooks.DIALECTS)) + "."),
    file: Path = typer.Argument(help="The PBX's export: CSV (Master.csv too), a JSON array, or one JSON object a line."),
    source: str = typer.Option(..., "--source", help="The source it came from, by name."),
) -> None:
    """Keeps a PBX's exported CDRs as deliveries of a source and understands them. Interrupted it goes on, again it adds nothing.

    Days are closed by the worker and not by the import, so that norms of the past may still be set before they are judged.

    Example: telephony-bridge import-cdr asterisk Master.csv --source office
    """
    try:
        text = file.read_bytes()
    except OSError as missing:
        refuse(f"{file}: {missing.strerror}")

    try:
        rows, join = _rows(text)
    except ValueError as broken:
        refuse(f"{file}: neither CSV, nor a JSON array, nor one JSON object a line ({broken})")

    async def run(database: db.Database, _: Settings, company: Company) -> dict[str, int]:
        async with database.begin() as conn:
            sources = await webhooks.load_sources(conn, company)
        found = next((one for one in sources.values() if one.name == source), None)
        if found is None or found.dialect.name != dialect:
            raise NotFound(f"there is no {dialect} source named {source}; see: telephony-bridge source list")
        told, began = {"deliveries": 0, "known": 0, "refused": 0}, datetime.now(UTC)
        console = Console(stderr=True)
        for first in track(range(0, len(rows), _LINES), console=console, description=f"{file.name}: keeping", transient=True):
            kept = await _keep(database, found, rows[first : first + _LINES], join)
            told["known"] += sum(one.duplicate for one in kept)
            told["deliveries"] += sum(not one.duplicate for one in kept)
            told["known"] += not kept
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(f"{file.name}: understanding", total=told["deliveries"])
            while some := await worker.understand_some(database, company, now=datetime.now(UTC), wait=True):
                progress.advance(task, some)
        async with database.begin() as conn:
            for outcome in ("malformed", "not_a_call"):
                told["refused"] += len(await webhooks.inbox.choose(conn, source_id=found.id, outcome=outcome, since=began))
        return told

    print(orjson.dumps(with_database(run)).decode())


async def _keep(
    database: db.Database, source: webhooks.Source, rows: Sequence[bytes], join: Callable[[Sequence[bytes]], bytes]
) -> list[webhooks.inbox.Kept]:
    """Rows as one delivery; where one of them is broken, or the dialect takes one event at a time, each as its own.

    Nothing for rows that were imported before: they and the note that they were are one transaction.
    """
    bodies = [join(rows)]
    async with database.begin() as conn:
        if not await webhooks.inbox.imported(conn, source.id, bodies[0], now=datetime.now(UTC)):
            return []
        try:
            source.dialect.read(Delivery(0, datetime.now(UTC), bodies[0]), source.installation)
        except Unreadable:
            bodies = [join([row]) for row in rows]
        return await webhooks.inbox.keep(
            conn, [webhooks.inbox.Arrival(source.id, Delivery(0, datetime.now(UTC), body), "waiting", None) for body in bodies]
        )


def _rows(text: bytes) -> tuple[list[bytes], Callable[[Sequence[bytes]], bytes]]:
    """The rows of an export, and how some of them make a body that the door would take. Raises ``ValueError``."""
    start = text.lstrip(b"\xef\xbb\xbf \r\n\t")
    if start[:1] == b"[":  # numbers stay as they were written: 1483463468.20 is an id
        array = json.loads(text_of(start), parse_float=str, parse_int=str)
        return [json.dumps(row, ensure_ascii=False).encode("utf-8", "replace") for row in array], _array
    if start[:1] == b"{" and not _is_json(start.partition(b"\n")[0]) and _is_json(start):
        return [start], _array  # one object over many lines
    lines = [line for line in start.splitlines(keepends=True) if line.strip()]
    if not lines:
        raise ValueError("it is empty")
    if start[:1] == b"{":
        with suppress(json.JSONDecodeError):
            json.loads(start)
            return [start], _array  # one object, on as many lines as it likes
        return lines, _array
    header = not any(digit in lines[0] for digit in b"0123456789")  # every row of calls has a number, no header has
    if len(lines) == header:
        raise ValueError("it has no row")
    return lines[header:], lambda rows: b"".join([*lines[:header], *rows])


def _is_json(text: bytes) -> bool:
    try:
        json.loads(text_of(text))
    except ValueError:
        return False
    return True


def _array(rows: Sequence[bytes]) -> bytes:
    return rows[0] if len(rows) == 1 else b"[" + b",".join(rows) + b"]"
