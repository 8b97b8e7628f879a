"""What is owed for calls in which nobody talked, and for clients nobody entered: V02, V05, EC-11, EC-32 (R18, R9)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.street import MONDAY, Street, ami_row, at


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def tap(office: Street, clock: str, outcome: str, **more: Any) -> None:
    await office.ask("POST", "/leads/1/comments", {"author": "ivan", "at": at(clock).isoformat(), "outcome": outcome} | more)


async def set_policy(office: Street, name: str, value: str) -> None:
    body = {"name": name, "value": value, "from": str(MONDAY), "reason": "пробуем"}
    await office.ask("POST", "/policy", body)


async def test_v02_an_unanswered_dial_owes_an_outcome_by_day_close(office: Street) -> None:
    await office.dial("10:00")
    await office.work("23:00")
    assert ("V02", "watching") in await office.violations()
    assert (await office.calls())[0]["comment"] == "due"
    await office.work("23:31")
    assert ("V02", "open") in await office.violations()
    (call,) = await office.calls()
    assert call["comment"] == "late"
    (found,) = (await office.ask("GET", "/violations?code=V02"))["items"]
    assert (found["name"], found["severity"], found["due_at"]) == ("DIAL_NO_OUTCOME", "minor", "2026-11-23T20:30:00Z")


async def test_ec_11_one_tap_is_enough(office: Street) -> None:
    await office.dial("10:00")
    await tap(office, "10:01", "no_answer")
    await office.work("23:59")
    assert [one for one in await office.violations() if one[0] == "V02"] == [("V02", "closed")]
    assert (await office.calls())[0]["comment"] == "done"


async def test_v02_is_no_less_than_two_hours_after_a_late_call(office: Street) -> None:
    await office.dial("23:20")
    await office.work("23:59")
    assert ("V02", "watching") in await office.violations()


@pytest.mark.parametrize(
    ("needs", "tapped", "word"), [("comment", True, "due"), ("nothing", False, "not_needed"), ("outcome", False, "due")]
)
async def test_r18_what_an_unanswered_dial_needs_is_a_setting(office: Street, needs: str, tapped: bool, word: str) -> None:
    await set_policy(office, "unanswered_needs", needs)
    await office.dial("10:00")
    if tapped:
        await tap(office, "10:01", "no_answer")
    assert (await office.calls())[0]["comment"] == word


async def test_v05_an_incoming_conversation_without_a_lead(office: Street) -> None:
    await office.dial("10:00", inbound=True, talk=40, number="+79990000007")
    await office.work("23:31")
    assert ("V05", "open") in await office.violations()
    body = {"name": "Астра", "phones": ["+79990000007"], "at": at("22:00").isoformat()}
    await office.ask("POST", "/leads", body)
    assert ("V05", "closed") in await office.violations()


async def test_v05_is_not_for_missed_calls_nor_for_known_numbers(office: Street) -> None:
    await office.dial("10:00", inbound=True, talk=40)
    await office.dial("11:00", inbound=True, number="+79990000007")
    await office.work("23:59")
    assert [one for one in await office.violations("status=open") if one[0] == "V05"] == []


@pytest.mark.parametrize("bound", [True, False])
async def test_ec_32_a_machine_named_by_its_caller_is_no_connect(office: Street, bound: bool) -> None:
    await office.dial("10:00", talk=12)
    (call,) = await office.calls()
    assert call["counts"] == {"dial": True, "connect": True}
    more = {"call": call["id"]} if bound else {}
    await tap(office, "10:01", "voicemail", text="Автоответчик, наберу вечером.", **more)
    (call,) = await office.calls()
    assert (call["counts"], call["why_not"]) == ({"dial": True, "connect": False}, {"connect": "voicemail"})
    assert (await office.line())["connects"]["counted"] == 0
    for delivery in call["deliveries"]:
        await office.ask("POST", f"/deliveries/{delivery}/replay", {})
    await office.understand()
    assert (await office.calls())[0]["why_not"] == {"connect": "voicemail"}


async def test_ec_32_only_the_call_it_is_about(office: Street) -> None:
    await office.dial("10:00", talk=40)
    await office.dial("12:00", talk=12)
    await tap(office, "12:01", "voicemail", text="Автоответчик.")
    assert [call["counts"]["connect"] for call in await office.calls()] == [False, True]


async def test_machine_text_says_nothing_about_machines(office: Street) -> None:
    await office.dial("10:00", talk=12)
    body = {"text": "распознано", "outcome": "voicemail", "at": at("10:01").isoformat()}
    await office.ask("POST", "/leads/1/comments", body)
    assert (await office.calls())[0]["counts"]["connect"] is True


async def test_row_of_an_internal_call_owes_nothing(office: Street) -> None:
    assert (
        await office.post(
            ami_row(at("10:00")) | {"Destination": "102", "DestinationChannel": "PJSIP/102-1", "LastData": "PJSIP/102"}
        )
    ).status == 200
    await office.understand()
    await office.work("23:59")
    assert [code for code, _ in await office.violations()] == ["V06", "V07", "V08"] or await office.violations() == []
