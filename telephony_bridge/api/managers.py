"""Managers (the salespeople), their extensions and absences (CONTRACT §6.8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import norms, people, pipeline
from telephony_bridge.api.endpoint import SUPERVISORS, Address, Ask, Day, Endpoint, Language, Name, Told
from telephony_bridge.errors import NotFound, Refused
from telephony_bridge.model import Week, rfc3339
from telephony_bridge.norms import calendar

_Span = TypedDict("_Span", {"source": str | None, "extension": str, "from": str | None, "to": str | None})
_Away = TypedDict("_Away", {"from": str, "to": str, "kind": str})
_Version = TypedDict(
    "_Version",
    {
        "from": str | None,
        "timezone": str,
        "team": str | None,
        "segment": str,
        "segments": dict[str, int],
        "hours": str,
        "days": str,
        "set_at": str,
        "author": str,
    },
)
Person = TypedDict(
    "Person",
    {
        "handle": str,
        "name": str,
        "timezone": str,
        "team": str | None,
        "segment": str,
        "segments": dict[str, int],
        "hours": str,
        "days": str,
        "from": str | None,
        "last_day": str | None,
        "notify": list[str],
        "language": Language | None,
        "extensions": list[_Span],
        "absences": list[_Away],
        "versions": list[_Version],
    },
)


_OF_THE_WEEK = {"timezone", "team", "segment", "segments", "hours", "days"}


class Feed(TypedDict):
    """``url`` is private and told once: whoever has it reads the manager's planned contacts."""

    manager: str
    url: str


class People(TypedDict):
    items: list[Person]
    next: None


Segments = Annotated[dict[Name, Annotated[int, Field(ge=1, le=100)]], Field(min_length=1, max_length=20)]


class NewPerson(Told):
    """``hours`` such as 09:00-18:00, also over midnight; ``days`` mon-fri or mon,tue,sat; ``from`` the first working day.

    ``segments`` are shares of his work in percent, such as cold 50, warm 50; ``segment`` alone (cold) is all of it.
    ``notify`` are Apprise URLs or ``env:NAME``, in the order in which they are tried; ``language`` is the company's if absent.
    """

    handle: Name
    name: Name
    timezone: str | None = None
    team: Name | None = None
    segment: Name | None = None
    segments: Segments | None = None
    hours: str = "09:00-18:00"
    days: str = "mon-fri"
    since: Day | None = Field(None, alias="from")
    notify: list[Address] = Field(default_factory=list, max_length=10)
    language: Language | None = None


class PersonChanges(Told):
    """What is given changes, what is not stays.

    Zone, team, segments, hours and days hold from the local day ``from``. Without it: where no day of the week that holds now is
    closed, that week is corrected as a whole; else from the first day not closed. ``from`` alone is the first working day.
    ``notify`` replaces all of his addresses: they are shown masked and must be told whole.
    """

    name: Name | None = None
    timezone: str | None = None
    team: Name | None = None
    segment: Name | None = None
    segments: Segments | None = None
    hours: str | None = None
    days: str | None = None
    since: Day | None = Field(None, alias="from")
    notify: list[Address] | None = Field(None, max_length=10)
    language: Language | None = None


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


def shown(line: dict[str, Any]) -> dict[str, Any]:
    """A manager as people read him: what holds today, and every version of it."""
    plain = {name: value for name, value in line.items() if name not in ("id", "week", "versions")}
    versions = [
        {"from": week.from_day and week.from_day.isoformat(), **_week(week), "set_at": rfc3339(set_at), "author": author}
        for week, set_at, author in line["versions"]
    ]
    return plain | _week(line["week"]) | {"versions": versions}


def _week(week: Week) -> dict[str, Any]:
    return {
        "timezone": str(week.timezone),
        "team": week.team,
        "segment": week.segment,
        "segments": dict(week.segments),
        "hours": calendar.format_hours(week.opens, week.closes),
        "days": calendar.format_days(week.days),
    }


def _told_week(told: NewPerson | PersonChanges, week: Week) -> Week:
    """The week with what was told of it. Raises ``Refused``."""
    if told.segment is not None and told.segments is not None:
        raise Refused("segment: read together with segments; tell one of them, segment alone is all of his work")
    if told.timezone is not None:
        week = replace(week, timezone=people.read_zone(told.timezone))
    if "team" in told.model_fields_set:
        week = replace(week, team=told.team)
    if told.segment is not None:
        week = replace(week, segments=people.read_segments([(told.segment, 100)]))
    if told.segments is not None:
        week = replace(week, segments=people.read_segments(told.segments.items()))
    if told.hours is not None:
        opens, closes = calendar.parse_hours(told.hours)
        week = replace(week, opens=opens, closes=closes)
    if told.days is not None:
        week = replace(week, days=calendar.parse_days(told.days))
    return week


async def _one(ask: Ask, handle: str) -> dict[str, Any]:
    await ask.manager_id(handle)
    return next(shown(line) for line in await people.list_managers(ask.conn, now=ask.now) if line["handle"] == handle)


async def add(ask: Ask) -> dict[str, Any]:
    told: NewPerson = ask.body
    particulars = people.Particulars(told.name, told.since, await ask.closed(told.notify), told.language)
    week = _told_week(told, Week(ask.company.zone))
    await people.add_manager(ask.conn, told.handle, particulars, week, author=ask.asker.name, now=ask.now)
    return await _one(ask, told.handle)


async def find(ask: Ask) -> dict[str, Any]:
    lines = await people.list_managers(ask.conn, now=ask.now)
    return {"items": [shown(line) for line in lines if ask.asker.seen_by in (None, line["id"])], "next": None}


async def one(ask: Ask) -> dict[str, Any]:
    return await _one(ask, ask.path["handle"])


async def change(ask: Ask) -> dict[str, Any]:
    told: PersonChanges = ask.body
    await pipeline.hold(ask.conn)
    row = await people.by_handle(ask.conn, ask.path["handle"])
    given = {name for name in told.model_fields_set if getattr(told, name) is not None or name in ("team", "since", "language")}
    particulars = people.Particulars(
        told.name or row["name"],
        told.since if given == {"since"} else row["first_day"],
        await ask.closed(told.notify) if told.notify is not None else tuple(row["notify"]),
        told.language if "language" in given else row["language"],
    )
    await people.change_manager(ask.conn, row["id"], particulars)
    changed_from = []
    if given & _OF_THE_WEEK:
        changed_from.append(await _change_week(ask, row["id"]))
    elif given == {"since"}:
        today = ask.now.astimezone(ask.company.zone).date()
        changed_from += [day for day in (today, told.since, row["first_day"]) if day is not None]
    elif told.since is not None:
        raise Refused(
            "from: nothing is told that holds from a day (timezone, team, segment, hours, days); alone it is the first day"
        )
    if changed_from:
        await pipeline.people_changed(ask.conn, [row["id"]], since=min(changed_from), company=ask.company, now=ask.now)
    return await _one(ask, row["handle"])


async def _change_week(ask: Ask, manager_id: int) -> date:
    """Writes what was told of the week; returns the day from which it holds."""
    schedule = (await people.schedules(ask.conn, [manager_id]))[manager_id]
    closed = (await norms.last_closed(ask.conn)).get(manager_id)
    day = people.version_day(schedule, ask.body.since, closed, ask.now)
    week = _told_week(ask.body, schedule.week(day) if day is not None else schedule.weeks[0])
    await people.set_week(ask.conn, manager_id, replace(week, from_day=day), author=ask.asker.name, now=ask.now)
    return day or people.BEGINNING


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
    await pipeline.people_changed(ask.conn, [row["id"]], since=told.since, until=told.to, company=ask.company, now=ask.now)
    return await _one(ask, row["handle"])


async def make_feed(ask: Ask) -> dict[str, Any]:
    handle = ask.path["handle"]
    manager_id = await ask.manager_id(handle)
    assert manager_id is not None
    return {"manager": handle, "url": await people.new_feed(ask.conn, manager_id, address=ask.address, now=ask.now)}


async def leave(ask: Ask) -> dict[str, Any]:
    row = await people.by_handle(ask.conn, ask.path["handle"])
    if row["first_day"] is not None and ask.body.on <= row["first_day"]:
        raise NotFound(f"on: {ask.path['handle']} begins on {row['first_day']}; who never began cannot leave")
    await people.leave(ask.conn, row["id"], on=ask.body.on)
    await pipeline.people_changed(ask.conn, [row["id"]], since=ask.body.on, until=date.max, company=ask.company, now=ask.now)
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
    Endpoint(
        "POST",
        "/managers/{handle}/calendar",
        "A private calendar address of planned contacts; the old one ends",
        make_feed,
        Feed,
        status=201,
    ),
    Endpoint("POST", "/managers/{handle}/leave", "The first day away for good", leave, Person, roles=SUPERVISORS, body=Leaving),
)
