"""Stricter modes that a company may choose: R11 (V19), R37 and A3."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def choose(office: Street, name: str, value: str, **more: Any) -> None:
    await office.ask("POST", "/policy", {"name": name, "value": value, "from": str(MONDAY)} | more)


async def comment(office: Street, clock: str, day: Any = MONDAY, **more: Any) -> None:
    body = {"author": "ivan", "at": at(clock, day).isoformat(), "text": "Говорили о поставке, просит прайс."}
    await office.ask("POST", "/leads/1/comments", body | more)


async def plan(office: Street, clock: str, due: datetime) -> None:
    body = {"author": "ivan", "set_at": at(clock).isoformat(), "at": due.isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body)


async def test_r37_touched_asks_for_the_date_again_after_each_call(office: Street) -> None:
    await choose(office, "next_date_mode", "touched")
    await plan(office, "09:30", at("11:00", TUESDAY))
    await office.dial("10:00", talk=30)
    assert (await office.calls())[0]["next_contact"] == "due"
    await plan(office, "10:05", at("11:00", TUESDAY))
    assert (await office.calls())[0]["next_contact"] == "done"
    await office.dial("12:00")
    assert [call["next_contact"] for call in await office.calls()] == ["due", "done"]
    await office.work("23:59")
    assert [status for _, status in await office.violations("code=V03")] == ["closed", "open"]


async def test_r37_a_date_set_while_they_talk_is_set_after_the_call_began(office: Street) -> None:
    await choose(office, "next_date_mode", "touched")
    await office.dial("10:00", talk=120)
    await plan(office, "10:01", at("11:00", TUESDAY))
    assert (await office.calls())[0]["next_contact"] == "done"


async def test_a3_a_dial_counts_once_it_has_its_comment(office: Street) -> None:
    await choose(office, "norm_needs_comment", "true")
    await office.dial("10:00", talk=30)
    (call,) = await office.calls()
    assert (call["counts"], call["why_not"]["dial"]) == ({"dial": False, "connect": False}, "no_comment")
    line = await office.line()
    assert (line["dials"]["pbx"], line["dials"]["crm"], line["dials"]["counted"]) == (1, 1, 0)
    assert line["not_counted"] == {"no_comment": 1}
    await comment(office, "10:05")
    assert (await office.calls())[0]["counts"] == {"dial": True, "connect": True}
    assert len(await office.calls("counted=no_comment")) == 0


async def test_a3_a_comment_after_the_days_close_raises_it_no_more(office: Street) -> None:
    await choose(office, "norm_needs_comment", "true")
    await office.ask("POST", "/norms", {"metric": "dials", "segment": "cold", "min": 1, "target": 2, "from": str(MONDAY)})
    for minutes in range(0, 540, 25):  # evidence
        clock = f"{9 + minutes // 60}:{minutes % 60:02}"
        await office.dial(clock, extension="105", number="+79990000009")
    await office.dial("10:02", talk=30)
    await office.work("23:59")
    assert await office.violations("code=V06") == [("V06", "open")]
    await comment(office, "10:00", TUESDAY)
    assert ((await office.line())["dials"]["counted"], await office.violations("code=V06")) == (0, [("V06", "open")])
    await comment(office, "10:05")
    assert ((await office.line())["dials"]["counted"], await office.violations("code=V06")) == (1, [("V06", "closed")])


async def test_a3_what_owes_no_comment_counts_without(office: Street) -> None:
    await choose(office, "norm_needs_comment", "true")
    await choose(office, "unanswered_needs", "nothing")
    await office.dial("10:00")
    assert (await office.calls())[0]["counts"]["dial"] is True


async def test_a3_chosen_afterwards_it_holds_for_the_calls_of_before(office: Street) -> None:
    await office.dial("10:00", talk=30)
    await office.dial("12:00", talk=30)
    await comment(office, "12:05")
    assert (await office.line())["dials"]["counted"] == 2
    await choose(office, "norm_needs_comment", "true", manager="ivan")
    assert (await office.line())["not_counted"] == {"no_comment": 1}
    await choose(office, "norm_needs_comment", "false", manager="ivan")
    assert (await office.line())["dials"]["counted"] == 2


async def v19(office: Street) -> list[str]:
    return [one["status"] for one in (await office.ask("GET", "/violations?code=V19"))["items"]]


async def test_r11_v19_the_first_conversation_tells_if_he_buys_alike(office: Street) -> None:
    await choose(office, "first_call_qualifies", "true")
    await office.dial("10:00")
    assert await v19(office) == []
    await office.dial("11:00", talk=30)
    await office.dial("12:00", talk=30)
    await office.work("18:59")
    assert await v19(office) == ["watching"]
    await office.work("19:01")
    (one,) = (await office.ask("GET", "/violations?code=V19"))["items"]
    assert (one["name"], one["severity"], one["status"]) == ("FIRST_CALL_NOT_QUALIFIED", "minor", "open")
    assert (one["subject"], one["evidence"]["call"], one["due_at"]) == ({"kind": "lead", "id": 1}, 2, "2026-11-23T16:00:00Z")
    await office.ask("PATCH", "/leads/1", {"buys_analog": "no"})
    assert await v19(office) == ["fixed_late"]
    await office.ask("PATCH", "/leads/1", {"buys_analog": "unknown"})
    assert await v19(office) == ["open"]


async def test_r11_an_answer_in_time_or_of_before_is_enough(office: Street) -> None:
    await choose(office, "first_call_qualifies", "true")
    await office.lead("+79990000002", buys_analog="no")
    await office.dial("10:00", talk=30, number="+79990000002")
    await office.dial("11:00", talk=30)
    office.clock.now = at("11:05")
    await office.ask("PATCH", "/leads/1", {"buys_analog": "yes"})
    await office.work("23:59")
    assert await v19(office) == ["closed"]


async def test_r11_nothing_is_asked_where_the_policy_does_not_want_it(office: Street) -> None:
    await office.dial("11:00", talk=30)
    await office.work("23:59")
    assert await v19(office) == []


@pytest.mark.parametrize(
    ("told", "stage"),
    [
        ({"buys_analog": "yes"}, "potential"),
        ({"buys_analog": "no"}, "new"),
        ({"buys_analog": "yes", "stage": "new"}, "new"),
        ({"buys_analog": "yes", "stage": "client"}, "client"),
    ],
)
async def test_r11_who_buys_alike_is_a_potential_client(office: Street, told: dict[str, str], stage: str) -> None:
    assert (await office.ask("PATCH", "/leads/1", told))["stage"] == stage
    entered = await office.ask("POST", "/leads", {"name": "Лютик", "phones": ["+79990000007"]} | told)
    assert entered["stage"] == stage


async def test_r11_a_client_stays_a_client(office: Street) -> None:
    await office.ask("PATCH", "/leads/1", {"stage": "client"})
    assert (await office.ask("PATCH", "/leads/1", {"buys_analog": "yes"}))["stage"] == "client"
