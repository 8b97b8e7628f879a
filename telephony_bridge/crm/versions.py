"""SQL of comments that change: what each said before is kept, who wrote it and when stays (R24)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from telephony_bridge import db
from telephony_bridge.errors import NotFound, NotYours
from telephony_bridge.model import rfc3339

SQL = db.queries("records")


async def change_comment(
    conn: db.Connection, lead_id: int, comment_id: int, told: Mapping[str, Any], *, by: str, author_id: int | None, now: datetime
) -> datetime:
    """``told`` of text, outcome and goal changes, the rest stays; what it said is kept (R24). Returns when it was written.

    ``author_id``: whose it must be, None for a supervisor. Without text and outcome it is removed: its place and history stay.
    Raises ``NotFound``, ``NotYours``.
    """
    row = await conn.fetchrow(SQL.one_comment, lead_id, comment_id)
    if row is None:
        raise NotFound(f"there is no comment {comment_id} on lead {lead_id}")
    if author_id is not None and row["author_id"] != author_id:
        raise NotYours("only who wrote a comment, or a supervisor, may change it")
    before = (row["text"], row["outcome"], row["goal"])
    after = tuple(told.get(name, row[name]) for name in ("text", "outcome", "goal"))
    if after != before:
        await conn.execute(SQL.keep_version, comment_id, *before, now, by)
        await conn.execute(SQL.change_comment, comment_id, *after, now)
    at: datetime = row["at"]
    return at


async def versions_of(conn: db.Connection, comment_ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
    """Comment -> what it said before, oldest first, JSON-ready."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in await conn.fetch(SQL.versions, comment_ids) if comment_ids else ():
        said = {name: row[name] for name in ("text", "outcome", "goal", "changed_by")}
        found.setdefault(row["comment_id"], []).append(said | {"until": rfc3339(row["until"])})
    return found
