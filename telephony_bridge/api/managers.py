"""Managers (the salespeople), their extensions and absences (CONTRACT §6.8)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import people, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Day, Endpoint, Name, Told
from telephony_bridge.errors import NotFound
from telephony_bridge.norms import calendar

_Span = TypedDict("_Span", {"source": str | None, "extension": str, "from": str | None, "to": str | None})
_Away = TypedDict("_Away", {"from": str, "to": str, "kind": str})
Person = TypedDict(
    "Person",
    {
        "handle": str,
        "name": str,
        "timezone": str,
        "team": str | None,
        "segment": str,
        "hours": str,
        "days": str,
        "from": str | None,
        "last_day": str | None,
        "notify": list[str],
        "extensions": list[_Span],
        "absences": list[_Away],
    },
)


class People(TypedDict):
    items: list[Person]
    next: None


class NewPerson(Told):
    """``hours`` such as 09:00-18:00, also over midnight; ``days`` mon-fri or mon,tue,sat; ``from`` the first working day."""

    handle: Name
    name: Name
    timezone: str | None = None
    team: Name | None = None
    segment: Name = "cold"
    hours: str = "09:00-18:00"
    days: str = "mon-fri"
    since: Day | None = Field(None, alias="from")
    notify: list[Name] = Field(default_factory=list, max_length=10)


class PersonChanges(Told):
    """What is given changes, what is not stays."""

    name: Name | None = None
    timezone: str | None = None
    team: Name | None = None
    segment: Name | None = None
    hours: str | None = None
    days: str | None = None
    since: Day | None = Field(None, alias="from")
    notify: list[Name] | None = Field(None, max_length=10)


class NewExtension(Told):
    """Without ``source`` it holds for every PBX. Without ``from``: since ever if it was nobody's, else from today."""

    source: str | None = None
    extension: Name
    since: Day | None = Field(None, alias="from")
    to: Day | None = None


class NewAbsence(Told):
    """Both days are away."""

    since: Day = Field(alias="from")
    to: Day
    kind: Literal["vacation", "sick", "day_off", "other"] = "other"


class Leaving(Told):
    """``on`` is the first day away."""

    on: Day


def _answer(line: dict[str, Any]) -> dict[str, Any]:
    shown = {name: value for name, value in line.items() if name not in ("id", "opens", "closes")}
    return shown | {"hours": calendar.format_hours(line["opens"], line["closes"]), "days": calendar.format_days(line["days"])}


async def _one(ask: Ask, handle: str) -> dict[str, Any]:
    await ask.manager_id(handle)
    return next(_answer(line) for line in await people.list_managers(ask.conn) if line["handle"] == handle)


async def add(ask: Ask) -> dict[str, Any]:
    told: NewPerson = ask.body
    opens, closes = calendar.parse_hours(told.hours)
    particulars = people.Particulars(
        name=told.name,
        timezone=told.timezone or str(ask.company.zone),
        team=told.team,
        segment=told.segment,
        opens=opens,
        closes=closes,
        days=calendar.parse_days(told.days),
        first_day=told.since,
        notify=tuple(told.notify),
    )
    await people.add_manager(ask.conn, told.handle, particulars, now=ask.now)
    return await _one(ask, told.handle)


async def find(ask: Ask) -> dict[str, Any]:
    lines = [line for line in await people.list_managers(ask.conn) if ask.asker.seen_by in (None, line["id"])]
    return {"items": [_answer(line) for line in lines], "next": None}


async def one(ask: Ask) -> dict[str, Any]:
    return await _one(ask, ask.path["handle"])


async def change(ask: Ask) -> dict[str, Any]:
    told: PersonChanges = ask.body
    row = await people.by_handle(ask.conn, ask.path["handle"])
    particulars = people.Particulars(
        name=row["name"],
        timezone=row["timezone"],
        team=row["team"],
        segment=row["segment"],
        opens=row["opens"],
        closes=row["closes"],
        days=frozenset(row["days"]),
        first_day=row["first_day"],
        notify=tuple(row["notify"]),
    )
    given = told.model_dump(exclude_unset=True)
    if told.hours is not None:
        opens, closes = calendar.parse_hours(told.hours)
        particulars = replace(particulars, opens=opens, closes=closes)
    if told.days is not None:
        particulars = replace(particulars, days=calendar.parse_days(told.days))
    if "since" in given:
        particulars = replace(particulars, first_day=told.since)
    if told.notify is not None:
        particulars = replace(particulars, notify=tuple(told.notify))
    plain = {
        name: given[name] for name in ("name", "timezone", "team", "segment") if name in given and (given[name] or name == "team")
    }
    await people.change_manager(ask.conn, row["id"], replace(particulars, **plain))
    today = ask.now.astimezone(ask.company.zone).date()
    await pipeline.people_changed(ask.conn, [row["id"]], since=today, company=ask.company, now=ask.now)
    return await _one(ask, row["handle"])


async def map_extension(ask: Ask) -> dict[str, Any]:
    told: NewExtension = ask.body
    row = await people.by_handle(ask.conn, ask.path["handle"])
    today = ask.now.astimezone(ask.company.zone).date()
    first, touched = await people.map_extension(
        ask.conn, row["id"], told.source, told.extension, first=told.since, last=told.to, today=today
    )
    await pipeline.people_changed(ask.conn, touched, since=first, company=ask.company, now=ask.now)
    return await _one(ask, row["handle"])


async def absent(ask: Ask) -> dict[str, Any]:
    told: NewAbsence = ask.body
    row = await people.by_handle(ask.conn, ask.path["handle"])
    await people.add_absence(ask.conn, row["id"], told.since, told.to, told.kind, now=ask.now)
    await pipeline.people_changed(ask.conn, [row["id"]], since=told.since, company=ask.company, now=ask.now)
    return await _one(ask, row["handle"])


async def leave(ask: Ask) -> dict[str, Any]:
    row = await people.by_handle(ask.conn, ask.path["handle"])
    if row["first_day"] is not None and ask.body.on <= row["first_day"]:
        raise NotFound(f"on: {ask.path['handle']} begins on {row['first_day']}; who never began cannot leave")
    await people.leave(ask.conn, row["id"], on=ask.body.on)
    await pipeline.people_changed(ask.conn, [row["id"]], since=ask.body.on, company=ask.company, now=ask.now)
    return await _one(ask, row["handle"])


ENDPOINTS = (
    Endpoint("POST", "/managers", "Register a salesperson", add, Person, roles=SUPERVISORS, body=NewPerson, status=201),
    Endpoint("GET", "/managers", "The staff", find, People),
    Endpoint("GET", "/managers/{handle}", "One salesperson", one, Person),
    Endpoint("PATCH", "/managers/{handle}", "Change a salesperson", change, Person, roles=SUPERVISORS, body=PersonChanges),
    Endpoint(
        "POST",
        "/managers/{handle}/extensions",
        "Give an extension; who had it has it until the day before",
        map_extension,
        Person,
        roles=SUPERVISORS,
        body=NewExtension,
        status=201,
    ),
    Endpoint("POST", "/managers/{handle}/absences", "Days away", absent, Person, roles=SUPERVISORS, body=NewAbsence, status=201),
    Endpoint("POST", "/managers/{handle}/leave", "The first day away for good", leave, Person, roles=SUPERVISORS, body=Leaving),
)
