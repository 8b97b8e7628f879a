"""Which working day a moment belongs to, when it ends and how much of a full day it is. Pure zone arithmetic, never +24 h."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from telephony_bridge.errors import Refused
from telephony_bridge.model import DayKind, Schedule, Week

FULL_DAY = 8 * 60  # working minutes of a full norm (CONTRACT §8)
_LONG_SPAN = 6 * 60  # a longer span contains a break
_WEEKDAYS = frozenset({1, 2, 3, 4, 5})
_USUAL = (9 * 60, 18 * 60)  # the hours that clocks of the policy are thought for
_SHORTER = 60  # minutes, before a holiday
_DAY = timedelta(days=1)
_LATEST_NIGHT = 13 * 60  # minutes after midnight: later than that nobody's shift is last night's
_FAR = 92  # days ahead a working day is looked for: after a longer absence somebody else has the work
_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _at(zone: ZoneInfo, day: date, minutes: int) -> datetime:
    """A local wall-clock time as UTC; minutes past 24 h fall on the following local day."""
    days, rest = divmod(minutes, 24 * 60)
    wall = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), zone)
    return wall.astimezone(UTC)


def _span(week: Week) -> tuple[int, int]:
    closes = week.closes if week.closes > week.opens else week.closes + 24 * 60
    return week.opens, closes


def usual_shift(schedule: Schedule, day: date) -> tuple[datetime, datetime]:
    """UTC bounds of the usual hours on a day, whether or not anyone works then."""
    week = schedule.week(day)
    opens, closes = _span(week)
    return _at(week.timezone, day, opens), _at(week.timezone, day, closes)


def shift(schedule: Schedule, day: date) -> tuple[datetime, datetime] | None:
    """UTC bounds of the shift that opens on a day; None on a day off, an absence, before the first day and after the last."""
    kind, days = schedule.kind(day), schedule.week(day).days
    if kind is DayKind.OFF:
        return None
    # a working Saturday is one for who works the usual week; who works other days has his own
    if day.isoweekday() not in days and not (kind is DayKind.WORK and days <= _WEEKDAYS):
        return None
    if schedule.first_day is not None and day < schedule.first_day:
        return None
    if schedule.last_day is not None and day > schedule.last_day:
        return None
    if any(start <= day <= end for start, end in schedule.absences):
        return None
    return usual_shift(schedule, day)


def _midnight(schedule: Schedule, day: date) -> datetime:
    """When a day begins by the clock of the day before it: a new week, or zone, leaves the days before it as they were."""
    return _at(schedule.week(day - _DAY).timezone, day, schedule.boundary(day))


def _begins(schedule: Schedule, day: date) -> datetime:
    """When a day begins: at its boundary (EC-1, EC-2), or when the night shift of the day before ends (EC-3)."""
    begins = _midnight(schedule, day)
    if _span(schedule.week(day - _DAY))[1] > 24 * 60:
        night = shift(schedule, day - _DAY)
        if night is not None:
            # what is told of the day itself moves nothing of the one before, and who moves far to the east still has a day
            return max(begins, min(night[1], _at(schedule.week(day - _DAY).timezone, day, _LATEST_NIGHT)))
    return begins


def shift_day(schedule: Schedule, at: datetime) -> date:
    """The day a moment counts for: the last that has begun by then; ``day_bounds`` tells the same (EC-1 to EC-4)."""
    day = at.astimezone(UTC).date() + _DAY  # no clock is further ahead
    while _begins(schedule, day) > at:
        day -= _DAY
    return day


def day_bounds(schedule: Schedule, day: date) -> tuple[datetime, datetime]:
    """UTC bounds of a shift day: moments between them have this ``shift_day``."""
    begins = _begins(schedule, day)
    # over the date line the day after next may begin first, and the one between has no moment
    return begins, max(begins, min(_begins(schedule, day + _DAY), _begins(schedule, day + 2 * _DAY)))


def closes_at(schedule: Schedule, day: date, close_minutes: int = 23 * 60 + 30) -> datetime:
    """The first closing time, local, at or after the end of the day's shift."""
    zone, ends = schedule.week(day).timezone, usual_shift(schedule, day)[1]
    close = _at(zone, day, close_minutes)
    return close if close >= ends else _at(zone, day + _DAY, close_minutes)


def working_days_later(schedule: Schedule, at: datetime, days: int) -> datetime:
    """The same time of day after so many days with a shift, or three weeks on if there are none."""
    local = at.astimezone(schedule.week_at(at).timezone)
    day = local.date()
    for _ in range(21):
        day += _DAY
        days -= shift(schedule, day) is not None
        if not days:
            break
    return datetime.combine(day, local.time(), schedule.week(day).timezone)


def reports_at(schedule: Schedule, day: date, report_minutes: int = 19 * 60) -> datetime:
    """The first time, local, that the provisional report's clock shows after the day's shift began."""
    begins = usual_shift(schedule, day)[0]
    zone = schedule.week(day).timezone
    report = _at(zone, day, report_minutes)
    return report if report > begins else _at(zone, day + _DAY, report_minutes)


def shift_moment(schedule: Schedule, day: date, minutes: int, *, earliest: timedelta) -> datetime | None:
    """When a clock of the usual day comes for who works on a day: None on a day off.

    It is that time, local, where it lies in the shift, no sooner than ``earliest`` after its begin (or before, if negative); in
    a shift at other hours it is as far into it as it would be into 09:00-18:00.
    """
    span = shift(schedule, day)
    if span is None:
        return None
    begins, ends = span
    zone = schedule.week(day).timezone
    for on in (day, day + _DAY):
        if begins + earliest <= (at := _at(zone, on, minutes)) < ends:
            return at
    share = Fraction(min(max(minutes - _USUAL[0], 0), _USUAL[1] - _USUAL[0]), _USUAL[1] - _USUAL[0])
    return begins + timedelta(seconds=int((ends - begins).total_seconds() * share))


def local_moment(zone: ZoneInfo, day: date, minutes: int) -> datetime:
    """A wall-clock time of a zone, in minutes after midnight, as UTC."""
    return _at(zone, day, minutes)


def quiet_until(hours: tuple[int, int], zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the quiet hours end that a moment lies in; None outside them. ``hours`` are minutes after midnight."""
    opens, closes = hours
    for day in (now.astimezone(zone).date() - _DAY, now.astimezone(zone).date()):
        begins = _at(zone, day, opens)
        ends = _at(zone, day, closes if closes > opens else closes + 24 * 60)
        if begins <= now < ends:
            return ends
    return None


def quiet_from(hours: tuple[int, int], zone: ZoneInfo, now: datetime) -> datetime:
    """When the next quiet hours begin."""
    day = now.astimezone(zone).date()
    return next(at for ahead in range(3) if (at := _at(zone, day + ahead * _DAY, hours[0])) > now)


def hard_deadline(
    schedule: Schedule, call_ended_at: datetime, day: date, *, hard_minutes: int = 60, hard_min_minutes: int = 120
) -> datetime:
    """When comment and date of a call are due at the latest: shift end + 60 min, never less than 2 h after the call (EC-7)."""
    after_shift = usual_shift(schedule, day)[1] + timedelta(minutes=hard_minutes)
    return max(after_shift, call_ended_at + timedelta(minutes=hard_min_minutes))


def working_day(schedule: Schedule, day: date) -> date | None:
    """The first day with a shift, from this one on; None where the next three months have none."""
    days = (day + timedelta(days=ahead) for ahead in range(_FAR))
    return next((one for one in days if shift(schedule, one) is not None), None)


def working_minutes_later(schedule: Schedule, at: datetime, minutes: int) -> datetime | None:
    """When so many minutes of shifts have passed since a moment; out of hours the count begins with the next shift (EC-13).

    None where the shifts of three months are not enough.
    """
    left = timedelta(minutes=minutes)
    since = at
    first = at.astimezone(UTC).date() - 2 * _DAY  # last night's shift may be under way, and no clock is further behind
    for ahead in range(_FAR):
        span = shift(schedule, first + timedelta(days=ahead))
        if span is None or span[1] <= since:
            continue
        since = max(since, span[0])
        if span[1] - since >= left:
            return since + left
        left -= span[1] - since
        since = span[1]
    return None


def norm_share(schedule: Schedule, day: date, *, break_minutes: int = 60) -> Fraction:
    """How much of a full norm a day owes: its working hours of eight (CONTRACT §8, EC-53); 0 on a day off.

    Before a holiday an hour less: seven of eight for a full day (EC-54).
    """
    if shift(schedule, day) is None:
        return Fraction(0)
    opens, closes = _span(schedule.week(day))
    minutes = closes - opens
    if minutes > _LONG_SPAN:
        minutes -= break_minutes
    minutes = min(minutes, FULL_DAY)
    if schedule.kind(day) is DayKind.SHORT:
        minutes = max(minutes - _SHORTER, 0)
    return min(Fraction(minutes, FULL_DAY), Fraction(1))


def share_worked(span: tuple[datetime, datetime], now: datetime, *, break_minutes: int = 60) -> float:
    """How much of a shift's work is behind: a long span has its break in the middle (CONTRACT §8)."""
    whole = span[1] - span[0]
    pause = timedelta(minutes=break_minutes) if whole > timedelta(minutes=_LONG_SPAN) else timedelta()
    pause = min(pause, whole / 2)  # policy may set a break of any length, and who rests all day has no pace
    rests = span[0] + (whole - pause) / 2
    rested = min(max(now - rests, timedelta()), pause)
    share: float = (now - span[0] - rested) / (whole - pause)
    return min(share, 1.0)


def ramp(steps: str, first_day: date | None, day: date) -> Fraction:
    """How much of a norm is asked of a new hire (EC-56): ``25/50/75/100`` is percent by week of work, ``off`` all of it."""
    if steps == "off" or first_day is None:
        return Fraction(1)
    percents, week = steps.split("/"), max((day - first_day).days, 0) // 7
    return Fraction(int(percents[week]), 100) if week < len(percents) else Fraction(1)


def scaled(norm: int, share: Fraction) -> int:
    """A norm in proportion, rounded half up, once and at the end of all proportions (EC-53)."""
    return int(norm * share + Fraction(1, 2))


def parse_hours(text: str) -> tuple[int, int]:
    """``09:00-18:00`` as minutes after midnight. Raises ``Refused``."""
    found = re.fullmatch(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*", text)
    if found is not None:
        one, two, three, four = (int(part) for part in found.groups())
        if one < 24 and three <= 24 and two < 60 and four < 60 and (one, two) != (three, four):
            return one * 60 + two, three * 60 + four
    raise Refused(f"hours: read {text!r}, expected a span such as 09:00-18:00")


def format_hours(opens: int, closes: int) -> str:
    return f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"


def parse_days(text: str) -> frozenset[int]:
    """``mon-fri`` or ``mon,tue,sat`` as ISO weekdays. Raises ``Refused``."""
    days: set[int] = set()
    for part in text.lower().replace(" ", "").split(","):
        first, dash, last = part.partition("-")
        last = last if dash else first
        if first not in _WEEK or last not in _WEEK:
            raise Refused(f"days: read {text!r}, expected mon-fri or mon,tue,sat")
        start, end = _WEEK.index(first), _WEEK.index(last)
        days |= {index % 7 + 1 for index in range(start, end + 1 if end >= start else end + 8)}
    return frozenset(days)


def format_days(days: frozenset[int]) -> str:
    ordered = sorted(days)
    if len(ordered) > 1 and ordered == list(range(ordered[0], ordered[-1] + 1)):
        return f"{_WEEK[ordered[0] - 1]}-{_WEEK[ordered[-1] - 1]}"
    return ",".join(_WEEK[day - 1] for day in ordered)
