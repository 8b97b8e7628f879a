"""Exemptions from the next date: a manager asks, a supervisor answers (R27, EC-64)."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from telephony_bridge import crm, entering, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Endpoint, Id, Limit, Name, Told
from telephony_bridge.crm import ExemptionKind, ExemptionStatus
from telephony_bridge.errors import NotFound


class Exemption(TypedDict):
    """``reason`` is the asker's, ``answer`` the supervisor's last word. No next date is owed while it is approved."""

    id: int
    lead: int
    kind: ExemptionKind
    reason: str
    status: ExemptionStatus
    answer: str | None
    asked_by: str
    asked_at: str
    approved_by: str | None
    approved_at: str | None
    refused_by: str | None
    refused_at: str | None
    withdrawn_by: str | None
    withdrawn_at: str | None


class Exemptions(TypedDict):
    items: list[Exemption]
    next: str | None


class NewExemption(Told):
    """Asked by a manager; by admin and supervisor it is approved at once."""

    kind: ExemptionKind
    reason: Name


class Answer(Told):
    """Why; it is stored with who said it."""

    reason: Name


class ExemptionsQuery(Told):
    status: ExemptionStatus | None = None
    lead: Id | None = None
    limit: Limit = 100
    cursor: Id | None = None


async def _one(ask: Ask, exemption_id: int) -> dict[str, Any]:
    found = await crm.find_exemptions(ask.conn, exemption_id=exemption_id)
    if not found:
        raise NotFound(f"there is no exemption {exemption_id}")
    return found[0]


async def ask_for(ask: Ask) -> dict[str, Any]:
    told: NewExemption = ask.body
    await pipeline.hold(ask.conn)
    lead_id = ask.id("id")
    await crm.lead_seen_by(ask.conn, lead_id, ask.asker.seen_by)
    exemption_id = await entering.ask_exemption(
        ask.conn,
        lead_id,
        told.kind,
        told.reason,
        by=ask.asker.manager or ask.asker.name,
        is_approved=ask.asker.role in SUPERVISORS,
        company=ask.company,
        now=ask.now,
    )
    return await _one(ask, exemption_id)


def _answering(verb: str, to: Literal["approved", "refused", "withdrawn"], summary: str) -> Endpoint:
    async def answer(ask: Ask) -> dict[str, Any]:
        await pipeline.hold(ask.conn)
        exemption_id = ask.id("id")
        lead_id = await crm.answer_exemption(ask.conn, exemption_id, to, by=ask.asker.name, reason=ask.body.reason, now=ask.now)
        await pipeline.exemptions_changed(ask.conn, [lead_id], company=ask.company, now=ask.now)
        return await _one(ask, exemption_id)

    return Endpoint("POST", f"/exemptions/{{id}}/{verb}", summary, answer, Exemption, roles=SUPERVISORS, body=Answer)


async def find(ask: Ask) -> dict[str, Any]:
    asked: ExemptionsQuery = ask.query
    items = await crm.find_exemptions(
        ask.conn,
        status=asked.status,
        lead_id=asked.lead,
        seen_by=ask.asker.seen_by,
        handle=ask.asker.manager,
        below=asked.cursor,
        limit=asked.limit + 1,
    )
    page = items[: asked.limit]
    return {"items": page, "next": str(page[-1]["id"]) if len(items) > asked.limit else None}


ENDPOINTS = (
    Endpoint(
        "POST", "/leads/{id}/exemptions", "Ask that a lead owes no next date", ask_for, Exemption, body=NewExemption, status=201
    ),
    Endpoint("GET", "/exemptions", "Exemptions, newest first", find, Exemptions, query=ExemptionsQuery),
    _answering("approve", "approved", "No next date is owed"),
    _answering("refuse", "refused", "The date stays owed"),
    _answering("withdraw", "withdrawn", "From now on the date is owed again"),
)
