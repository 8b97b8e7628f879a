"""SQL of calendar feeds: one private address a manager; of its token only the hash is kept."""

from __future__ import annotations

import secrets
from datetime import datetime

from telephony_bridge import db
from telephony_bridge.people.access import digest

SQL = db.queries("access")


async def new_feed(conn: db.Connection, manager_id: int, *, address: str, now: datetime) -> str:
    """The URL of a manager's planned contacts, told once; the one he had before ends. ``address`` is the service's."""
    token = secrets.token_urlsafe(32)
    await conn.execute(SQL.set_feed, manager_id, digest(token), now)
    return f"{address}/calendar/{token}.ics"


async def feed_of(conn: db.Connection, token: str) -> db.Record | None:
    """Whose feed the token opens (``id``, ``name``, ``language``); None if nobody's."""
    return await conn.fetchrow(SQL.feed, digest(token))
