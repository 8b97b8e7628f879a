"""The views are public surface: numbers equal to the API's, no phone number, and a role that reads them and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from telephony_bridge import db
from telephony_bridge.errors import Refused
from telephony_bridge.verbs.reader import statements
from telephony_bridge.violations import CODES
from tests.busy import READER, TEAM, busy_days, evening, reader_of
from tests.street import Street


async def test_numbers_of_the_views_are_those_of_the_api(street: Street) -> None:
    busy = await busy_days(street)
    async with reader_of(street, busy) as reading:
        for days_ago in (1, 0):
            day = busy.today - timedelta(days=days_ago)
            board = {line["manager"]: line for line in (await street.ask("GET", f"/days/{day}"))["managers"]}
            rows = {row["manager"]: row for row in await reading.fetch("select * from team_days where day = $1", day)}
            assert set(rows) == set(board) == set(TEAM)
            for handle, line in board.items():
                row = rows[handle]
                for metric in ("dials", "connects", "new_leads"):
                    assert {kind: row[f"{metric}_{kind}"] for kind in line[metric] if f"{metric}_{kind}" in row} == {
                        kind: number for kind, number in line[metric].items() if (metric, kind) != ("new_leads", "pbx")
                    }
                assert line["dials"]["counted"] < line["dials"]["pbx"] > 5
                assert row["verdict"] == line.get("provisional", line["verdict"])
                assert row["team"] == TEAM[handle]
                lost = await reading.fetch(
                    "select why_not_dial, count(*) from call_lines where day = $1 and manager = $2 and is_dial and not dial_counts group by 1",
                    day,
                    handle,
                )
                assert dict(map(tuple, lost)) == line["not_counted"]
                counted = await reading.fetchrow(
                    "select count(*) filter (where dial_counts), count(*) filter (where connect_counts) from call_lines where day = $1 and manager = $2",
                    day,
                    handle,
                )
                assert tuple(counted) == (line["dials"]["counted"], line["connects"]["counted"])
            calls = await street.calls(f"date={day}&limit=500")
            owed = Counter((call["comment"], call["next_contact"]) for call in calls if call["comment"] != "not_needed")
            told = await reading.fetchrow(
                "select sum(owed) as owed, sum(commented) as commented, sum(dates_owed) as dates_owed, sum(dated) as dated from discipline where day = $1",
                day,
            )
            assert told["owed"] == sum(owed.values()) > 20
            assert told["commented"] == sum(n for (comment, _), n in owed.items() if comment == "done") > 10
            assert told["dated"] == sum(call["next_contact"] == "done" for call in calls) > 10
            assert told["dates_owed"] == sum(call["next_contact"] != "not_needed" for call in calls) > told["dated"]
        api = [one for status in ("open", "disputed", "confirmed") for one in await _violations(street, status)]
        rows = {row["violation"]: row for row in await reading.fetch("select * from open_violations")}
        assert set(rows) == {one["id"] for one in api}
        assert len({one["code"] for one in api}) > 3
        for one in api:
            row = rows[one["id"]]
            assert (row["code"], row["title"], row["severity"], row["status"], row["manager"], row["day"].isoformat()) == (
                one["code"], one["name"], one["severity"], one["status"], one["manager"], one["date"]
            )  # fmt: skip
        base = {line["manager"]: line for line in (await street.ask("GET", "/base"))["managers"]}
        health = {row["manager"]: row for row in await reading.fetch("select * from base_health")}
        assert set(base) == set(health) == {*TEAM, None}
        for handle, row in health.items():
            counted = ("leads", "open", "with_date", "overdue", "touched_30", "touched_90", "sleeping", "untouched", "clients")
            assert {name: row[name] for name in counted} == {name: base[handle][name] for name in counted}
        exposed = await (await street.client.get("/metrics")).text()
        planned = Counter(
            (row["manager"], row["state"]) for row in await reading.fetch("select manager, state from planned_today")
        )
        gauges = {
            (sample.labels["manager"], sample.labels["state"]): sample.value
            for family in text_string_to_metric_families(exposed)
            if family.name == "telephony_bridge_planned_contacts"
            for sample in family.samples
            if sample.value
        }
        assert planned == gauges
        assert {state for _, state in planned} == {"due", "overdue", "done"}
        heard = await reading.fetchrow("select * from sources_heard")
        ready = await (await street.client.get("/readyz")).json()
        assert heard["last_delivery"].strftime("%Y-%m-%dT%H:%M:%SZ") == ready["last_delivery"]["office"]
        kept = (await street.ask("GET", "/deliveries?limit=500"))["items"]
        hours = await reading.fetch("select outcome, sum(deliveries) as n from deliveries_by_hour group by outcome")
        assert {row["outcome"]: row["n"] for row in hours} == Counter(one["outcome"] for one in kept)
        assert (
            await reading.fetchval("select count(*) from notices_told")
            == len((await street.ask("GET", "/notices?limit=500"))["items"])
            > 0
        )


async def _violations(street: Street, status: str) -> list[dict[str, Any]]:
    return list((await street.ask("GET", f"/violations?status={status}&limit=500"))["items"])


async def test_the_reader_reads_every_view_no_phone_number_and_no_table(street: Street) -> None:
    busy = await busy_days(street)
    phone = re.compile(r"\+?\d[\d ()-]{8,}\d")
    async with street.database.begin() as conn:
        relations = await conn.fetch(
            "select relname, relkind::text from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'v', 'S')"
        )
    async with reader_of(street, busy) as reading:
        for row in relations:
            asked = reading.fetch(f"select * from {row['relname']}")
            if row["relkind"] == "v":
                found = await asked
                assert found, row["relname"]
                texts = [
                    re.sub(r"\d{4}-\d\d-\d\d", "", value) for one in found for value in one.values() if isinstance(value, str)
                ]
                assert not [text for text in texts if phone.search(text)], row["relname"]
            else:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await asked
        assert "+7***00" in {row["number"] for row in await reading.fetch("select number from call_lines")}
        assert "Ничья, тел. ***" in {row["name"] for row in await reading.fetch("select name from lead_cards")}
        assert len([row for row in relations if row["relkind"] == "r"]) > 30
        with pytest.raises(asyncpg.PostgresError, match=r"read-only|permission denied"):
            await reading.execute("create table mine (id int)")
        assert (
            await reading.fetchval("select obj_description(current_schema()::regnamespace, 'pg_namespace')")
            == "https://bridge.example.com"
        )
        assert await reading.fetchval("show timezone") == busy.zone


async def test_the_reader_is_made_twice_and_a_strange_name_is_refused(street: Street) -> None:
    async with reader_of(street, evening()), street.database.begin() as conn:
        again = await statements(conn, READER, timezone="Europe/Moscow", address="https://o'brien.example.com")
        assert not any(one.startswith("create role") for one in again)
        for one in again:
            await conn.execute(one)
        with pytest.raises(Refused, match="lower-case"):
            await statements(conn, 'x"; drop', timezone="UTC", address="")


async def test_every_view_and_column_says_what_it_is(conn: db.Connection) -> None:
    rows = await conn.fetch(
        """select c.relname || coalesce('.' || a.attname, '') as name, col_description(c.oid, coalesce(a.attnum, 0)) as says,
          obj_description(c.oid, 'pg_class') as whole
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        where c.relnamespace = current_schema()::regnamespace and c.relkind = 'v'"""
    )
    assert len(rows) > 100
    assert [row["name"] for row in rows if not row["says"] or not row["whole"]] == []


async def test_the_catalogue_of_violations_is_the_products(conn: db.Connection) -> None:
    told = await conn.fetchval("select pg_get_viewdef('open_violations'::regclass)")
    found = re.findall(r"\('(V\d+)'::text, ?'(\w+)'::text, ?'(\w+)'::text\)", told)
    assert {code: (title, severity) for code, title, severity in found} == CODES
