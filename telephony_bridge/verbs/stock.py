"""base."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson

from telephony_bridge import db, people, stock
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import JSON, in_transaction, show

_COLUMNS = ("manager", "open", "with_date", "overdue", "touched_30", "touched_90", "sleeping", "untouched", "clients", "warning")


def base(as_json: bool = JSON) -> None:
    """How healthy the base is, a line a manager: open leads, with a date, overdue, touched, asleep; clients.

    Example: telephony-bridge base
    """

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> tuple[Any, list[dict[str, Any]]]:
        in_all, lines = await stock.base_health(conn, company=company, now=now)
        handles = {row["id"]: row["handle"] for row in await people.all_managers(conn)}
        return in_all, [{"manager": handles[id_] if id_ else None, **line} for id_, line in lines]

    in_all, lines = in_transaction(run)
    if as_json:
        print(orjson.dumps({"company": in_all, "managers": lines}).decode())
    else:
        named = [line | {"manager": line["manager"] or "(nobody)"} for line in lines]
        show([*named, {"manager": "in all", **in_all}], as_json=False, columns=list(_COLUMNS))
