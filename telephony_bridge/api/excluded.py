"""Numbers that are never a client's: own lines, staff mobiles, services, approved private ones (EC-22 to EC-26)."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from telephony_bridge import matcher, phones, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Endpoint, Name, Told
from telephony_bridge.errors import NotFound, Refused
from telephony_bridge.model import rfc3339

Kind = Literal["own", "staff", "service", "private"]


class Excluded(TypedDict):
    number: str
    kind: Kind
    created_at: str


class ExcludedList(TypedDict):
    items: list[Excluded]
    next: None


class NewExcluded(Told):
    """``number`` in any spelling."""

    number: Name
    kind: Kind


class Readmitted(Told):
    """``number`` in any spelling."""

    number: Name


def _number(ask: Ask) -> str:
    number = phones.e164(ask.body.number, ask.company.region)
    if number is None:
        raise Refused("number: no phone number; write it with its country code, as +7 999 000 00 00")
    return number


async def _all(ask: Ask) -> dict[str, Any]:
    rows = await matcher.all_excluded(ask.conn)
    items = [{"number": row["number"], "kind": row["kind"], "created_at": rfc3339(row["created_at"])} for row in rows]
    return {"items": items, "next": None}


async def add(ask: Ask) -> dict[str, Any]:
    number = _number(ask)
    await pipeline.hold(ask.conn)
    await matcher.exclude(ask.conn, number, ask.body.kind, now=ask.now)
    await pipeline.numbers_changed(ask.conn, [number], company=ask.company, now=ask.now)
    return await _all(ask)


async def readmit(ask: Ask) -> dict[str, Any]:
    number = _number(ask)
    await pipeline.hold(ask.conn)
    if not await matcher.readmit(ask.conn, number):
        raise NotFound(f"{phones.masked(number)} is not excluded")
    await pipeline.numbers_changed(ask.conn, [number], company=ask.company, now=ask.now)
    return await _all(ask)


ENDPOINTS = (
    Endpoint("POST", "/excluded-numbers", "Never a client's", add, ExcludedList, roles=SUPERVISORS, body=NewExcluded, status=201),
    Endpoint("GET", "/excluded-numbers", "Every such number", _all, ExcludedList, roles=SUPERVISORS),
    Endpoint("POST", "/excluded-numbers/readmit", "A client's again", readmit, ExcludedList, roles=SUPERVISORS, body=Readmitted),
)
