"""notices preview, notify test."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from uuid import uuid4

import orjson
import typer

from telephony_bridge import crm, db, notices, people, violations
from telephony_bridge.errors import Refused
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import JSON, in_transaction, moment_of, refuse, with_database

app = typer.Typer(help="What managers are told.", no_args_is_help=True)
notify_app = typer.Typer(help="Channels of notices.", no_args_is_help=True)
_STANDING = ("watching", "reminded", "open")


@app.command("preview")
def preview(
    manager: str = typer.Option(..., "--manager", help="The salesperson, by handle."),
    at: str | None = typer.Option(None, "--at", help="As of this moment (RFC 3339); default: now."),
    as_json: bool = JSON,
) -> None:
    """The list a manager would get at a moment: planned contacts, overdue first, and what he owes. Sends nothing.

    Example: telephony-bridge notices preview --manager ivan --at 2026-11-24T09:00:00+03:00
    """
    moment = moment_of(at, "--at")

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> str:
        return await _digest(conn, manager, company, moment or now)

    text = in_transaction(run)
    print(orjson.dumps({"manager": manager, "text": text}).decode() if as_json else text)


async def _digest(conn: db.Connection, handle: str, company: Company, now: datetime) -> str:
    row = await people.by_handle(conn, handle)
    zone = (await people.schedules(conn, [row["id"]]))[row["id"]].week_at(now).timezone
    begins = datetime.combine(now.astimezone(zone).date(), time(), zone)
    contacts = await crm.planned(conn, before=begins + timedelta(days=1), manager_id=row["id"], zone=zone)
    standing = await violations.listed(conn, statuses=_STANDING, manager_id=row["id"], limit=1000)
    planned = []
    for contact in contacts:
        due_at = datetime.fromisoformat(contact["at"])
        planned.append(notices.Planned(contact["name"], due_at, contact["goal"], due_at < begins))
    owed = [notices.Owed(one["code"], datetime.fromisoformat(one["due_at"]), one["status"] == "open") for one in standing]
    return notices.digest(row["name"], planned, owed, language=company.language, zone=zone, now=now)


@notify_app.command("test")
def test(handle: str) -> None:
    """Sends a trial notice to every channel of a manager and says which took it.

    Example: telephony-bridge notify test ivan
    """

    async def run(database: db.Database, _: Settings, company: Company) -> list[dict[str, str]]:
        async with database.begin() as conn:
            row = await people.by_handle(conn, handle)
        if not row["notify"]:
            raise Refused(f"{handle} has no channel; add one: manager add --notify URL, or PATCH /api/v1/managers/{handle}")
        text = (
            "Проверка связи: сюда будут приходить напоминания."
            if company.language == "ru"
            else "A trial notice: reminders come here."
        )
        message = notices.Message(f"test-{uuid4()}", "Telephony Bridge", text, f"<p>{text}</p>")
        told = []
        for url in row["notify"]:
            sent = await notices.send(url, message, now=datetime.now(UTC))
            told.append({"channel": notices.scheme_of(url), "outcome": sent.outcome, "why": sent.why})
        return told

    told = with_database(run)
    print(orjson.dumps(told).decode())
    missed = [f"{one['channel']} ({one['why']})" for one in told if one["outcome"] != "sent"]
    if missed:
        refuse(f"not delivered by: {', '.join(missed)}; check the channel's address")
