"""Times as a person reads them: in his zone, in his language, «сегодня» where it is today. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from telephony_bridge.norms import presets
from telephony_bridge.pages.words import MONTHS, WEEKDAYS, WORDS

_LATER = timedelta(hours=2)  # EC-12: the first rung of the ladder
_STEP = 15  # minutes a proposed time is rounded up to
_EVENING = 20  # o'clock after which nobody is called again today


@dataclass(frozen=True, slots=True)
class Times:
    """Tells moments (UTC in) to one reader."""

    zone: ZoneInfo
    language: str
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def moment(self, at: datetime) -> str:
        """``сегодня, 14:05`` or ``ср 2 декабря, 10:00``."""
        local = at.astimezone(self.zone)
        return f"{self.day(local.date())}, {local:%H:%M}"

    def day(self, day: date) -> str:
        """A day in words; the year only where it is another."""
        words = WORDS[self.language]
        near = {0: "today", 1: "tomorrow", -1: "yesterday"}.get((day - self.today).days)
        if near is not None:
            return words[near]
        told = f"{WEEKDAYS[self.language][day.weekday()]} {day.day} {MONTHS[self.language][day.month - 1]}"
        return told if day.year == self.today.year else f"{told} {day.year}"

    def talk(self, seconds: int) -> str:
        """How long a talk was."""
        words = WORDS[self.language]
        if not seconds:
            return words["no_talk"]
        return words["minutes" if seconds >= 60 else "seconds"].format(minutes=seconds // 60, seconds=seconds % 60)

    def typed(self, at: datetime) -> str:
        """A moment as a form holds it: local, to the minute."""
        return at.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def read(self, typed: str) -> datetime | None:
        """The moment that a form holds, in UTC; None for what is none."""
        try:
            local = datetime.fromisoformat(typed)
        except ValueError:
            return None
        if local.tzinfo is not None or not 2000 < local.year < 2100:
            return None
        return local.replace(tzinfo=self.zone).astimezone(UTC)

    def later_today(self) -> datetime | None:
        """In two hours, to the quarter; None in the evening."""
        local = (self.now + _LATER).astimezone(self.zone).replace(second=0, microsecond=0)
        local += timedelta(minutes=-local.minute % _STEP)
        return local.astimezone(UTC) if local.date() == self.today and local.hour < _EVENING else None


def own_date(day: str, clock: str) -> str:
    """What the date and time fields hold together; without a time the presets' hour."""
    return f"{day}T{clock or time(presets.HOUR.hour).strftime('%H:%M')}"
