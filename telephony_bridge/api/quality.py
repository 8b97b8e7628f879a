"""Data quality: what is wrong with the evidence itself, D01 to D05 (rules.md §6), and how the sources are heard."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import quality
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Day, Endpoint, Told
from telephony_bridge.model import rfc3339


class Mark(TypedDict):
    """``calls`` it concerns; ``seconds`` how long the silence, or how far ahead the clock; ``advice`` what to do."""

    code: Literal["D01", "D02", "D03", "D04", "D05"]
    name: str
    source: str
    extension: str | None
    calls: int
    seconds: int | None
    first_at: str | None
    last_at: str | None
    advice: str


class Marks(TypedDict):
    items: list[Mark]
    next: None


class MarksQuery(Told):
    """The day to look at; today if not given. Silence is told of today alone."""

    day: Day | None = Field(None, alias="date")


async def find(ask: Ask) -> dict[str, Any]:
    asked: MarksQuery = ask.query
    day = asked.day or ask.now.astimezone(ask.company.zone).date()
    items = [
        {
            "code": mark.code,
            "name": quality.NAMES[mark.code],
            "source": mark.source,
            "extension": mark.extension,
            "calls": mark.calls,
            "seconds": mark.seconds,
            "first_at": rfc3339(mark.first_at) if mark.first_at else None,
            "last_at": rfc3339(mark.last_at) if mark.last_at else None,
            "advice": mark.advice,
        }
        for mark in await quality.marks(ask.conn, day, day, company=ask.company, now=ask.now)
    ]
    return {"items": items, "next": None}


ENDPOINTS = (
    Endpoint(
        "GET", "/data-quality", "What is wrong with the evidence of a day", find, Marks, roles=SUPERVISORS, query=MarksQuery
    ),
)
