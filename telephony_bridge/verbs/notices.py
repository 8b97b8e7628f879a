"""notices preview, notices link, notify test."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
import typer

from telephony_bridge import db, notices, people, pipeline, telling
from telephony_bridge.errors import NotFound, Refused
from telephony_bridge.model import Company, rfc3339
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import JSON, in_transaction, moment_of, refuse, with_database
from telephony_bridge.worker import clock

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


@app.command("link")
def link(
    manager: str = typer.Option(..., "--manager", help="The salesperson, by handle."),
    opens: str = typer.Option("owed", "--opens", help="owed: all that is owed; plan: the planned contacts of the day."),
) -> None:
    """A manager's link to his own pages, as a notice would bring it: for who has no channel. Who has it writes as he.

    Example: telephony-bridge notices link --manager ivan
    """
    if opens not in ("owed", "plan"):
        raise typer.BadParameter(f"--opens: read {opens!r}, expected owed or plan")

    async def run(conn: db.Connection, told: Settings, company: Company, now: datetime) -> tuple[str, datetime]:
        return await telling.link_to(conn, manager, opens, address=told.address, company=company, now=now)  # type: ignore[arg-type]

    url, until = in_transaction(run)
    print(orjson.dumps({"manager": manager, "url": url, "until": rfc3339(until)}).decode())


@notify_app.command("test")
def trial(who: str = typer.Argument(metavar="HANDLE", help="A manager's handle, or the login of a user.")) -> None:
    """Sends a trial notice to every channel of a person and says which took it; one that does is no longer held for dead.

    Example: telephony-bridge notify test ivan
    """

    async def run(database: db.Database, settings: Settings, company: Company) -> list[dict[str, str]]:
        async with database.begin() as conn:
            hearer = await _hearer(conn, who)
        language = hearer.language or company.language
        title, body = notices.render("trial", language, company.zone, now=clock(), facts={})
        page = notices.html_of(title, body, None, "Telephony Bridge", language)
        vault = people.vault_of(settings)
        told = []
        for kept in hearer.channels:
            url = vault.open(kept)
            sent = await notices.send(url, notices.Message(f"trial/{uuid4()}", title, body, page), now=clock())
            if sent.outcome == "sent":
                async with database.begin() as conn:
                    await notices.revive(conn, kept)
            told.append({"channel": notices.scheme_of(url), "outcome": sent.outcome, "why": sent.why})
        return told

    told = with_database(run)
    print(orjson.dumps(told).decode())
    missed = [f"{one['channel']} ({one['why']})" for one in told if one["outcome"] != "sent"]
    if missed:
        refuse(f"not delivered by: {', '.join(missed)}; check the channel's address")


async def _hearer(conn: db.Connection, who: str) -> people.Hearer:
    """Raises ``NotFound``, or ``Refused`` for who has no channel."""
    everybody = await people.hearers(conn)
    found = next((one for one in everybody.users if one.login == who), None)
    try:
        found = everybody.managers[(await people.by_handle(conn, who))["id"]]
    except NotFound:
        if found is None:
            raise
    if not found.channels:
        verb = "manager" if found.manager_id is not None else "user"
        raise Refused(f"{who} has no channel; add one: telephony-bridge {verb} change {who} --notify URL")
    return found
