"""POST /mailings: who of a mailing's recipients is no lead yet (R10)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import crm, matcher, phones, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Endpoint, Name, Told


class Known(TypedDict):
    """``opted_out``: the lead does not want to be called or written to."""

    recipient: str
    lead: int
    opted_out: bool


class Created(TypedDict):
    recipient: str
    lead: int


class Rejected(TypedDict):
    recipient: str
    why: str


class Mailed(TypedDict):
    """Every recipient once, as it was spelled; ``unknown`` have no lead."""

    known: list[Known]
    unknown: list[str]
    created: list[Created]
    rejected: list[Rejected]


class Mailing(Told):
    """``recipients``: numbers in any spelling. With ``create`` who is no lead becomes one, entered by a machine: for nobody."""

    recipients: Annotated[list[Name], Field(min_length=1, max_length=10_000)]
    create: bool = False
    segment: Name = "cold"


async def check(ask: Ask) -> dict[str, Any]:
    told: Mailing = ask.body
    await pipeline.hold(ask.conn)
    region = ask.company.region
    numbers = {number for one in told.recipients if (number := phones.e164(phones.split_extension(one)[0], region)) is not None}
    kinds = await matcher.excluded(ask.conn, numbers)
    found = await crm.mailing(
        ask.conn,
        told.recipients,
        create=told.create,
        segment=told.segment,
        excluded={number: kind for (number, manager_id), kind in kinds.items() if manager_id is None},
        now=ask.now,
        region=region,
    )
    if found.created:
        created = [lead_id for _, lead_id in found.created]
        await pipeline.leads_changed(ask.conn, created, at=ask.now, company=ask.company, now=ask.now)
    out = await crm.opted_out(ask.conn, [lead_id for _, lead_id in found.known])
    leaving = {lead_id for lead_id, times in out.items() if any(until is None for _, until in times)}
    return {
        "known": [{"recipient": one, "lead": lead_id, "opted_out": lead_id in leaving} for one, lead_id in found.known],
        "unknown": found.unknown,
        "created": [{"recipient": one, "lead": lead_id} for one, lead_id in found.created],
        "rejected": [{"recipient": one, "why": why} for one, why in found.rejected],
    }


ENDPOINTS = (
    Endpoint("POST", "/mailings", "Which recipients of a mailing are leads", check, Mailed, roles=SUPERVISORS, body=Mailing),
)
