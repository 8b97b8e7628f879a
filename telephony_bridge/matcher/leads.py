"""SQL of the matcher: leads behind numbers, managers behind extensions, numbers that are never a client's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from telephony_bridge import db
from telephony_bridge.model import LeadCandidate

SQL = db.queries("matching")


@dataclass(frozen=True, slots=True)
class Mapping:
    """An extension's manager over a span of days; ``source_id`` None holds for every source."""

    source_id: int | None
    extension: str
    manager_id: int
    from_day: date
    to_day: date | None


async def candidates(conn: db.Connection, numbers: Iterable[str], zone: ZoneInfo) -> dict[str, list[LeadCandidate]]:
    """Every lead that has the number."""
    found: dict[str, list[LeadCandidate]] = {}
    for row in await conn.fetch(SQL.leads_by_number, sorted(set(numbers))):
        found.setdefault(row["phone"], []).append(
            LeadCandidate(
                row["id"],
                row["segment"],
                row["manager_id"],
                row["stage"] != "lost",
                row["entered_at"],
                row["due_at"].astimezone(zone).date() if row["due_at"] is not None else None,
                row["last_comment_at"],
                *_before(row),
            )
        )
    return found


def _before(row: db.Record) -> tuple[tuple[tuple[int, str], ...], tuple[tuple[datetime, int | None], ...]]:
    """Segments and owners a lead had before."""
    moves = row["moves"] or ()
    return (
        tuple((move, was) for move, field, was, _ in moves if field == "segment"),
        tuple(
            (datetime.fromtimestamp(at, UTC), int(was) if was is not None else None)
            for _, field, was, at in moves
            if field == "manager"
        ),
    )


async def by_ids(conn: db.Connection, ids: Iterable[int]) -> dict[int, LeadCandidate]:
    """Leads that calls are on, also when the number is no longer theirs (EC-16)."""
    return {
        row["id"]: LeadCandidate(
            row["id"], row["segment"], row["manager_id"], row["stage"] != "lost", row["entered_at"], None, None, *_before(row)
        )
        for row in await conn.fetch(SQL.leads_by_id, sorted(set(ids)))
    }


async def mappings(conn: db.Connection, extensions: Iterable[str]) -> dict[str, list[Mapping]]:
    """Who had these extensions, when (EC-58)."""
    found: dict[str, list[Mapping]] = {}
    for row in await conn.fetch(SQL.managers_by_extension, sorted(set(extensions))):
        found.setdefault(row["extension"], []).append(
            Mapping(row["source_id"], row["extension"], row["manager_id"], row["from_day"], row["to_day"])
        )
    return found


async def exclude(conn: db.Connection, number: str, kind: str, *, manager_id: int | None = None, now: datetime) -> None:
    """From now on this number (E.164) is never a client's: own, staff, service or private; or private to one manager."""
    if manager_id is None:
        await conn.execute(SQL.exclude, number, kind, now)
    else:
        await conn.execute(SQL.keep_private, number, manager_id, now)


async def readmit(conn: db.Connection, number: str, *, manager_id: int | None = None) -> bool:
    """The number may be a client's again, for everybody or for whom it was private; False if it always could."""
    if manager_id is None:
        return bool(await conn.fetch(SQL.readmit, number))
    return bool(await conn.fetch(SQL.readmit_private, number, manager_id))


async def all_excluded(conn: db.Connection) -> list[db.Record]:
    """Numbers that are never a client's: number, kind, manager (whose private one), created_at."""
    return list(await conn.fetch(SQL.all_excluded))


async def excluded(conn: db.Connection, numbers: Iterable[str]) -> dict[tuple[str, int | None], str]:
    """(number, manager or None for everybody) -> why it is never a client's: own, staff, service, private (EC-22 to EC-26)."""
    asked = sorted(set(numbers))
    return {(row["number"], row["manager_id"]): row["kind"] for row in await conn.fetch(SQL.excluded, asked)}
