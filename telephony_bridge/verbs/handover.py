"""handover."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
import typer

from telephony_bridge import db, pipeline
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import AUTHOR, JSON, in_transaction, show

_NUMBERS = {
    "cards": "cards",
    "leads": "open leads",
    "lost": "lost leads",
    "planned": "planned contacts",
    "overdue": "of these overdue",
    "deals": "open deals",
}


def hand_over(
    leaver: str = typer.Argument(metavar="FROM", help="Who leaves, by handle."),
    to: list[str] = typer.Option(..., "--to", help="Who gets the cards, by handle; repeatable: they get even shares."),
    preview: bool = typer.Option(False, "--preview", help="Only tell what would move and what is missing."),
    as_json: bool = JSON,
) -> None:
    """Passes a leaving manager's cards on: leads with their planned contacts and open deals. Again moves nothing more.

    Example: telephony-bridge handover ivan --to olga --to petr --preview
    """

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> dict[str, Any]:
        if preview:
            return await pipeline.preview_handover(conn, leaver, to, company=company, now=now)
        return await pipeline.hand_over(conn, leaver, to, author=AUTHOR, company=company, now=now)

    told = in_transaction(run)
    if as_json:
        print(orjson.dumps(told).decode())
        return
    show(
        [{"manager": one["manager"], **{name: one[key] for key, name in _NUMBERS.items()}} for one in told["shares"]],
        as_json=False,
    )
    print(f"{len(told['owed_comments'])} calls of {leaver} wait for his comment")
    print(f"{len(told['gaps'])} cards have calls and no comment" + _listed(told["gaps"]))
    print("nothing is moved yet" if preview else f"{told['cards']} cards moved" + _named(told))


def _listed(gaps: list[dict[str, Any]]) -> str:
    return ": leads " + ", ".join(str(one["lead"]) for one in gaps) if gaps else ""


def _named(told: dict[str, Any]) -> str:
    return f", hand-over {told['id']}" if told["id"] is not None else ""
