"""GET /calendar/TOKEN.ics: a manager's planned contacts for the calendar on his phone. The token is all the proof there is."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog
from aiohttp import ETag, web

from telephony_bridge import crm, db, notices, people
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings

_BACK = timedelta(days=30)  # how long an overdue contact stays in the calendar
_EVER = datetime(2101, 1, 1, tzinfo=UTC)  # no date is beyond the century
log = structlog.get_logger("calendar")


def routes(
    database: db.Database, settings: Settings, company: Company, clock: Callable[[], datetime]
) -> list[web.AbstractRouteDef]:
    """The feed, for GET and HEAD."""
    host = urlsplit(settings.address).hostname or settings.host

    async def calendar(request: web.Request) -> web.StreamResponse:
        try:
            found = await _entries(database, request.match_info["token"], company=company, now=clock())
        except db.AWAY as away:
            log.error("postgres_away", error=type(away).__name__)
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "60"}) from None
        if found is None:
            raise web.HTTPNotFound  # the answer of an address that never was
        name, language, entries = found
        body = await asyncio.to_thread(notices.calendar, name, entries, language=language, host=host)
        tag = hashlib.sha256(body).hexdigest()[:32]
        headers = {"Cache-Control": "private, max-age=300", "X-Robots-Tag": "noindex"}
        if any(one.value in ("*", tag) for one in request.if_none_match or ()):
            answer = web.Response(status=304, headers=headers)
        else:
            answer = web.Response(body=body, content_type="text/calendar", charset="utf-8", headers=headers)
        answer.etag = ETag(tag)
        return answer

    return [web.get("/calendar/{token:[A-Za-z0-9_-]{43}}.ics", calendar)]


async def _entries(
    database: db.Database, token: str, *, company: Company, now: datetime
) -> tuple[str, str, list[notices.Entry]] | None:
    """(manager's name, language, open planned contacts); None for a token of nobody, or of who works here no longer."""
    async with database.begin() as conn:
        row = await people.feed_of(conn, token)
        if row is None:
            return None
        schedule = (await people.schedules(conn, [row["id"]]))[row["id"]]
        zone = schedule.week_at(now).timezone
        if schedule.last_day is not None and now.astimezone(zone).date() > schedule.last_day:
            return None
        contacts = await crm.planned(conn, since=now - _BACK, before=_EVER, manager_id=row["id"], zone=zone)
    entries = [
        notices.Entry(
            planned_id=one["id"],
            lead_name=one["name"],
            due_at=datetime.fromisoformat(one["at"]),
            set_at=datetime.fromisoformat(one["set_at"]),
            goal=one["goal"],
            last_outcome=one["last_outcome"],
        )
        for one in contacts
    ]
    return row["name"], row["language"] or company.language, entries
