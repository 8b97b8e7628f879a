"""What people say of calls: private ones (EC-25), and short ones that were conversations all the same (EC-33)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import calls, db, pipeline
from telephony_bridge.api.calls import CallAnswer, one, row_of
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Day, Endpoint, Forbidden, Id, Limit, Name, Told
from telephony_bridge.errors import Refused

Status = Literal["held", "waiting", "refused"]
Handler = Callable[[Ask], Awaitable[dict[str, Any]]]


class Why(Told):
    """Why; it is stored with who said it."""

    reason: Name


class PersonalCall(TypedDict):
    """A call said to be private: by whom and why, and the last word of a supervisor, if there is one."""

    id: int
    call: int
    manager: str | None
    date: str
    status: Status
    author: str
    reason: str
    marked_at: str
    settled_by: str | None
    settled_reason: str | None
    settled_at: str | None


class PersonalCalls(TypedDict):
    items: list[PersonalCall]
    next: str | None


class PersonalQuery(Told):
    """``date`` is the manager's shift day."""

    day: Day | None = Field(None, alias="date")
    manager: str | None = None
    status: Status | None = None
    limit: Limit = 100
    cursor: Id | None = None


async def _standing(ask: Ask) -> db.Record:
    """The call that the path names, or the one it repeats: what is said of a call is said of the one that stands."""
    row = await row_of(ask)
    if row["twin_of"] is None:
        return row
    return (await calls.listed(ask.conn, call_id=row["twin_of"], limit=1))[0]


async def _say(ask: Ask, call_id: int, about: str, word: str) -> dict[str, Any]:
    """Keeps the word, unless it is what was said last; the call as it stands then."""
    if await calls.last_word(ask.conn, call_id, about) != word:
        author = ask.asker.manager or ask.asker.name
        await calls.say(ask.conn, call_id, about, word, author=author, reason=ask.body.reason, now=ask.now)
        await pipeline.calls_marked(ask.conn, [call_id], company=ask.company, now=ask.now)
    return await one(ask)


async def mark(ask: Ask) -> dict[str, Any]:
    await pipeline.hold(ask.conn)
    call = await _standing(ask)
    if ask.asker.role != "manager":
        return await _say(ask, call["id"], "personal", "accepted")
    if call["manager_id"] != ask.asker.manager_id:
        raise Forbidden("a call is marked private by the manager whose call it is, or by a supervisor")
    if call["personal"] is not None:  # marked before: the first word and a supervisor's stand
        return await one(ask)
    return await _say(ask, call["id"], "personal", "marked")


def _settles(word: str) -> Handler:
    async def settle(ask: Ask) -> dict[str, Any]:
        await pipeline.hold(ask.conn)
        call = await _standing(ask)
        if call["personal"] is None:
            raise Refused(f"call {call['id']} is not marked private; mark it by POST /api/v1/calls/{call['id']}/personal")
        return await _say(ask, call["id"], "personal", word)

    return settle


def _decides(word: str) -> Handler:
    async def decide(ask: Ask) -> dict[str, Any]:
        await pipeline.hold(ask.conn)
        call = await _standing(ask)
        if ask.asker.manager_id is not None and ask.asker.manager_id in (call["manager_id"], call["duty_manager_id"]):
            raise Forbidden("a claim of one's own talk is another supervisor's to decide")
        if not call["claimed"]:
            raise Refused(
                f"call {call['id']} is not claimed to be a conversation: that takes an answered dial below min_talk and a "
                "person's comment on it with the outcome talked, agreed, not_interested or will_call_himself"
            )
        return await _say(ask, call["id"], "talk", word)

    return decide


async def personal(ask: Ask) -> dict[str, Any]:
    asked: PersonalQuery = ask.query
    items = await calls.personal(
        ask.conn,
        day=asked.day,
        manager_id=await ask.manager_id(asked.manager),
        status=asked.status,
        below=asked.cursor,
        limit=asked.limit + 1,
    )
    page = items[: asked.limit]
    return {"items": page, "next": str(page[-1]["id"]) if len(items) > asked.limit else None}


def _word(path: str, summary: str, handler: Handler) -> Endpoint:
    return Endpoint("POST", path, summary, handler, CallAnswer, roles=SUPERVISORS, body=Why)


ENDPOINTS = (
    Endpoint("POST", "/calls/{id}/personal", "The call was private", mark, CallAnswer, body=Why),
    _word("/calls/{id}/personal/approve", "A supervisor lets a private mark hold", _settles("accepted")),
    _word("/calls/{id}/personal/refuse", "A supervisor refuses a private mark", _settles("refused")),
    Endpoint("GET", "/personal", "Calls said to be private", personal, PersonalCalls, roles=SUPERVISORS, query=PersonalQuery),
    _word("/calls/{id}/claim/accept", "A supervisor takes a short talk for a conversation", _decides("accepted")),
    _word("/calls/{id}/claim/refuse", "A supervisor does not take it for one", _decides("refused")),
)
