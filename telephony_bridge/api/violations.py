"""GET /violations, and what people say about one (CONTRACT §6.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal, get_args

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import pipeline, violations
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Day, Endpoint, Id, Limit, Name, Told
from telephony_bridge.errors import NotFound, Refused

Status = Literal["watching", "reminded", "open", "fixed_late", "disputed", "confirmed", "excused", "closed"]


class Subject(TypedDict):
    kind: Literal["call", "lead", "day", "planned", "meeting"]
    id: int | str


Move = TypedDict("Move", {"from": str, "to": str, "at": str, "author": str, "reason": str | None})


class Violation(TypedDict):
    """One row of the register; ``moves`` tell how it came to stand where it does."""

    id: int
    code: str
    name: str
    severity: Literal["major", "minor", "review"]
    status: Status
    closed_because: str | None
    subject: Subject
    manager: str
    date: str
    remind_at: str | None
    due_at: str
    opened_at: str | None
    fixed_at: str | None
    closed_at: str | None
    policy_version: str
    evidence: dict[str, Any]
    moves: list[Move]


class Violations(TypedDict):
    items: list[Violation]
    next: str | None


class ViolationsQuery(Told):
    """``status`` may name several, separated by commas; ``code`` is the number or the name."""

    status: str | None = None
    code: str | None = None
    manager: str | None = None
    day: Day | None = Field(None, alias="date")
    limit: Limit = 100
    cursor: Id | None = None


class Reason(Told):
    """Why; it is stored with who said it."""

    reason: Name


async def find(ask: Ask) -> dict[str, Any]:
    asked: ViolationsQuery = ask.query
    code = asked.code
    if code is not None and code not in violations.CODES:
        codes = {name: code for code, (name, _) in violations.CODES.items()}
        if code not in codes:
            raise Refused(f"code: read {code!r}, expected one of {', '.join(violations.CODES)}")
        code = codes[code]
    statuses = asked.status.split(",") if asked.status is not None else None
    for status in statuses or ():
        if status not in get_args(Status):
            raise Refused(f"status: read {status!r}, expected one of {', '.join(get_args(Status))}")
    manager_id = await ask.manager_id(asked.manager)
    items = await violations.listed(
        ask.conn,
        statuses=statuses,
        code=code,
        manager_id=manager_id if manager_id is not None else ask.asker.seen_by,
        day=asked.day,
        below=asked.cursor,
        limit=asked.limit + 1,
    )
    page = items[: asked.limit]
    return {"items": page, "next": str(page[-1]["id"]) if len(items) > asked.limit else None}


async def one(ask: Ask) -> dict[str, Any]:
    found = await violations.listed(ask.conn, violation_id=ask.id("id"), manager_id=ask.asker.seen_by, limit=1)
    if not found:
        raise NotFound(f"there is no violation {ask.path['id']}")
    return found[0]


def _says(move: Callable[..., Awaitable[None]]) -> Callable[[Ask], Awaitable[dict[str, Any]]]:
    async def say(ask: Ask) -> dict[str, Any]:
        await pipeline.hold(ask.conn)
        await one(ask)
        await move(ask.conn, ask.id("id"), author=ask.asker.name, reason=ask.body.reason, now=ask.now)
        return await one(ask)

    return say


async def dispute(ask: Ask) -> dict[str, Any]:
    await one(ask)
    await pipeline.dispute(
        ask.conn, ask.id("id"), author=ask.asker.name, reason=ask.body.reason, company=ask.company, now=ask.now
    )
    return await one(ask)


ENDPOINTS = (
    Endpoint("GET", "/violations", "Violations, newest first", find, Violations, query=ViolationsQuery),
    Endpoint("GET", "/violations/{id}", "One violation", one, Violation),
    Endpoint("POST", "/violations/{id}/dispute", "The manager contests it", dispute, Violation, body=Reason),
    Endpoint(
        "POST",
        "/violations/{id}/excuse",
        "A supervisor lets it go",
        _says(violations.excuse),
        Violation,
        roles=SUPERVISORS,
        body=Reason,
    ),
    Endpoint(
        "POST",
        "/violations/{id}/confirm",
        "A supervisor upholds it",
        _says(violations.confirm),
        Violation,
        roles=SUPERVISORS,
        body=Reason,
    ),
)
