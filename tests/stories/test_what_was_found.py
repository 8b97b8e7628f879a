"""Scenarios of an independent reader of the rules that once came out wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


@pytest.fixture
async def office(street: Street) -> Street:
    """Norms of one, and a PBX whose silences are pauses."""
    await street.source()
    await street.manager()
    for metric in ("dials", "connects", "new_leads"):
        least = 0 if metric == "new_leads" else 1
        norm = {"metric": metric, "segment": "cold", "min": least, "target": 2, "from": "2026-10-01"}
        await street.ask("POST", "/norms", norm)
    pause = {"source": "office", "from": at("00:00").isoformat(), "to": at("23:59", WEDNESDAY).isoformat()}
    await street.ask("POST", "/silences", pause | {"settled_as": "pause", "reason": "Тихо."})
    return street


async def a_closed_monday(office: Street) -> dict[str, Any]:
    await office.lead()
    await office.dial("10:00", talk=60)
    await office.work("23:40")
    line = await office.line()
    assert (line["dials"]["counted"], line["verdict"]) == (1, "met")
    return line


@pytest.mark.parametrize("how", ["given to another", "shared with another", "taken away and given back"])
async def test_ec_16_a_number_that_passes_on_leaves_the_calls_where_they_are(office: Street, how: str) -> None:
    before = await a_closed_monday(office)
    other = {"name": "Лютик", "author": "ivan", "at": at("10:00", TUESDAY).isoformat()}
    if how != "shared with another":
        await office.ask("PATCH", "/leads/1", {"phones": ["+79990000555"]})
    if how == "taken away and given back":
        await office.ask("PATCH", "/leads/1", {"phones": ["+79990000001"]})
    else:
        await office.lead("+79990000001", **other, allow_duplicate=True)
    await office.ask("POST", "/deliveries/1/replay")
    await office.understand()
    assert await office.line() == before
    assert (await office.calls())[0]["lead"] == 1
    assert "open" not in {status for code, status in await office.violations() if code in ("V04", "V06", "V07")}


async def test_r3_a_new_lead_of_a_closed_day_stays_one_when_its_number_changes(office: Street) -> None:
    lead = await office.lead(author="ivan", at=at("10:00").isoformat())
    await office.dial("11:00")
    await office.work("23:40")
    before = (await office.line())["new_leads"]
    assert before["counted"] == 1
    await office.ask("PATCH", f"/leads/{lead}", {"phones": ["+79990000555"]})
    assert (await office.line())["new_leads"] == before


async def test_r9_r14_what_counts_for_the_day_is_no_dial_without_a_lead(office: Street) -> None:
    await office.dial("10:00", talk=60)
    await office.ask("POST", "/leads", {"name": "Ромашка", "phones": ["+79990000001"]})  # entered later than the day it is for
    await office.work("23:40")
    assert (await office.line())["dials"]["counted"] == 1
    assert {status for code, status in await office.violations() if code == "V04"} <= {"closed"}


async def test_ec_21_a_hidden_caller_owes_nothing_that_nobody_could_write(office: Street) -> None:
    await office.dial("10:00", inbound=True, talk=60, number="anonymous0000")
    await office.work("23:40")
    assert [code for code, _ in await office.violations() if code in ("V01", "V03", "V05")] == []


async def test_ec_38_what_a_late_call_owes_says_that_its_evidence_was_late(office: Street) -> None:
    await a_closed_monday(office)
    await office.dial("12:00", talk=60)
    found = (await office.ask("GET", "/violations?code=V01"))["items"]
    assert sorted("late_evidence" in one["evidence"] for one in found) == [False, True]


async def test_ec_18_ec_61_two_leads_behind_one_switchboard_are_two_new_leads(office: Street) -> None:
    for extension in ("101", "102"):
        await office.lead(f"+7 495 000-00-77 доб. {extension}", author="ivan", at=at("10:00").isoformat())
    await office.dial("11:00", number="+74950000077")
    leads = (await office.line())["new_leads"]
    assert (leads["entered"], leads["counted"]) == (2, 2)


async def test_ec_49_a_contact_that_was_kept_leaves_the_list(office: Street) -> None:
    await office.lead()
    body = {"author": "ivan", "set_at": at("10:00").isoformat(), "at": at("15:00", TUESDAY).isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body)
    assert len((await office.ask("GET", f"/planned?manager=ivan&date={WEDNESDAY}"))["items"]) == 1
    await office.dial("16:00", day=TUESDAY, talk=60)
    assert (await office.ask("GET", f"/planned?manager=ivan&date={WEDNESDAY}"))["items"] == []


async def test_a_status_that_is_none_is_refused(office: Street) -> None:
    await office.ask("GET", "/violations?status=bogus", expect=422)
