"""SQL of what people say of calls: private ones (EC-25), short ones that were conversations (EC-33). Words are append-only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from telephony_bridge import db
from telephony_bridge.model import rfc3339

SQL = db.queries("marks")


async def say(conn: db.Connection, call_id: int, about: str, word: str, *, author: str, reason: str, now: datetime) -> None:
    """Keeps a person's word about a call; what it comes to is derived."""
    await conn.execute(SQL.say, call_id, about, word, author, reason, now)


async def last_word(conn: db.Connection, call_id: int, about: str) -> str | None:
    """``accepted`` or ``refused`` as last said by a supervisor; None while he said nothing."""
    word: str | None = await conn.fetchval(SQL.last_word, call_id, about)
    return word


async def said_of(conn: db.Connection, days: Iterable[date], ids: Iterable[int]) -> list[db.Record]:
    """Rows (a call and one word, or none) of calls on these days that show a word, and of these calls."""
    return list(await conn.fetch(SQL.of_calls, sorted(set(days)), sorted(set(ids))))


async def show_words(conn: db.Connection, words: Mapping[int, tuple[str | None, str | None]]) -> None:
    """Call id -> (personal, claim) that it shows from now on."""
    if words:
        await conn.execute(
            SQL.show, list(words), [personal for personal, _ in words.values()], [claim for _, claim in words.values()]
        )


async def repoint_words(conn: db.Connection, survivors: Mapping[int, int]) -> None:
    """Absorbed call id -> the call that it became."""
    await conn.execute(SQL.repoint, list(survivors), list(survivors.values()))


async def personal(
    conn: db.Connection, *, day: date | None, manager_id: int | None, status: str | None, below: int | None, limit: int
) -> list[dict[str, Any]]:
    """Calls that were said to be private, JSON-ready, the latest first."""
    return [
        {
            "id": row["id"],
            "call": row["call_id"],
            "manager": row["manager"],
            "date": row["day"].isoformat(),
            "status": row["status"],
            "author": row["author"],
            "reason": row["reason"],
            "marked_at": rfc3339(row["at"]),
            "settled_by": row["settled_by"],
            "settled_reason": row["settled_reason"],
            "settled_at": rfc3339(row["settled_at"]) if row["settled_at"] is not None else None,
        }
        for row in await conn.fetch(SQL.personal, day, manager_id, status, below, limit)
    ]
