"""import-cdr: a PBX's exported history, through the same dialects and the same inbox."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson
import typer
from rich.console import Console
from rich.progress import track

from telephony_bridge import db, webhooks, worker
from telephony_bridge.errors import NotFound
from telephony_bridge.model import Company, Delivery
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import refuse, with_database

_LINES = 500  # of a file in one delivery


def import_cdr(
    dialect: str = typer.Argument(help="One of " + ", ".join(sorted(webhooks.DIALECTS)) + "."),
    file: Path = typer.Argument(help="The PBX's export: CSV (Master.csv too), a JSON array, or one JSON object a line."),
    source: str = typer.Option(..., "--source", help="The source it came from, by name."),
) -> None:
    """Keeps a PBX's exported CDRs as deliveries of a source and understands them. Again changes nothing.

    Example: telephony-bridge import-cdr asterisk Master.csv --source office
    """
    try:
        text = file.read_bytes()
    except OSError as missing:
        refuse(f"{file}: {missing.strerror}")

    async def run(database: db.Database, _: Settings, company: Company) -> dict[str, int]:
        async with database.begin() as conn:
            found = [one for one in (await webhooks.load_sources(conn, company)).values() if one.name == source]
        if not found or found[0].dialect.name != dialect:
            raise NotFound(f"there is no {dialect} source named {source}; see: telephony-bridge source list")
        told, began = {"deliveries": 0, "known": 0, "refused": 0}, datetime.now(UTC)
        for body in track(list(_deliveries(text)), console=Console(stderr=True), description=file.name, transient=True):
            arrival = webhooks.inbox.Arrival(found[0].id, Delivery(0, datetime.now(UTC), body), "waiting", None)
            async with database.begin() as conn:
                kept = await webhooks.inbox.keep(conn, [arrival])
            told["known" if kept[0].duplicate else "deliveries"] += 1
        await worker.work_once(database, company)
        async with database.begin() as conn:
            told["refused"] = len(await webhooks.inbox.choose(conn, source_id=found[0].id, outcome="malformed", since=began))
        return told

    print(orjson.dumps(with_database(run)).decode())


def _deliveries(text: bytes) -> Iterator[bytes]:
    """The file in bodies of a size the door would take: a header is repeated, a JSON array is taken apart."""
    start = text.lstrip(b"\xef\xbb\xbf \r\n\t")
    if start[:1] == b"[":
        rows = orjson.loads(start)
        for first in range(0, len(rows), _LINES):
            yield orjson.dumps(rows[first : first + _LINES])
        return
    lines = start.splitlines(keepends=True)
    if start[:1] == b"{":
        yield from (line for line in lines if line.strip())
        return
    header = lines[:1] if b"disposition" in lines[0].lower() and b"channel" in lines[0].lower() else []
    for first in range(len(header), len(lines), _LINES):
        yield b"".join([*header, *lines[first : first + _LINES]])
