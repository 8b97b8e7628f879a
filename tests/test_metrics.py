"""Metrics (CONTRACT §7): all there with their labels, of each manager's own day, the same on every replica, and few."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from telephony_bridge import __version__, db, metrics
from telephony_bridge.gauges import Gauges
from tests.street import MONDAY, Street, ami_row, at

P = "telephony_bridge_"
CONTRACT = {  # name -> (kind, labels)
    "deliveries": ("counter", {"source", "outcome"}),
    "webhook_seconds": ("histogram", {"source"}),
    "understand_seconds": ("histogram", set()),
    "inbox_waiting": ("gauge", set()),
    "inbox_oldest_seconds": ("gauge", set()),
    "source_last_delivery_timestamp_seconds": ("gauge", {"source"}),
    "calls": ("counter", {"source", "direction", "disposition"}),
    "matches": ("counter", {"result"}),
    "dials": ("gauge", {"manager", "kind"}),
    "connects": ("gauge", {"manager", "kind"}),
    "new_leads": ("gauge", {"manager", "kind"}),
    "norm": ("gauge", {"manager", "metric", "bound"}),
    "violations_open": ("gauge", {"manager", "code"}),
    "planned_contacts": ("gauge", {"manager", "state"}),
    "violations": ("counter", {"code"}),
    "notices": ("counter", {"channel", "outcome"}),
    "notices_waiting": ("gauge", set()),
    "postgres_pool": ("gauge", {"state"}),
}
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(text: str) -> Samples:
    """(name without the prefix, sorted labels) -> value."""
    return {
        (sample.name.removeprefix(P), tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(found: Samples, name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


async def told(street: Street, now: datetime | None = None) -> str:
    """What a replica that has just started answers."""
    return (await Gauges(street.database, street.company, lambda: now or street.clock.now).text()).decode()


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    return street


async def test_every_metric_of_the_contract_is_there_with_its_labels(office: Street) -> None:
    await office.lead()
    await office.lead("+79990000002", author="ivan", at=at("09:10").isoformat())
    await office.dial("10:00", talk=45)
    await office.dial("10:05", number="+79990000002")
    assert (await office.post(ami_row(at("10:07")) | {"BillableSeconds": "-5"})).status == 422
    await office.work("23:59")
    metrics.notice("tgram", "sent")
    office.clock.now = at("17:00")
    kinds = {}
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(await (await office.client.get("/metrics")).text()):
        kinds[family.name.removeprefix(P)] = family.type
        for sample in family.samples:
            labels.setdefault(family.name.removeprefix(P), set()).update(set(sample.labels) - {"le"})
    for name, (kind, wanted) in CONTRACT.items():
        assert (kinds.get(name), labels.get(name)) == (kind, wanted), name


async def test_a_day_of_numbers_is_that_of_the_board(office: Street) -> None:
    await office.lead()
    await office.dial("10:00", talk=45)
    await office.dial("10:05", number="+79990000009")
    found = samples(await told(office, at("14:00")))
    line = await office.line()
    for kind in ("pbx", "crm", "counted"):
        assert of(found, "dials", manager="ivan", kind=kind) == line["dials"][kind]
        assert of(found, "connects", manager="ivan", kind=kind) == line["connects"][kind]
    assert [of(found, "norm", manager="ivan", metric="dials", bound=bound) for bound in ("min", "target")] == [60, 70]
    assert of(found, "build_info", version=__version__) == 1
    assert of(found, "postgres_up") == 1


async def test_ec_3_a_night_shift_after_midnight_still_shows_the_day_it_began(office: Street) -> None:
    await office.manager("oleg", "102", hours="20:00-05:00")
    await office.dial("23:30", extension="102", talk=45)
    await office.dial("01:30", extension="102", number="+79990000002", day=MONDAY + timedelta(days=1))
    await office.dial("15:00", talk=45)
    found = samples(await told(office, at("02:00", MONDAY + timedelta(days=1))))
    assert of(found, "dials", manager="oleg", kind="pbx") == 2
    assert of(found, "dials", manager="ivan", kind="pbx") == 0  # his Tuesday has begun
    assert of(found, "managers_at_work") == 1


async def test_who_has_left_or_is_off_disappears_and_who_is_at_work_with_nothing_shows_zeros(office: Street) -> None:
    for handle in ("olga", "petr"):
        await office.manager(handle, None)
    await office.ask("POST", "/managers/olga/leave", {"on": str(MONDAY)})
    await office.ask("POST", "/managers/petr/absences", {"from": str(MONDAY), "to": str(MONDAY), "kind": "sick"})
    text = await told(office, at("12:00"))
    found = samples(text)
    assert [of(found, name, manager="ivan", kind="counted") for name in ("dials", "connects", "new_leads")] == [0, 0, 0]
    assert [of(found, "planned_contacts", manager="ivan", state=state) for state in ("due", "overdue", "done")] == [0, 0, 0]
    assert "olga" not in text
    assert "petr" not in text


async def test_two_replicas_agree(office: Street) -> None:
    await office.lead()
    await office.dial("10:00", talk=45)
    one, two = samples(await told(office, at("15:00"))), samples(await told(office, at("15:00")))
    names = set(metrics.GAUGES)
    assert {key: value for key, value in one.items() if key[0] in names} == {
        key: value for key, value in two.items() if key[0] in names
    }
    assert of(one, "dials", manager="ivan", kind="pbx") == 1


async def test_r43_a_pace_is_told_from_an_hour_into_the_shift_where_the_pbx_was_heard(office: Street) -> None:
    for index in range(10):
        await office.lead(f"+79990000{index:03}")
        await office.dial(f"{9 + index // 4}:{index % 4 * 15:02}", number=f"+79990000{index:03}", talk=45)
    assert of(samples(await told(office, at("09:50"))), "pace", manager="ivan", metric="dials") is None
    at_half = samples(await told(office, at("11:33")))
    assert of(at_half, "pace", manager="ivan", metric="dials") == 31  # ten in 153 of 480 working minutes
    assert of(at_half, "norm", manager="ivan", metric="dials", bound="min") == 60
    silent = samples(await told(office, at("16:30")))
    assert of(silent, "pace", manager="ivan", metric="dials") is None
    assert of(silent, "source_silent", source="office") == 1
    assert of(samples(await told(office, at("20:00"))), "source_silent", source="office") == 0


async def test_a_worker_that_does_not_run_shows_and_a_connector_that_lags_is_not_one(office: Street) -> None:
    assert (of(samples(await told(office, at("12:00"))), "deadlines_behind_seconds") or 0) > 3600
    await office.work("12:00")
    assert of(samples(await told(office, at("12:05"))), "deadlines_behind_seconds") == 300
    await office.ask("POST", "/connectors/amocrm/seen", {"seen_until": at("11:00").isoformat()})
    assert of(samples(await told(office, at("12:05"))), "deadlines_behind_seconds") == 0


async def test_after_a_month_labels_are_few_and_tell_no_phone_and_no_name(office: Street) -> None:
    async def counted() -> int:
        series = {line.rpartition(" ")[0] for line in (await told(office, office.clock.now)).splitlines() if line.startswith(P)}
        assert [one for one in series if "7999" in one or "Ромашка" in one or "Ivan" in one] == []
        return len(series)

    async def day_of_calls(day: int) -> None:
        for index in range(3):
            number = f"+7999{day:03}{index:04}"
            await office.lead(number)
            row = ami_row(
                at("10:00", MONDAY + timedelta(days=day)) + timedelta(minutes=index), number=number, talk=45 * (index % 2)
            )
            assert (await office.post(row)).status == 200
        await office.understand()

    await day_of_calls(0)
    await office.work("23:59")
    office.clock.now = at("12:00", MONDAY + timedelta(days=30))
    first = await counted()
    for day in range(1, 30):
        await day_of_calls(day)
    await office.work("23:59", MONDAY + timedelta(days=30))
    assert await counted() - first < 20  # a few codes of violations more, whatever the number of days


async def test_a_scrape_never_waits_for_numbers_once_there_are_some(office: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    gauges = Gauges(office.database, office.company, lambda: office.clock.now)
    assert b"inbox_waiting" in await gauges.text()
    released = asyncio.Event()
    begin = office.database.begin

    @asynccontextmanager
    async def held(*, read_only: bool = False) -> AsyncIterator[db.Connection]:
        await released.wait()
        async with begin(read_only=read_only) as conn:
            yield conn

    monkeypatch.setattr(office.database, "begin", held)
    monkeypatch.setattr("telephony_bridge.gauges._FRESH", 0.0)
    for _ in range(3):
        assert b"inbox_waiting" in await asyncio.wait_for(gauges.text(), 0.5)
    released.set()
    await gauges.stop()


async def test_without_postgres_the_numbers_go_and_a_gauge_says_so(office: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    gauges = Gauges(office.database, office.company, lambda: office.clock.now)
    assert of(samples((await gauges.text()).decode()), "postgres_up") == 1

    @asynccontextmanager
    async def away(*, read_only: bool = False) -> AsyncIterator[db.Connection]:
        raise asyncpg.CannotConnectNowError(f"starting up, read only: {read_only}")
        yield

    monkeypatch.setattr(office.database, "begin", away)
    monkeypatch.setattr("telephony_bridge.gauges._FRESH", 0.0)
    old = samples((await gauges.text()).decode())
    assert (of(old, "postgres_up"), of(old, "inbox_waiting")) == (0, 0)
    monkeypatch.setattr("telephony_bridge.gauges._STALE", 0.0)
    late = samples((await gauges.text()).decode())
    assert (of(late, "postgres_up"), of(late, "inbox_waiting")) == (0, None)


def test_labels_are_escaped() -> None:
    text = metrics.exposition({"source_silent": [('a"b\\c\nd', True)]}).decode()
    assert samples(text) == {("source_silent", (("source", 'a"b\\c\nd'),)): 1.0}
    assert re.search(r'\{source="a\\"b\\\\c\\nd"\} 1\.0$', text.strip())
