"""What a call owes, by when, and how it is cured: V01, V03, V04 (rules.md, EC-5 to EC-13, R18 to R29)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, ami_row, at

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
async def office(street: Street) -> Street:
    """One source, one manager, one lead (id 1) of the number that rows dial by default."""
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def comment(street: Street, clock: str, *, lead: int = 1, **more: Any) -> None:
    body = {"author": "ivan", "at": at(clock).isoformat(), "text": "Говорили о поставке, просит прайс."}
    await street.ask(
        "POST", f"/leads/{lead}/comments", {name: value for name, value in (body | more).items() if value is not None}
    )


async def plan(street: Street, clock: str, due: datetime, **more: Any) -> None:
    body = {"author": "ivan", "set_at": at(clock).isoformat(), "at": due.isoformat()}
    await street.ask("POST", "/leads/1/next-contacts", body | more)


async def test_r4_r18_v01_watching_reminded_open(office: Street) -> None:
    await office.dial("16:00", talk=45)
    await office.work("16:10")
    assert await office.violations() == [("V01", "watching"), ("V03", "watching")]
    await office.work("16:32")
    assert await office.violations() == [("V01", "reminded"), ("V03", "reminded")]
    (call,) = await office.calls()
    assert (call["comment"], call["next_contact"]) == ("due", "due")
    await office.work("19:01")
    assert await office.violations() == [("V01", "open"), ("V03", "open")]
    (call,) = await office.calls()
    assert (call["comment"], call["next_contact"]) == ("late", "late")


async def test_r4_done_in_time_leaves_nothing_open(office: Street) -> None:
    await office.dial("16:00", talk=45)
    await office.work("16:32")
    await comment(office, "18:40", next_contact={"at": at("11:00", TUESDAY).isoformat(), "basis": "agreed"})
    await office.work("19:01")
    assert await office.violations() == [("V01", "closed"), ("V03", "closed"), ("V09", "watching")]
    (call,) = await office.calls()
    assert (call["comment"], call["next_contact"]) == ("done", "done")


async def test_ec_7_a_late_call_has_two_hours(office: Street) -> None:
    await office.dial("17:55", talk=45)
    await office.work("19:54")
    assert {status for _, status in await office.violations()} == {"reminded"}
    await office.work("19:57")
    assert {status for _, status in await office.violations()} == {"open"}


async def test_ec_8_a_late_comment_cures_and_is_remembered(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await office.work("20:00")
    await comment(office, "21:30")
    found = (await office.ask("GET", "/violations?code=V01"))["items"][0]
    assert (found["status"], found["fixed_at"]) == ("fixed_late", "2026-11-23T18:30:00Z")
    assert [(move["from"], move["to"]) for move in found["moves"]] == [("watching", "open"), ("open", "fixed_late")]
    assert (await office.line())["violations"] == {"open": 1, "fixed_late": 1}


@pytest.mark.parametrize(("clock", "status"), [("09:59", "closed"), ("09:57", "open")])
async def test_ec_5_ec_6_typed_while_ringing_or_an_hour_before(office: Street, clock: str, status: str) -> None:
    await office.dial("10:00", talk=45)
    await comment(office, clock)
    await office.work("20:00")
    assert ("V01", status) in await office.violations()


async def test_ec_9_one_comment_covers_a_series_of_attempts(office: Street) -> None:
    for clock, talk in (("10:00", 0), ("10:07", 0), ("10:14", 0), ("10:20", 60)):
        await office.dial(clock, talk=talk)
    await comment(office, "10:25")
    await plan(office, "10:25", at("11:00", TUESDAY))
    await office.work("23:59")
    assert {call["comment"] for call in await office.calls()} == {"done"}
    assert "open" not in {status for code, status in await office.violations() if code in ("V01", "V03")}


async def test_ec_9_a_dropped_line_is_one_conversation_two_calls_an_hour_apart_are_two(office: Street) -> None:
    await office.dial("10:00", talk=60)
    await office.dial("10:05", talk=60)
    await comment(office, "10:10")
    assert {call["comment"] for call in await office.calls()} == {"done"}
    await office.dial("12:00", talk=60)
    await office.dial("13:00", talk=60)
    await comment(office, "13:05")
    assert [call["comment"] for call in await office.calls()] == ["done", "due", "done", "done"]


async def test_ec_11_an_attempt_needs_an_outcome_a_conversation_needs_words(office: Street) -> None:
    await office.dial("10:00")
    await comment(office, "10:01", text=None, outcome="no_answer")
    await office.dial("12:00", talk=30)
    await comment(office, "12:05", text=None, outcome="talked")
    conversation, attempt = await office.calls()
    assert (attempt["comment"], conversation["comment"]) == ("done", "due")


async def test_r19_machine_text_satisfies_nothing(office: Street) -> None:
    await office.dial("10:00", talk=30)
    await comment(office, "10:05", author=None)
    assert (await office.calls())[0]["comment"] == "due"
    history = (await office.ask("GET", "/leads/1/history"))["items"]
    assert [(event["kind"], event.get("author_kind")) for event in history] == [("call", None), ("comment", "machine")]


async def test_ec_13_a_missed_incoming_call_owes_no_comment_an_answered_one_does(office: Street) -> None:
    await office.dial("10:00", inbound=True)
    await office.dial("11:00", inbound=True, talk=30)
    answered, missed = await office.calls()
    assert (answered["comment"], answered["next_contact"]) == ("due", "due")
    assert (missed["comment"], missed["next_contact"]) == ("not_needed", "not_needed")
    assert answered["why_not"]["dial"] == "inbound"


async def test_r37_a_date_set_before_and_still_ahead_is_enough(office: Street) -> None:
    await plan(office, "09:00", at("11:00", TUESDAY))
    await office.dial("10:00", talk=30)
    assert (await office.calls())[0]["next_contact"] == "done"


async def test_ec_47_a_date_later_today_is_valid_one_before_the_end_of_the_call_is_not(office: Street) -> None:
    await plan(office, "09:00", at("09:30"))
    await office.dial("10:00", talk=30)
    assert (await office.calls())[0]["next_contact"] == "due"
    await plan(office, "10:05", at("16:00"))
    assert (await office.calls())[0]["next_contact"] == "done"


async def test_a_moved_date_is_remembered_and_the_lead_has_one(office: Street) -> None:
    await plan(office, "10:00", at("11:00", TUESDAY), goal="прайс")
    await plan(office, "10:30", at("12:00", TUESDAY), basis="agreed")
    lead = await office.ask("GET", "/leads/1")
    assert lead["next_contact"] == {"at": "2026-11-24T09:00:00Z", "basis": "agreed", "goal": None}
    history = (await office.ask("GET", "/leads/1/history"))["items"]
    assert [(event["kind"], event["closed_because"]) for event in history] == [("planned", "moved"), ("planned", None)]


async def test_history_told_out_of_order_leaves_the_later_date_open(office: Street) -> None:
    await plan(office, "12:00", at("15:00", TUESDAY))
    await plan(office, "10:00", at("11:00", TUESDAY))
    assert (await office.ask("GET", "/leads/1"))["next_contact"]["at"] == "2026-11-24T12:00:00Z"


async def test_r29_who_will_call_himself_needs_a_date(office: Street) -> None:
    body = {"author": "ivan", "text": "Сам наберёт.", "outcome": "will_call_himself"}
    refused = await office.ask("POST", "/leads/1/comments", body, expect=422)
    assert "date" in refused["title"]
    await office.ask("POST", "/leads/1/comments", body | {"next_contact": {"at": "2027-03-01T09:00:00Z", "basis": "own"}})


async def test_ec_27_after_a_transfer_the_duty_is_the_last_talkers(office: Street) -> None:
    await office.manager("olga", "102")
    started = int(at("10:00").timestamp())
    identity = f"{started}.1"
    first = ami_row(at("10:00"), talk=40, identity=identity)
    second = ami_row(at("10:00:45"), talk=60, ring=2, extension="102", inbound=True, identity=f"{started}.2")
    second |= {"LinkedID": identity, "Sequence": "2", "Channel": first["DestinationChannel"]}
    await office.post(second)
    await office.understand()
    await office.post(first)
    await office.understand()
    (call,) = await office.calls()
    assert (call["direction"], call["manager"], call["duty_manager"]) == ("outbound", "ivan", "olga")
    assert call["talked"] == [{"extension": "101", "seconds": 40}, {"extension": "102", "seconds": 60}]
    assert call["counts"] == {"dial": True, "connect": True}
    await office.work("23:59")
    owed = (await office.ask("GET", "/violations?code=V01"))["items"]
    assert [(one["manager"], one["status"]) for one in owed if one["status"] == "open"] == [("olga", "open")]


async def test_v04_a_dial_without_a_lead_is_due_at_day_close(office: Street) -> None:
    await office.dial("10:00", number="+79990000009")
    await office.work("23:29")
    assert await office.violations("code=V04") == [("V04", "reminded")]
    await office.work("23:31")
    assert await office.violations("code=V04") == [("V04", "open")]


async def test_judging_twice_changes_nothing(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await office.work("23:59")
    before = (await office.ask("GET", "/violations"))["items"]
    await office.work("23:59")
    async with office.database.begin() as conn:
        await conn.execute("update deliveries set outcome = 'waiting'")
    await office.work("23:59")
    assert (await office.ask("GET", "/violations"))["items"] == before


async def test_ec_68_a_dispute_is_settled_by_a_supervisor_and_facts_move_it_no_more(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await office.work("20:00")
    found = (await office.ask("GET", "/violations?code=V01"))["items"][0]
    mine = await office.token_of("ivan")
    await office.ask("POST", f"/violations/{found['id']}/excuse", {"reason": "сам себе"}, token=mine, expect=403)
    disputed = await office.ask("POST", f"/violations/{found['id']}/dispute", {"reason": "Клиент бросил трубку"}, token=mine)
    assert disputed["status"] == "disputed"
    confirmed = await office.ask("POST", f"/violations/{found['id']}/confirm", {"reason": "Разговор был"})
    assert [move["to"] for move in confirmed["moves"]] == ["open", "disputed", "confirmed"]
    await comment(office, "21:00")
    assert ("V01", "confirmed") in await office.violations()


async def test_norms_are_judged_by_the_version_that_held(office: Street) -> None:
    for index in range(9):
        await office.dial(f"{9 + index}:10", talk=20, number=f"+7999000{index:04}")
    norm = {"metric": "connects", "segment": "cold", "min": 2, "target": 3, "from": "2026-11-23"}
    version = (await office.ask("POST", "/norms", norm))["id"]
    await office.work("23:59")
    found = {one["code"]: one for one in (await office.ask("GET", "/violations?date=2026-11-23"))["items"]}
    assert (found["V07"]["evidence"]["counted"], found["V07"]["evidence"]["min"]) == (1, 2)
    assert found["V07"]["policy_version"] == f"norm {version}, policy 0"
    assert found["V07"]["subject"] == {"kind": "day", "id": "ivan/2026-11-23"}


async def test_ec_40_a_silent_source_is_no_evidence(office: Street) -> None:
    for index in range(12):
        await office.dial(f"09:{5 * index:02}", talk=20, number=f"+7999000{index:04}")
    for index in range(36):
        await office.dial(f"{13 + index // 12}:{5 * index % 60:02}", talk=20, number=f"+7999000{index:04}")
    await office.work("23:59")
    line = await office.line()
    assert line["verdict"] == "not_evaluated"
    assert line["gaps"][0] == ["2026-11-23T06:55:25Z", "2026-11-23T10:00:00Z"]
    assert "V06" not in {code for code, _ in await office.violations()}
    silence = {"source": "office", "from": line["gaps"][0][0], "to": line["gaps"][0][1], "reason": "Совещание"}
    await office.ask("POST", "/silences", silence | {"settled_as": "pause"}, expect=201)
    left = (await office.line())["gaps"]
    assert silence["to"] not in [gap[1] for gap in left]
    await office.ask(
        "POST", "/silences", {"source": "office", "from": left[0][0], "to": left[0][1], "reason": "Обед", "settled_as": "pause"}
    )
    assert (await office.line())["verdict"] == "not_met"
    assert ("V06", "open") in await office.violations()
    await office.ask("POST", "/silences", silence | {"settled_as": "outage"}, expect=201)
    assert (await office.line())["verdict"] == "not_evaluated"
    assert ("V06", "closed") in await office.violations()
