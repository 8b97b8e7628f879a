"""The same call told by two sources (EC-37): one call, the PBX's; the other is its evidence and counts for nothing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from telephony_bridge.matcher import Told, twins
from tests.street import MONDAY, Street, ami_row, at

TUESDAY = MONDAY + timedelta(days=1)


def event(
    clock: str, day: date = MONDAY, *, talk: int = 40, number: str = "+79990000001", extension: str = "ivan", call_id: str = "e-1"
) -> dict[str, Any]:
    started = at(clock, day)
    return {
        "id": call_id,
        "direction": "outbound",
        "extension": extension,
        "number": number,
        "started_at": started.isoformat(),
        "ended_at": (started + timedelta(seconds=talk + 5)).isoformat(),
        "talk_seconds": talk,
        "disposition": "answered" if talk else "no_answer",
        "via": "ip",
    }


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source("crm", dialect="generic", trunks=[], crm=True)
    await street.source("office")
    await street.manager()
    await street.ask("POST", "/managers/ivan/extensions", {"source": "crm", "extension": "ivan"})
    await street.lead()
    return street


async def tell(office: Street, source: str, told: dict[str, Any]) -> None:
    assert (await office.post(told, source)).status == 200
    await office.understand()


@pytest.mark.parametrize("first", ["crm", "office"])
async def test_ec_37_whoever_tells_first_the_pbx_wins(office: Street, first: str) -> None:
    bodies = {"crm": event("10:00:04", talk=43), "office": ami_row(at("10:00"), talk=40)}
    for source in (first, *({"crm", "office"} - {first})):
        await tell(office, source, bodies[source])
    (call,) = await office.calls()
    assert (call["source"], call["talk_seconds"], call["counts"]) == ("office", 40, {"dial": True, "connect": True})
    (twin,) = await office.calls("source=crm")
    assert (call["twins"], twin["twin_of"]) == ([twin["id"]], call["id"])
    assert (twin["counts"], twin["why_not"]) == ({"dial": False, "connect": False}, {"dial": "twin", "connect": "twin"})
    assert await office.calls("source=crm&counted=dials") == []
    line = await office.line()
    assert (line["dials"]["pbx"], line["dials"]["counted"], line["connects"]["pbx"]) == (1, 1, 1)
    await office.work("23:59")
    standing = [one for one in (await office.ask("GET", "/violations?code=V01"))["items"] if one["status"] != "closed"]
    assert [one["subject"]["id"] for one in standing] == [call["id"]]


async def test_what_only_the_crm_tells_is_shown_and_proves_no_ip(office: Street) -> None:
    await tell(office, "crm", event("10:00"))
    (call,) = await office.calls()
    assert (call["source"], call["via"], call["why_not"]["dial"]) == ("crm", "unknown", "non_ip")
    line = await office.line()
    assert (line["dials"]["pbx"], line["dials"]["counted"]) == (1, 0)


@pytest.mark.parametrize(
    "other",
    [
        event("10:00:12"),
        event("10:00:04", talk=60),
        event("10:00:04", number="+79990000002"),
        event("10:00:04") | {"direction": "inbound"},
    ],
)
async def test_what_differs_more_stays_two_calls(office: Street, other: dict[str, Any]) -> None:
    await tell(office, "office", ami_row(at("10:00"), talk=40))
    await tell(office, "crm", other)
    assert len(await office.calls()) == 2


async def test_twins_on_both_sides_of_midnight_stay_twins_when_the_next_day_is_told(office: Street) -> None:
    late = ami_row(at("23:59:58", TUESDAY - timedelta(days=1)), talk=40, extension="105")
    await tell(office, "office", late)  # nobody has 105
    await tell(office, "crm", event("00:00:03", TUESDAY) | {"extension": None})
    assert len(await office.calls()) == 1
    for row in (ami_row(at("10:00", day), talk=40) for day in (TUESDAY + timedelta(days=1), TUESDAY - timedelta(days=2))):
        await tell(office, "office", row)
        (twin,) = await office.calls("source=crm")
        assert twin["twin_of"] is not None


async def test_a_correction_takes_them_apart_again(office: Street) -> None:
    await tell(office, "office", ami_row(at("10:00"), talk=40))
    await tell(office, "crm", event("10:00:04"))
    assert len(await office.calls()) == 1
    await tell(office, "crm", event("10:00:04", number="+79990000002") | {"revision": 1})
    assert len(await office.calls()) == 2


async def test_a_managers_extension_told_later_brings_them_together(office: Street) -> None:
    await tell(office, "office", ami_row(at("10:00"), talk=40, extension="105"))
    await tell(office, "crm", event("10:00:04"))
    assert len(await office.calls()) == 2  # nobody has extension 105
    await office.ask("POST", "/managers/ivan/extensions", {"extension": "105", "from": "2026-11-01"})
    assert len(await office.calls()) == 1


def one(id_: int, source: int, second: int, **more: Any) -> Told:
    started = at("10:00") + timedelta(seconds=second)
    return Told(**({"id": id_, "key": str(id_), "source_id": source, "is_crm": source > 2, "direction": "outbound", "number": "+79990000001",
                    "manager_id": 1, "extension": "101", "started_at": started, "talk_seconds": 0, "final": True} | more))  # fmt: skip


def test_two_quick_dials_told_twice_stay_two() -> None:
    assert twins([one(1, 1, 0), one(2, 1, 8), one(3, 3, 1), one(4, 3, 9)]) == {3: 1, 4: 2}
    assert twins([one(1, 1, 0), one(3, 3, 1), one(4, 3, 9)]) == {3: 1}
    assert twins([one(1, 1, 0), one(2, 1, 8)]) == {}


def test_two_dials_of_one_second_are_told_apart_by_their_keys_and_not_by_who_came_first() -> None:
    for first, second in ((1, 2), (2, 1)):
        assert twins([one(first, 1, 0, key="a"), one(second, 1, 0, key="b"), one(3, 3, 1)]) == {3: first}


def test_another_persons_call_is_no_twin_and_the_first_registered_pbx_stands() -> None:
    assert twins([one(1, 1, 0), one(2, 3, 0, manager_id=2)]) == {}
    assert twins([one(1, 2, 0), one(2, 1, 3)]) == {1: 2}
    assert twins([one(1, 1, 0), one(2, 2, 0, manager_id=None, extension=None)]) == {2: 1}
