"""The month of each manager, for who pays: results by day verdicts and what is on record (R7). No fines: those are people's."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from telephony_bridge import db, violations
from telephony_bridge.days import METRICS, manager_days
from telephony_bridge.deriving import open_book
from telephony_bridge.model import Company, Verdict

_STATUSES = ("open", "fixed_late", "excused")
_KEPT = (Verdict.MET, Verdict.TARGET)


def month_days(month: str) -> list[date]:
    """The days of ``2026-11``. Raises ``ValueError``."""
    first = date.fromisoformat(f"{month}-01")
    return [day for day in (first + timedelta(days=shift) for shift in range(31)) if day.month == first.month]


async def payroll(conn: db.Connection, days: Sequence[date], *, company: Company, now: datetime) -> list[dict[str, Any]]:
    """A line for each manager who was on shift or did something: days by verdict, counted results, violations by code.

    Days that are not over yet are left out; a disputed or confirmed violation stands among the open ones.
    """
    past = [day for day in days if day < now.astimezone(company.zone).date()]
    if not past:
        return []
    book = await open_book(conn, company, since=past[0])
    verdicts: dict[int, Counter[str]] = {id_: Counter() for id_ in book.handles}
    results: dict[int, Counter[str]] = {id_: Counter() for id_ in book.handles}
    for day in past:
        for found in await manager_days(conn, book, list(book.handles), day, now=now):
            verdicts[found.manager_id][found.verdict] += found.scheduled
            results[found.manager_id].update({metric: tally.counted for metric, tally in found.tallies.items()})
    marks = await violations.by_code(conn, past[0], past[-1])
    lines = []
    for id_, handle in sorted(book.handles.items(), key=lambda one: one[1]):
        told = verdicts[id_]
        if not (told or any(results[id_].values())):
            continue
        lines.append(
            {
                "manager": handle,
                "name": book.names[id_],
                "team": book.week(id_, past[-1]).team,
                "days_on_shift": sum(told.values()),
                "days_met": sum(told[verdict] for verdict in _KEPT),
                "days_target": told[Verdict.TARGET],
                "days_not_met": told[Verdict.NOT_MET],
                "days_not_evaluated": told[Verdict.NOT_EVALUATED],
                "days_pending": told[Verdict.PENDING],
                **{metric: results[id_][metric] for metric in METRICS},
                "violations": marks.get(id_, {}),
            }
        )
    return lines


def as_csv(lines: Sequence[dict[str, Any]]) -> str:
    """The same, a column a number: ``V01_open``, ``V01_fixed_late``, ``V01_excused`` and so on for every code on record."""
    codes = sorted({code for line in lines for code in line["violations"]})
    plain = [name for name in (lines[0] if lines else {"manager": ""}) if name != "violations"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*plain, *(f"{code}_{status}" for code in codes for status in _STATUSES)])
    for line in lines:
        numbers = [line["violations"].get(code, {}).get(status, 0) for code in codes for status in _STATUSES]
        writer.writerow([*(line[name] for name in plain), *numbers])
    return text.getvalue()
