"""The regulation's rules and edge cases that have no room of their own, each by its row of rules.md."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from telephony_bridge.model import Verdict
from telephony_bridge.norms.verdict import metric_verdict
from tests.street import MONDAY, Street, ami_row, at

CLICKS = Path(__file__).parents[2] / "fixtures" / "cdr" / "asterisk"
TUESDAY, FRIDAY, SATURDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=4), MONDAY + timedelta(days=5)


@pytest.fixture
async def office(street: Street) -> Street:
    """An Asterisk, our own system, two people, a lead (id 1) and norms of one."""
    await street.source()
    told = await street.ask("POST", "/sources", {"name": "own", "dialect": "generic", "timezone": "Europe/Moscow"})
    street.urls["own"] = "/webhooks/" + told["url"].partition("/webhooks/")[2]
    await street.manager()
    await street.manager("olga", "102")
    await street.lead()
    for metric in ("dials", "connects", "new_leads"):
        await street.ask("POST", "/norms", {"metric": metric, "segment": "cold", "min": 1, "target": 2, "from": "2026-10-01"})
    pause = {"from": at("00:00").isoformat(), "to": at("23:59", FRIDAY).isoformat(), "settled_as": "pause", "reason": "Тихо."}
    for source in ("office", "own"):
        await street.ask("POST", "/silences", pause | {"source": source})
    return street


async def tell(office: Street, clock: str, **call: Any) -> None:
    """A call told by our own system."""
    began = at(clock)
    body = {
        "id": f"{clock}-{call.get('extension', '101')}", "direction": "outbound", "extension": "101", "number": "+79990000001",
        "started_at": began.isoformat(), "ended_at": (began + timedelta(minutes=2)).isoformat(), "disposition": "answered",
        "answered_at": (began + timedelta(seconds=5)).isoformat(), "talk_seconds": 60, "via": "ip",
    }  # fmt: skip
    answer = await office.post(body | call, "own")
    assert answer.status == 200, await answer.text()
    await office.understand()


async def say(office: Street, clock: str, lead: int = 1, **more: Any) -> None:
    body = {"author": "ivan", "at": at(clock).isoformat(), "text": "Говорили о поставке труб, просит прайс."}
    await office.ask("POST", f"/leads/{lead}/comments", body | more)


async def plan(office: Street, clock: str, due: datetime, **more: Any) -> None:
    body = {"author": "ivan", "set_at": at(clock).isoformat(), "at": due.isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body | more)


async def standing(office: Street, code: str, handle: str = "ivan") -> list[str]:
    items = (await office.ask("GET", f"/violations?code={code}&manager={handle}"))["items"]
    return sorted(one["status"] for one in items)


async def test_r6_edits_of_the_crm_earn_nothing(office: Street) -> None:
    for minute in range(10):
        await say(office, f"10:{minute:02}")
    await office.ask("PATCH", "/leads/1", {"company": "Ромашка"})
    await office.dial("10:00", extension="102")
    await office.work("23:59")
    line = await office.line()
    assert [line[metric]["counted"] for metric in ("dials", "connects", "new_leads")] == [0, 0, 0]
    assert line["verdict"] == "not_met"


async def test_r9_ec_14_a_number_without_a_lead_is_owed_one_by_the_end_of_the_day(office: Street) -> None:
    await office.dial("10:00", number="+79990000009")
    await office.dial("11:00", number="+79990000008")
    await office.lead("+79990000008", at=at("16:00").isoformat())
    await office.work("23:59")
    assert await standing(office, "V04") == ["closed", "open"]
    line = await office.line()
    assert (line["dials"]["pbx"], line["dials"]["counted"], line["not_counted"]) == (2, 1, {"no_lead": 1})


async def test_r17_every_call_is_in_the_leads_history_however_it_ended(office: Street) -> None:
    await office.dial("10:00", talk=40)
    await office.dial("11:00")
    await office.dial("12:00", inbound=True, talk=30)
    await office.dial("13:00", inbound=True)
    events = (await office.ask("GET", "/leads/1/history"))["items"]
    assert [(one["direction"], one["disposition"], one["talk_seconds"]) for one in events if one["kind"] == "call"] == [
        ("outbound", "answered", 40), ("outbound", "no_answer", 0), ("inbound", "answered", 30), ("inbound", "no_answer", 0)
    ]  # fmt: skip


async def test_r26_v03_each_call_leaves_a_date_of_the_next_one(office: Street) -> None:
    await office.dial("10:00", talk=40)
    await office.work("19:01")
    assert await standing(office, "V03") == ["open"]
    await plan(office, "19:30", at("11:00", TUESDAY))
    assert await standing(office, "V03") == ["fixed_late"]


@pytest.mark.parametrize("basis", ["agreed", "own"])
async def test_r28_r30_a_date_agreed_or_ones_own_on_any_day_is_a_date(office: Street, basis: str) -> None:
    await office.dial("10:00", talk=40)
    await plan(office, "10:10", at("11:00", MONDAY + timedelta(days=52)), basis=basis)
    await office.work("23:59")
    assert "open" not in await standing(office, "V03")
    assert (await office.ask("GET", "/leads/1"))["next_contact"]["basis"] == basis


async def test_r31_the_goal_of_the_next_contact_is_in_the_days_list(office: Street) -> None:
    await plan(office, "10:00", at("11:00", TUESDAY), goal="Предложить трубы по новой цене")
    (one,) = (await office.ask("GET", f"/planned?manager=ivan&date={TUESDAY}"))["items"]
    assert one["goal"] == "Предложить трубы по новой цене"


async def test_r35_norms_are_of_working_days(office: Street) -> None:
    await office.dial("10:00", talk=40)
    assert (await office.line(day=SATURDAY))["dials"]["min"] == 0
    assert (await office.line(day=FRIDAY))["dials"]["min"] == 1


@pytest.mark.parametrize(
    ("dials", "verdict"), [(59, Verdict.NOT_MET), (60, Verdict.MET), (69, Verdict.MET), (70, Verdict.TARGET)]
)
def test_r39_sixty_is_the_floor_and_seventy_the_goal(dials: int, verdict: Verdict) -> None:
    assert metric_verdict(dials, 60, 70) is verdict


async def test_r43_v06_v07_v08_the_day_is_judged_at_its_close(office: Street) -> None:
    await office.dial("10:00", number="+79990000009")
    await office.work("23:29")
    assert (await office.line())["verdict"] == "pending"
    await office.work("23:31")
    assert (await office.line())["verdict"] == "not_met"
    for code in ("V06", "V07", "V08"):
        assert await standing(office, code) == ["open"]


async def test_ec_12_a_date_of_ones_own_after_no_answer_is_a_date(office: Street) -> None:
    await office.dial("10:00")
    await say(office, "10:02", text="", outcome="no_answer", next_contact={"at": at("12:00").isoformat(), "basis": "own"})
    await office.work("23:59")
    assert {"open", "fixed_late"}.isdisjoint(await standing(office, "V02") + await standing(office, "V03"))


async def test_ec_20_the_same_ten_digits_of_two_countries_are_two_numbers(office: Street) -> None:
    await office.lead("+77010000123")
    await office.dial("10:00", number="+79990000123")
    await tell(office, "11:00", number="+447010000123")
    assert [call["lead"] for call in await office.calls()] == [None, None]


async def test_ec_26_service_numbers_count_for_nothing_and_owe_nothing(office: Street) -> None:
    await office.ask("POST", "/excluded-numbers", {"number": "88005553535", "kind": "service"})
    await office.dial("10:00", number="+78005553535", talk=40)
    await office.work("23:59")
    (call,) = await office.calls()
    assert (call["match"], call["why_not"]["dial"]) == ("excluded", "excluded_number")
    assert [code for code, _ in await office.violations() if code in ("V01", "V02", "V03", "V04")] == []


@pytest.mark.parametrize("talks", [[("101", 40), ("102", 4)], [("101", 30), ("102", 14), ("101", 16)]])
async def test_ec_28_after_a_transfer_that_failed_the_duty_is_still_his(office: Street, talks: list[tuple[str, int]]) -> None:
    await tell(office, "10:00", talked=[{"extension": extension, "seconds": seconds} for extension, seconds in talks])
    (call,) = await office.calls()
    assert (call["manager"], call["duty_manager"], call["counts"]["connect"]) == ("ivan", "ivan", True)


async def test_ec_29_a_conference_is_one_call(office: Street) -> None:
    await tell(office, "10:00", talked=[{"extension": "101", "seconds": 60}, {"extension": "102", "seconds": 50}])
    (call,) = await office.calls()
    assert (call["manager"], call["duty_manager"]) == ("ivan", "olga")
    assert ((await office.line())["dials"]["counted"], (await office.line("olga"))["dials"]["pbx"]) == (1, 0)


async def test_ec_30_the_managers_own_leg_is_no_talk(office: Street) -> None:
    await office.lead("+79990000311")
    rung, ended = (json.loads(path.read_text("utf-8")) for path in sorted(CLICKS.glob("originate_client_busy.?.json")))
    rung |= {"EndTime": "2026-11-23 13:13:43", "Duration": "43", "BillableSeconds": "40", "Disposition": "NO ANSWER"}
    ended |= dict.fromkeys(("StartTime", "AnswerTime", "EndTime"), "2026-11-23 13:13:43")
    for row in (rung, ended):
        assert (await office.post(row)).status == 200
    await office.understand()
    (call,) = await office.calls()
    assert (call["direction"], call["disposition"], call["talk_seconds"]) == ("outbound", "no_answer", 0)
    assert (call["manager"], call["counts"]) == ("olga", {"dial": True, "connect": False})


async def test_ec_35_a_client_who_calls_is_no_dial_and_owes_words_and_a_date(office: Street) -> None:
    await office.dial("10:00", inbound=True, talk=40)
    await office.work("19:01")
    (call,) = await office.calls()
    assert (call["counts"], call["why_not"]["dial"]) == ({"dial": False, "connect": False}, "inbound")
    assert (await standing(office, "V01"), await standing(office, "V03")) == (["open"], ["open"])


async def test_ec_39_a_corrected_call_counts_as_it_was_corrected(office: Street) -> None:
    await tell(office, "10:00", revision=1, talk_seconds=4)
    assert (await office.line())["connects"]["counted"] == 0
    await tell(office, "10:00", revision=2, talk_seconds=60)
    line = await office.line()
    assert (line["dials"]["counted"], line["connects"]["counted"]) == (1, 1)
    await tell(office, "10:00", revision=1, talk_seconds=5)
    assert (await office.line())["connects"]["counted"] == 1


async def test_ec_42_ec_44_words_on_any_lead_of_the_number_bound_or_not_are_a_comment(office: Street) -> None:
    other = await office.lead("+79990000001", name="Лютик", allow_duplicate=True)
    await office.dial("10:00", talk=40)
    await office.dial("12:00", talk=40)
    (second, first) = await office.calls()
    await say(office, "10:10", lead=other if first["lead"] == 1 else 1)
    await say(office, "12:10", lead=second["lead"], call=second["id"])
    assert [call["comment"] for call in await office.calls()] == ["done", "done"]


async def test_ec_43_a_colleagues_comment_meets_the_duty(office: Street) -> None:
    await office.dial("10:00", talk=40)
    await say(office, "10:10", author="olga")
    await office.work("23:59")
    assert "open" not in await standing(office, "V01")


@pytest.mark.parametrize(("due", "word"), [("10:01", "late"), ("16:00", "done")])
async def test_ec_46_a_date_within_the_call_itself_is_none(office: Street, due: str, word: str) -> None:
    await office.dial("10:00", talk=300)
    await plan(office, "10:00", at(due))
    await office.work("23:59")
    assert (await office.calls())[0]["next_contact"] == word


async def test_ec_59_an_extension_that_is_mapped_later_gives_its_calls_to_their_manager(office: Street) -> None:
    await office.dial("10:00", extension="107", talk=40)
    assert (await office.calls())[0]["why_not"]["dial"] == "no_manager"
    await office.ask("POST", "/managers/ivan/extensions", {"extension": "107"})
    assert ((await office.calls())[0]["manager"], (await office.line())["dials"]["counted"]) == ("ivan", 1)


async def test_ec_61_ec_63_what_is_there_already_or_came_from_elsewhere_is_no_new_lead(office: Street) -> None:
    numbers = [f"+7999000002{index}" for index in range(4)]
    await office.lead(numbers[0])
    await office.lead(numbers[0], author="ivan", at=at("10:00").isoformat(), allow_duplicate=True)
    await office.lead(numbers[1], at=at("10:00").isoformat())  # a machine's
    await office.lead(numbers[2], author="olga", at=at("10:00").isoformat())
    await office.lead(numbers[3], author="ivan", at=at("10:00").isoformat())
    for index, number in enumerate(numbers):
        await office.dial(f"11:0{index}", number=number)
    line = await office.line()
    assert (line["new_leads"]["entered"], line["new_leads"]["counted"]) == (2, 1)


async def test_ec_62_thirty_leads_typed_and_eight_called_are_eight_imported_ones_none(office: Street) -> None:
    for index in range(30):
        await office.lead(f"+799900003{index:02}", author="ivan", at=at("10:00").isoformat())
    for index in range(3):
        await office.lead(f"+799900004{index:02}", author="ivan", source="import", at=at("10:00").isoformat())
    numbers = [f"+799900003{index:02}" for index in range(8)] + [f"+799900004{index:02}" for index in range(3)]
    for index, number in enumerate(numbers):
        await office.post(ami_row(at("11:00") + timedelta(minutes=index), number=number))
    await office.understand()
    leads = (await office.line())["new_leads"]
    assert (leads["entered"], leads["counted"]) == (30, 8)


async def test_ec_67_a_rule_changed_at_noon_holds_from_the_next_midnight(office: Street) -> None:
    today: date = office.clock.now.astimezone(office.company.zone).date()
    await office.ask("POST", "/policy", {"name": "repeat_cap", "value": "1"})
    for clock in ("10:00", "10:30"):
        await office.dial(clock, day=today)
        await office.dial(clock, day=today + timedelta(days=1))
    assert (await office.line(day=today))["dials"]["counted"] == 2
    assert (await office.line(day=today + timedelta(days=1)))["dials"]["counted"] == 1
