"""Calls that the CRM claims and the PBX did not see: V12 (R15, R16)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from telephony_bridge.violations.claims import Sighting, seen_at
from tests.street import MONDAY, Street, at

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source("crm", dialect="generic", trunks=[], crm=True)
    await street.source("office")
    await street.manager()
    await street.ask("POST", "/managers/ivan/extensions", {"source": "crm", "extension": "ivan"})
    await street.lead()
    return street


async def claim(office: Street, clock: str, day: date = MONDAY, **more: Any) -> None:
    started = at(clock, day)
    told = {
        "id": f"e-{clock}",
        "direction": "outbound",
        "extension": "ivan",
        "number": "+79990000001",
        "started_at": started.isoformat(),
        "ended_at": (started + timedelta(seconds=65)).isoformat(),
        "talk_seconds": 60,
        "disposition": "answered",
    }
    assert (await office.post(told | more, "crm")).status == 200
    await office.understand()


async def found(office: Street) -> list[tuple[str, str | None]]:
    items = (await office.ask("GET", "/violations?code=V12"))["items"]
    return [(one["status"], one["closed_because"]) for one in items]


async def test_v12_r15_r16_a_claim_without_a_call_is_due_at_the_close_of_the_next_day(office: Street) -> None:
    await claim(office, "10:00")
    await office.work("23:29", TUESDAY)
    (one,) = (await office.ask("GET", "/violations?code=V12"))["items"]
    assert (one["status"], one["name"], one["severity"]) == ("watching", "CRM_CALL_NOT_IN_PBX", "major")
    assert (one["manager"], one["date"], one["due_at"]) == ("ivan", str(MONDAY), "2026-11-24T20:30:00Z")
    await office.work("23:31", TUESDAY)
    assert await found(office) == [("open", None)]
    (call,) = await office.calls()
    assert call["why_not"]["dial"] == "non_ip"


async def test_r15_a_call_that_the_pbx_tells_late_shows_that_nothing_was_amiss(office: Street) -> None:
    await claim(office, "10:00")
    await office.work("23:59", TUESDAY)
    await office.dial("10:04", source="office", talk=20)
    assert await found(office) == [("closed", "corrected")]


@pytest.mark.parametrize(
    ("clock", "row", "seen"),
    [
        ("09:56", {"talk": 20}, True),
        ("10:00:03", {"talk": 60}, True),
        ("10:03", {"trunk": "PJSIP/gsm"}, True),
        ("10:03", {"extension": "105"}, True),
        ("10:06", {"talk": 20}, False),
        ("10:01", {"number": "+79990000002"}, False),
        ("10:01", {"extension": "102"}, False),
    ],
)
@pytest.mark.parametrize("first", ["crm", "office"])
async def test_r15_what_the_pbx_saw_near_it_proves_a_claim(
    office: Street, clock: str, row: dict[str, Any], seen: bool, first: str
) -> None:
    await office.manager("olga", "102")
    if first == "crm":
        await claim(office, "10:00")
    await office.dial(clock, source="office", **row)
    if first == "office":
        await claim(office, "10:00")
    await office.work("23:59", TUESDAY)
    assert await found(office) in ([[("closed", "corrected")], []] if seen else [[("open", None)]])


async def test_where_there_is_no_pbx_nothing_is_held_against_a_claim(street: Street) -> None:
    await street.source("crm", dialect="generic", trunks=[], crm=True)
    await street.manager(extension="ivan")
    await street.lead()
    await claim(street, "10:00")
    await street.work("23:59", TUESDAY)
    assert await found(street) == []


async def test_ec_40_a_claim_within_an_outage_waits(office: Street) -> None:
    await claim(office, "10:30")
    await claim(office, "15:00")
    await office.work("23:59", TUESDAY)
    assert await found(office) == [("open", None), ("open", None)]
    outage = {
        "source": "office",
        "from": at("10:00").isoformat(),
        "to": at("13:00").isoformat(),
        "settled_as": "outage",
        "reason": "Авария",
    }
    await office.ask("POST", "/silences", outage)
    assert sorted(await found(office)) == [("closed", "corrected"), ("open", None)]


async def test_a_claim_of_nobody_or_of_a_number_that_is_no_clients_is_held_against_nobody(office: Street) -> None:
    await claim(office, "10:00", extension="stranger")
    await claim(office, "11:00", number="+79990000005")
    await office.ask("POST", "/excluded-numbers", {"number": "+79990000005", "kind": "staff"})
    await office.work("23:59", TUESDAY)
    assert [status for status, _ in await found(office)] in ([], ["closed"])


async def test_a_claim_that_is_told_again_is_one(office: Street) -> None:
    for _ in range(2):
        await claim(office, "10:00")
        await office.work("23:59", TUESDAY)
    assert await found(office) == [("open", None)]


def test_the_nearest_sighting_is_the_one() -> None:
    near = [Sighting(1, at("10:04")), Sighting(None, at("09:59")), Sighting(2, at("10:00")), Sighting(1, at("10:06"))]
    assert seen_at(1, at("10:00"), near) == at("09:59")
    assert seen_at(1, at("10:12"), near) is None
    assert seen_at(1, at("10:05"), [Sighting(1, at("10:00"))]) == at("10:00")
