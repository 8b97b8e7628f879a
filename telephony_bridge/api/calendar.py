"""The company's own calendar: days on which it differs from its country's (EC-54)."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import people, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Day, Endpoint, Name, Told
from telephony_bridge.model import DayKind, rfc3339

Kind = Literal["off", "work", "short", "usual"]


class CalendarDay(TypedDict):
    """``off``: free; ``work``: worked though a weekend; ``short``: an hour less; ``usual``: as the week has it."""

    date: str
    kind: Kind
    note: str | None
    author: str
    set_at: str


class CalendarDays(TypedDict):
    items: list[CalendarDay]
    next: None


class NewDay(Told):
    """The last word on a day holds."""

    day: Day = Field(alias="date")
    kind: Kind
    note: Name | None = None


async def find(ask: Ask) -> dict[str, Any]:
    rows = await people.calendar_days(ask.conn)
    items = [
        {
            "date": row["day"].isoformat(),
            "kind": row["kind"],
            "note": row["note"],
            "author": row["author"],
            "set_at": rfc3339(row["set_at"]),
        }
        for row in rows
    ]
    return {"items": items, "next": None}


async def add(ask: Ask) -> dict[str, Any]:
    told: NewDay = ask.body
    day: date = told.day
    await pipeline.hold(ask.conn)
    await people.set_calendar_day(ask.conn, day, DayKind(told.kind), told.note, author=ask.asker.name, now=ask.now)
    await pipeline.calendar_changed(ask.conn, day, company=ask.company, now=ask.now)
    return await find(ask)


ENDPOINTS = (
    Endpoint("POST", "/calendar", "A day of the company's own", add, CalendarDays, roles=SUPERVISORS, body=NewDay, status=201),
    Endpoint("GET", "/calendar", "Days that differ from the country's calendar", find, CalendarDays),
)
