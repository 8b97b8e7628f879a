"""Workers and doors: several at once, in any order, again and again, the same numbers."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any

from telephony_bridge import pipeline, worker
from tests.street import MONDAY, Street, ami_row, at


async def facts(street: Street) -> tuple[Any, ...]:
    """All that was derived, without ids; what was corrected on the way depends on the way."""
    async with street.database.begin() as conn:
        calls = await conn.fetch(
            "select c.call_key, c.started_at, c.talk_seconds, c.disposition, m.handle, c.day, c.lead_id, c.match, c.why_not_dial, "
            "c.why_not_connect, c.on_norm_lead, c.comment, c.next_contact from calls c left join managers m on m.id = c.manager_id "
            "order by c.started_on, c.source_id, c.call_key"
        )
        found = await conn.fetch(
            "select v.code, v.day, v.status, v.closed_because, v.due_at, m.handle, coalesce(c.call_key, v.subject_id) as subject "
            "from violations v join managers m on m.id = v.manager_id left join calls c on v.subject_kind = 'call' "
            "and c.id::text = v.subject_id where v.closed_because is distinct from 'corrected' order by 1, 2, 6, 7"
        )
    return [tuple(row) for row in calls], [tuple(row) for row in found]


def day_of_rows(seed: int) -> list[dict[str, str]]:
    """A day of two managers: attempts, conversations, redials, a transfer in two rows."""
    dice = random.Random(seed)
    rows = []
    for index in range(120):
        started = at("09:02") + timedelta(seconds=250 * index)
        number = f"+7999000{dice.randint(0, 30):04}"
        extension = dice.choice(["101", "102"])
        identity = f"{int(started.timestamp())}.{index}"
        talk = dice.choice([0, 0, 5, 20, 60])
        rows.append(ami_row(started, extension=extension, number=number, talk=talk, identity=identity))
        if talk and index % 10 == 7:
            second = ami_row(
                started + timedelta(seconds=70), extension="102", number=number, talk=30, inbound=True, identity=identity + "7"
            )
            rows.append(second | {"LinkedID": identity, "Sequence": "2"})
    return rows


async def people_and_leads(street: Street) -> None:
    await street.source()
    await street.manager("ivan", "101")
    await street.manager("olga", "102")
    for index in range(0, 30, 2):
        await street.lead(f"+7999000{index:04}")


async def test_two_workers_and_two_doors_tell_every_call_once(street: Street) -> None:
    await people_and_leads(street)
    rows = day_of_rows(1)
    stop = False
    workers = [asyncio.create_task(worker.run(street.database, street.company, stopping=lambda: stop)) for _ in range(2)]
    await asyncio.gather(*(street.post(row) for row in [*rows, *rows[::3]]))
    deadline = asyncio.get_running_loop().time() + 30
    while (await street.ask("GET", "/deliveries?outcome=waiting"))["items"]:
        assert asyncio.get_running_loop().time() < deadline, "the workers did not finish"
        await asyncio.sleep(0.05)
    stop = True
    await asyncio.gather(*workers)
    calls = await street.calls(f"date={MONDAY}&limit=1000")
    assert len({call["call_key"] for call in calls}) == len(calls) == 120
    before = await facts(street)
    async with street.database.begin() as conn:
        ids = [row["id"] for row in await conn.fetch("select id from deliveries")]
        await pipeline.replay(conn, ids, now=datetime.now(UTC))
    await street.understand()
    assert await facts(street) == before


async def test_any_order_and_any_batches_give_the_same_facts(street: Street) -> None:
    await people_and_leads(street)
    rows = day_of_rows(2)
    for row in rows:
        await street.post(row)
    await street.work("23:59")
    reference = await facts(street)
    assert reference[0]
    for seed in range(3):
        async with street.database.begin() as conn:
            for table in ("violation_moves", "violations", "calls", "ties", "closed_days", "deliveries"):
                await conn.execute(f"delete from {table}")
            await conn.execute("update pen set judged_at = 'epoch'")
        shuffled = [*rows, *rows[seed::7]]
        random.Random(seed).shuffle(shuffled)
        for index, row in enumerate(shuffled):
            await street.post(row)
            if index % (3 + 20 * seed) == 0:
                await street.understand()
        await street.work("23:59")
        assert await facts(street) == reference


async def test_the_board_agrees_with_an_independent_count_over_the_raw_deliveries(street: Street) -> None:
    await people_and_leads(street)
    for row in day_of_rows(3):
        await street.post(row)
    await street.work("23:59")
    async with street.database.begin() as conn:
        raw = await conn.fetch(
            "select one.row || jsonb_build_object('talk', (select sum((leg.row ->> 'BillableSeconds')::int) from bodies leg "
            "where leg.row ->> 'LinkedID' = one.row ->> 'LinkedID')) as row "
            "from bodies one where one.row ->> 'Sequence' = '1'".replace(
                "bodies", "(select convert_from(body, 'UTF8')::jsonb as row from deliveries)"
            )
        )
        on_lead = {row["phone"] for row in await conn.fetch("select phone from lead_phones")}
    for handle, extension in (("ivan", "101"), ("olga", "102")):
        mine = sorted((row["row"] for row in raw if row["row"]["Source"] == extension), key=lambda row: row["StartTime"])
        numbers = [("+7" + row["Destination"][1:], row["talk"]) for row in mine]
        counted, connects, dialled = 0, 0, dict.fromkeys(on_lead, 0)
        for number, talk in numbers:
            if number in on_lead and dialled[number] < 3:
                dialled[number] += 1
                counted += 1
                connects += talk >= 10
        line = await street.line(handle)
        assert line["dials"]["pbx"] == len(numbers)
        assert line["dials"]["crm"] == sum(number in on_lead for number, _ in numbers)
        assert line["dials"]["counted"] == counted
        assert line["connects"]["pbx"] == sum(talk > 0 for _, talk in numbers)
        assert line["connects"]["counted"] == connects
        assert sum(line["not_counted"].values()) == line["dials"]["pbx"] - line["dials"]["counted"]


async def test_a_pass_tells_nothing_about_days_that_have_not_ended(street: Street) -> None:
    await people_and_leads(street)
    await street.dial("10:00")
    await street.work("12:00")
    assert (await street.line())["verdict"] == "pending"
    await street.work("23:31")
    assert (await street.line())["verdict"] != "pending"
