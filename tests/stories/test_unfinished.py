"""A call whose end the PBX never told: not counted while it may still come, settled after a time, put right if it comes late."""

from __future__ import annotations

from typing import Any

import pytest

from tests.street import Street, at


def message(clock: str, *, ended: str | None = None, **more: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": "c-1",
        "direction": "outbound",
        "extension": "101",
        "number": "+79990000001",
        "started_at": at(clock).isoformat(),
        "answered_at": at(clock).isoformat(),
        "disposition": "answered",
        "via": "ip",
        "final": ended is not None,
    }
    return told | ({"ended_at": at(ended).isoformat()} if ended else {}) | more


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source(dialect="generic", trunks=[], settle_after=60)
    await street.manager()
    await street.lead()
    return street


async def post(office: Street, told: dict[str, Any]) -> None:
    assert (await office.post(told)).status == 200
    await office.understand()


async def test_it_is_settled_as_a_dial_and_never_as_a_conversation(office: Street) -> None:
    await post(office, message("10:00"))
    await office.work("10:59")
    (call,) = await office.calls()
    assert (call["final"], call["counts"], call["why_not"]) == (
        False,
        {"dial": False, "connect": False},
        {"dial": "not_final", "connect": "not_final"},
    )
    await office.work("11:01")
    (call,) = await office.calls()
    assert (call["final"], call["settled"], call["talk_seconds"]) == (True, "end_not_told", 0)
    assert (call["counts"], call["why_not"]) == ({"dial": True, "connect": False}, {"connect": "too_short"})
    assert (await office.line())["dials"]["counted"] == 1
    await office.work("18:00")
    assert await office.violations("status=open&code=V01") == []  # nobody owes words about a talk that nobody proved


async def test_another_event_of_its_middle_reopens_nothing_and_its_end_puts_it_right(office: Street) -> None:
    await post(office, message("10:00"))
    await office.work("11:01")
    await post(office, message("10:00", revision=1))
    (call,) = await office.calls()
    assert (call["final"], call["settled"]) == (True, "end_not_told")
    await post(office, message("10:00", ended="10:05"))
    (call,) = await office.calls()
    assert (call["final"], call["settled"], call["talk_seconds"], call["counts"]["connect"]) == (True, None, 300, True)
    await post(office, message("10:00", revision=7))  # a straggler
    await office.work("23:00")
    (call,) = await office.calls()
    assert (call["final"], call["settled"], call["talk_seconds"]) == (True, None, 300)


async def test_settled_and_replayed_is_settled_still(office: Street) -> None:
    await post(office, message("10:00"))
    await office.work("11:01")
    (before,) = await office.calls()
    for delivery in before["deliveries"]:
        await office.ask("POST", f"/deliveries/{delivery}/replay", {})
    await office.understand()
    (after,) = await office.calls()
    assert after == before


async def test_what_tells_of_no_call_yet_is_visible_until_it_does(street: Street) -> None:
    url = await street.source("cloud", dialect="mango", trunks=[])
    added = {"entry_id": "q-1", "recording_id": "r-1", "product_id": 1, "timestamp": 1795417260, "user_id": -1}
    ended = {"entry_id": "q-1", "call_direction": 2, "from": {"extension": "101", "number": "sip:a@b"}, "to": {"number": "79990000101"},
             "create_time": 1795417200, "talk_time": 1795417210, "end_time": 1795417250, "disconnect_reason": 1100}  # fmt: skip
    assert (await street.client.post(url + "/events/record/added", json=added)).status == 200
    await street.understand()
    (reason,) = (await street.ask("GET", "/deliveries/reasons"))["items"]
    assert (reason["outcome"], reason["deliveries"]) == ("understood", 1)
    assert "No call yet" in reason["why"]
    assert (await street.client.post(url + "/events/summary", json=ended)).status == 200
    await street.understand()
    (call,) = await street.calls()
    assert call["recording_url"] == "mango:r-1"
    assert (await street.ask("GET", "/deliveries/reasons"))["items"] == []
    assert {tuple(one["calls"]) for one in (await street.ask("GET", "/deliveries"))["items"]} == {(call["id"],)}
