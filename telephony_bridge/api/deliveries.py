"""Deliveries: what arrived and what became of it (CONTRACT §6.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import pipeline, webhooks
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Endpoint, Id, Limit, Nothing, Told
from telephony_bridge.model import rfc3339

Outcome = Literal["waiting", "understood", "not_a_call", "malformed", "failed"]


class Delivery(TypedDict):
    """``why`` says what is wrong; ``calls`` are ids of the calls it told of; ``size`` in bytes."""

    id: int
    source: str
    dialect: str
    received_at: str
    outcome: Outcome
    why: str | None
    calls: list[int]
    size: int


class Raw(Delivery):
    """A delivery whole; bytes that are no UTF-8 are shown as U+FFFD."""

    method: str
    tail: str
    query: str
    headers: dict[str, str]
    body: str
    attempts: int
    settled_at: str | None


class Deliveries(TypedDict):
    items: list[Delivery]
    next: str | None


class Reason(TypedDict):
    """Deliveries of one source with one fault, numbers in the text told as #; ``latest`` is the id of the last one."""

    source: str
    dialect: str
    outcome: Outcome
    why: str
    deliveries: int
    first_at: str
    last_at: str
    latest: int


class Reasons(TypedDict):
    items: list[Reason]
    next: None


class ReasonsQuery(Told):
    """``days`` back from now."""

    source: str | None = None
    days: int = Field(7, ge=1, le=366)


class Again(TypedDict):
    waiting: int


class DeliveriesQuery(Told):
    """``source`` is a name."""

    outcome: Outcome | None = None
    source: str | None = None
    limit: Limit = 100
    cursor: Id | None = None


def _answer(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"],
        "source": row["source"],
        "dialect": row["dialect"],
        "received_at": rfc3339(row["received_at"]),
        "outcome": row["outcome"],
        "why": row["why"],
        "calls": list(row["call_ids"]),
        "size": row["size"],
    }


async def find(ask: Ask) -> dict[str, Any]:
    asked: DeliveriesQuery = ask.query
    rows = await webhooks.inbox.listed(
        ask.conn, source=asked.source, outcome=asked.outcome, below=asked.cursor, limit=asked.limit + 1
    )
    page = rows[: asked.limit]
    return {"items": [_answer(row) for row in page], "next": str(page[-1]["id"]) if len(rows) > asked.limit else None}


async def reasons(ask: Ask) -> dict[str, Any]:
    asked: ReasonsQuery = ask.query
    rows = await webhooks.inbox.reasons(ask.conn, source=asked.source, since=ask.now - timedelta(days=asked.days))
    return {"items": [{**row, **{name: rfc3339(row[name]) for name in ("first_at", "last_at")}} for row in rows], "next": None}


async def one(ask: Ask) -> dict[str, Any]:
    row = await webhooks.inbox.shown(ask.conn, ask.id("id"))
    return {
        **_answer({**row, "size": len(row["body"])}),
        "method": row["method"],
        "tail": row["tail"],
        "query": row["query"],
        "headers": row["headers"],
        "body": row["body"].decode("utf-8", "replace"),
        "attempts": row["attempts"],
        "settled_at": rfc3339(row["settled_at"]) if row["settled_at"] is not None else None,
    }


async def replay(ask: Ask) -> dict[str, Any]:
    await webhooks.inbox.shown(ask.conn, ask.id("id"))
    return {"waiting": await pipeline.replay(ask.conn, [ask.id("id")], now=ask.now)}


ENDPOINTS = (
    Endpoint("GET", "/deliveries", "Deliveries, newest first", find, Deliveries, roles=SUPERVISORS, query=DeliveriesQuery),
    Endpoint(
        "GET",
        "/deliveries/reasons",
        "What could not be understood, by source and reason",
        reasons,
        Reasons,
        roles=SUPERVISORS,
        query=ReasonsQuery,
    ),
    Endpoint("GET", "/deliveries/{id}", "One delivery, raw", one, Raw, roles=SUPERVISORS),
    Endpoint("POST", "/deliveries/{id}/replay", "Understand it again", replay, Again, roles=SUPERVISORS, body=Nothing),
)
