"""Deals (CONTRACT §6.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import crm
from telephony_bridge.api.endpoint import Ask, Endpoint, Id, Limit, Name, Told

Stage = Literal["open", "won", "lost"]
Amount = Annotated[Decimal, Field(ge=0, lt=Decimal("1e12"), decimal_places=2)]


class Deal(TypedDict):
    """``amount`` is a decimal string in the company's currency."""

    id: int
    lead: int
    manager: str | None
    title: str
    amount: str | None
    stage: Stage
    created_at: str
    updated_at: str


class Deals(TypedDict):
    items: list[Deal]
    next: str | None


class NewDeal(Told):
    """``manager`` is a handle, the lead's if absent."""

    lead: Id
    title: Name
    amount: Amount | None = None
    stage: Stage = "open"
    manager: str | None = None


class DealChanges(Told):
    """What is given changes, what is not stays."""

    title: Name | None = None
    amount: Amount | None = None
    stage: Stage | None = None
    manager: str | None = None


class DealsQuery(Told):
    lead: Id | None = None
    limit: Limit = 100
    cursor: Id | None = None


async def add(ask: Ask) -> dict[str, Any]:
    told: NewDeal = ask.body
    lead = await crm.lead_seen_by(ask.conn, told.lead, ask.asker.seen_by)
    owner = await ask.manager_id(told.manager or ask.asker.manager or lead["manager"])
    deal_id = await crm.add_deal(
        ask.conn, told.lead, manager_id=owner, title=told.title, amount=told.amount, stage=told.stage, now=ask.now
    )
    return await crm.one_deal(ask.conn, deal_id, None)


async def find(ask: Ask) -> dict[str, Any]:
    asked: DealsQuery = ask.query
    items = await crm.find_deals(
        ask.conn, lead_id=asked.lead, seen_by=ask.asker.seen_by, below=asked.cursor, limit=asked.limit + 1
    )
    page = items[: asked.limit]
    return {"items": page, "next": str(page[-1]["id"]) if len(items) > asked.limit else None}


async def change(ask: Ask) -> dict[str, Any]:
    told: DealChanges = ask.body
    deal_id = ask.id("id")
    await crm.one_deal(ask.conn, deal_id, ask.asker.seen_by)
    given = told.model_dump(exclude_unset=True)
    changes = {name: value for name, value in given.items() if name != "manager" and (value is not None or name == "amount")}
    if "manager" in given:
        changes["manager_id"] = await ask.manager_id(told.manager)
    await crm.change_deal(ask.conn, deal_id, changes, now=ask.now)
    return await crm.one_deal(ask.conn, deal_id, None)


ENDPOINTS = (
    Endpoint("POST", "/deals", "Open a deal on a lead", add, Deal, body=NewDeal, status=201),
    Endpoint("GET", "/deals", "Deals, newest first", find, Deals, query=DealsQuery),
    Endpoint("PATCH", "/deals/{id}", "Change a deal", change, Deal, body=DealChanges),
)
