"""GET /notices: what was told to whom, when, over which channel, and with what result (CONTRACT §6.9)."""

from __future__ import annotations

from typing import Any, Literal

from typing_extensions import TypedDict

from telephony_bridge import notices, telling
from telephony_bridge.api.endpoint import Ask, Endpoint, Id, Limit, Told
from telephony_bridge.errors import NotFound
from telephony_bridge.model import rfc3339

Status = Literal["waiting", "sending", "sent", "in_page", "nothing", "folded", "expired", "undeliverable"]


class Try(TypedDict):
    """``channel`` is the scheme of an address, never the address; ``unknown``: the sender did not come to say."""

    channel: str
    at: str
    ended_at: str | None
    outcome: Literal["unknown", "sent", "later", "refused"]
    why: str | None


class NoticeTold(TypedDict):
    """A notice to a manager (handle) or a user (login).

    ``in_page``: he has no channel, it can be read on his page. ``folded``: a newer one told it. ``expired``: it could not be
    sent in time, and what it told is told by the next. ``nothing``: it was looked and there was nothing to tell. Of its link
    only ``opens`` is shown: it is his alone.
    """

    id: int
    key: str
    kind: str
    manager: str | None
    login: str | None
    title: str
    text: str
    opens: str | None
    decided_at: str
    good_until: str
    status: Status
    due_at: str | None
    sent_at: str | None
    channel: str | None
    tries: list[Try]


class NoticesTold(TypedDict):
    items: list[NoticeTold]
    next: str | None


class NoticesQuery(Told):
    """``manager`` is a handle, ``login`` a user; without ``status`` everything but ``nothing``."""

    manager: str | None = None
    login: str | None = None
    kind: str | None = None
    status: Status | None = None
    limit: Limit = 100
    cursor: Id | None = None


async def find(ask: Ask) -> dict[str, Any]:
    asked: NoticesQuery = ask.query
    if asked.login is not None and ask.asker.seen_by is not None:
        raise NotFound(f"there is no user {asked.login!r}")
    manager_id = await ask.manager_id(asked.manager)
    items = await notices.listed(
        ask.conn,
        manager_id=manager_id if manager_id is not None else ask.asker.seen_by,
        login=asked.login,
        kind=asked.kind,
        statuses=[asked.status] if asked.status is not None else None,
        below=asked.cursor,
        limit=asked.limit + 1,
    )
    page = [one | {"text": one["text"].replace(notices.LINK, f"{ask.address}/f/…")} for one in items[: asked.limit]]
    return {"items": page, "next": str(page[-1]["id"]) if len(items) > asked.limit else None}


class NewLink(Told):
    """``opens``: all that is owed, or the plan of the day."""

    opens: Literal["owed", "plan"] = "owed"


class FormLink(TypedDict):
    """Who has it writes as this manager, until then."""

    manager: str
    url: str
    until: str


async def make_link(ask: Ask) -> dict[str, Any]:
    handle = ask.path["handle"]
    await ask.manager_id(handle)
    url, until = await telling.link_to(ask.conn, handle, ask.body.opens, address=ask.address, company=ask.company, now=ask.now)
    return {"manager": handle, "url": url, "until": rfc3339(until)}


ENDPOINTS = (
    Endpoint("GET", "/notices", "What was told to whom, newest first", find, NoticesTold, query=NoticesQuery),
    Endpoint(
        "POST",
        "/managers/{handle}/links",
        "A manager's link to his own pages, as a notice would bring it",
        make_link,
        FormLink,
        roles=frozenset({"admin", "manager"}),  # a supervisor writes in his own name
        body=NewLink,
        status=201,
    ),
)
