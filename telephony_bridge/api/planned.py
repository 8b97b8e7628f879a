"""GET /planned: whom to call on a day, overdue first (CONTRACT §6.5)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import crm, people
from telephony_bridge.api.endpoint import Ask, Day, Endpoint, Told
from telephony_bridge.book import open_book
from telephony_bridge.planning import is_overdue


class Planned(TypedDict):
    """``overdue``: the working day on which it falls is over (EC-48)."""

    id: int
    lead: int
    name: str
    manager: str | None
    at: str
    basis: Literal["agreed", "own"]
    goal: str | None
    last_outcome: str | None
    set_at: str
    overdue: bool


class PlannedList(TypedDict):
    items: list[Planned]
    next: None


class PlannedQuery(Told):
    """``manager`` is a handle; ``date`` is today if absent, in the manager's zone."""

    manager: str | None = None
    day: Day | None = Field(None, alias="date")


async def find(ask: Ask) -> dict[str, Any]:
    handle = ask.query.manager or (ask.asker.manager if ask.asker.role == "manager" else None)
    manager_id = await ask.manager_id(handle)
    zone = ask.company.zone
    if manager_id is not None:
        schedule = (await people.schedules(ask.conn, [manager_id]))[manager_id]
        zone = (schedule.week(ask.query.day) if ask.query.day is not None else schedule.week_at(ask.now)).timezone
    day = ask.query.day or ask.now.astimezone(zone).date()
    found = await crm.planned(
        ask.conn, before=datetime.combine(day + timedelta(days=1), time(), zone), manager_id=manager_id, zone=zone
    )
    book = await open_book(ask.conn, ask.company, since=day)
    ids = book.ids
    items = [
        {**one, "overdue": is_overdue(book, ids.get(one["manager"]), datetime.fromisoformat(one["at"]), today=day)}
        for one in found
    ]
    return {"items": items, "next": None}


ENDPOINTS = (Endpoint("GET", "/planned", "Planned contacts of a day, overdue first", find, PlannedList, query=PlannedQuery),)
