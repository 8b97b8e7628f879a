"""The dates a manager picks when the client named none: in a week, a month, a quarter, on a working day (R29). Pure."""

from __future__ import annotations

import calendar as months
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from telephony_bridge.errors import Refused
from telephony_bridge.model import Schedule
from telephony_bridge.norms import calendar

HOUR = time(10)  # local
_FAR = 92  # days ahead a working day is looked for, as for a promise
_SPAN = re.compile(r"([1-9]\d?|[12]\d\d)([dwm])")


def split(name: str, typed: str) -> list[str]:
    """``7d/1m/3m`` as its spans: days, weeks or months. Raises ``Refused`` naming the setting."""
    spans = typed.strip().lower().split("/")
    if not all(_SPAN.fullmatch(span) for span in spans):
        raise Refused(f"{name}: read {typed!r}, expected spans of days, weeks or months such as 7d/1m/3m")
    return spans


def on(today: date, span: str) -> date:
    """The day so far ahead; a month ends where the shorter one does (31 January and a month is 28 or 29 February)."""
    found = _SPAN.fullmatch(span)
    assert found is not None
    number, unit = int(found.group(1)), found.group(2)
    if unit != "m":
        return today + timedelta(days=number * (7 if unit == "w" else 1))
    years, month = divmod(today.year * 12 + today.month - 1 + number, 12)
    return date(years, month + 1, min(today.day, months.monthrange(years, month + 1)[1]))


def dates(schedule: Schedule, now: datetime, spans: Sequence[str]) -> list[tuple[str, datetime]]:
    """(span, moment in UTC) of each: ten o'clock local, on the day or the next one with a shift."""
    today = now.astimezone(schedule.week_at(now).timezone).date()
    return [(span, _moment(schedule, on(today, span))) for span in spans]


def _moment(schedule: Schedule, day: date) -> datetime:
    ahead = (day + timedelta(days=step) for step in range(_FAR))
    works = next((one for one in ahead if calendar.shift(schedule, one) is not None), day)
    return datetime.combine(works, HOUR, schedule.week(works).timezone).astimezone(UTC)
