"""Policy: every number of the regulation as a versioned setting (R3, rules.md §5)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import norms, pipeline, whatif
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Day, Endpoint, Name, Told
from telephony_bridge.api.norms import Goals
from telephony_bridge.book import person_of

Version = TypedDict(
    "Version",
    {
        "id": int,
        "value": str,
        "team": str | None,
        "manager": str | None,
        "segment": str | None,
        "from": str | None,
        "author": str,
        "reason": str | None,
    },
)


Setting = TypedDict(
    "Setting",
    {
        "name": str,
        "value": str,  # what holds on the day, for whom it was asked
        "for": Literal["default", "company", "segment", "team", "manager"],  # whose version that is
        "from": str | None,
        "unit": str,
        "default": str,
        "meaning": str,
        "versions": list[Version],  # all that were ever set
    },
)


class Settings(TypedDict):
    items: list[Setting]
    next: None


class Set(TypedDict):
    name: str
    version: int


class NewVersion(Told):
    """``from`` is a local day; without it the value holds from the next midnight (EC-67)."""

    name: Name
    value: Name
    team: Name | None = None
    manager: str | None = None
    segment: Name | None = None
    since: Day | None = Field(None, alias="from")
    reason: Name | None = None


class PolicyQuery(Told):
    """For whom and on which day: a manager has his team and segment; nobody is the company, without ``on`` it is today."""

    manager: str | None = None
    team: Name | None = None
    segment: Name | None = None
    on: Day | None = None


class TriedValue(Told):
    """A setting as in POST /policy; a number or a truth need not be a text."""

    name: Name
    value: Name | bool | int
    team: Name | None = None
    manager: Name | None = None
    segment: Name | None = None


class TriedNorm(Goals):
    """A norm as in POST /norms; it holds since the period's first day."""


class Tried(Told):
    """What is tried, all at once."""

    policy: list[TriedValue] = Field(default_factory=list, max_length=200)
    norms: list[TriedNorm] = Field(default_factory=list, max_length=200)

    def as_told(self) -> whatif.Tried:
        return whatif.Tried(
            [whatif.TriedValue(one.name, str(one.value), one.team, one.manager, one.segment) for one in self.policy],
            [whatif.TriedNorm(one.metric, one.segment, one.min, one.target, one.team, one.manager) for one in self.norms],
        )


class Trial(Tried):
    """A past period, both days inclusive."""

    since: Day = Field(alias="from")
    to: Day


class Change(TypedDict):
    before: int
    after: int


class VerdictChange(TypedDict):
    date: str
    before: str
    after: str


class Changed(TypedDict):
    """Days on shift by verdict, what counted, and how many violations opened by each code for which that differs."""

    manager: str
    name: str
    days: dict[Literal["met", "target", "not_met", "not_evaluated", "pending"], Change]
    dials: Change
    connects: Change
    new_leads: Change
    violations: dict[str, Change]
    verdicts: list[VerdictChange]


class ManagerDay(TypedDict):
    manager: str
    date: str


Changes = TypedDict(
    "Changes",
    {
        "from": str,
        "to": str,
        "managers": list[Changed],  # for whom anything would change
        "differing": list[ManagerDay],  # come out otherwise than the board says under the settings in force, too
    },
)


async def find(ask: Ask) -> dict[str, Any]:
    told: PolicyQuery = ask.query
    day = told.on or ask.now.astimezone(ask.company.zone).date()
    person = norms.Person(None, told.team, told.segment or norms.COMPANY.segment)
    if told.manager is not None:
        await ask.manager_id(told.manager)
        person = await person_of(ask.conn, told.manager, day)
    return {"items": await norms.list_policy(ask.conn, day, person), "next": None}


async def add(ask: Ask) -> dict[str, Any]:
    told: NewVersion = ask.body
    since = told.since or ask.now.astimezone(ask.company.zone).date() + timedelta(days=1)
    await pipeline.hold(ask.conn)
    version = await norms.set_policy(
        ask.conn,
        told.name,
        told.value,
        team=told.team,
        manager_id=await ask.manager_id(told.manager),
        segment=told.segment,
        from_day=since,
        author=ask.asker.name,
        reason=told.reason,
        now=ask.now,
    )
    await pipeline.norms_changed(ask.conn, company=ask.company, since=since, now=ask.now)
    return {"name": told.name, "version": version}


async def attempt(ask: Ask) -> dict[str, Any]:
    told: Trial = ask.body
    return await whatif.try_settings(ask.apart, told.as_told(), told.since, told.to, company=ask.company, now=ask.now)


ENDPOINTS = (
    Endpoint(
        "GET", "/policy", "Every setting, what holds for whom on a day and every version", find, Settings, query=PolicyQuery
    ),
    Endpoint("POST", "/policy", "A new version of a setting", add, Set, roles=SUPERVISORS, body=NewVersion, status=201),
    Endpoint(
        "POST", "/policy/try", "What other settings would change in a past period", attempt, Changes, SUPERVISORS, body=Trial
    ),
)
