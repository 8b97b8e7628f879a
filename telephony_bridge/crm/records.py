"""SQL of what people record about leads: comments, next-contact dates, and the history they make with the calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from telephony_bridge import db
from telephony_bridge.crm.leads import Author, Outcome
from telephony_bridge.crm.versions import versions_of
from telephony_bridge.errors import NotFound, Refused
from telephony_bridge.model import rfc3339

SQL = db.queries("crm")


Basis = Literal["agreed", "own"]


@dataclass(frozen=True, slots=True)
class Plan:
    """A next-contact date: agreed with the client, or set by the manager himself (R28); ``reason`` says why it is far (R29)."""

    due_at: datetime
    basis: Basis = "own"
    goal: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What is said of a lead, perhaps of one call. Without words the outcome alone must say it."""

    text: str = ""
    outcome: Outcome | None = None
    goal: str | None = None
    call_id: int | None = None
    next_contact: Plan | None = None


async def comment(
    conn: db.Connection, lead_id: int, note: Note, *, author: Author, manager_id: int | None, at: datetime, now: datetime
) -> int:
    """Records a comment, and the date that came with it for ``manager_id``; returns its id. Raises ``Refused``, ``NotFound``."""
    if not note.text.strip() and note.outcome is None:
        raise Refused("text: write what was said, or give an outcome")
    if note.outcome == "will_call_himself" and note.next_contact is None:
        raise Refused(
            "next_contact: a client who will call himself needs a date on which you call him (in a week, a month, a quarter)"
        )
    if note.call_id is not None:
        call = await conn.fetchrow(SQL.call_of_comment, note.call_id)
        if call is None:
            raise NotFound(f"there is no call {note.call_id}")
        if call["lead_id"] not in (None, lead_id) and lead_id not in call["candidates"]:
            raise Refused(f"call: call {note.call_id} is on lead {call['lead_id']}, not on lead {lead_id}")
    comment_id = await conn.fetchval(
        SQL.comment,
        lead_id,
        note.call_id,
        author.manager_id,
        author.kind,
        author.name,
        note.text,
        note.outcome,
        note.goal,
        at,
        now,
    )
    if note.next_contact is not None:
        await plan(conn, lead_id, note.next_contact, author=author, manager_id=manager_id, at=at)
    return int(comment_id)


async def plan(conn: db.Connection, lead_id: int, told: Plan, *, author: Author, manager_id: int | None, at: datetime) -> int:
    """Sets the lead's one open planned contact as of ``at``; what stood before is remembered as moved. Raises ``Refused``."""
    if told.due_at <= at:
        raise Refused(f"next_contact: {rfc3339(told.due_at)} is not after {rfc3339(at)}; the next contact lies ahead")
    await conn.execute(SQL.end_planned, lead_id, at, author.kind)
    return int(
        await conn.fetchval(
            SQL.plan, lead_id, manager_id, told.due_at, told.basis, told.goal, author.manager_id, author.kind, at, told.reason
        )
    )


async def history(conn: db.Connection, lead_id: int) -> list[dict[str, Any]]:
    """All that happened with a lead, oldest first: ``kind`` is call, meeting, comment or planned (R8, R17, R24)."""
    rows = await conn.fetch(SQL.history, lead_id)
    versions = await versions_of(conn, [row["id"] for row in rows if row["edited_at"] is not None])
    return [_event(row, versions) for row in rows]


_PARTS = {
    "call": ("manager", "direction", "disposition", "talk_seconds", "recording_url"),
    "meeting": ("author_kind", "goal"),
    "comment": ("author_kind", "text", "outcome", "goal"),
    "planned": ("author_kind", "basis", "goal", "reason", "closed_because"),
}


def _event(row: db.Record, versions: Mapping[int, list[dict[str, Any]]]) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": row["kind"], "id": row["id"], "at": rfc3339(row["at"])}
    found |= {name: row[name] for name in _PARTS[row["kind"]]}
    if row["kind"] == "comment":
        found |= {"author": row["manager"], "call": row["call_id"]}
        found["edited_at"] = rfc3339(row["edited_at"]) if row["edited_at"] is not None else None
        found["versions"] = versions.get(row["id"], [])
    if row["kind"] == "planned":
        found |= {"author": row["manager"], "due_at": rfc3339(row["due_at"])}
    if row["kind"] == "meeting":
        found |= {"author": row["manager"], "minutes": int((row["ended_at"] - row["at"]).total_seconds()) // 60}
    return found


async def planned_today(
    conn: db.Connection, days: Sequence[tuple[int, date, datetime, datetime, datetime]]
) -> list[tuple[str, dict[str, int]]]:
    """(handle, {"due", "overdue", "done"}) of each (manager, his day, its begin, its end, before when a contact is overdue)."""
    if not days:
        return []
    rows = await conn.fetch(SQL.planned_today, *zip(*days, strict=True))
    return [(row["manager"], {state: row[state] for state in ("due", "overdue", "done")}) for row in rows]


async def planned(
    conn: db.Connection, *, before: datetime, manager_id: int | None, zone: ZoneInfo, since: datetime | None = None
) -> list[dict[str, Any]]:
    """Open planned contacts due before a moment, the longest overdue first (R36), without those that were kept (EC-49).

    ``since`` leaves out those that were due earlier.
    """
    return [
        {
            "id": row["id"],
            "lead": row["lead_id"],
            "name": row["lead_name"],
            "manager": row["manager"],
            "at": rfc3339(row["due_at"]),
            "basis": row["basis"],
            "goal": row["goal"],
            "last_outcome": row["last_outcome"],
            "set_at": rfc3339(row["set_at"]),
        }
        for row in await conn.fetch(SQL.planned, before, manager_id, zone.key, since)
    ]
