"""Days, shifts and deadlines in the manager's own zone, over time: EC-1 to EC-4, EC-7, EC-53 to EC-56 (pure)."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.errors import Refused
from telephony_bridge.model import Schedule, Week
from telephony_bridge.norms import calendar, day_kind

ZONES = st.sampled_from(
    ["Europe/Moscow", "Asia/Yekaterinburg", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
DAY = timedelta(days=1)
DAYS = st.dates(date(2026, 1, 5), date(2027, 12, 25))


def week(zone: str | ZoneInfo, opens: int = 9 * 60, closes: int = 18 * 60, **more: Any) -> Week:
    return Week(ZoneInfo(zone) if isinstance(zone, str) else zone, opens, closes, **more)


def working(zone: str | ZoneInfo, *hours: int, days: frozenset[int] = frozenset({1, 2, 3, 4, 5}), **more: Any) -> Schedule:
    return Schedule((week(zone, *hours, days=days),), **more)


WEEKS = st.builds(
    Week,
    timezone=ZONES,
    opens=st.integers(0, 1439),
    closes=st.integers(1, 1440),
    days=st.frozensets(st.integers(1, 7), min_size=1),
).filter(lambda one: one.opens != one.closes)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Up to four weeks after one another, with a boundary of days that may be later than midnight."""
    first, *later = draw(st.lists(WEEKS, min_size=1, max_size=4))
    begins = sorted(draw(st.lists(DAYS, min_size=len(later), max_size=len(later), unique=True)))
    weeks = (first, *(replace(one, from_day=day) for one, day in zip(later, begins, strict=True)))
    boundary = draw(st.integers(0, 6 * 60))
    away = draw(st.lists(DAYS, max_size=3))
    return Schedule(weeks, absences=tuple((day, day + 5 * DAY) for day in away), boundary=lambda _: boundary)


def near(draw: st.DrawFn, schedule: Schedule) -> date:
    """A day, more often than not one around which the week changes."""
    begins = [one.from_day for one in schedule.weeks if one.from_day is not None]
    day = draw(st.sampled_from(begins) | DAYS) if begins else draw(DAYS)
    return day + draw(st.integers(-3, 3)) * DAY


@st.composite
def schedules_and_days(draw: st.DrawFn) -> tuple[Schedule, date]:
    schedule = draw(schedules())
    return schedule, near(draw, schedule)


def test_ec_1_the_day_is_the_managers_own() -> None:
    at = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)
    assert calendar.shift_day(working("Asia/Yekaterinburg"), at) == date(2026, 11, 24)
    assert calendar.shift_day(working("UTC"), at) == date(2026, 11, 23)


def test_ec_2_both_half_past_two_are_on_the_day_the_clock_goes_back() -> None:
    berlin = working("Europe/Berlin")
    for hour in (0, 1):
        assert calendar.shift_day(berlin, datetime(2026, 10, 25, hour, 30, tzinfo=UTC)) == date(2026, 10, 25)
    start, end = calendar.day_bounds(berlin, date(2026, 10, 25))
    assert end - start == timedelta(hours=25)
    start, end = calendar.day_bounds(berlin, date(2026, 3, 29))
    assert end - start == timedelta(hours=23)


def test_ec_3_a_dial_after_midnight_belongs_to_the_shift_that_opened_before() -> None:
    night = working("Europe/Moscow", 20 * 60, 8 * 60)
    assert calendar.shift_day(night, datetime(2026, 11, 23, 21, 10, tzinfo=UTC)) == date(2026, 11, 23)
    assert calendar.shift_day(night, datetime(2026, 11, 24, 5, 10, tzinfo=UTC)) == date(2026, 11, 24)


def test_ec_4_a_call_over_midnight_belongs_to_its_start() -> None:
    assert calendar.shift_day(working("Europe/Moscow"), datetime(2026, 11, 23, 20, 58, tzinfo=UTC)) == date(2026, 11, 23)


@given(schedules_and_days())
def test_every_moment_belongs_to_exactly_one_day(told: tuple[Schedule, date]) -> None:
    schedule, first = told
    at = calendar.day_bounds(schedule, first)[0]
    for shift in range(7):
        day = first + shift * DAY
        start, end = calendar.day_bounds(schedule, day)
        assert start == at, "a moment is lost or belongs to two days"
        if start == end:  # who moves over the date line has a day without a moment
            assert len({week.timezone for week in schedule.weeks}) > 1, "a day is lost"
            continue
        assert start < end, "a day is lost"
        for moment in (start, start + (end - start) / 2, end - timedelta(seconds=1)):
            assert calendar.shift_day(schedule, moment) == day
        at = end


@given(schedules(), MOMENTS)
def test_a_moment_lies_within_the_bounds_of_its_day(schedule: Schedule, at: datetime) -> None:
    start, end = calendar.day_bounds(schedule, calendar.shift_day(schedule, at))
    assert start <= at < end


@given(schedules_and_days(), WEEKS, st.integers(-50, 30))
def test_a_new_week_leaves_the_days_before_it_as_they_were(told: tuple[Schedule, date], new: Week, hours: int) -> None:
    schedule, day = told
    weeks = [one for one in schedule.weeks if one.from_day is None or one.from_day < day]
    changed = replace(schedule, weeks=(*weeks, replace(new, from_day=day)))
    at = calendar.day_bounds(schedule, day)[0] + timedelta(hours=hours)
    before, after = calendar.shift_day(schedule, at), calendar.shift_day(changed, at)
    assert after == before if before < day else after >= day
    assert calendar.closes_at(changed, day - DAY) == calendar.closes_at(schedule, day - DAY)
    assert calendar.norm_share(changed, day - DAY) == calendar.norm_share(schedule, day - DAY)


def test_who_moves_has_a_longer_or_a_shorter_first_day() -> None:
    day = date(2026, 11, 24)
    for there, hours in (("Asia/Yekaterinburg", 22), ("Europe/Berlin", 26), ("America/New_York", 32)):
        moved = Schedule((week("Europe/Moscow"), week(there, from_day=day)))
        start, end = calendar.day_bounds(moved, day)
        assert (start, end - start) == (datetime(2026, 11, 23, 21, tzinfo=UTC), timedelta(hours=hours))
        assert moved.week_at(start) == moved.weeks[1]
        assert moved.week_at(start - timedelta(seconds=1)) == moved.weeks[0]
        assert calendar.shift(moved, day) == calendar.shift(working(there), day)


def test_over_the_date_line_a_day_may_have_no_moment() -> None:
    day = date(2026, 11, 24)
    moved = Schedule((week("Pacific/Pago_Pago"), week("Pacific/Kiritimati", from_day=day)))
    start, end = calendar.day_bounds(moved, day)
    assert start == end
    found = {calendar.shift_day(moved, start + timedelta(hours=hours)) for hours in range(-48, 48)}
    assert day not in found


def test_working_days_are_counted_by_the_week_of_each() -> None:
    friday = datetime(2026, 11, 20, 7, tzinfo=UTC)
    office = working("Europe/Moscow")
    assert calendar.working_days_later(office, friday, 3) == datetime(2026, 11, 25, 7, tzinfo=UTC)
    weekends = Schedule((week("Europe/Moscow"), week("Asia/Yekaterinburg", days=frozenset({6, 7}), from_day=date(2026, 11, 21))))
    assert calendar.working_days_later(weekends, friday, 3) == datetime(2026, 11, 28, 5, tzinfo=UTC)


@given(schedule=schedules(), at=MOMENTS)
def test_ec_7_a_deadline_is_never_less_than_two_hours_away(schedule: Schedule, at: datetime) -> None:
    due = calendar.hard_deadline(schedule, at, calendar.shift_day(schedule, at))
    assert due >= at + timedelta(hours=2)
    assert (
        calendar.closes_at(schedule, calendar.shift_day(schedule, at))
        >= calendar.usual_shift(schedule, calendar.shift_day(schedule, at))[1]
    )


@pytest.mark.parametrize(
    ("hours", "norm", "scaled"), [("09:00-18:00", 60, 60), ("09:00-13:00", 60, 30), ("09:00-12:00", 10, 4), ("09:00-15:00", 60, 45),
                                  ("09:00-21:00", 60, 60), ("20:00-05:00", 60, 60)]
)  # fmt: skip
def test_ec_53_the_norm_in_proportion_to_the_hours(hours: str, norm: int, scaled: int) -> None:
    opens, closes = calendar.parse_hours(hours)
    share = calendar.norm_share(working("UTC", opens, closes), date(2026, 11, 23))
    assert calendar.scaled(norm, share) == scaled


@pytest.mark.parametrize(
    ("norm", "parts", "scaled"),
    [
        (60, (Fraction(4, 8),), 30),
        (10, (Fraction(3, 8),), 4),  # 3.75
        (60, (Fraction(7, 8),), 53),  # 52.5
        (10, (Fraction(1, 4), Fraction(1, 2)), 1),  # 1.25; rounded at each step it were 2
        (60, (Fraction(0),), 0),
    ],
)
def test_ec_53_all_proportions_are_rounded_once_half_up(norm: int, parts: tuple[Fraction, ...], scaled: int) -> None:
    assert calendar.scaled(norm, math.prod(parts, start=Fraction(1))) == scaled


@pytest.mark.parametrize(
    ("steps", "day", "percent"),
    [
        ("off", date(2026, 11, 23), 100),
        ("25/50/75/100", date(2026, 11, 23), 25),
        ("25/50/75/100", date(2026, 11, 29), 25),
        ("25/50/75/100", date(2026, 11, 30), 50),
        ("25/50/75", date(2026, 12, 14), 100),
        ("25/50", date(2027, 6, 1), 100),
    ],
)
def test_ec_56_the_ramp_goes_by_week_of_work(steps: str, day: date, percent: int) -> None:
    assert calendar.ramp(steps, date(2026, 11, 23), day) == Fraction(percent, 100)
    assert calendar.ramp(steps, None, day) == 1  # who works here since ever is no new hire


def test_nothing_is_owed_on_a_day_off_an_absence_or_after_leaving() -> None:
    monday = date(2026, 11, 23)
    for schedule in (
        working("UTC", days=frozenset({2})),
        working("UTC", absences=((monday, monday),)),
        working("UTC", last_day=date(2026, 11, 20)),
        working("UTC", first_day=date(2026, 11, 24)),
        Schedule((week("UTC"), week("UTC", days=frozenset({2}), from_day=monday))),
    ):
        assert calendar.norm_share(schedule, monday) == Fraction(0)


@pytest.mark.parametrize("text", ["mon-fri", "mon,tue,sat", "sun", "mon-sun", "tue-thu"])
def test_days_are_shown_as_they_were_typed(text: str) -> None:
    assert calendar.format_days(calendar.parse_days(text)) == text


@pytest.mark.parametrize("text", ["monday", "", "mon-", "1-5"])
def test_days_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        calendar.parse_days(text)


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 1, 5), "off"),
        (date(2026, 1, 9), "off"),  # instead of a Saturday
        (date(2026, 2, 23), "off"),
        (date(2026, 2, 20), "usual"),  # a weekend lies between
        (date(2026, 11, 3), "short"),
        (date(2026, 11, 4), "off"),
        (date(2026, 11, 23), "usual"),
        (date(2026, 4, 30), "short"),
        (date(2024, 4, 27), "work"),  # a Saturday
        (date(2024, 12, 28), "work"),
        (date(2024, 4, 29), "off"),
    ],
)
def test_ec_54_the_production_calendar(day: date, kind: str) -> None:
    assert day_kind("RU", day) == kind


def test_ec_54_a_country_without_tables_has_no_holidays() -> None:
    assert day_kind("NONE", date(2026, 1, 1)) == "usual"


def test_ec_54_shifts_and_shares_follow_the_calendar() -> None:
    office = working("Europe/Moscow", kind=lambda day: day_kind("RU", day))
    assert calendar.shift(office, date(2026, 11, 4)) is None
    assert calendar.norm_share(office, date(2026, 11, 4)) == 0
    assert calendar.norm_share(office, date(2026, 11, 3)) == Fraction(7, 8)
    assert calendar.scaled(60, Fraction(7, 8)) == 53
    assert calendar.shift(office, date(2024, 4, 27)) is not None
    sundays = working("Europe/Moscow", days=frozenset({1, 7}), kind=lambda day: day_kind("RU", day))
    assert calendar.shift(sundays, date(2024, 4, 27)) is None  # who works other days has no working Saturday


def _minutes(schedule: Schedule, since: datetime, until: datetime) -> set[datetime]:
    """The minutes of shifts between two moments, one by one: the slow way."""
    found = set()
    day = since.date() - timedelta(days=2)
    while day <= until.date() + timedelta(days=1):
        span = calendar.shift(schedule, day)
        if span is not None:
            start, end = max(span[0], since), min(span[1], until)
            found |= {start + timedelta(minutes=index) for index in range(int((end - start) / timedelta(minutes=1)))}
        day += timedelta(days=1)
    return found


@given(
    schedule=schedules(),
    at=MOMENTS.map(lambda moment: moment.replace(second=0, microsecond=0)),
    minutes=st.integers(0, 2000),
    away=st.integers(0, 20),
)
def test_ec_13_so_many_minutes_of_shifts_lie_before_the_moment(schedule: Schedule, at: datetime, minutes: int, away: int) -> None:
    first = at.date()
    schedule = replace(schedule, absences=((first, first + timedelta(days=away - 1)),) if away else ())
    due = calendar.working_minutes_later(schedule, at, minutes)
    if due is None:  # shifts of a minute or two a week
        assert len(_minutes(schedule, at, at + timedelta(days=80))) < minutes
        return
    assert due >= at
    assert len(_minutes(schedule, at, due)) == minutes
    later = calendar.working_minutes_later(schedule, at, minutes + 1)
    assert later is None or later > due


@pytest.mark.parametrize(
    ("zone", "hours", "at", "due"),
    [
        ("Europe/Moscow", "09:00-18:00", "2026-11-23T14:50:00+00:00", "2026-11-24T06:20:00+00:00"),
        ("Europe/Moscow", "20:00-08:00", "2026-11-23T21:10:00+00:00", "2026-11-23T21:40:00+00:00"),
        ("Europe/Moscow", "20:00-08:00", "2026-11-24T04:50:00+00:00", "2026-11-24T17:20:00+00:00"),
        ("Europe/Berlin", "01:00-06:00", "2026-03-28T20:00:00+00:00", "2026-03-29T00:30:00+00:00"),
        ("Europe/Berlin", "01:50-06:00", "2026-03-28T20:00:00+00:00", "2026-03-29T01:20:00+00:00"),
        ("Europe/Berlin", "09:00-18:00", "2026-10-24T15:50:00+00:00", "2026-10-25T08:20:00+00:00"),
    ],
)
def test_ec_13_minutes_go_on_with_the_next_shift(zone: str, hours: str, at: str, due: str) -> None:
    opens, closes = calendar.parse_hours(hours)
    schedule = working(zone, opens, closes, days=frozenset(range(1, 8)))
    assert calendar.working_minutes_later(schedule, datetime.fromisoformat(at), 30) == datetime.fromisoformat(due)


def test_ec_13_who_has_left_has_no_minutes_left() -> None:
    left = replace(working("UTC"), last_day=date(2026, 11, 20))
    assert calendar.working_minutes_later(left, datetime(2026, 11, 23, 10, tzinfo=UTC), 30) is None
    assert calendar.working_day(left, date(2026, 11, 23)) is None
    assert calendar.working_day(working("UTC"), date(2026, 11, 28)) == date(2026, 11, 30)


@given(schedules(), MOMENTS, st.integers(0, 99_999))
def test_the_share_of_work_behind_is_a_share_whatever_break_policy_sets(schedule: Schedule, at: datetime, pause: int) -> None:
    span = calendar.usual_shift(schedule, at.date())
    for now in (span[0] + timedelta(seconds=1), span[0] + (span[1] - span[0]) / 2, span[1], span[1] + DAY):
        assert 0 < calendar.share_worked(span, now, break_minutes=pause) <= 1
