"""GET /base: how healthy the base is (R33, R34)."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from telephony_bridge import people, stock
from telephony_bridge.api.endpoint import Ask, Endpoint
from telephony_bridge.model import rfc3339


class Stock(TypedDict):
    """``open`` are all but the lost leads: touched_90, sleeping and untouched make them up. ``warning``: too many are overdue.

    Percents are of open leads; ``conversion_percent`` is clients of all leads.
    """

    leads: int
    open: int
    with_date: int
    with_date_percent: int
    overdue: int
    overdue_percent: int
    touched_30: int
    touched_30_percent: int
    touched_90: int
    touched_90_percent: int
    sleeping: int
    untouched: int
    clients: int
    conversion_percent: int
    warning: bool


class StockOf(Stock):
    """Of a manager; leads of nobody are ``null``'s."""

    manager: str | None
    name: str | None


class Base(TypedDict):
    """``company`` is null for who sees only his own."""

    at: str
    company: Stock | None
    managers: list[StockOf]


async def find(ask: Ask) -> dict[str, Any]:
    company, lines = await stock.base_health(ask.conn, company=ask.company, now=ask.now)
    who = {row["id"]: row for row in await people.all_managers(ask.conn)}
    seen = ask.asker.seen_by
    return {
        "at": rfc3339(ask.now),
        "company": company if seen is None else None,
        "managers": [
            {"manager": who[id_]["handle"] if id_ else None, "name": who[id_]["name"] if id_ else None, **line}
            for id_, line in lines
            if seen in (None, id_)
        ],
    }


ENDPOINTS = (Endpoint("GET", "/base", "How healthy the base is", find, Base),)
