"""SQL of leads: who they are, whose they are, and that a number belongs to one of them (R9, EC-18, EC-61)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from telephony_bridge import db, phones
from telephony_bridge.errors import Conflict, NotFound, Refused
from telephony_bridge.model import rfc3339

SQL = db.queries("crm")

Stage = Literal["new", "potential", "client", "lost"]
Buys = Literal["yes", "no", "unknown"]
Outcome = Literal[
    "talked", "agreed", "not_interested", "will_call_himself", "no_answer", "busy", "voicemail", "wrong_number", "hung_up"
]
Phone = tuple[str, str | None]  # E.164, the extension behind it


@dataclass(frozen=True, slots=True)
class Author:
    """Who wrote: a person (a manager, or somebody signed in) or a machine, whose word satisfies nothing (R19, CONTRACT §8)."""

    kind: Literal["person", "machine"]
    name: str
    manager_id: int | None = None


@dataclass(frozen=True, slots=True)
class NewLead:
    """A lead to be entered; ``phones`` in any spelling. Without a ``stage`` it is new, or potential where it buys alike (R11)."""

    name: str
    phones: Sequence[str]
    segment: str = "cold"
    company: str | None = None
    manager_id: int | None = None
    source: str | None = None
    stage: Stage | None = None
    buys_analog: Buys = "unknown"


@dataclass(frozen=True, slots=True)
class Changes:
    """What changes on a lead; what is absent from ``told`` stays."""

    told: Mapping[str, Any] = field(default_factory=dict)
    phones: Sequence[str] | None = None


def read_phones(spelled: Iterable[str], region: str) -> list[Phone]:
    """Numbers as keys (EC-18, EC-19), without repeats. Raises ``Refused`` naming what is no number."""
    found: dict[str, str | None] = {}
    for spelling in spelled:
        plain, extension = phones.split_extension(spelling)
        number = phones.e164(plain, region)
        if number is None:
            raise Refused(
                f"phones: {phones.masked(spelling)} is no phone number; write it with its country code, as +7 999 000 00 00"
            )
        found.setdefault(number, extension)
    return list(found.items())


def _same(one: str | None, other: str | None) -> bool:
    """Behind one switchboard two extensions are two leads; where one is not known the number alone decides (EC-18)."""
    return one is None or other is None or one == other


async def _holder(conn: db.Connection, wanted: Sequence[Phone], *, besides: int | None = None) -> tuple[int, str] | None:
    """A lead that has one of these numbers already, and that number."""
    asked = dict(wanted)
    for row in await conn.fetch(SQL.holders, list(asked)):
        if row["lead_id"] != besides and _same(row["extension"], asked[row["phone"]]):
            return row["lead_id"], row["phone"]
    return None


async def add_lead(
    conn: db.Connection, lead: NewLead, *, author: Author, at: datetime, now: datetime, region: str, allow_duplicate: bool = False
) -> int:
    """Enters a lead as of ``at``; returns its id. Raises ``Refused``, or ``Conflict`` with the id of the number's holder."""
    numbers = read_phones(lead.phones, region)
    if not numbers:
        raise Refused("phones: a lead needs a number, that is how its calls are found")
    if not (lead.name.strip() or (lead.company or "").strip()):
        raise Refused("name: a lead needs a name or a company")
    if not allow_duplicate and (taken := await _holder(conn, numbers)) is not None:
        raise Conflict(f"lead {taken[0]} has the number {phones.masked(taken[1])} already", existing=taken[0])
    row = await conn.fetchrow(
        SQL.add_leads,
        [lead.name.strip()],
        [lead.company],
        [lead.segment],
        [lead.manager_id],
        [lead.stage or ("potential" if lead.buys_analog == "yes" else "new")],
        [lead.buys_analog],
        [lead.source],
        [at],
        author.manager_id,
        author.kind,
        now,
    )
    assert row is not None
    await _add_phones(conn, row["id"], numbers, at)
    return int(row["id"])


async def _add_phones(conn: db.Connection, lead_id: int, numbers: Sequence[Phone], at: datetime) -> None:
    await conn.execute(
        SQL.add_phones,
        [phone for phone, _ in numbers],
        [ext for _, ext in numbers],
        [lead_id] * len(numbers),
        [at] * len(numbers),
    )


async def change_lead(
    conn: db.Connection, lead_id: int, changes: Changes, *, author: str, by: int | None, at: datetime, now: datetime, region: str
) -> None:
    """What is told changes, the rest stays. A lost lead needs a reason, and no contact is planned. Raises like ``add_lead``.

    ``author`` is who does it, for the record; ``by``: the manager who does it in his own name, None for a supervisor, whose word
    is his approval (R12).
    """
    row = await _row(conn, lead_id, None)
    merged = {
        name: changes.told.get(name, row[name])
        for name in ("name", "company", "segment", "manager_id", "stage", "lost_reason", "buys_analog", "source")
    }
    if "stage" not in changes.told and row["stage"] == "new" and merged["buys_analog"] == "yes" != row["buys_analog"]:
        merged["stage"] = "potential"  # who confirms that he buys the like is a potential client (R11)
    if merged["stage"] == "lost" and not (merged["lost_reason"] or "").strip():
        raise Refused("reason: a lost lead needs a reason")
    if merged["stage"] != "lost":
        merged["lost_reason"] = None
    if changes.phones is not None:
        numbers = read_phones(changes.phones, region)
        if not numbers:
            raise Refused("phones: a lead needs a number, that is how its calls are found")
        if (taken := await _holder(conn, numbers, besides=lead_id)) is not None:
            raise Conflict(f"lead {taken[0]} has the number {phones.masked(taken[1])} already", existing=taken[0])
        await conn.execute(SQL.remove_phones, lead_id, [phone for phone, _ in numbers])
        await _add_phones(conn, lead_id, numbers, at)
    await conn.execute(SQL.change_lead, lead_id, *merged.values(), now)
    if (merged["buys_analog"] == "unknown") != (row["buys_analog"] == "unknown"):
        await conn.execute(SQL.qualify, lead_id, None if merged["buys_analog"] == "unknown" else at)
    await _log_moves(conn, lead_id, row, merged, author=author, at=at)
    if merged["stage"] == "lost" and row["stage"] != "lost":
        await conn.execute(SQL.close_planned, lead_id, at, "lost")
        await conn.execute(SQL.give_up, lead_id, at, by)
    elif merged["stage"] != "lost" and row["stage"] == "lost":
        await conn.execute(SQL.give_up, lead_id, None, None)


async def _log_moves(
    conn: db.Connection, lead_id: int, before: db.Record, after: Mapping[str, Any], *, author: str, at: datetime
) -> None:
    moved = [
        (field, str(before[name]) if before[name] is not None else None, str(after[name]) if after[name] is not None else None)
        for field, name in (("segment", "segment"), ("manager", "manager_id"), ("stage", "stage"))
        if before[name] != after[name]
    ]
    if moved:
        await conn.execute(SQL.log_lead_moves, lead_id, *zip(*moved, strict=True), author, at)


async def _row(conn: db.Connection, lead_id: int, seen_by: int | None) -> db.Record:
    rows = await conn.fetch(SQL.shown, [lead_id], seen_by)
    if not rows:
        raise NotFound(f"there is no lead {lead_id}")
    return rows[0]


async def lead_seen_by(conn: db.Connection, lead_id: int, manager_id: int | None) -> dict[str, Any]:
    """One lead, JSON-ready; a manager knows his own and those he had a call with. Raises ``NotFound``."""
    return _json(await _row(conn, lead_id, manager_id))


async def shown(conn: db.Connection, ids: Iterable[int], seen_by: int | None = None) -> list[dict[str, Any]]:
    """Leads by id, JSON-ready, newest first."""
    return [_json(row) for row in reversed(await conn.fetch(SQL.shown, list(ids), seen_by))]


async def find_leads(
    conn: db.Connection,
    *,
    phone: str | None,
    manager_id: int | None,
    stage: str | None,
    segment: str | None,
    seen_by: int | None,
    below: int | None,
    limit: int,
    region: str,
) -> list[dict[str, Any]]:
    """Leads by any spelling of a number and by whose they are, newest first; a number that is none finds nobody."""
    number = None
    if phone is not None:
        number = phones.e164(phones.split_extension(phone)[0], region)
        if number is None:
            return []
    rows = await conn.fetch(SQL.find, number, manager_id, stage, segment, seen_by, below, limit)
    return await shown(conn, [row["id"] for row in rows])


def _json(row: db.Record) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "company": row["company"],
        "phones": list(row["phones"]),
        "segment": row["segment"],
        "manager": row["manager"],
        "source": row["source"],
        "stage": row["stage"],
        "reason": row["lost_reason"],
        "buys_analog": row["buys_analog"],
        "author": row["author"],
        "author_kind": row["author_kind"],
        "entered_at": rfc3339(row["entered_at"]),
        "next_contact": (
            {"at": rfc3339(row["due_at"]), "basis": row["basis"], "goal": row["goal"]} if row["due_at"] is not None else None
        ),
    }
