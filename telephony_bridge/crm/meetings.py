"""SQL of meetings: negotiations face to face, recorded by who held them (R8)."""

from __future__ import annotations

from datetime import datetime

from telephony_bridge import db
from telephony_bridge.crm.leads import Author
from telephony_bridge.errors import Conflict, Refused
from telephony_bridge.model import rfc3339

SQL = db.queries("records")


async def hold_meeting(
    conn: db.Connection,
    lead_id: int,
    started_at: datetime,
    ended_at: datetime,
    goal: str | None,
    *,
    author: Author,
    now: datetime,
) -> int:
    """A meeting that was held; returns its id. Raises ``Refused``, or ``Conflict`` where the author had one on this lead then."""
    if started_at > now:
        raise Refused(
            f"at: {rfc3339(started_at)} lies ahead; what is only agreed is a next contact, a meeting is one that was held"
        )
    taken = await conn.fetchrow(SQL.meeting_at, lead_id, author.name, started_at, ended_at)
    if taken is not None:
        told = {"id": taken["id"], "at": rfc3339(taken["started_at"]), "ended_at": rfc3339(taken["ended_at"])}
        raise Conflict(f"meeting {taken['id']} with this lead lasted until {told['ended_at']}", existing=told)
    return int(
        await conn.fetchval(
            SQL.hold_meeting, lead_id, author.manager_id, author.kind, author.name, started_at, ended_at, goal, now
        )
    )
