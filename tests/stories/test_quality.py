"""Data quality, D01 to D04: what is wrong with the evidence is visible, and is nobody's fault."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from telephony_bridge import quality
from telephony_bridge.model import rfc3339
from tests.street import MONDAY, Street, ami_row, at


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    return street


async def marks(office: Street, now: datetime) -> list[tuple[str, str, str | None]]:
    async with office.database.begin() as conn:
        found = await quality.marks(conn, MONDAY, MONDAY, company=office.company, now=now)
    return [(mark.code, mark.source, mark.extension) for mark in found]


async def words(office: Street, now: datetime) -> dict[str, str]:
    async with office.database.begin() as conn:
        return {one.source: one.word for one in await quality.sources_heard(conn, company=office.company, now=now)}


async def test_d01_an_extension_nobody_has_until_somebody_has_it(office: Street) -> None:
    await office.dial("10:00", extension="107", talk=20)
    await office.dial("10:05", extension="107", number="+79990000002")
    await office.dial("10:10")
    (mark,) = (await office.ask("GET", f"/data-quality?date={MONDAY}"))["items"]
    assert (mark["code"], mark["name"], mark["extension"], mark["calls"]) == ("D01", "EXTENSION_UNMAPPED", "107", 2)
    assert "--extension office:107" in mark["advice"]
    await office.manager("olga", None)
    await office.ask("POST", "/managers/olga/extensions", {"source": "office", "extension": "107", "from": "2026-11-01"})
    assert (await office.ask("GET", f"/data-quality?date={MONDAY}"))["items"] == []


async def test_d02_a_pbx_silent_in_working_hours(office: Street) -> None:
    assert await words(office, at("09:20")) == {"office": "never heard"}
    assert await words(office, at("09:31")) == {"office": "silent"}
    await office.dial("10:00")
    assert await words(office, at("10:29")) == {"office": "heard"}
    assert await marks(office, at("10:29")) == []
    assert await words(office, at("10:31")) == {"office": "silent"}
    assert await marks(office, at("10:31")) == [("D02", "office", None)]
    assert await words(office, at("20:00")) == {"office": "off hours"}
    assert await marks(office, at("20:00")) == []
    assert await words(office, at("12:00", MONDAY + timedelta(days=5))) == {"office": "off hours"}  # a Saturday


async def test_d03_a_crm_is_silent_only_where_a_pbx_was_heard(office: Street) -> None:
    await office.source("crm", dialect="generic", trunks=[], crm=True)
    assert await marks(office, at("09:40")) == [("D02", "office", None)]
    await office.dial("10:20")
    assert await marks(office, at("10:25")) == [("D03", "crm", None)]


async def test_d04_a_clock_that_runs_ahead(office: Street) -> None:
    ahead = datetime.now(at("10:00").tzinfo) + timedelta(minutes=20)
    assert (await office.post(ami_row(ahead))).status == 200
    await office.understand()
    day = ahead.astimezone(office.company.zone).date()
    async with office.database.begin() as conn:
        found = await quality.marks(
            conn, day - timedelta(days=1), day + timedelta(days=1), company=office.company, now=at("10:00")
        )
    assert [(mark.code, mark.source, mark.calls) for mark in found] == [("D04", "office", 1)]
    assert 1100 < (found[0].seconds or 0) < 1300


async def test_readyz_and_metrics_name_every_source(office: Street) -> None:
    await office.dial("10:00", extension="107")
    told = await (await office.client.get("/readyz")).json()
    assert set(told["sources"]) == set(told["last_delivery"]) == {"office"}
    assert told["sources"]["office"] in ("heard", "silent", "off hours")
    assert told["last_delivery"]["office"] <= rfc3339(datetime.now(at("10:00").tzinfo))
    text = await (await office.client.get("/metrics")).text()
    assert 'telephony_bridge_source_last_delivery_timestamp_seconds{source="office"}' in text


async def test_what_could_not_be_understood_is_grouped_by_source_and_reason(office: Street) -> None:
    await office.source("branch")
    for seconds in ("-5", "-6"):
        assert (await office.post(ami_row(at("10:00")) | {"BillableSeconds": seconds})).status == 422
    assert (await office.post(ami_row(at("10:00")) | {"BillableSeconds": "-7"}, "branch")).status == 422
    await office.post({"Event": "Hangup", "Channel": "PJSIP/101-1", "Uniqueid": "1"})
    items: list[dict[str, Any]] = (await office.ask("GET", "/deliveries/reasons"))["items"]
    assert [(one["source"], one["outcome"], one["deliveries"]) for one in items[:1]] == [("office", "malformed", 2)]
    assert sorted((one["source"], one["outcome"]) for one in items) == [
        ("branch", "malformed"),
        ("office", "malformed"),
        ("office", "not_a_call"),
    ]
    assert "BillableSeconds: -# seconds" in items[0]["why"]
    await office.ask("POST", f"/deliveries/{items[0]['latest']}/replay", {})
    assert [one["source"] for one in (await office.ask("GET", "/deliveries/reasons?source=branch"))["items"]] == ["branch"]
