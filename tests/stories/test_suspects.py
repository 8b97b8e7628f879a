"""Dials that look made for the number alone: V13, for a supervisor's review (R16, EC-24, EC-32, EC-65); robots' dials (EC-31)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.violations import suspects
from tests.street import MONDAY, Street, ami_row, at


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def dials(office: Street, times: int, *, clock: str = "10:00", **row: Any) -> None:
    for index in range(times):
        await office.post(ami_row(at(clock) + timedelta(minutes=index), **row))
    await office.understand()


async def suspected(office: Street) -> list[dict[str, Any]]:
    return list((await office.ask("GET", "/violations?code=V13"))["items"])


@pytest.mark.parametrize(("number", "found"), [(10, False), (11, True)])
async def test_v13_r16_redials_of_one_number(office: Street, number: int, found: bool) -> None:
    await dials(office, number)
    await office.work("23:00")
    assert await suspected(office) == []
    await office.work("23:31")
    rows = await suspected(office)
    assert bool(rows) is found
    for row in rows:
        assert (row["name"], row["severity"], row["status"]) == ("SUSPECT_DIALS", "review", "open")
        assert row["subject"] == {"kind": "day", "id": f"ivan/{MONDAY}"}
        ids = sorted(call["id"] for call in await office.calls())
        assert row["evidence"] == {"kinds": {"redials": {"count": 11, "calls": ids}}}


@pytest.mark.parametrize(("number", "found"), [(3, False), (4, True)])
async def test_ec_24_dials_to_colleagues(office: Street, number: int, found: bool) -> None:
    await office.ask("POST", "/excluded-numbers", {"number": "+79990000050", "kind": "staff"})
    await dials(office, number, number="+79990000050", talk=20)
    await office.work("23:59")
    assert [row["evidence"]["kinds"]["staff"]["count"] for row in await suspected(office)] == ([4] if found else [])


@pytest.mark.parametrize(("short", "long", "found"), [(11, 0, True), (11, 21, True), (11, 22, False), (10, 0, False)])
async def test_ec_32_many_talks_as_long_as_a_machines_greeting(office: Street, short: int, long: int, found: bool) -> None:
    for index in range(short + long):
        talk = 14 if index < short else 40
        await office.post(ami_row(at("09:05") + timedelta(minutes=10 * index), number=f"+7999000{1000 + index}", talk=talk))
    await office.understand()
    await office.work("23:59")
    assert [list(row["evidence"]["kinds"]) for row in await suspected(office)] == ([["short_talks"]] if found else [])


async def test_ec_65_the_clients_hours_are_off_until_they_are_set(office: Street) -> None:
    await office.dial("18:30", number="+73852123456")  # Barnaul, four hours ahead of Moscow
    await office.work("23:59")
    assert await suspected(office) == []
    await office.work("09:00", MONDAY + timedelta(days=1))
    body = {"name": "client_hours", "value": "9:00-21:00", "from": str(MONDAY), "reason": "жалоба"}
    await office.ask("POST", "/policy", body)
    assert await suspected(office) == []  # the day is closed
    await office.ask("POST", f"/days/{MONDAY}/reopen", {"reason": "жалоба"})
    (row,) = await suspected(office)
    (call,) = await office.calls()
    assert row["evidence"]["kinds"] == {"client_hours": {"count": 1, "calls": [call["id"]]}}
    refused = await office.ask("POST", "/policy", body | {"value": "morning"}, expect=422)
    assert "09:00-18:00" in refused["title"]


@pytest.mark.parametrize(
    ("number", "clock", "welcome"),
    [
        ("+73852123456", "16:59", True),
        ("+73852123456", "17:00", False),
        ("+74951234567", "20:59", True),
        ("+74951234567", "08:59", False),
        ("+79990000001", "21:59", True),  # a mobile may be anywhere between Kaliningrad and Kamchatka
        ("+79990000001", "22:30", False),
        ("+79990000001", "00:30", True),
    ],
)
def test_ec_65_of_several_zones_the_one_that_is_best_for_the_manager(number: str, clock: str, welcome: bool) -> None:
    assert suspects.is_welcome(number, at(clock), (9 * 60, 21 * 60)) is welcome
    assert suspects.is_welcome(number, at(clock), None)


async def test_v13_confirmed_or_excused_by_a_supervisor_directly(office: Street) -> None:
    await dials(office, 11)
    await dials(office, 11, clock="12:00", extension="102")
    await office.manager("olga", "102")
    await office.work("23:59")
    ids = {row["manager"]: row["id"] for row in await suspected(office)}
    assert (await office.line())["violations"]["open"] == len(
        [one for one in await office.violations("manager=ivan&status=open") if one[0] != "V13"]
    )
    before = (await office.line())["violations"]["open"]
    await office.ask("POST", f"/violations/{ids['ivan']}/confirm", {"reason": "Накрутка"})
    await office.ask("POST", f"/violations/{ids['olga']}/excuse", {"reason": "Не туда попадала"})
    assert {row["manager"]: row["status"] for row in await suspected(office)} == {"ivan": "confirmed", "olga": "excused"}
    assert (await office.line())["violations"]["open"] == before + 1
    other = (await office.ask("GET", "/violations?status=open&manager=ivan"))["items"][0]
    assert other["severity"] != "review"
    await office.ask("POST", f"/violations/{other['id']}/confirm", {"reason": "Проверила"}, expect=422)


async def test_v13_is_in_the_payroll_once_it_is_confirmed(office: Street) -> None:
    await dials(office, 11)
    await office.work("23:59")
    (line,) = (await office.ask("GET", "/payroll/2026-11"))["managers"]
    assert "V13" not in line["violations"]
    await office.ask("POST", f"/violations/{(await suspected(office))[0]['id']}/confirm", {"reason": "Накрутка"})
    (line,) = (await office.ask("GET", "/payroll/2026-11"))["managers"]
    assert line["violations"]["V13"]["open"] == 1


async def test_v13_facts_that_change_on_a_closed_day(office: Street) -> None:
    await dials(office, 11)
    await office.work("23:59")
    assert [row["status"] for row in await suspected(office)] == ["open"]
    await office.work("09:00", MONDAY + timedelta(days=1))
    await dials(office, 2, clock="15:00")  # a late delivery
    (row,) = await suspected(office)
    assert row["evidence"]["kinds"]["redials"]["count"] == 13
    assert "late_evidence" not in row["evidence"]
    await office.ask("POST", "/excluded-numbers", {"number": "+79990000001", "kind": "service"})
    (row,) = await suspected(office)
    assert (row["status"], row["closed_because"]) == ("closed", "corrected")
    await office.work("23:59")
    assert [one["status"] for one in await suspected(office)] == ["closed"]


async def test_v13_evidence_names_fifty_calls_at_most(office: Street) -> None:
    await dials(office, 52)
    await office.work("23:59")
    (row,) = await suspected(office)
    assert row["evidence"]["kinds"]["redials"]["count"] == 52
    assert len(row["evidence"]["kinds"]["redials"]["calls"]) == 50


DIALS = st.lists(
    st.builds(
        lambda minute, number, talk, excluded: (minute, number, talk, excluded),
        st.integers(0, 600), st.sampled_from(["+79990000001", "+79990000002"]), st.integers(0, 20), st.sampled_from([None, "staff"]),
    ), max_size=30,
)  # fmt: skip


@given(told=DIALS)
def test_v13_suspicion_is_a_function_of_the_set_of_dials(told: list[tuple[int, str, int, str | None]]) -> None:
    mine = [
        suspects.Dial(index, number, at("09:00") + timedelta(minutes=minute), talk > 0, talk, excluded)
        for index, (minute, number, talk, excluded) in enumerate(told)
    ]
    limits = suspects.Limits(redials=2, staff=2, short=2)
    found = suspects.suspicions(mine, limits)
    assert suspects.suspicions(list(reversed(mine)), limits) == found
    assert all(calls for calls in found.values())
    assert suspects.suspicions(mine, suspects.Limits(redials=99, staff=99, short=99)) == {}
    assert suspects.suspicions(mine, limits, [0]).get("opted_out", []) == ([0] if mine else [])


async def robot_call(office: Street, identity: str, clock: str = "10:00", **more: Any) -> None:
    message = {
        "id": identity, "direction": "outbound", "number": "+79990000001", "started_at": at(clock).isoformat(),
        "ended_at": (at(clock) + timedelta(minutes=2)).isoformat(), "disposition": "no_answer", "via": "ip", "robot": True,
    }  # fmt: skip
    assert (await office.post(message | more, "dialler")).status == 200
    await office.understand()


async def test_ec_31_a_robots_dial_counts_once_a_manager_has_a_conversation_in_it(office: Street) -> None:
    await office.source("dialler", dialect="generic", trunks=[])
    await robot_call(office, "1", extension="101")
    (call,) = await office.calls()
    assert call["robot"] is True
    assert call["why_not"] == {"dial": "robot", "connect": "robot"}
    assert call["comment"] == "not_needed"
    answered = {"disposition": "answered", "talk_seconds": 9, "talked": [{"extension": "101", "seconds": 9}]}
    await robot_call(office, "2", "11:00", **answered)
    assert (await office.calls())[0]["why_not"] == {"dial": "robot", "connect": "robot"}
    answered |= {"talk_seconds": 40, "talked": [{"extension": "101", "seconds": 40}]}
    await robot_call(office, "3", "12:00", **answered)
    call = (await office.calls())[0]
    assert (call["manager"], call["counts"]) == ("ivan", {"dial": True, "connect": True})
    line = await office.line()
    assert (line["dials"]["pbx"], line["dials"]["counted"], line["connects"]["counted"]) == (3, 1, 1)
    assert line["not_counted"] == {"robot": 2}
    await office.work("23:59")
    assert {one["subject"]["id"] for one in (await office.ask("GET", "/violations?code=V01"))["items"]} == {call["id"]}
    assert [one for one in await office.violations() if one[0] in ("V02", "V13")] == []


async def test_ec_31_the_one_who_talked_has_it_whoever_the_campaign_is_named_after(office: Street) -> None:
    await office.manager("olga", "102")
    await office.source("dialler", dialect="generic", trunks=[])
    talked = [{"extension": "101", "seconds": 4}, {"extension": "102", "seconds": 30}]
    await robot_call(office, "1", disposition="answered", talk_seconds=34, talked=talked, extension="900")
    (call,) = await office.calls()
    assert (call["manager"], call["duty_manager"], call["counts"]) == ("olga", "olga", {"dial": True, "connect": True})


async def test_ec_31_of_a_dial_by_a_person_nothing_is_said(office: Street) -> None:
    await office.dial("10:00")
    assert "robot" not in (await office.calls())[0]


async def test_ec_31_a_robots_dial_proves_no_new_lead(office: Street) -> None:
    await office.source("dialler", dialect="generic", trunks=[])
    await robot_call(office, "1", extension="101", number="+79990000005")
    await office.lead("+79990000005", author="ivan", at=at("10:30").isoformat())
    assert (await office.line())["new_leads"]["counted"] == 0
    await office.dial("11:00", number="+79990000005")
    assert (await office.line())["new_leads"]["counted"] == 1
