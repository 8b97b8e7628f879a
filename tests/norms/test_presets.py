"""Dates that are offered: month ends, holidays, absences, the hour over a change of the clocks (R29, pure)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.errors import Refused
from telephony_bridge.model import DayKind, Schedule, Week
from telephony_bridge.norms import calendar, presets

MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    ("today", "span", "day"),
    [
        (date(2026, 11, 23), "7d", date(2026, 11, 30)),
        (date(2026, 11, 23), "2w", date(2026, 12, 7)),
        (date(2027, 1, 31), "1m", date(2027, 2, 28)),
        (date(2028, 1, 31), "1m", date(2028, 2, 29)),
        (date(2026, 11, 30), "3m", date(2027, 2, 28)),
        (date(2026, 12, 31), "12m", date(2027, 12, 31)),
        (date(2026, 10, 31), "1m", date(2026, 11, 30)),
    ],
)
def test_r29_so_far_ahead_and_where_a_shorter_month_ends(today: date, span: str, day: date) -> None:
    assert presets.on(today, span) == day


def test_r29_a_holiday_and_the_weekend_behind_it_are_passed_over() -> None:
    def kind(day: date) -> DayKind:
        return DayKind.OFF if day in (date(2026, 12, 4), date(2026, 12, 7)) else DayKind.USUAL

    ((_, at),) = presets.dates(Schedule((Week(MOSCOW),), kind=kind), datetime(2026, 11, 27, 9, tzinfo=UTC), ["7d"])
    assert at == datetime(2026, 12, 8, 7, tzinfo=UTC)


def test_r29_today_is_the_managers_own_and_ten_is_his_ten() -> None:
    late = datetime(2026, 10, 23, 22, tzinfo=UTC)  # the 24th in Berlin, the clocks go back on the 25th
    ((_, at),) = presets.dates(Schedule((Week(ZoneInfo("Europe/Berlin")),)), late, ["2d"])
    assert at == datetime(2026, 10, 26, 9, tzinfo=UTC)


def test_r29_who_works_no_more_is_offered_the_day_itself() -> None:
    ((_, at),) = presets.dates(
        Schedule((Week(MOSCOW),), last_day=date(2026, 11, 1)), datetime(2026, 11, 23, 9, tzinfo=UTC), ["6d"]
    )
    assert at == datetime(2026, 11, 29, 7, tzinfo=UTC)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    st.sampled_from(["1d", "7d", "2w", "1m", "3m", "12m"]),
    st.frozensets(st.integers(1, 7), min_size=1),
)
def test_r29_a_preset_is_a_working_day_ahead(now: datetime, span: str, days: frozenset[int]) -> None:
    schedule = Schedule((Week(MOSCOW, days=days),))
    ((_, at),) = presets.dates(schedule, now, [span])
    local = at.astimezone(MOSCOW)
    assert (local.hour, local.minute) == (10, 0)
    assert calendar.shift(schedule, local.date()) is not None
    assert presets.on(now.astimezone(MOSCOW).date(), span) <= local.date()


@pytest.mark.parametrize("typed", ["", "7", "d7", "0d", "7d/", "7d,1m", "300d", "1y"])
def test_spans_that_are_none(typed: str) -> None:
    with pytest.raises(Refused, match="presets"):
        presets.split("presets", typed)
