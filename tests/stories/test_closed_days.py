"""A closed day stays as it was judged, is corrected by late facts, and is judged anew only by a supervisor (R3, EC-15, EC-38)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


async def norm(office: Street, metric: str, least: int, target: int, **more: Any) -> None:
    body = {"metric": metric, "segment": "cold", "min": least, "target": target, "from": str(MONDAY - timedelta(days=30))}
    await office.ask("POST", "/norms", body | more)


@pytest.fixture
async def office(street: Street) -> Street:
    """One manager who owes two dials, no connects and no leads; any silence of the PBX is a pause."""
    await street.source()
    await street.manager()
    await street.lead()
    await norm(street, "dials", 2, 3)
    await norm(street, "connects", 0, 0)
    await norm(street, "new_leads", 0, 0)
    pause = {"source": "office", "from": at("00:00").isoformat(), "to": at("23:59", TUESDAY).isoformat()}
    await street.ask("POST", "/silences", pause | {"settled_as": "pause", "reason": "Тихо."})
    return street


async def reports(office: Street, day: Any = MONDAY) -> list[tuple[str, int, str]]:
    items = (await office.ask("GET", f"/days/{day}/reports"))["items"]
    return [(one["kind"], one["line"]["dials"]["counted"], one["line"]["verdict"]) for one in items]


async def test_ec_38_a_late_call_corrects_the_verdict_of_a_closed_day(office: Street) -> None:
    await office.dial("10:00", talk=30)
    await office.work("23:59")
    assert (await office.line())["verdict"] == "not_met"
    assert ("V06", "open") in await office.violations()
    await office.dial("11:00", talk=30)
    line = await office.line()
    assert (line["dials"]["counted"], line["verdict"], "corrected_at" in line) == (2, "met", True)
    assert ("V06", "closed") in await office.violations()
    (one,) = (await office.ask("GET", "/violations?code=V06"))["items"]
    assert one["closed_because"] == "corrected"
    assert await reports(office) == [("closed", 1, "not_met"), ("corrected", 2, "met")]


async def test_ec_38_a_correction_that_raises_a_violation_says_that_the_evidence_was_late(office: Street) -> None:
    await office.lead("+79990000002")
    for clock, number in (("10:00", "+79990000001"), ("11:00", "+79990000002")):
        await office.dial(clock, talk=30, number=number)
    await office.work("23:59")
    assert (await office.line())["verdict"] == "met"
    await office.ask("POST", "/excluded-numbers", {"number": "+79990000002", "kind": "staff"})
    (one,) = (await office.ask("GET", "/violations?code=V06"))["items"]
    assert (one["status"], one["evidence"]["late_evidence"]) == ("open", True)


@pytest.mark.parametrize("name", ["repeat_cap", "norm"])
async def test_r3_a_rule_that_changes_later_leaves_a_closed_day_as_it_was(office: Street, name: str) -> None:
    for clock in ("10:00", "11:00", "12:00"):
        await office.dial(clock, talk=30)
    await office.work("23:59")
    before = await office.line()
    assert before["verdict"] == "target"
    if name == "norm":
        await norm(office, "dials", 60, 70, **{"from": str(MONDAY)})
    else:
        await office.ask("POST", "/policy", {"name": name, "value": "1", "from": str(MONDAY)})
    await office.work("23:59", TUESDAY)
    assert await office.line() == before
    await office.dial("10:00", day=TUESDAY, talk=30)
    await office.dial("10:30", day=TUESDAY, talk=30)
    assert (await office.line(day=TUESDAY))["dials"] == {
        "pbx": 2, "crm": 2, "counted": 2 if name == "norm" else 1, "min": 60 if name == "norm" else 2, "target": 70 if name == "norm" else 3
    }  # fmt: skip
    reopened = await office.ask("POST", f"/days/{MONDAY}/reopen", {"manager": "ivan", "reason": "Новое правило с понедельника."})
    assert reopened["managers"][0]["verdict"] == "not_met"
    assert ("V06", "open") in await office.violations()
    told = (await office.ask("GET", f"/days/{MONDAY}/reports"))["items"]
    assert [(one["kind"], one["author"], one["reason"]) for one in told][-1] == (
        "reopened", "admin token", "Новое правило с понедельника.")  # fmt: skip
    again = await office.ask("POST", f"/days/{MONDAY}/reopen", {"manager": "ivan", "reason": "Ещё раз."})
    assert again["managers"] == reopened["managers"]


async def test_ec_15_a_lead_entered_late_counts_once_a_supervisor_reopens_the_day(office: Street) -> None:
    for clock in ("10:00", "11:00"):
        await office.dial(clock, talk=30, number="+79990000009")
    await office.work("23:59")
    await office.lead("+79990000009", at=at("10:00", TUESDAY).isoformat())
    assert ((await office.line())["dials"]["counted"], (await office.line())["verdict"]) == (0, "not_met")
    body = {"reason": "CRM лежала."}
    (line,) = (await office.ask("POST", f"/days/{MONDAY}/reopen", body))["managers"]
    assert (line["dials"]["counted"], line["verdict"]) == (2, "met")
    assert ("V06", "closed") in await office.violations()


async def test_a_day_that_is_not_closed_cannot_be_reopened_and_a_manager_reopens_none(office: Street) -> None:
    body = {"manager": "ivan", "reason": "Просто так."}
    await office.ask("POST", f"/days/{MONDAY}/reopen", body, expect=422)
    await office.work("23:59")
    await office.ask("POST", f"/days/{MONDAY}/reopen", body, token=await office.token_of("ivan"), expect=403)


async def test_a_lead_that_becomes_a_client_keeps_the_norm_of_the_days_it_was_cold(office: Street) -> None:
    for clock in ("10:00", "11:00"):
        await office.dial(clock, talk=30)
    await office.work("23:59")
    before = await office.line()
    assert before["verdict"] == "met"
    await office.ask("PATCH", "/leads/1", {"segment": "existing", "stage": "client"})
    assert await office.line() == before
    await office.dial("10:00", day=TUESDAY, talk=30)
    assert (await office.line(day=TUESDAY))["not_counted"] == {"wrong_segment": 1}
    await office.ask("POST", f"/days/{MONDAY}/reopen", {"reason": "Он давно клиент."})
    assert (await office.line())["not_counted"] == {"wrong_segment": 2}


async def test_a_new_lead_that_moves_to_another_segment_still_was_entered_that_day(office: Street) -> None:
    await office.dial("10:00", talk=30, number="+79990000007")
    lead = await office.lead("+79990000007", author="ivan", at=at("10:05").isoformat())
    await office.work("23:59")
    assert (await office.line())["new_leads"]["counted"] == 1
    await office.ask("PATCH", f"/leads/{lead}", {"segment": "existing"})
    assert (await office.line())["new_leads"]["counted"] == 1


async def test_ec_16_a_replay_keeps_the_lead_whose_number_was_removed(office: Street) -> None:
    await office.dial("10:00", talk=30)
    await office.ask("PATCH", "/leads/1", {"phones": ["+79990000555"]})
    (before,) = await office.calls()
    assert before["lead"] == 1
    await office.ask("POST", "/deliveries/1/replay")
    await office.understand()
    assert await office.calls() == [before]


async def test_ec_17_a_replay_keeps_the_lead_that_was_chosen(office: Street) -> None:
    other = await office.lead("+79990000001", name="Лютик", segment="existing", allow_duplicate=True)
    await office.ask("POST", "/leads/1/comments", {"author": "ivan", "text": "Первый разговор.", "at": at("09:00").isoformat()})
    await office.dial("10:00", talk=30)
    (before,) = await office.calls()
    assert (before["lead"], before["match"], before["counts"]["dial"]) == (1, "ambiguous", True)
    comment = {"author": "ivan", "text": "Позже говорили.", "at": at("12:00").isoformat()}
    await office.ask("POST", f"/leads/{other}/comments", comment)
    await office.ask("POST", "/deliveries/1/replay")
    await office.understand()
    (after,) = await office.calls()
    assert (after["lead"], after["counts"]) == (before["lead"], before["counts"])


async def test_r5_a_report_of_the_day_so_far_stands_at_seven_zeros_too(office: Street) -> None:
    await office.manager("olga", "102")
    await office.dial("10:00", talk=30)
    await office.work("18:59")
    assert await reports(office) == []
    await office.work("19:01")
    await office.work("19:30")
    told = (await office.ask("GET", f"/days/{MONDAY}/reports"))["items"]
    assert [(one["kind"], one["line"]["manager"], one["line"]["dials"]["counted"], one["line"]["provisional"]) for one in told] == [
        ("provisional", "ivan", 1, "not_met"), ("provisional", "olga", 0, "not_met")]  # fmt: skip
    await office.work("23:59")
    assert [kind for kind, _, _ in await reports(office)] == ["provisional", "provisional", "closed", "closed"]
    assert len((await office.ask("GET", f"/days/{MONDAY}/reports?manager=olga"))["items"]) == 2


async def test_a_closed_day_comes_out_the_same_when_asked_again_and_after_everything_is_replayed(office: Street) -> None:
    for clock in ("10:00", "11:00", "12:00"):
        await office.dial(clock, talk=30)
    await office.work("23:59", WEDNESDAY)
    before = [await office.line(day=day) for day in (MONDAY, TUESDAY)], await office.violations()
    for delivery in range(1, 4):
        await office.ask("POST", f"/deliveries/{delivery}/replay")
    await office.work("23:59", WEDNESDAY)
    assert ([await office.line(day=day) for day in (MONDAY, TUESDAY)], await office.violations()) == before
    assert [kind for kind, _, _ in await reports(office)] == ["closed"]
