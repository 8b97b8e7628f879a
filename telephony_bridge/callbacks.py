"""Missed calls that nobody returned (V11): who owes the call back, by when, and who has made it (EC-13)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from telephony_bridge import calls, db, matcher, violations
from telephony_bridge.deriving import Book, reach
from telephony_bridge.model import Direction, Disposition, MatchResult
from telephony_bridge.norms import calendar
from telephony_bridge.silence import Span
from telephony_bridge.violations import Finding
from telephony_bridge.violations.callbacks import RUN, Missed, Owed, owed

REACH = timedelta(days=120)  # how old a missed call may be that a call back still answers
_NO_CLIENT = frozenset({MatchResult.INTERNAL, MatchResult.EXCLUDED})


async def unreturned(
    conn: db.Connection, book: Book, units: Iterable[tuple[date, str]]
) -> tuple[list[tuple[Finding, Span]], set[int]]:
    """V11 of the numbers of these (day, number), each with the time there was for a call back, and every incoming call looked at.

    Only what a PBX told counts: a CRM's word neither misses a call nor returns one.
    """
    asked = set(units)
    if not asked:
        return [], set()
    since = datetime.combine(min(day for day, _ in asked), time(), UTC) - REACH
    told_by = [id_ for id_, source in book.sources.items() if not source.installation.is_crm]
    rows = await calls.missed_and_returned(conn, {number for _, number in asked}, since - RUN, told_by)
    await reach(conn, book, (row["day"] for row in rows))
    by_number: dict[str, list[db.Record]] = {}
    for row in rows:
        by_number.setdefault(row["number"], []).append(row)
    whose = await _whose(conn, [row for row in rows if _is_missed(row)])
    findings: list[tuple[Finding, Span]] = []
    for mine in by_number.values():
        known = {row["id"]: row for row in mine}
        missed = [Missed(id_, whose[id_], row["started_at"]) for id_, row in known.items() if id_ in whose]
        for one in owed(missed, [row["started_at"] for row in mine if _returns(row)]):
            found = _finding(book, one, known[one.first.call_id]) if one.first.at >= since else None
            findings += [(found, (one.first.at, found.due_at))] if found is not None else []
    looked_at = {row["id"] for row in rows if row["direction"] == Direction.INBOUND and row["started_at"] >= since}
    return findings, looked_at


def _is_missed(row: db.Record) -> bool:
    return (
        row["direction"] == Direction.INBOUND
        and row["disposition"] != Disposition.ANSWERED
        and row["final"]
        and row["match"] not in _NO_CLIENT
    )


def _returns(row: db.Record) -> bool:
    """A dial of anyone is an attempt, answered or not; so is the client's own later call, once it is answered."""
    return bool(row["direction"] == Direction.OUTBOUND or row["disposition"] == Disposition.ANSWERED)


async def _whose(conn: db.Connection, missed: list[db.Record]) -> dict[int, int]:
    """Call -> who owes the call back: whose extension alone rang, else who has the lead. What has opened stays whose it is."""
    found = {row["id"]: row["manager_id"] for row in missed if row["manager_id"] is not None}
    others = {row["id"]: row["lead_id"] for row in missed if row["manager_id"] is None and row["lead_id"] is not None}
    if others:
        leads = await matcher.by_ids(conn, set(others.values()))
        owners = {id_: leads[lead_id].manager_id for id_, lead_id in others.items() if lead_id in leads}
        owners |= await violations.opened_against(conn, "V11", others)
        found |= {id_: manager_id for id_, manager_id in owners.items() if manager_id is not None}
    return found


def _finding(book: Book, one: Owed, row: db.Record) -> Finding | None:
    missed = one.first
    day = book.day(missed.manager_id, missed.at)
    minutes = book.setting("callback", missed.manager_id, day)
    due_at = calendar.working_minutes_later(book.schedule(missed.manager_id), missed.at, minutes)
    if due_at is None:  # he works no more
        return None
    return Finding(
        code="V11",
        subject_kind="call",
        subject_id=str(missed.call_id),
        manager_id=missed.manager_id,
        day=day,
        due_at=due_at,
        met_at=one.returned_at,
        evidence={"call": missed.call_id, "deliveries": list(row["delivery_ids"]), "lead": row["lead_id"]},
        policy_version=book.version(missed.manager_id, day),
    )
