"""SQL of exemptions: the only ways out of the next date, each asked with a reason and approved by a supervisor (R27, EC-64)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from telephony_bridge import db
from telephony_bridge.errors import Conflict, NotFound, Refused
from telephony_bridge.model import rfc3339

SQL = db.queries("records")

ExemptionKind = Literal["wrong_number", "liquidated", "opt_out", "competitor", "colleague"]
ExemptionStatus = Literal["asked", "approved", "refused", "withdrawn"]
_FROM = {"approved": ("asked",), "refused": ("asked",), "withdrawn": ("asked", "approved")}
_MOVES = {"approved": SQL.approve, "refused": SQL.refuse, "withdrawn": SQL.withdraw}


async def ask_exemption(
    conn: db.Connection, lead_id: int, kind: ExemptionKind, reason: str, *, by: str, is_approved: bool, now: datetime
) -> int:
    """An exemption asked for, or approved at once; returns its id. Raises ``Refused``, ``Conflict`` with the standing one."""
    if not reason.strip():
        raise Refused("reason: say why this lead needs no next date")
    standing = await conn.fetchval(SQL.standing, lead_id, kind)
    if standing is not None:
        (one,) = await find_exemptions(conn, exemption_id=standing)
        raise Conflict(f"exemption {standing} of this lead and kind is {one['status']} already", existing=one)
    exemption_id = int(await conn.fetchval(SQL.ask, lead_id, kind, reason.strip(), by, now))
    if is_approved:
        await conn.execute(SQL.approve, exemption_id, by, now, None)
    return exemption_id


async def answer_exemption(
    conn: db.Connection,
    exemption_id: int,
    to: Literal["approved", "refused", "withdrawn"],
    *,
    by: str,
    reason: str,
    now: datetime,
) -> int:
    """A supervisor's word on an exemption; returns its lead. Raises ``NotFound``, ``Refused``."""
    found = await find_exemptions(conn, exemption_id=exemption_id)
    if not found:
        raise NotFound(f"there is no exemption {exemption_id}")
    if not reason.strip():
        raise Refused("say why: a reason is needed")
    if found[0]["status"] not in _FROM[to]:
        raise Refused(f"an exemption that is {found[0]['status']} cannot become {to}")
    await conn.execute(_MOVES[to], exemption_id, by, now, reason.strip())
    return int(found[0]["lead"])


async def find_exemptions(
    conn: db.Connection,
    *,
    exemption_id: int | None = None,
    status: str | None = None,
    lead_id: int | None = None,
    seen_by: int | None = None,
    handle: str | None = None,
    below: int | None = None,
    limit: int = 1,
) -> list[dict[str, Any]]:
    """Exemptions, JSON-ready, newest first; ``seen_by`` (with his ``handle``) sees those of his leads and those he asked for."""
    rows = await conn.fetch(SQL.exemptions, exemption_id, status, lead_id, seen_by, handle, below, limit)
    return [
        {"id": row["id"], "lead": row["lead_id"]}
        | {name: row[name] for name in ("kind", "reason", "status", "answer")}
        | {f"{word}_by": row[f"{word}_by"] for word in ("asked", "approved", "refused", "withdrawn")}
        | {
            f"{word}_at": rfc3339(at) if (at := row[f"{word}_at"]) is not None else None
            for word in ("asked", "approved", "refused", "withdrawn")
        }
        for row in rows
    ]


async def opted_out(conn: db.Connection, lead_ids: Iterable[int]) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """Lead -> (since, until) of each time it did not want to be called; ``until`` is None while it does not (EC-64)."""
    found: dict[int, list[tuple[datetime, datetime | None]]] = {}
    for row in await conn.fetch(SQL.opted_out, sorted(set(lead_ids))):
        found.setdefault(row["lead_id"], []).append((row["asked_at"], row["withdrawn_at"]))
    return found
