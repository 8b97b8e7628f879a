"""Today's planned contacts of one person, overdue first (R31, R36)."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from telephony_bridge import crm
from telephony_bridge.pages.card import label
from telephony_bridge.pages.visit import Visit
from telephony_bridge.planning import is_overdue


async def shown(visit: Visit) -> dict[str, Any]:
    """What the template of the plan needs."""
    zone, today = visit.times.zone, visit.times.today
    ends = datetime.combine(today + timedelta(days=1), time(), zone)
    found = await crm.planned(visit.conn, before=ends, manager_id=visit.manager_id, zone=zone)
    leads = {one["id"]: one for one in await crm.shown(visit.conn, [one["lead"] for one in found])}
    rows = []
    for one in found:
        at = datetime.fromisoformat(one["at"])
        rows.append(
            {
                "label": label(visit, leads[one["lead"]]),
                "at": visit.times.moment(at),
                "clock": f"{at.astimezone(zone):%H:%M}",
                "is_overdue": is_overdue(visit.book, visit.manager_id, at, today=today),
                "basis": visit.words[f"basis_{one['basis']}"],
                "last": visit.words[one["last_outcome"]] if one["last_outcome"] else None,
                "goal": one["goal"],
                "address": visit.address(f"lead/{one['lead']}?back=plan"),
            }
        )
    return {"rows": rows, "day": visit.times.day(today)}
