"""What was kept is understood again: a call that its deliveries no longer tell of is none, whatever was derived from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest

from tests.street import Street, ami_row, at


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def read_otherwise(office: Street, delivery: int, body: dict[str, Any]) -> None:
    """What a mended parser would make of it: the same delivery says something else."""
    async with office.database.begin() as conn:
        await conn.execute("update deliveries set body = $2 where id = $1", delivery, orjson.dumps(body))
    await office.ask("POST", f"/deliveries/{delivery}/replay", {})
    await office.understand()


async def owed(office: Street) -> list[int]:
    """Calls that somebody owes words about."""
    items = (await office.ask("GET", "/violations?code=V01"))["items"]
    return [one["subject"]["id"] for one in items if one["status"] != "closed"]


NO_CALL = {"Event": "Newchannel", "Channel": "PJSIP/1-1", "Uniqueid": "1.1"}


async def test_under_another_key_it_is_still_one_call(office: Street) -> None:
    await office.dial("10:00", talk=40)
    (before,) = await office.calls()
    await read_otherwise(office, before["deliveries"][0], ami_row(at("10:00"), talk=40, identity="1795417200.99"))
    (after,) = await office.calls()
    assert (after["id"], after["call_key"]) == (before["id"], "1795417200.99")
    assert (await office.line())["dials"]["pbx"] == 1


async def test_what_tells_of_no_call_any_more_counts_and_owes_nothing(office: Street) -> None:
    await office.dial("10:00", talk=40)
    await office.dial("10:30", talk=40, number="+79990000002")
    assert len(await owed(office)) == 2
    first = (await office.calls("number=%2B79990000001"))[0]
    await read_otherwise(office, first["deliveries"][0], NO_CALL)
    assert [one["number"] for one in await office.calls()] == ["+79990000002"]
    assert (await office.line())["dials"]["pbx"] == 1
    assert len(await owed(office)) == 1
    assert (await office.ask("GET", f"/deliveries/{first['deliveries'][0]}"))["calls"] == []


async def test_of_two_deliveries_the_one_left_tells_what_it_knows(office: Street) -> None:
    row = ami_row(at("10:00"), talk=40)
    await office.dial("10:00", talk=40)
    transferred = row | {"Sequence": "2", "UniqueID": row["UniqueID"] + "7", "Channel": row["DestinationChannel"],
                         "StartTime": row["EndTime"], "AnswerTime": "", "BillableSeconds": "0", "Duration": "0", "Disposition": "NO ANSWER"}  # fmt: skip
    assert (await office.post(transferred)).status == 200
    await office.understand()
    (before,) = await office.calls()
    assert len(before["deliveries"]) == 2
    await read_otherwise(office, before["deliveries"][1], NO_CALL)
    (after,) = await office.calls()
    assert (after["id"], after["deliveries"], after["talk_seconds"]) == (before["id"], before["deliveries"][:1], 40)


async def test_where_the_standing_call_goes_its_twin_stands_and_owes(office: Street) -> None:
    await office.source("crm", dialect="generic", trunks=[], crm=True)
    await office.manager("olga", None)
    await office.ask("POST", "/managers/olga/extensions", {"source": "crm", "extension": "olga"})
    told = {"id": "e-1", "direction": "outbound", "extension": "olga", "number": "+79990000009", "talk_seconds": 40,
            "started_at": at("10:00:04").isoformat(), "ended_at": (at("10:00:04") + timedelta(seconds=45)).isoformat(), "disposition": "answered"}  # fmt: skip
    await office.dial("10:00", talk=40, number="+79990000009", extension="177")  # nobody's
    assert (await office.post(told, "crm")).status == 200
    await office.understand()
    assert len(await office.calls()) == 2  # another's, as far as anybody knows
    await office.ask("POST", "/managers/olga/extensions", {"source": "office", "extension": "177", "from": "2026-11-01"})
    (standing,) = await office.calls()
    await read_otherwise(office, standing["deliveries"][0], NO_CALL)
    (twin,) = await office.calls()
    assert (twin["source"], twin["twin_of"]) == ("crm", None)
    assert await owed(office) == [twin["id"]]
