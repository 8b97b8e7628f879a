"""What one person has been told, newest first: notices that went out, and those that can only be read here."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from telephony_bridge import notices
from telephony_bridge.pages.visit import Visit

_SHOWN = 30
_NOT_TOLD = frozenset({"folded", "expired"})  # what they were to tell a newer one has told


async def shown(visit: Visit) -> dict[str, Any]:
    """What the template of the notices needs."""
    found = await notices.listed(visit.conn, manager_id=visit.manager_id, limit=_SHOWN)
    return {
        "rows": [
            {
                "title": one["title"],
                "at": visit.times.moment(datetime.fromisoformat(one["decided_at"])),
                "parts": [_lines(part) for part in one["text"].split("\n\n") if notices.LINK not in part],
                "address": visit.address(f"{one['opens']}?back=owed") if one["opens"] is not None else None,
                "how": visit.words[f"told_{one['status']}"],
            }
            for one in found
            if one["status"] not in _NOT_TOLD
        ]
    }


def _lines(part: str) -> list[tuple[bool, str]]:
    """(is a row of a list, its words) of each line."""
    return [(line.startswith("- "), line.removeprefix("- ")) for line in part.splitlines()]
