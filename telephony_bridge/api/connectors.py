"""Connectors to other CRMs say how far they have read: no deadline passes before that (EC-41)."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from telephony_bridge import crm, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Endpoint, Moment, Told
from telephony_bridge.model import rfc3339


class Connector(TypedDict):
    """``seen_until``: all that was written in that CRM until then is here."""

    name: str
    seen_until: str
    told_at: str
    retired_at: str | None


class Connectors(TypedDict):
    items: list[Connector]
    next: None


class Watermark(Told):
    """The moment up to which the connector has read the CRM; an earlier one than before changes nothing."""

    seen_until: Moment


async def find(ask: Ask) -> dict[str, Any]:
    return {
        "items": [
            {
                "name": row["name"],
                "seen_until": rfc3339(row["seen_until"]),
                "told_at": rfc3339(row["told_at"]),
                "retired_at": rfc3339(row["retired_at"]) if row["retired_at"] is not None else None,
            }
            for row in await crm.connectors(ask.conn)
        ],
        "next": None,
    }


async def seen(ask: Ask) -> dict[str, Any]:
    await pipeline.hold(ask.conn)
    await crm.connector_seen(ask.conn, ask.path["name"], ask.body.seen_until, now=ask.now)
    return await find(ask)


async def retire(ask: Ask) -> dict[str, Any]:
    await pipeline.hold(ask.conn)
    await crm.retire_connector(ask.conn, ask.path["name"], now=ask.now)
    return await find(ask)


ENDPOINTS = (
    Endpoint("GET", "/connectors", "How far other CRMs have been read", find, Connectors, roles=SUPERVISORS),
    Endpoint(
        "POST", "/connectors/{name}/seen", "A connector has read so far", seen, Connectors, roles=SUPERVISORS, body=Watermark
    ),
    Endpoint("POST", "/connectors/{name}/retire", "Nothing waits for this connector", retire, Connectors, roles=SUPERVISORS),
)
