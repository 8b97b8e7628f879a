"""Alarms for the administrator: calls by who has left (D05, EC-60), a PBX's clock that is wrong (D04, EC-66)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.street import MONDAY, Street, ami_row, at


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def test_d05_ec_60_calls_by_a_leavers_extension_are_an_alarm_and_not_his_debt(office: Street) -> None:
    await office.ask("POST", "/managers/ivan/leave", {"on": str(MONDAY)})
    await office.dial("10:00", talk=45)
    await office.dial("10:10", number="+79990000009")
    await office.dial("11:00", inbound=True, talk=30, number="+79990000008")
    await office.work("23:59")
    assert await office.violations() == []
    (mark,) = (await office.ask("GET", f"/data-quality?date={MONDAY}"))["items"]
    assert (mark["code"], mark["name"], mark["extension"], mark["calls"]) == ("D05", "LEAVER_CALLS", "101", 3)
    assert "ivan" in mark["advice"]
    line = await office.line()
    assert (line["verdict"], line["dials"]["min"]) == ("off", 0)
    text = await (await office.client.get("/metrics")).text()
    assert "LEAVER" not in text


async def test_ec_60_his_last_day_is_a_day_like_any_other(office: Street) -> None:
    await office.ask("POST", "/managers/ivan/leave", {"on": str(MONDAY + timedelta(days=1))})
    await office.dial("10:00", talk=45)
    await office.work("23:59")
    assert ("V01", "open") in await office.violations()
    assert (await office.ask("GET", f"/data-quality?date={MONDAY}"))["items"] == []


async def test_ec_60_leaving_told_afterwards_closes_what_was_opened(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await office.work("20:00")
    assert ("V01", "open") in await office.violations()
    await office.ask("POST", "/managers/ivan/leave", {"on": str(MONDAY)})
    assert [status for code, status in await office.violations() if code == "V01"] == ["closed"]


@pytest.mark.parametrize(("ahead", "started"), [(600, "2026-11-23T06:50:00Z"), (-300, "2026-11-23T07:05:00Z")])
async def test_ec_66_all_times_of_a_call_are_put_right(office: Street, ahead: int, started: str) -> None:
    await office.source("branch", clock_ahead=ahead)
    await office.dial("10:00", source="branch", talk=45)
    (call,) = await office.calls()
    begun = datetime.fromisoformat(started)
    assert call["started_at"] == started
    assert datetime.fromisoformat(call["answered_at"]) == begun + timedelta(seconds=5)
    assert datetime.fromisoformat(call["ended_at"]) == begun + timedelta(seconds=50)
    await office.lead("+79990000003")
    await office.ask("PATCH", "/leads/1", {"phones": ["+79990000001", "+79990000002"]})  # derived again, not shifted again
    assert (await office.calls())[0]["started_at"] == started


async def test_ec_66_a_wrong_clock_moves_no_call_to_another_day_once_it_is_told(office: Street) -> None:
    await office.post(ami_row(at("00:05", MONDAY + timedelta(days=1))))
    await office.understand()
    (before,) = await office.calls()
    assert before["date"] == "2026-11-24"
    await office.ask("PATCH", "/sources/office", {"clock_ahead": 900})
    for _ in range(2):
        await office.ask("POST", f"/deliveries/{before['deliveries'][0]}/replay", {})
        await office.understand()
        (call,) = await office.calls()
        assert (call["id"], call["date"], call["started_at"]) == (before["id"], "2026-11-23", "2026-11-23T20:50:00Z")
    await office.ask("PATCH", "/sources/office", {"clock_ahead": 0})
    await office.ask("POST", f"/deliveries/{before['deliveries'][0]}/replay", {})
    await office.understand()
    assert (await office.calls())[0] == before
    await office.ask("PATCH", "/sources/office", {"clock_ahead": 86_401}, expect=422)


async def test_ec_66_the_advice_names_the_command_that_puts_it_right(office: Street) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=20)
    await office.post(ami_row(ahead))
    await office.understand()
    day = ahead.astimezone(office.company.zone).date()
    (mark,) = [one for one in (await office.ask("GET", f"/data-quality?date={day}"))["items"] if one["code"] == "D04"]
    assert f"telephony-bridge source change office --clock-ahead {mark['seconds']}" in mark["advice"]
    assert "telephony-bridge deliveries replay --source office" in mark["advice"]
    await office.ask("PATCH", "/sources/office", {"clock_ahead": mark["seconds"]})
    for call in await office.calls():
        await office.ask("POST", f"/deliveries/{call['deliveries'][0]}/replay", {})
    await office.understand()
    assert "D04" not in {one["code"] for one in (await office.ask("GET", f"/data-quality?date={day}"))["items"]}
