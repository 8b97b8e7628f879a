"""Calls that a CRM tells of and no PBX saw (V12): R15, R16."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from telephony_bridge import calls, db
from telephony_bridge.deriving import Book
from telephony_bridge.model import MatchResult
from telephony_bridge.silence import Span
from telephony_bridge.violations import Finding
from telephony_bridge.violations.claims import NEAR, Sighting, seen_at

_NO_CLIENT = frozenset({MatchResult.INTERNAL, MatchResult.EXCLUDED})
_DAY = timedelta(days=1)


def _crms(book: Book) -> set[int]:
    return {id_ for id_, source in book.sources.items() if source.installation.is_crm}


async def unseen(
    conn: db.Connection, book: Book, units: Iterable[tuple[date, str]]
) -> tuple[list[tuple[Finding, Span]], set[int]]:
    """V12 of the claims at these (day, number) and a day around, each with when it may have been, and every claim looked at.

    Where the company has no PBX there is nothing to hold a claim against.
    """
    crms = _crms(book)
    if not crms or crms == set(book.sources):
        return [], set()
    near = {(day + shift * _DAY, number) for day, number in units for shift in (-1, 0, 1)}
    around = near | {(day + shift * _DAY, number) for day, number in near for shift in (-1, 1)}
    rows = await calls.by_number(conn, around)
    claims = [row for row in rows if row["source_id"] in crms and (row["day"], row["number"]) in near]
    if not claims:
        return [], set()
    sightings: dict[str, list[Sighting]] = {}
    for row in rows:
        if row["source_id"] not in crms:
            sightings.setdefault(row["number"], []).append(Sighting(row["manager_id"], row["started_at"]))
    findings = [
        (_finding(book, row, sightings.get(row["number"], [])), (row["started_at"] - NEAR, row["started_at"] + NEAR))
        for row in claims
        if row["manager_id"] is not None and row["final"] and row["twin_of"] is None and row["match"] not in _NO_CLIENT
    ]
    return findings, {row["id"] for row in claims}


async def claimed_between(conn: db.Connection, book: Book, start: datetime, end: datetime) -> list[db.Record]:
    """(id, day, number) of the claims between two moments."""
    return await calls.told_between(conn, _crms(book), start, end)


def _finding(book: Book, row: db.Record, sightings: list[Sighting]) -> Finding:
    """Due at the close of the next day: a PBX that tells of its call until then, or later, shows that nothing was amiss."""
    return Finding(
        code="V12",
        subject_kind="call",
        subject_id=str(row["id"]),
        manager_id=row["manager_id"],
        day=row["day"],
        due_at=book.closes_at(row["manager_id"], row["day"] + _DAY),
        met_at=seen_at(row["manager_id"], row["started_at"], sightings),
        evidence={"call": row["id"], "deliveries": list(row["delivery_ids"]), "lead": row["lead_id"]},
        policy_version=book.version(row["manager_id"], row["day"]),
        met_because="corrected",
    )
