"""Hand-overs: a leaver's cards become others', each with a digest that its new owner reads (CONTRACT §6.6, R23 to R25)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import crm, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Endpoint, Id, Limit, Name, Told
from telephony_bridge.crm import Outcome, Stage


class Share(TypedDict):
    """What one manager gets."""

    manager: str
    cards: int
    leads: int
    lost: int
    deals: int
    planned: int
    overdue: int


class Owed(TypedDict):
    """A call of the leaver's duty without its comment."""

    call: int
    lead: int | None
    comment: Literal["due", "late"]


class Gap(TypedDict):
    """A card with calls and without a comment of any person (R24)."""

    lead: int
    name: str
    calls: int


HandedOver = TypedDict(
    "HandedOver",
    {
        "id": int | None,
        "preview": bool,
        "from": str,
        "to": list[str],
        "cards": int,
        "leads": int,
        "lost": int,
        "deals": int,
        "planned": int,
        "overdue": int,
        "owed_comments": list[Owed],
        "gaps": list[Gap],
        "shares": list[Share],
    },
)


class Report(TypedDict):
    """What there was at the moment of the hand-over; ``owed_comments`` are calls, ``gaps`` cards without any comment."""

    cards: int
    leads: int
    lost: int
    deals: int
    planned: int
    overdue: int
    owed_comments: int
    gaps: int


class Said(TypedDict):
    text: str
    author: str
    at: str


class Contact(TypedDict):
    at: str
    basis: Literal["agreed", "own"]
    goal: str | None


class Card(TypedDict):
    """A lead with what a successor needs first (R25). ``without_comments``: calls, and not a word of a person about them."""

    lead: int
    name: str
    company: str | None
    stage: Stage
    manager: str
    calls: int
    owed_comments: int
    without_comments: bool
    last_outcome: Outcome | None
    last_comment: Said | None
    next_goal: str | None
    next_contact: Contact | None
    read_at: str | None
    read_by: str | None


Handover = TypedDict(
    "Handover",
    {
        "id": int,
        "from": str,
        "to": list[str],
        "at": str,
        "author": str,
        "cards": int,
        "unread": int,
        "report": Report | None,
    },
)


class HandoverCards(Handover):
    """A hand-over with a page of its cards."""

    items: list[Card]
    next: str | None


class Handovers(TypedDict):
    items: list[Handover]
    next: str | None


class NewHandover(Told):
    """``from`` and ``to`` are handles; several new owners get even shares. With ``preview`` nothing is written."""

    leaver: Name = Field(alias="from")
    to: list[Name] = Field(min_length=1, max_length=100)
    preview: bool = False


class Page(Told):
    limit: Limit = 100
    cursor: Id | None = None


async def hand_over(ask: Ask) -> dict[str, Any]:
    told: NewHandover = ask.body
    if told.preview:
        return await pipeline.preview_handover(ask.conn, told.leaver, told.to, company=ask.company, now=ask.now)
    return await pipeline.hand_over(ask.conn, told.leaver, told.to, author=ask.asker.name, company=ask.company, now=ask.now)


async def find(ask: Ask) -> dict[str, Any]:
    asked: Page = ask.query
    items = await crm.handovers(ask.conn, seen_by=ask.asker.seen_by, below=asked.cursor, limit=asked.limit + 1)
    page = items[: asked.limit]
    return {"items": page, "next": str(page[-1]["id"]) if len(items) > asked.limit else None}


async def one(ask: Ask) -> dict[str, Any]:
    asked: Page = ask.query
    handover_id, seen_by = ask.id("id"), ask.asker.seen_by
    found = await crm.one_handover(ask.conn, handover_id, seen_by)
    items = await crm.cards(ask.conn, handover_id, seen_by=seen_by, below=asked.cursor, limit=asked.limit + 1)
    page = items[: asked.limit]
    return {**found, "items": page, "next": str(page[-1]["lead"]) if len(items) > asked.limit else None}


async def read(ask: Ask) -> dict[str, Any]:
    return await pipeline.card_read(
        ask.conn,
        ask.id("id"),
        ask.id("lead"),
        by=ask.asker.manager or ask.asker.name,
        seen_by=ask.asker.seen_by,
        company=ask.company,
        now=ask.now,
    )


ENDPOINTS = (
    Endpoint("POST", "/handovers", "Pass a leaver's cards on", hand_over, HandedOver, roles=SUPERVISORS, body=NewHandover),
    Endpoint("GET", "/handovers", "Hand-overs, newest first", find, Handovers, query=Page),
    Endpoint("GET", "/handovers/{id}", "One hand-over with its cards", one, HandoverCards, query=Page),
    Endpoint("POST", "/handovers/{id}/cards/{lead}/read", "A card was read", read, Card),
)
