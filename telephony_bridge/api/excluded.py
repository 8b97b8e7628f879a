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
    """``manager``: whose private number it is; null: nobody's client."""

    number: str
    kind: Kind
    manager: str | None
    created_at: str


class ExcludedList(TypedDict):
    items: list[Excluded]
    next: None


class NewExcluded(Told):
    """``number`` in any spelling; ``manager`` with kind private: for him alone it is no client's."""

    number: Name
    kind: Kind
    manager: str | None = None


class Readmitted(Told):
    """``number`` in any spelling; ``manager``: whose private number it was."""

    number: Name
    manager: str | None = None


def _number(ask: Ask) -> str:
    number = phones.e164(ask.body.number, ask.company.region)
    if number is None:
        raise Refused("number: no phone number; write it with its country code, as +7 999 000 00 00")
    return number


async def _all(ask: Ask) -> dict[str, Any]:
    rows = await matcher.all_excluded(ask.conn)
    items = [
        {"number": row["number"], "kind": row["kind"], "manager": row["manager"], "created_at": rfc3339(row["created_at"])}
        for row in rows
    ]
    return {"items": items, "next": None}


async def add(ask: Ask) -> dict[str, Any]:
    number = _number(ask)
    manager_id = await ask.manager_id(ask.body.manager)
    if manager_id is not None and ask.body.kind != "private":
        raise Refused(
            f"manager: a number of the kind {ask.body.kind} is excluded for everybody; only a private one is one manager's"
        )
    await pipeline.hold(ask.conn)
    await matcher.exclude(ask.conn, number, ask.body.kind, manager_id=manager_id, now=ask.now)
    await pipeline.numbers_changed(ask.conn, [number], company=ask.company, now=ask.now)
    return await _all(ask)


async def readmit(ask: Ask) -> dict[str, Any]:
    number = _number(ask)
    manager_id = await ask.manager_id(ask.body.manager)
    await pipeline.hold(ask.conn)
    if not await matcher.readmit(ask.conn, number, manager_id=manager_id):
        raise NotFound(f"{phones.masked(number)} is not excluded")
    await pipeline.numbers_changed(ask.conn, [number], company=ask.company, now=ask.now)
    return await _all(ask)


ENDPOINTS = (
    Endpoint("POST", "/excluded-numbers", "Never a client's", add, ExcludedList, roles=SUPERVISORS, body=NewExcluded, status=201),
    Endpoint("GET", "/excluded-numbers", "Every such number", _all, ExcludedList, roles=SUPERVISORS),
    Endpoint("POST", "/excluded-numbers/readmit", "A client's again", readmit, ExcludedList, roles=SUPERVISORS, body=Readmitted),
)
