"""deliveries list | show | replay | capture."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import typer

from telephony_bridge import db, pipeline, webhooks
from telephony_bridge.life import life_of
from telephony_bridge.model import Company, rfc3339
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import JSON, in_transaction, moment_of, refuse, show, show_one

app = typer.Typer(help="What arrived and what became of it.", no_args_is_help=True)
LAST = 2**63 - 1
ID = typer.Argument(help="A delivery's id.", min=1, max=LAST)


@app.command("list")
def list_(
    source: str | None = typer.Option(None, "--source", help="Only of this source."),
    outcome: str | None = typer.Option(None, "--outcome", help="waiting, understood, not_a_call, malformed or failed."),
    limit: int = typer.Option(100, "--limit", min=1, max=10_000),
    as_json: bool = JSON,
) -> None:
    """Newest first, without bodies.

    Example: telephony-bridge deliveries list --outcome malformed
    """

    async def run(conn: db.Connection, *_: object) -> list[dict[str, Any]]:
        return await webhooks.inbox.listed(conn, source=source, outcome=outcome, limit=limit)

    show(in_transaction(run), as_json=as_json)


@app.command("reasons")
def reasons(
    source: str | None = typer.Option(None, "--source", help="Only of this source."),
    days: int = typer.Option(7, "--days", min=1, max=366, help="How far back."),
    as_json: bool = JSON,
) -> None:
    """What could not be understood, by source and reason, the commonest first; after a fix: deliveries replay.

    Example: telephony-bridge deliveries reasons --source office
    """

    async def run(conn: db.Connection, _: Settings, __: Company, now: datetime) -> list[dict[str, Any]]:
        return await webhooks.inbox.reasons(conn, source=source, since=now - timedelta(days=days))

    show(in_transaction(run), as_json=as_json)


@app.command("show")
def show_delivery(delivery_id: int = ID, as_json: bool = JSON) -> None:
    """One delivery whole, with its body and its life: the calls it told of, what they count for, what is owed, who was told.

    Example: telephony-bridge deliveries show 17
    """

    async def run(conn: db.Connection, *_: object) -> dict[str, Any]:
        return await life_of(conn, delivery_id)

    found = in_transaction(run)
    if as_json or not sys.stdout.isatty():
        show_one(found, as_json=True)
        return
    show_one({name: value for name, value in found.items() if name not in ("life", "call_ids")}, as_json=False)
    for line in _life(found["life"]):
        print(line)


def _life(told: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each step, the later ones further in."""
    for call in told:
        yield (
            f"call {call['call']}: {call['direction']} {call['extension'] or ''} {call['number'] or ''} at {call['started_at']}, "
            f"{call['disposition']}, talk {call['talk_seconds']} s, via {call['via']}"
        )
        yield f"  whose: {call['manager'] or 'nobody'}; lead {call['lead'] or 'none'} ({call['match']}); day {call['day']}"
        yield f"  dial: {call['dial']}; connect: {call['connect']}"
        yield f"  comment: {call['comment']}; next contact: {call['next_contact']}"
        for owed in call["owed"]:
            yield f"  {owed['code']} {owed['name']} of {owed['manager']}: {owed['status']}, due {owed['due_at']}"
            for move in owed["moves"]:
                yield f"    {move['at']} {move['to']} by {move['author']}{': ' + move['reason'] if move['reason'] else ''}"
            for one in owed["notices"]:
                how = f"sent {one['sent_at']} by {one['channel']}" if one["sent_at"] else one["status"]
                yield f"    {one['decided_at']} told in notice {one['notice']} ({one['kind']}): {how}"


@app.command("replay")
def replay(
    ids: list[int] = typer.Argument(None, help="Delivery ids.", min=1, max=LAST),
    source: str | None = typer.Option(None, "--source"),
    outcome: str | None = typer.Option(None, "--outcome"),
    since: str | None = typer.Option(None, "--since", help="Received at or after (RFC 3339)."),
    until: str | None = typer.Option(None, "--until", help="Received before (RFC 3339)."),
) -> None:
    """Understands again, by id or by source, outcome and time of receipt; the worker does it.

    Example: telephony-bridge deliveries replay --outcome malformed --source office
    """
    first, last = moment_of(since, "--since"), moment_of(until, "--until")
    if not ids and not (source or outcome or first or last):
        raise typer.BadParameter("say which: ids, --source, --outcome, --since or --until")

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> int:
        chosen = list(ids or ())
        if not chosen:
            sources = await webhooks.load_sources(conn, company)
            known = {found.name: found.id for found in sources.values()}
            if source is not None and source not in known:
                refuse(f"there is no source named {source}; see: telephony-bridge source list")
            chosen = await webhooks.inbox.choose(
                conn, source_id=known[source] if source else None, outcome=outcome, since=first, until=last
            )
        return await pipeline.replay(conn, chosen, now=now)

    print(f"{in_transaction(run)} deliveries wait to be understood again")


@app.command("capture")
def capture(
    delivery_id: int = ID,
    case: str = typer.Argument(help="The fixture's name."),
    into: Path = typer.Option(Path("fixtures/cdr"), "--into", help="The fixtures' folder."),
) -> None:
    """Writes a scrubbed fixture from a delivery: phone numbers, names, tokens and links are replaced, the shape stays.

    Example: telephony-bridge deliveries capture 17 unescaped_name
    """

    async def run(conn: db.Connection, *_: object) -> dict[str, Any]:
        return await webhooks.inbox.shown(conn, delivery_id)

    found = in_transaction(run)
    body = webhooks.scrub(found["body"])
    start = body.lstrip()[:1]
    ending = "json" if start in (b"{", b"[") else "xml" if start == b"<" else "form" if b"=" in body or not body else "csv"
    path = into / found["dialect"] / f"{case}.{ending}"
    if path.exists():
        refuse(f"{path} exists; pick another case name")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    told = webhooks.scrub_headers(found["headers"]) | {
        "X-Tail": webhooks.scrub_tail(found["tail"]),
        "X-Query": webhooks.scrub_query(found["query"]),
        "X-Method": "" if found["method"] == "POST" else found["method"],
        "X-Received": rfc3339(found["received_at"]),
    }
    lines = [f"{name}: {value}\n" for name, value in told.items() if value]
    path.with_name(path.name + ".headers").write_text("".join(lines))
    print(path)
