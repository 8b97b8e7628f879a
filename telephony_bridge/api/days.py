"""GET /days/{date}: the board (CONTRACT §6.2)."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from telephony_bridge import people, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Endpoint, Name, Told


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
    """One manager's day. ``pbx`` of new leads: those he dialled by IP. ``segments`` where he has more than one: they add up.

    ``provisional``: the verdict of a day under way if it ended now; ``corrected_at``: late facts changed a closed day.
    """

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
    provisional: NotRequired[Literal["not_met", "met", "target", "not_evaluated"]]
    corrected_at: NotRequired[str]


class Board(TypedDict):
    date: str
    managers: list[Line]


class DayReport(TypedDict):
    """A line as it was put on record; ``reopened`` names who had it judged anew, and why."""

    kind: Literal["provisional", "closed", "corrected", "reopened"]
    at: str
    author: str | None
    reason: str | None
    line: dict[str, Any]


class DayReports(TypedDict):
    items: list[DayReport]
    next: None


class Reopening(Told):
    """``manager`` is a handle, everybody if absent."""

    manager: str | None = None
    reason: Name


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


async def reports(ask: Ask) -> dict[str, Any]:
    day = ask.day("date")
    handle = ask.query.manager
    if handle is not None:
        await ask.manager_id(handle)
    elif ask.asker.role == "manager":
        handle = ask.asker.manager
    return {"items": await pipeline.reports(ask.conn, day, handle, company=ask.company), "next": None}


async def reopen(ask: Ask) -> dict[str, Any]:
    told: Reopening = ask.body
    day = ask.day("date")
    asked = await ask.manager_id(told.manager)
    managers = [asked] if asked is not None else [row["id"] for row in await people.all_managers(ask.conn)]
    await pipeline.days_reopened(
        ask.conn, day, managers, author=ask.asker.name, reason=told.reason, company=ask.company, now=ask.now
    )
    return {
        "date": day.isoformat(),
        "managers": await pipeline.board(ask.conn, day, told.manager, company=ask.company, now=ask.now),
    }


ENDPOINTS = (
    Endpoint("GET", "/days/{date}", "The board of a day", board, Board, query=DayQuery),
    Endpoint("GET", "/days/{date}/reports", "What was put on record of a day, oldest first", reports, DayReports, query=DayQuery),
    Endpoint(
        "POST",
        "/days/{date}/reopen",
        "A closed day is judged anew by all that is known now, and closed again",
        reopen,
        Board,
        roles=SUPERVISORS,
        body=Reopening,
    ),
)
