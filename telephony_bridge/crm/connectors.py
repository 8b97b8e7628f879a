"""SQL of connectors: how far another CRM has been read. What was not read yet is nobody's violation (EC-41)."""

from __future__ import annotations

import re
from datetime import datetime

from telephony_bridge import db
from telephony_bridge.errors import NotFound, Refused

SQL = db.queries("connectors")


async def connector_seen(conn: db.Connection, name: str, seen_until: datetime, *, now: datetime) -> None:
    """A connector has brought all that was written until a moment; that moment never goes back. Raises ``Refused``."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", name):
        raise Refused(f"connector: read {name!r}, expected lower-case Latin letters, digits, dots, - and _, such as amocrm")
    if seen_until > now:
        raise Refused("seen_until: it lies ahead; give the moment up to which the CRM has been read")
    await conn.execute(SQL.seen, name, seen_until, now)


async def retire_connector(conn: db.Connection, name: str, *, now: datetime) -> None:
    """Nothing waits for this connector any more. Raises ``NotFound``."""
    if not await conn.fetch(SQL.retire, name, now):
        raise NotFound(f"there is no connector {name!r} at work")


async def connectors(conn: db.Connection) -> list[db.Record]:
    """Connectors by name: name, seen_until, told_at, retired_at."""
    return list(await conn.fetch(SQL.all_connectors))


async def seen_until(conn: db.Connection) -> datetime | None:
    """Up to when every CRM at work has been read; None where there is no connector."""
    at: datetime | None = await conn.fetchval(SQL.seen_until)
    return at
