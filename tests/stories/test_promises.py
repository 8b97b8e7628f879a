"""Planned contacts against calls: V09 and V15 (R28, R32, EC-48 to EC-51)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

TUESDAY, FRIDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=4)
SATURDAY, NEXT_MONDAY = MONDAY + timedelta(days=5), MONDAY + timedelta(days=7)


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def plan(office: Street, clock: str, due: datetime, day: date = MONDAY, **more: Any) -> None:
    body = {"author": "ivan", "set_at": at(clock, day).isoformat(), "at": due.isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body | more)


async def found(office: Street, code: str) -> list[dict[str, Any]]:
    return list((await office.ask("GET", f"/violations?code={code}"))["items"])


@pytest.mark.parametrize(("basis", "severity"), [("agreed", "major"), ("own", "minor")])
async def test_v09_r28_r32_a_day_that_passed_without_an_attempt(office: Street, basis: str, severity: str) -> None:
    await plan(office, "10:00", at("11:00", TUESDAY), basis=basis)
    await office.work("23:00", TUESDAY)
    (one,) = await found(office, "V09")
    assert (one["status"], one["date"], one["subject"]["kind"]) == ("watching", str(TUESDAY), "planned")
    await office.work("23:31", TUESDAY)
    (one,) = await found(office, "V09")
    assert (one["status"], one["name"], one["severity"]) == ("open", "PLANNED_CONTACT_MISSED", severity)
    await office.dial("10:00", day=TUESDAY + timedelta(days=1))
    (one,) = await found(office, "V09")
    assert one["status"] == "fixed_late"


@pytest.mark.parametrize("call", [{}, {"talk": 40}, {"talk": 40, "inbound": True}])
async def test_ec_49_ec_50_an_attempt_or_a_talk_that_day_keeps_it(office: Street, call: dict[str, Any]) -> None:
    await plan(office, "10:00", at("11:00", TUESDAY))
    await office.dial("18:30", day=TUESDAY, **call)
    await office.work("23:59", TUESDAY)
    assert [one["status"] for one in await found(office, "V09")] == ["closed"]


async def test_a_missed_incoming_call_keeps_no_promise(office: Street) -> None:
    await plan(office, "10:00", at("11:00", TUESDAY))
    await office.dial("18:30", day=TUESDAY, inbound=True)
    await office.work("23:59", TUESDAY)
    assert [one["status"] for one in await found(office, "V09")] == ["open"]


async def test_a_date_moved_in_time_is_not_missed(office: Street) -> None:
    await plan(office, "10:00", at("11:00", TUESDAY))
    await plan(office, "12:00", at("11:00", FRIDAY), TUESDAY)
    await office.work("23:59", TUESDAY)
    assert sorted((one["status"], one["date"]) for one in await found(office, "V09")) == [
        ("closed", str(TUESDAY)),
        ("watching", str(FRIDAY)),
    ]


async def test_ec_48_a_weekends_promise_is_kept_on_monday(office: Street) -> None:
    await plan(office, "10:00", at("11:00", SATURDAY))
    await office.work("23:59", SATURDAY)
    assert [(one["status"], one["date"]) for one in await found(office, "V09")] == [("watching", str(NEXT_MONDAY))]
    await office.dial("10:00", day=NEXT_MONDAY)
    await office.work("23:59", NEXT_MONDAY)
    assert [one["status"] for one in await found(office, "V09")] == ["closed"]


async def test_ec_51_an_absence_entered_afterwards_moves_the_promise_behind_it(office: Street) -> None:
    await plan(office, "10:00", at("11:00", TUESDAY))
    await office.work("23:59", TUESDAY)
    assert [one["status"] for one in await found(office, "V09")] == ["open"]
    await office.ask("POST", "/managers/ivan/absences", {"from": str(TUESDAY), "to": str(FRIDAY), "kind": "sick"})
    assert sorted((one["status"], one["date"]) for one in await found(office, "V09")) == [
        ("closed", str(TUESDAY)),
        ("watching", str(NEXT_MONDAY)),
    ]


async def test_a_machines_default_is_no_promise(office: Street) -> None:
    body = {"set_at": at("10:00").isoformat(), "at": at("11:00", TUESDAY).isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body)
    await office.work("23:59", TUESDAY)
    assert await found(office, "V09") == []


async def test_v15_r32_the_third_push_without_a_call(office: Street) -> None:
    for number, clock in enumerate(("10:00", "10:10", "10:20")):
        await plan(office, clock, at("11:00", FRIDAY) + timedelta(days=number))
    assert await found(office, "V15") == []
    await plan(office, "10:30", at("11:00", FRIDAY) + timedelta(days=9))
    await office.work("10:31")
    (one,) = await found(office, "V15")
    assert (one["status"], one["name"], one["severity"], one["evidence"]["moves"]) == ("open", "DATE_PUSHED", "minor", 3)
    await office.dial("12:00")
    assert [one["status"] for one in await found(office, "V15")] == ["fixed_late"]


async def test_r32_a_dial_between_begins_the_count_anew(office: Street) -> None:
    for number, clock in enumerate(("10:00", "10:10", "10:20", "11:30", "11:40")):
        if clock == "11:30":
            await office.dial("11:00")
        await plan(office, clock, at("11:00", FRIDAY) + timedelta(days=number))
    assert await found(office, "V15") == []
