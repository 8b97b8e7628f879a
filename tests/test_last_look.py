"""What a last look before the release of notices and dashboards found, each held by a test."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from telephony_bridge import db, gauges, people
from tests.pages.browsing import link
from tests.street import MONDAY, Street, at

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SATURDAY = MONDAY - timedelta(days=2)


# compose hands five settings to its containers and no .env: a company of Yekaterinburg is judged by Moscow's clock, in silence
def test_the_companys_clock_region_and_language_reach_the_containers() -> None:
    for service in ("migrate", "door", "worker", "views"):
        given = COMPOSE["services"][service]["environment"].keys()
        assert {f"TELEPHONY_BRIDGE_{name}" for name in ("TIMEZONE", "REGION", "LANGUAGE")} <= given, service


# deploy/postgres/reach.sh reads TELEPHONY_BRIDGE_SCHEMA of .env: backup and service must mean the same schema
def test_a_schema_named_in_env_is_the_schema_of_the_containers() -> None:
    assert "TELEPHONY_BRIDGE_SCHEMA" in COMPOSE["services"]["door"]["environment"]


# README: «or env:NAME for one that stands in the environment of whoever sends»; in the production road nobody's environment can be filled
def test_an_address_by_env_can_be_given_to_the_worker_of_compose() -> None:
    assert COMPOSE["services"]["worker"].get("env_file")


# the proxy answers /readyz with 404 from outside: the runbook's first question would always say that the door is down
def test_the_runbook_asks_readyz_where_it_is_answered() -> None:
    assert "location = /readyz { return 404; }" in (ROOT / "deploy/nginx/telephony-bridge.conf").read_text()
    assert re.findall(r"\$PUBLIC_URL/readyz", (ROOT / "docs/runbook.md").read_text()) == []


# asyncpg.DataError is an InterfaceError and passes for «Postgres is away»; the page of that cannot be encoded, either
async def test_a_form_in_an_odd_charset_is_no_failure_of_ours(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.lead(manager="ivan")
    await street.dial("10:00", talk=45)
    await street.work("12:00")
    reader = await link(street, "owed")
    body = b"key=0123456789abcdef0&outcome=no_answer&when=2026-12-01T10:00&text=+2AA-"
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-7"}
    async with street.client.post(f"/f/{reader.token}/call/1", data=body, headers=headers, allow_redirects=False) as answer:
        assert answer.status < 500


# hmac.compare_digest(token.encode()): a header of bytes that are no UTF-8 is a stranger's and no failure of ours (it was so before, too)
async def test_a_token_of_odd_bytes_is_a_strangers(street: Street) -> None:
    reader, writer = await asyncio.open_connection(street.client.host, street.client.port)
    writer.write(b"GET /api/v1/managers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\xfe\r\nConnection: close\r\n\r\n")
    status = await reader.readline()
    writer.close()
    assert b" 401 " in status


# runbook: «had no answer for twenty seconds». A server that is frozen or behind a dead network answers no rollback either: asyncio.timeout
# cancels once and then waits with it; seen on a real Postgres under SIGSTOP: postgres_up 1 for more than a minute, scrapes of five seconds
async def test_a_postgres_that_hangs_is_away_after_the_limit(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    @asynccontextmanager
    async def frozen(*, read_only: bool = False) -> AsyncIterator[db.Connection]:
        assert read_only
        try:
            await asyncio.sleep(3600)
            yield None  # type: ignore[misc]
        finally:
            await asyncio.sleep(3600)

    found = gauges.Gauges(street.database, street.company, street.clock)
    assert "telephony_bridge_postgres_up 1.0" in (await found.text()).decode()
    monkeypatch.setattr(gauges, "_FRESH", 0.0)
    monkeypatch.setattr(gauges, "_LIMIT", 0.1)
    monkeypatch.setattr(street.database, "begin", frozen)
    await found.text()
    await asyncio.sleep(0.5)
    told = (await found.text()).decode()
    if found._asking is not None:
        found._asking.cancel()
    assert "telephony_bridge_postgres_up 0.0" in told


# the list of sources tells no time; source check does
async def test_the_runbook_sends_to_the_verb_that_tells_when_a_source_was_heard() -> None:
    assert "`telephony-bridge source list` (when it was heard)" not in (ROOT / "docs/runbook.md").read_text()


# a link writes as its manager: a supervisor writes in his own name
async def test_a_supervisor_makes_no_managers_link(street: Street) -> None:
    await street.manager()
    async with street.database.begin() as conn:
        token = await people.create_token(conn, "olga", "supervisor", None, now=street.clock.now)
    await street.ask("POST", "/managers/ivan/links", {}, token=token, expect=403)


# hearers leaves out users of the role manager: an owner who sells himself is told nothing, and no one says so when he is entered
async def test_an_owner_who_is_a_manager_too_is_told_what_owners_are(street: Street) -> None:
    await street.manager()
    body = {"login": "boss", "role": "manager", "manager": "ivan", "owner": True, "notify": ["json://127.0.0.1:9/x"]}
    await street.ask("POST", "/users", body, expect=201)
    async with street.database.begin() as conn:
        everybody = await people.hearers(conn)
    assert [one.login for one in everybody.of("owner")] == ["boss"]


# EC-48: the plan, the list and V09 take Saturday's contact for Monday's; the gauge and the view call it overdue on Monday
async def test_ec_48_saturdays_contact_is_not_overdue_on_monday_for_the_gauge_either(street: Street) -> None:
    await street.source()
    await street.manager()
    lead = await street.lead(manager="ivan")
    body = {
        "at": at("12:00", SATURDAY).isoformat(),
        "basis": "agreed",
        "author": "ivan",
        "set_at": at("10:00", SATURDAY - timedelta(days=9)).isoformat(),
    }
    await street.ask("POST", f"/leads/{lead}/next-contacts", body)
    street.clock.now = at("10:00")
    async with street.client.get("/metrics") as answer:
        told = await answer.text()
    assert 'planned_contacts{manager="ivan",state="overdue"} 0.0' in told


# the restore makes the role of one name: a dump with a second company's reader (docs/dashboards.md: --role) cannot be brought to a new host
# seen: «role "second_reader" does not exist; nothing was restored and nothing changed»
def test_a_dump_of_a_company_with_its_own_reader_can_be_restored() -> None:
    assert "telephony_bridge_reader" not in (ROOT / "deploy/restore.sh").read_text()


# what a name holds: dots are as good as spaces
async def test_no_view_shows_a_number_that_stands_in_a_name_with_dots(street: Street) -> None:
    await street.lead("+79990000001", name="Пётр 8.999.000.00.01")
    async with street.database.begin() as conn:
        shown = await conn.fetchval("select name from lead_cards")
    assert "000.00.01" not in shown


# the sheet of a night that ends on a free day is decided for Saturday at seven, due on Monday, and folded by the next pass (telling.tell: away)
async def test_r5_the_sheet_of_fridays_night_is_told(street: Street) -> None:
    friday = MONDAY - timedelta(days=3)
    await street.source()
    await street.manager(hours="22:00-06:00", notify=["json://127.0.0.1:9/x"], **{"from": "2026-01-05"})
    await street.lead(manager="ivan")
    await street.dial("22:10", day=friday, talk=40)
    for clock in ("19:00", "19:05"):
        await street.work(clock, SATURDAY)
    (sheet,) = (await street.ask("GET", "/notices?manager=ivan&kind=results"))["items"]
    assert sheet["status"] == "waiting"
