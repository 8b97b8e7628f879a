"""The production calendar of a country: public holidays, moved working days, short days before a holiday (EC-54). Pure.

The tables are those of the library ``holidays``, with the days a government moved; of single days a company may say otherwise
(``people``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

import holidays

from telephony_bridge.model import DayKind

_MOVED = re.compile(r"(?i)observed|substituted|day off")  # free instead of another day: the day before it is no short one


@lru_cache(maxsize=64)
def _year(country: str, year: int) -> Mapping[date, DayKind]:
    if country not in holidays.list_supported_countries():
        return {}
    told = holidays.country_holidays(country, years=[year, year + 1], language="en_US")
    found = dict.fromkeys(told.weekend_workdays, DayKind.WORK)
    found |= dict.fromkeys(told, DayKind.OFF)
    for day, name in told.items():
        before = day - timedelta(days=1)
        is_free = found.get(before) is DayKind.OFF or (before.isoweekday() > 5 and found.get(before) is not DayKind.WORK)
        if not _MOVED.search(name) and not is_free:
            found[before] = DayKind.SHORT
    return {day: kind for day, kind in found.items() if day.year == year}


def day_kind(country: str, day: date) -> DayKind:
    """What kind of day it is in a country, named as ``RU``; an unknown one has no holidays."""
    return _year(country, day.year).get(day, DayKind.USUAL)
