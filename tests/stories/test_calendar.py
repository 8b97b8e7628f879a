"""The production calendar in the day's judgement (EC-54, EC-55)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.street import Street

HOLIDAY, EVE = date(2026, 11, 4), date(2026, 11, 3)


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def norms_of(office: Street, day: date) -> list[dict[str, Any]]:
    items = (await office.ask("GET", f"/violations?date={day}"))["items"]
    return [one for one in items if one["code"] in ("V06", "V07", "V08")]


async def test_ec_54_ec_55_on_a_holiday_calls_are_shown_and_no_norm_is_owed(office: Street) -> None:
    await office.dial("10:00", day=HOLIDAY, talk=40)
    await office.work("23:59", HOLIDAY)
    line = await office.line(day=HOLIDAY)
    assert (line["scheduled"], line["verdict"], line["dials"]["counted"], line["dials"]["min"]) == (False, "off", 1, 0)
    assert await norms_of(office, HOLIDAY) == []
    assert ("V01", "open") in await office.violations()  # what a call owes it owes on any day


async def test_ec_54_the_day_before_owes_seven_eighths(office: Street) -> None:
    await office.dial("10:00", day=EVE)
    line = await office.line(day=EVE)
    assert (line["dials"]["min"], line["dials"]["target"], line["new_leads"]["min"]) == (53, 61, 9)


async def test_ec_54_the_company_says_otherwise_and_closed_days_are_judged_anew(office: Street) -> None:
    for clock in ("09:10", "09:35", "10:00", "10:25", "10:50", "11:15", "11:40", "12:05", "12:30", "12:55", "13:20", "13:45", "14:10",
                  "14:35", "15:00", "15:25", "15:50", "16:15", "16:40", "17:05", "17:30", "17:55"):  # fmt: skip
        await office.dial(clock, day=EVE)
    await office.work("23:59", EVE)
    assert {one["status"] for one in await norms_of(office, EVE)} == {"open"}
    await office.ask("POST", "/calendar", {"date": str(EVE), "kind": "off", "note": "переезд"})
    assert {one["status"] for one in await norms_of(office, EVE)} == {"closed"}
    assert (await office.line(day=EVE))["verdict"] == "off"


async def test_ec_54_who_has_no_production_calendar_works_on_holidays(office: Street) -> None:
    await office.ask("POST", "/policy", {"name": "calendar", "value": "none", "manager": "ivan", "from": "2026-11-01"})
    await office.dial("10:00", day=HOLIDAY)
    line = await office.line(day=HOLIDAY)
    assert (line["scheduled"], line["dials"]["min"]) == (True, 60)
