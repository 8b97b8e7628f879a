"""V13 of ended days: dials that look made for the number alone. For review: a supervisor confirms or excuses each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from telephony_bridge import calls, db, violations
from telephony_bridge.deriving import Book
from telephony_bridge.model import Disposition, MatchResult
from telephony_bridge.norms import calendar
from telephony_bridge.violations import Finding, suspects

_SHOWN = 50  # calls of each kind that the evidence names


async def judge_suspects(conn: db.Connection, book: Book, managers: Sequence[int], day: date, *, now: datetime) -> dict[str, int]:
    """V13 of these managers' day, one row each, with every kind that speaks for it; returns how many opened, by code."""
    rows = await calls.dials_of(conn, day, managers)
    refused = await _opted_out(conn, rows)
    findings = []
    for manager_id, mine in rows.items():
        if book.has_left(manager_id, day):  # that is D05's to tell
            continue
        found = suspects.suspicions([_dial(row) for row in mine], _limits(book, manager_id, day), refused)
        if found:
            findings.append(_finding(book, manager_id, day, found))
    subjects = [book.day_subject(manager_id, day) for manager_id in managers]
    return await violations.judge(conn, "day", subjects, findings, codes=("V13",), now=now)


async def _opted_out(_conn: db.Connection, _rows: Mapping[int, Sequence[db.Record]]) -> Sequence[int]:
    """Those of these dials that went to a lead who was recorded as opted out before (EC-64). Opt-outs are not recorded yet."""
    return []


def _dial(row: db.Record) -> suspects.Dial:
    return suspects.Dial(
        id=row["id"],
        number=row["number"],
        started_at=row["started_at"],
        answered=row["disposition"] == Disposition.ANSWERED,
        talk_seconds=row["talk_seconds"],
        excluded=row["match_reason"] if row["match"] == MatchResult.EXCLUDED else None,
    )


def _limits(book: Book, manager_id: int, day: date) -> suspects.Limits:
    hours = book.word("client_hours", manager_id, day)
    return suspects.Limits(
        redials=book.setting("suspect_redials", manager_id, day),
        staff=book.setting("suspect_staff", manager_id, day),
        short=book.setting("suspect_short", manager_id, day),
        client_hours=None if hours == "off" else calendar.parse_hours(hours),
    )


def _finding(book: Book, manager_id: int, day: date, found: Mapping[str, Sequence[int]]) -> Finding:
    kinds = {kind: {"count": len(mine), "calls": list(mine[:_SHOWN])} for kind, mine in found.items()}
    return Finding(
        code="V13",
        subject_kind="day",
        subject_id=book.day_subject(manager_id, day),
        manager_id=manager_id,
        day=day,
        due_at=book.closes_at(manager_id, day),
        met_at=None,
        evidence={"kinds": kinds},
        policy_version=book.version(manager_id, day),
    )
