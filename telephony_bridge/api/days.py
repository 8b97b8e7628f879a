"""GET /days/{date}: the board (CONTRACT §6.2)."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from telephony_bridge import pipeline
from telephony_bridge.api.endpoint import Ask, Endpoint, Told


class Numbers(TypedDict):
    pbx: int
    crm: int
    counted: int
    min: int
    target: int


class NewLeads(TypedDict):
    pbx: int
    entered: int
    counted: int
    min: int
    target: int


class SegmentNumbers(TypedDict):
    """``share`` in percent of the manager's work; what is on no lead of his segments is shown with the greatest share."""

    dials: Numbers
    connects: Numbers
    new_leads: NewLeads
    share: int


class Marks(TypedDict):
    open: int
    fixed_late: int


class Line(TypedDict):
    """One manager's day. ``pbx`` of new leads: those he dialled by IP. ``segments`` where he has more than one: they add up."""

    manager: str
    name: str
    segment: str
    scheduled: bool
    dials: Numbers
    connects: Numbers
    new_leads: NewLeads
    segments: NotRequired[dict[str, SegmentNumbers]]
    not_counted: dict[str, int]
    verdict: Literal["not_met", "met", "target", "pending", "not_evaluated", "off"]
    violations: Marks
    gaps: NotRequired[list[list[str]]]


class Board(TypedDict):
    date: str
    managers: list[Line]


class DayQuery(Told):
    """``manager`` is a handle."""

    manager: str | None = None


async def board(ask: Ask) -> dict[str, Any]:
    day = ask.day("date")
    handle = ask.query.manager
    if handle is not None:
        await ask.manager_id(handle)
    elif ask.asker.role == "manager":
        handle = ask.asker.manager
    return {
        "date": day.isoformat(),
        "managers": await pipeline.board(ask.conn, day, handle, company=ask.company, now=ask.now),
    }


ENDPOINTS = (Endpoint("GET", "/days/{date}", "The board of a day", board, Board, query=DayQuery),)
