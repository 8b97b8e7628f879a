"""notices preview, notify test."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import typer

from telephony_bridge import db, notices, people, pipeline
from telephony_bridge.errors import Refused
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import JSON, in_transaction, moment_of, refuse, with_database

app = typer.Typer(help="What managers are told.", no_args_is_help=True)
notify_app = typer.Typer(help="Channels of notices.", no_args_is_help=True)


@app.command("preview")
def preview(
    manager: str = typer.Option(..., "--manager", help="The salesperson, by handle."),
    at: str | None = typer.Option(None, "--at", help="As of this moment (RFC 3339); default: now."),
    as_json: bool = JSON,
) -> None:
    """What a manager would be told at a moment: the list of that hour, and what he owes. Sends nothing.

    Example: telephony-bridge notices preview --manager ivan --at 2026-11-24T09:00:00+03:00
    """
    moment = moment_of(at, "--at")

    async def run(conn: db.Connection, told: Settings, company: Company, now: datetime) -> list[dict[str, Any]]:
        found = await pipeline.preview_notices(conn, manager, company=company, now=moment or now)
        return [one | {"text": one["text"].replace(notices.LINK, f"{told.address}/f/…")} for one in found]

    found = in_transaction(run)
    text = "\n\n".join(f"{one['title']}\n\n{one['text']}" for one in found)
    if as_json:
        print(orjson.dumps({"manager": manager, "text": text, "notices": found}).decode())
    else:
        print(text or "Nothing would be told: it is a day off or a quiet hour, or nothing is owed.")


@notify_app.command("test")
def test(handle: str) -> None:
    """Sends a trial notice to every channel of a manager and says which took it.

    Example: telephony-bridge notify test ivan
    """

    async def run(database: db.Database, told: Settings, company: Company) -> dict[str, bool]:
        async with database.begin() as conn:
            row = await people.by_handle(conn, handle)
        if not row["notify"]:
            raise Refused(
                f"{handle} has no channel; add one: manager change {handle} --notify URL, or PATCH /api/v1/managers/{handle}"
            )
        text = (
            "Проверка связи: сюда будут приходить напоминания."
            if company.language == "ru"
            else "A trial notice: reminders come here."
        )
        vault = people.vault_of(told)
        return await notices.send([vault.open(kept) for kept in row["notify"]], "Telephony Bridge", text)

    taken = with_database(run)
    print(orjson.dumps(taken).decode())
    if not all(taken.values()):
        refuse(f"not delivered by: {', '.join(name for name, good in taken.items() if not good)}; check the channel's address")
