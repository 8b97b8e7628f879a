"""The reference's days: when each manager works, which day a moment belongs to, when it closes. Plain, and slow."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Fact = dict[str, Any]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RUSSIA = {date(2026, 11, 3): "short", date(2026, 11, 4): "off"}  # of the weeks tried here
WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Days:
    """Schedules, the production calendar over them, and absences."""

    def __init__(self, calendar: dict[date, str], absences: list[Fact]) -> None:
        self.calendar = RUSSIA | calendar
        self.absences = absences

    def is_worked(self, person: Fact, day: date) -> bool:
        """EC-51, EC-54: his weekday, the production calendar over it, and not away."""
        kind = self.calendar.get(day, "usual")
        if any(one["handle"] == person["handle"] and one["from"] <= day <= one["to"] for one in self.absences):
            return False
        return kind != "off" and (kind == "work" or WEEK[day.weekday()] in person["days"])

    def is_short(self, day: date) -> bool:
        return self.calendar.get(day) == "short"

    def shift(self, person: Fact, day: date) -> tuple[datetime, datetime]:
        """When it begins and ends, in UTC; over midnight where it ends before it begins (EC-3). Of a short day the usual hours."""
        zone = ZoneInfo(person["zone"])
        opens, closes = time.fromisoformat(person["opens"]), time.fromisoformat(person["closes"])
        begins = datetime.combine(day, opens, zone).astimezone(UTC)
        ends = datetime.combine(day if closes > opens else day + DAY, closes, zone).astimezone(UTC)
        return begins, ends

    def day_of(self, person: Fact, at: datetime) -> date:
        """EC-1, EC-3: the local day; the small hours of a night shift, where there was one, are the day's before."""
        local = at.astimezone(ZoneInfo(person["zone"])).date()
        if (
            person["closes"] <= person["opens"]
            and self.is_worked(person, local - DAY)
            and at < self.shift(person, local - DAY)[1]
        ):
            return local - DAY
        return local

    def closes(self, person: Fact, asked: date) -> datetime:
        """The day's closing: the first 23:30 of his clock after his shift has ended."""
        day = asked
        while True:
            evening = datetime.combine(day, time(23, 30), ZoneInfo(person["zone"])).astimezone(UTC)
            if evening >= self.shift(person, asked)[1]:
                return evening
            day += DAY

    def hours(self, person: Fact, day: date) -> float:
        """EC-53: of a span over six hours one is the break, and more than a full day nobody owes; a short day is an hour less."""
        begins, ends = self.shift(person, day)
        span = (ends - begins) / HOUR
        return min(span - (1 if span > 6 else 0), 8) - (1 if self.is_short(day) else 0)

    def worked_beside(self, person: Fact, day: date, step: int) -> date:
        """The next (1) or previous (-1) working day."""
        day += step * DAY
        while not self.is_worked(person, day):
            day += step * DAY
        return day
