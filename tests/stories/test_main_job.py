"""The main job, end to end: a PBX posts a call, the supervisor sees what it counted for."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from telephony_bridge import norms
from tests.street import MONDAY, Street, ami_row, at


async def test_a_call_becomes_a_number_that_opens_down_to_its_delivery(street: Street) -> None:
    await street.source()
    await street.manager()
    lead = await street.lead()
    await street.dial("10:00", talk=45)

    (call,) = await street.calls(f"date={MONDAY}&manager=ivan")
    assert (call["direction"], call["extension"], call["number"], call["talk_seconds"]) == ("outbound", "101", "+79990000001", 45)
    assert (call["started_at"], call["via"], call["match"], call["lead"]) == ("2026-11-23T07:00:00Z", "ip", "matched", lead)
    assert call["counts"] == {"dial": True, "connect": True}
    assert call["why_not"] == {}
    delivery = await street.ask("GET", f"/deliveries/{call['deliveries'][0]}")
    assert (delivery["outcome"], delivery["calls"]) == ("understood", [call["id"]])
    assert '"UniqueID"' in delivery["body"]

    line = await street.line()
    assert line["dials"] == {"pbx": 1, "crm": 1, "counted": 1, "min": 60, "target": 70}
    assert line["connects"] == {"pbx": 1, "crm": 1, "counted": 1, "min": 30, "target": 40}
    assert line["verdict"] == "pending"


async def test_r14_65_dials_of_which_12_are_in_the_crm_count_12(street: Street) -> None:
    await street.source()
    await street.manager()
    for index in range(12):
        await street.lead(f"+7999000{index:04}")
    for index in range(65):
        await street.post(ami_row(at("09:05") + timedelta(minutes=7 * index), number=f"+7999000{index:04}", talk=20))
    await street.work("23:59")
    line = await street.line()
    assert (line["dials"]["pbx"], line["dials"]["crm"], line["dials"]["counted"]) == (65, 12, 12)
    assert line["not_counted"] == {"no_lead": 53}
    assert line["verdict"] == "not_met"
    assert ("V06", "open") in await street.violations()


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"trunk": "PJSIP/gsm-1"}, "non_ip"),
        ({"number": "+79990000077"}, "no_lead"),
        ({"extension": "150"}, "no_manager"),
        ({"number": "+79990000002"}, "wrong_segment"),
    ],
)
async def test_r14_r15_r42_why_a_dial_does_not_count(street: Street, row: dict[str, str], why: str) -> None:
    await street.source()
    await street.manager()
    await street.lead()
    await street.lead("+79990000002", segment="warm")
    await street.dial("10:00", talk=45, **row)
    (call,) = await street.calls()
    assert call["why_not"] == {"dial": why, "connect": why}
    assert call["counts"] == {"dial": False, "connect": False}


@pytest.mark.parametrize(("talk", "why"), [(0, "not_answered"), (9, "too_short"), (10, None)])
async def test_r40_a_connect_is_ten_seconds_of_talk(street: Street, talk: int, why: str | None) -> None:
    await street.source()
    await street.manager()
    await street.lead()
    await street.dial("10:00", talk=talk)
    (call,) = await street.calls()
    assert call["counts"] == {"dial": True, "connect": why is None}
    assert call["why_not"].get("connect") == why


async def test_ec_34_twenty_dials_to_one_number_count_three_whatever_their_order(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.lead()
    rows = [
        ami_row(at("10:00") + timedelta(minutes=5 * index), talk=15, identity=f"{1795400000 + index}.1") for index in range(20)
    ]
    random.Random(1).shuffle(rows)
    for row in rows:
        await street.post(row)
        if int(row["UniqueID"][-3]) % 3 == 0:
            await street.understand()
    await street.understand()
    line = await street.line()
    assert (line["dials"]["pbx"], line["dials"]["crm"], line["dials"]["counted"]) == (20, 20, 3)
    assert line["not_counted"] == {"repeat": 17}
    counted = [call["started_at"] for call in await street.calls("counted=true")]
    assert sorted(counted) == ["2026-11-23T07:00:00Z", "2026-11-23T07:05:00Z", "2026-11-23T07:10:00Z"]


async def test_ec_36_a_repeat_is_recognised_and_counts_once(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.lead()
    row = ami_row(at("10:00"), talk=45)
    first = await (await street.post(row)).json()
    second = await (await street.post(row)).json()
    assert first == {"kept": True, "delivery": first["delivery"], "duplicate": False}
    assert second == {"kept": True, "delivery": first["delivery"], "duplicate": True}
    await street.understand()
    assert (await street.line())["dials"]["pbx"] == 1


async def test_ec_15_a_lead_entered_the_same_day_makes_the_call_count(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.dial("10:00", talk=45)
    assert (await street.calls())[0]["why_not"]["dial"] == "no_lead"
    await street.work("16:00")
    lead = await street.lead(author="ivan", at=at("16:00").isoformat())
    (call,) = await street.calls()
    assert (call["lead"], call["counts"]) == (lead, {"dial": True, "connect": True})
    line = await street.line()
    assert line["new_leads"] == {"pbx": 1, "entered": 1, "counted": 1, "min": 10, "target": 10}
    await street.work("23:59")
    assert ("V04", "closed") in await street.violations()


async def test_ec_15_a_lead_entered_after_the_day_closed_does_not_raise_its_norm(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.dial("10:00", talk=45)
    await street.work("23:59")
    assert ("V04", "open") in await street.violations()
    lead = await street.lead(author="ivan", at=at("10:00", MONDAY + timedelta(days=1)).isoformat())
    (call,) = await street.calls()
    assert (call["lead"], call["why_not"]["dial"]) == (lead, "no_lead")
    assert ("V04", "fixed_late") in await street.violations()
    assert (await street.line())["dials"]["counted"] == 0


async def test_ec_15_a_phone_added_later_matches_calls_of_seven_days_only(street: Street) -> None:
    await street.source()
    await street.manager()
    today = street.clock.now.astimezone(street.company.zone).date()
    await street.dial("10:00", talk=45, day=today - timedelta(days=6))
    await street.dial("10:00", talk=45, day=today - timedelta(days=9))
    lead = await street.lead("+79990000555")
    await street.ask("PATCH", f"/leads/{lead}", {"phones": ["+79990000555", "8 (999) 000-00-01"]})
    recent, old = await street.calls()
    assert (recent["lead"], old["lead"]) == (lead, None)


async def test_ec_58_59_an_extension_belongs_to_whom_it_was_given_by_date(street: Street) -> None:
    await street.source()
    await street.manager("ivan", None)
    await street.manager("olga", None)
    await street.lead()
    await street.dial("10:00", talk=45)
    await street.dial("10:00", talk=45, day=MONDAY + timedelta(days=1))
    assert {call["manager"] for call in await street.calls()} == {None}
    await street.ask("POST", "/managers/ivan/extensions", {"source": "office", "extension": "101"})
    assert {call["manager"] for call in await street.calls()} == {"ivan"}
    await street.ask("POST", "/managers/olga/extensions", {"source": "office", "extension": "101", "from": "2026-11-24"})
    assert [(call["date"], call["manager"]) for call in await street.calls()] == [("2026-11-24", "olga"), ("2026-11-23", "ivan")]
    assert (await street.line("ivan"))["dials"]["counted"] == 1
    assert (await street.line("olga", MONDAY + timedelta(days=1)))["dials"]["counted"] == 1


async def test_norms_are_versioned_and_yesterday_keeps_its_own(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.ask("POST", "/norms", {"metric": "dials", "segment": "cold", "min": 50, "target": 55, "from": "2026-11-24"})
    assert (await street.line())["dials"]["min"] == 60
    assert (await street.line(day=MONDAY + timedelta(days=1)))["dials"]["min"] == 50


async def test_ec_53_part_time_owes_a_part_of_the_norm(street: Street) -> None:
    await street.source()
    await street.manager(hours="09:00-13:00")
    line = await street.line()
    assert (line["dials"]["min"], line["connects"]["min"], line["new_leads"]["min"]) == (30, 15, 5)


async def test_ec_51_52_absence_entered_afterwards_excuses(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.lead()
    for index in range(30):
        await street.post(ami_row(at("09:05") + timedelta(minutes=17 * index), number=f"+7999000{index:04}", talk=20))
    await street.work("23:59")
    assert ("V06", "open") in await street.violations()
    await street.ask("POST", "/managers/ivan/absences", {"from": "2026-11-23", "to": "2026-11-23", "kind": "sick"})
    assert ("V06", "closed") in await street.violations()
    assert (await street.line())["verdict"] == "off"


@pytest.mark.parametrize("days", [-60, 30])
async def test_a_lead_and_a_comment_told_with_their_time_find_the_calls_of_that_time(street: Street, days: int) -> None:
    day = MONDAY + timedelta(days=7 * (days // 7))
    await street.source()
    await street.manager()
    await street.dial("10:00", talk=45, day=day)
    await street.work("12:00", day)
    lead = await street.lead(author="ivan", at=at("12:30", day).isoformat())
    note = {"author": "ivan", "at": at("12:40", day).isoformat(), "text": "Просит прайс."}
    await street.ask("POST", f"/leads/{lead}/comments", note)
    (call,) = await street.calls()
    assert (call["lead"], call["counts"], call["comment"]) == (lead, {"dial": True, "connect": True}, "done")
    await street.work("23:59", day)
    assert ("V01", "closed") in await street.violations()
    assert ("V04", "closed") in await street.violations()


async def test_ec_3_the_day_boundary_holds_for_calls_and_for_leads(street: Street) -> None:
    await street.source()
    await street.manager()
    async with street.database.begin() as conn:
        await norms.set_policy(
            conn, "day_boundary", "04:00", from_day=MONDAY - timedelta(days=30), author="test", now=datetime.now(UTC)
        )
    tuesday = MONDAY + timedelta(days=1)
    await street.lead(author="ivan", at=at("02:00", tuesday).isoformat())
    await street.dial("03:00", day=tuesday, talk=20)
    line = await street.line()
    assert (line["dials"]["counted"], line["new_leads"]["counted"]) == (1, 1)
    assert (await street.line(day=tuesday))["new_leads"]["entered"] == 0
