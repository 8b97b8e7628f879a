"""Days, shifts and deadlines in the manager's own zone: EC-1 to EC-4, EC-7, EC-53 (pure)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.errors import Refused
from telephony_bridge.model import Schedule
from telephony_bridge.norms import calendar, day_kind

ZONES = st.sampled_from(
    ["Europe/Moscow", "Asia/Yekaterinburg", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]
).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
SCHEDULES = st.builds(
    Schedule,
    timezone=ZONES,
    opens=st.integers(0, 1439),
    closes=st.integers(1, 1440),
    days=st.frozensets(st.integers(1, 7), min_size=1),
).filter(lambda schedule: schedule.opens != schedule.closes)


def test_ec_1_the_day_is_the_managers_own() -> None:
    at = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)
    assert calendar.shift_day(Schedule(ZoneInfo("Asia/Yekaterinburg")), at) == date(2026, 11, 24)
    assert calendar.shift_day(Schedule(ZoneInfo("UTC")), at) == date(2026, 11, 23)


def test_ec_2_both_half_past_two_are_on_the_day_the_clock_goes_back() -> None:
    berlin = Schedule(ZoneInfo("Europe/Berlin"))
    for hour in (0, 1):
        assert calendar.shift_day(berlin, datetime(2026, 10, 25, hour, 30, tzinfo=UTC)) == date(2026, 10, 25)
    start, end = calendar.day_bounds(berlin, date(2026, 10, 25))
    assert end - start == timedelta(hours=25)


def test_ec_3_a_dial_after_midnight_belongs_to_the_shift_that_opened_before() -> None:
    night = Schedule(ZoneInfo("Europe/Moscow"), opens=20 * 60, closes=8 * 60)
    assert calendar.shift_day(night, datetime(2026, 11, 23, 21, 10, tzinfo=UTC)) == date(2026, 11, 23)
    assert calendar.shift_day(night, datetime(2026, 11, 24, 5, 10, tzinfo=UTC)) == date(2026, 11, 24)


@given(schedule=SCHEDULES, at=MOMENTS, boundary=st.integers(0, 6 * 60))
def test_every_moment_lies_within_the_bounds_of_its_day(schedule: Schedule, at: datetime, boundary: int) -> None:
    day = calendar.shift_day(schedule, at, boundary)
    start, end = calendar.day_bounds(schedule, day, boundary)
    if schedule.closes > schedule.opens or boundary == 0:
        assert start <= at < end


@given(schedule=SCHEDULES, at=MOMENTS)
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
    share = calendar.norm_share(Schedule(ZoneInfo("UTC"), opens, closes), date(2026, 11, 23))
    assert calendar.scaled(norm, share) == scaled


def test_nothing_is_owed_on_a_day_off_an_absence_or_after_leaving() -> None:
    monday = date(2026, 11, 23)
    for schedule in (
        Schedule(ZoneInfo("UTC"), days=frozenset({2})),
        Schedule(ZoneInfo("UTC"), absences=((monday, monday),)),
        Schedule(ZoneInfo("UTC"), last_day=date(2026, 11, 20)),
        Schedule(ZoneInfo("UTC"), first_day=date(2026, 11, 24)),
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
    office = Schedule(ZoneInfo("Europe/Moscow"), kind=lambda day: day_kind("RU", day))
    assert calendar.shift(office, date(2026, 11, 4)) is None
    assert calendar.norm_share(office, date(2026, 11, 4)) == 0
    assert calendar.norm_share(office, date(2026, 11, 3)) == Fraction(7, 8)
    assert calendar.scaled(60, Fraction(7, 8)) == 53
    assert calendar.shift(office, date(2024, 4, 27)) is not None
    sundays = Schedule(ZoneInfo("Europe/Moscow"), days=frozenset({1, 7}), kind=lambda day: day_kind("RU", day))
    assert calendar.shift(sundays, date(2024, 4, 27)) is None  # who works other days has no working Saturday


def _minutes(schedule: Schedule, since: datetime, until: datetime) -> set[datetime]:
    """The minutes of shifts between two moments, one by one: the slow way."""
    found = set()
    day = since.astimezone(schedule.timezone).date() - timedelta(days=1)
    while day <= until.astimezone(schedule.timezone).date():
        span = calendar.shift(schedule, day)
        if span is not None:
            start, end = max(span[0], since), min(span[1], until)
            found |= {start + timedelta(minutes=index) for index in range(int((end - start) / timedelta(minutes=1)))}
        day += timedelta(days=1)
    return found


@given(
    schedule=SCHEDULES,
    at=MOMENTS.map(lambda moment: moment.replace(second=0, microsecond=0)),
    minutes=st.integers(0, 2000),
    away=st.integers(0, 20),
)
def test_ec_13_so_many_minutes_of_shifts_lie_before_the_moment(schedule: Schedule, at: datetime, minutes: int, away: int) -> None:
    first = at.astimezone(schedule.timezone).date()
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
    schedule = Schedule(ZoneInfo(zone), opens, closes, days=frozenset(range(1, 8)))
    assert calendar.working_minutes_later(schedule, datetime.fromisoformat(at), 30) == datetime.fromisoformat(due)


def test_ec_13_who_has_left_has_no_minutes_left() -> None:
    left = Schedule(ZoneInfo("UTC"), last_day=date(2026, 11, 20))
    assert calendar.working_minutes_later(left, datetime(2026, 11, 23, 10, tzinfo=UTC), 30) is None
    assert calendar.working_day(left, date(2026, 11, 23)) is None
    assert calendar.working_day(Schedule(ZoneInfo("UTC")), date(2026, 11, 28)) == date(2026, 11, 30)
