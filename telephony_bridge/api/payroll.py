"""GET /payroll/{month}: the month of each manager (R7)."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict

from telephony_bridge import payroll
from telephony_bridge.api.endpoint import SUPERVISORS, Ask, Endpoint
from telephony_bridge.errors import Refused


class ByStatus(TypedDict):
    """``open`` has the disputed and the confirmed ones too."""

    open: int
    fixed_late: int
    excused: int


class MonthOf(TypedDict):
    """Days by verdict (``days_met`` has the target days too), counted results, violations by code."""

    manager: str
    name: str
    team: str | None
    days_on_shift: int
    days_met: int
    days_target: int
    days_not_met: int
    days_not_evaluated: int
    days_pending: int
    dials: int
    connects: int
    new_leads: int
    violations: dict[str, ByStatus]


class Payroll(TypedDict):
    month: str
    managers: list[MonthOf]


async def month(ask: Ask) -> dict[str, Any]:
    asked = ask.path["month"]
    try:
        days = payroll.month_days(asked)
    except ValueError:
        raise Refused(f"month: read {asked[:20]!r}, expected YYYY-MM") from None
    return {"month": asked, "managers": await payroll.payroll(ask.conn, days, company=ask.company, now=ask.now)}


ENDPOINTS = (Endpoint("GET", "/payroll/{month}", "The month of each manager", month, Payroll, roles=SUPERVISORS),)
