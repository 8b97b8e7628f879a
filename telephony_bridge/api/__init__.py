"""The API under ``/api/v1``: endpoints as values, one place that serves them, and the document that tells of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from aiohttp import web

from telephony_bridge import db, people, webhooks
from telephony_bridge.api import (
    calendar,
    calls,
    connectors,
    days,
    deals,
    deliveries,
    excluded,
    exemptions,
    handovers,
    leads,
    mailings,
    managers,
    marks,
    norms,
    notices,
    payroll,
    planned,
    policy,
    quality,
    records,
    silences,
    sources,
    stock,
    users,
    violations,
)
from telephony_bridge.api.endpoint import Endpoint
from telephony_bridge.api.openapi import document
from telephony_bridge.api.serving import Serving
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings

ENDPOINTS: Sequence[Endpoint] = (
    *calendar.ENDPOINTS,
    *calls.ENDPOINTS,
    *marks.ENDPOINTS,
    *days.ENDPOINTS,
    *violations.ENDPOINTS,
    *leads.ENDPOINTS,
    *records.ENDPOINTS,
    *exemptions.ENDPOINTS,
    *mailings.ENDPOINTS,
    *deals.ENDPOINTS,
    *planned.ENDPOINTS,
    *notices.ENDPOINTS,
    *handovers.ENDPOINTS,
    *payroll.ENDPOINTS,
    *deliveries.ENDPOINTS,
    *managers.ENDPOINTS,
    *norms.ENDPOINTS,
    *policy.ENDPOINTS,
    *excluded.ENDPOINTS,
    *silences.ENDPOINTS,
    *connectors.ENDPOINTS,
    *quality.ENDPOINTS,
    *stock.ENDPOINTS,
    *sources.ENDPOINTS,
    *users.ENDPOINTS,
)

__all__ = ["ENDPOINTS", "document", "routes"]


def routes(
    database: db.Database, settings: Settings, company: Company, vault: people.Vault, clock: Callable[[], datetime]
) -> list[web.AbstractRouteDef]:
    """Every endpoint, and the document of them."""
    serving = Serving(database, settings, company, vault, clock)
    told = serving.document_of(document(ENDPOINTS, settings.address))
    return [
        *(web.route(one.method, "/api/v1" + one.path, serving.handler(one)) for one in ENDPOINTS),
        web.get("/api/v1/openapi.json", told),
        web.get("/api/v1/schemas/generic", serving.document_of(webhooks.generic_schema())),
        web.route("*", "/api/{tail:.*}", serving.nothing_here),
    ]
