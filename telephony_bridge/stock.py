"""How healthy the base is: what is touched, dated, overdue or asleep, per manager and in all (R33, R34)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from telephony_bridge import db
from telephony_bridge.deriving import Book, open_book, utc_day
from telephony_bridge.model import Company

SQL = db.queries("stock")
_COUNTED = ("leads", "open", "with_date", "overdue", "touched_30", "touched_90", "sleeping", "untouched", "clients")


async def base_health(
    conn: db.Connection, *, company: Company, now: datetime
) -> tuple[dict[str, Any], list[tuple[int | None, dict[str, Any]]]]:
    """(the company's, [(manager or None, his)]) numbers and whole percents; leads of nobody stand under None.

    Touched is dialled, talked with or commented by a person: within 30 days, within 90, longer ago (sleeping) or never
    (untouched). A planned contact is overdue when its day is over for whose lead it is. Open leads are all but the lost.
    """
    book = await open_book(conn, company, since=utc_day(now))
    asked = [None, *book.handles]
    begins = [book.day_bounds(id_, book.day(id_, now))[0] for id_ in asked]
    days = timedelta(days=1)
    rows = await conn.fetch(SQL.base, asked[1:], begins[1:], begins[0], now - 30 * days, now - 90 * days)
    held = {row["manager_id"]: {name: row[name] for name in _COUNTED} for row in rows}
    in_all = {name: sum(one[name] for one in held.values()) for name in _COUNTED}
    lines: list[tuple[int | None, dict[str, Any]]] = [
        (id_, _line(book, id_, held.get(id_, dict.fromkeys(_COUNTED, 0)), now)) for id_ in book.handles
    ]
    if None in held:
        lines.append((None, _line(book, None, held[None], now)))
    return _line(book, None, in_all, now), lines


def _line(book: Book, manager_id: int | None, counted: dict[str, int], now: datetime) -> dict[str, Any]:
    limit = book.setting("overdue_warning", manager_id, book.day(manager_id, now))
    return {
        **counted,
        "with_date_percent": _percent(counted["with_date"], counted["open"]),
        "touched_30_percent": _percent(counted["touched_30"], counted["open"]),
        "touched_90_percent": _percent(counted["touched_90"], counted["open"]),
        "overdue_percent": _percent(counted["overdue"], counted["open"]),
        "conversion_percent": _percent(counted["clients"], counted["leads"]),
        "warning": counted["overdue"] * 100 > limit * counted["open"],
    }


def _percent(part: int, whole: int) -> int:
    """Rounded half up; of nothing it is nothing."""
    return (part * 200 + whole) // (2 * whole) if whole else 0
