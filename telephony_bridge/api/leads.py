"""Leads, their comments, next-contact dates and history (CONTRACT §6.4)."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import crm, entering, pipeline
from telephony_bridge.api.endpoint import Ask, Endpoint, Id, Limit, Moment, Name, Text, Told
from telephony_bridge.api.writing import Written, author_of, moment_of
from telephony_bridge.crm import Basis, Buys, Outcome, Stage
from telephony_bridge.errors import Conflict, NotFound


class NextContact(TypedDict):
    at: str
    basis: Basis
    goal: str | None


class Exempt(TypedDict):
    id: int
    kind: crm.ExemptionKind
    status: Literal["asked", "approved"]


class Lead(TypedDict):
    """A lead; ``author`` entered it (a handle), ``author_kind`` machine enters for nobody.

    ``exemption``: an approved one owes no next date, an asked one changes nothing yet. ``opted_out``: it does not want calls.
    """

    id: int
    name: str
    company: str | None
    phones: list[str]
    segment: str
    manager: str | None
    source: str | None
    stage: Stage
    reason: str | None
    buys_analog: Buys
    author: str | None
    author_kind: Literal["person", "machine"]
    entered_at: str
    next_contact: NextContact | None
    exemption: Exempt | None
    opted_out: bool


class Leads(TypedDict):
    items: list[Lead]
    next: str | None


class FormerWords(TypedDict):
    """What a comment said until it was changed."""

    text: str
    outcome: str | None
    goal: str | None
    until: str
    changed_by: str


class Event(TypedDict):
    """A call, a meeting, a comment or a planned contact; which parts are there depends on ``kind``."""

    kind: Literal["call", "meeting", "comment", "planned"]
    id: int
    at: str
    manager: NotRequired[str | None]
    direction: NotRequired[str]
    disposition: NotRequired[str]
    talk_seconds: NotRequired[int]
    recording_url: NotRequired[str | None]
    author: NotRequired[str | None]
    author_kind: NotRequired[str]
    text: NotRequired[str]
    outcome: NotRequired[str | None]
    goal: NotRequired[str | None]
    call: NotRequired[int | None]
    due_at: NotRequired[str]
    basis: NotRequired[str]
    closed_because: NotRequired[str | None]
    reason: NotRequired[str | None]
    minutes: NotRequired[int]
    edited_at: NotRequired[str | None]
    versions: NotRequired[list[FormerWords]]


class History(TypedDict):
    items: list[Event]
    next: None


class Kept(TypedDict):
    id: int
    lead: Lead


class NewLead(Written):
    """``phones`` in any spelling; ``manager`` is a handle, the author if absent; ``stage`` potential where it buys alike."""

    name: Text = ""
    company: Text | None = None
    phones: list[Name] = Field(min_length=1, max_length=20)
    segment: Name = "cold"
    manager: str | None = None
    source: Text | None = None
    stage: Literal["new", "potential", "client"] | None = None
    buys_analog: Buys = "unknown"
    allow_duplicate: bool = False


class LeadChanges(Told):
    """What is given changes, what is not stays; ``phones`` is the whole list. ``lost`` needs ``reason``."""

    name: Text | None = None
    company: Text | None = None
    phones: list[Name] | None = Field(None, min_length=1, max_length=20)
    segment: Name | None = None
    manager: str | None = None
    source: Text | None = None
    stage: Stage | None = None
    reason: Text | None = None
    buys_analog: Buys | None = None


class LeadsQuery(Told):
    """``phone`` in any spelling."""

    phone: str | None = None
    manager: str | None = None
    stage: Stage | None = None
    segment: str | None = None
    limit: Limit = 100
    cursor: Id | None = None


class NewContact(Told):
    """``reason``: why it lies further ahead than ``max_horizon`` days."""

    at: Moment
    basis: Basis = "own"
    goal: Text | None = None
    reason: Text | None = None


class NewComment(Written):
    """Without a conversation an outcome alone is enough; ``will_call_himself`` needs a date."""

    text: Text = ""
    outcome: Outcome | None = None
    goal: Text | None = None
    call: Id | None = None
    next_contact: NewContact | None = None


class SetContact(Told):
    """``at`` is the date itself; ``set_at`` is when it was set elsewhere (admin and supervisor); ``reason`` as above."""

    at: Moment
    basis: Basis = "own"
    goal: Text | None = None
    reason: Text | None = None
    author: str | None = None
    set_at: Moment | None = None


def _plan(told: NewContact | SetContact) -> crm.Plan:
    return crm.Plan(told.at, told.basis, told.goal, told.reason)


async def enter(ask: Ask) -> dict[str, Any]:
    told: NewLead = ask.body
    await pipeline.hold(ask.conn)
    author, when = await author_of(ask, told.author), moment_of(ask, told.at)
    owner = await ask.manager_id(told.manager) if told.manager is not None else author.manager_id
    lead = crm.NewLead(told.name, told.phones, told.segment, told.company, owner, told.source, told.stage, told.buys_analog)
    try:
        by = entering.Writing(author, owner, when, ask.company, ask.now)
        lead_id = await entering.enter_lead(ask.conn, lead, by, allow_duplicate=told.allow_duplicate)
    except Conflict as taken:
        raise Conflict(str(taken), existing=await _existing(ask, taken.existing)) from None
    return await crm.lead_seen_by(ask.conn, lead_id, None)


async def _existing(ask: Ask, lead_id: object) -> dict[str, Any]:
    """The lead that has the number; of a colleague's lead a manager learns only whose it is."""
    assert isinstance(lead_id, int)
    try:
        return await crm.lead_seen_by(ask.conn, lead_id, ask.asker.seen_by)
    except NotFound:
        lead = await crm.lead_seen_by(ask.conn, lead_id, None)
        return {"id": lead_id, "manager": lead["manager"]}


async def find(ask: Ask) -> dict[str, Any]:
    asked: LeadsQuery = ask.query
    items = await crm.find_leads(
        ask.conn,
        phone=asked.phone,
        manager_id=await ask.manager_id(asked.manager),
        stage=asked.stage,
        segment=asked.segment,
        seen_by=ask.asker.seen_by,
        below=asked.cursor,
        limit=asked.limit + 1,
        region=ask.company.region,
    )
    page = items[: asked.limit]
    return {"items": page, "next": str(page[-1]["id"]) if len(items) > asked.limit else None}


async def one(ask: Ask) -> dict[str, Any]:
    return await crm.lead_seen_by(ask.conn, ask.id("id"), ask.asker.seen_by)


async def change(ask: Ask) -> dict[str, Any]:
    told: LeadChanges = ask.body
    await pipeline.hold(ask.conn)
    lead_id = ask.id("id")
    await crm.lead_seen_by(ask.conn, lead_id, ask.asker.seen_by)
    given = told.model_dump(exclude_unset=True, exclude={"phones"})
    changes = {"lost_reason" if name == "reason" else name: value for name, value in given.items() if name != "manager"}
    if "manager" in given:
        changes["manager_id"] = await ask.manager_id(told.manager)
    changes = {name: value for name, value in changes.items() if value is not None or name in ("company", "source", "manager_id")}
    try:
        await entering.change_lead(
            ask.conn,
            lead_id,
            crm.Changes(changes, told.phones),
            author=ask.asker.name,
            by=ask.asker.manager_id if ask.asker.role == "manager" else None,
            company=ask.company,
            now=ask.now,
        )
    except Conflict as taken:
        raise Conflict(str(taken), existing=await _existing(ask, taken.existing)) from None
    return await crm.lead_seen_by(ask.conn, lead_id, None)


async def comment(ask: Ask) -> dict[str, Any]:
    told: NewComment = ask.body
    await pipeline.hold(ask.conn)
    lead_id = ask.id("id")
    lead = await crm.lead_seen_by(ask.conn, lead_id, ask.asker.seen_by)
    author, when = await author_of(ask, told.author), moment_of(ask, told.at)
    planner = await planner_of(ask, author, lead)
    contact = _plan(told.next_contact) if told.next_contact is not None else None
    note = crm.Note(told.text, told.outcome, told.goal, told.call, contact)
    comment_id = await entering.comment(ask.conn, lead_id, note, entering.Writing(author, planner, when, ask.company, ask.now))
    return {"id": comment_id, "lead": await crm.lead_seen_by(ask.conn, lead_id, None)}


async def planner_of(ask: Ask, author: crm.Author, lead: dict[str, Any]) -> int | None:
    """Who is to make the contact: who set the date, else whose lead it is."""
    if author.manager_id is not None:
        return author.manager_id
    return await ask.manager_id(lead["manager"])


async def plan(ask: Ask) -> dict[str, Any]:
    told: SetContact = ask.body
    await pipeline.hold(ask.conn)
    lead_id = ask.id("id")
    lead = await crm.lead_seen_by(ask.conn, lead_id, ask.asker.seen_by)
    author, when = await author_of(ask, told.author), moment_of(ask, told.set_at)
    planner = await planner_of(ask, author, lead)
    by = entering.Writing(author, planner, when, ask.company, ask.now)
    planned_id = await entering.set_contact(ask.conn, lead_id, _plan(told), by)
    return {"id": planned_id, "lead": await crm.lead_seen_by(ask.conn, lead_id, None)}


async def history(ask: Ask) -> dict[str, Any]:
    lead_id = ask.id("id")
    await crm.lead_seen_by(ask.conn, lead_id, ask.asker.seen_by)
    return {"items": await crm.history(ask.conn, lead_id), "next": None}


ENDPOINTS = (
    Endpoint("POST", "/leads", "Enter a lead", enter, Lead, body=NewLead, status=201),
    Endpoint("GET", "/leads", "Leads, newest first", find, Leads, query=LeadsQuery),
    Endpoint("GET", "/leads/{id}", "One lead", one, Lead),
    Endpoint("PATCH", "/leads/{id}", "Change a lead", change, Lead, body=LeadChanges),
    Endpoint("POST", "/leads/{id}/comments", "Comment on a lead or a call", comment, Kept, body=NewComment, status=201),
    Endpoint("POST", "/leads/{id}/next-contacts", "Set the next contact", plan, Kept, body=SetContact, status=201),
    Endpoint("GET", "/leads/{id}/history", "All that happened, oldest first", history, History),
)
