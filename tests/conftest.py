"""Real Postgres for every test: the embedded one, or the one TEST_DATABASE_URL names."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from graphlib import TopologicalSorter
from pathlib import Path

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import settings

from telephony_bridge import db, logs
from telephony_bridge.app import build, company_of
from telephony_bridge.settings import Settings
from tests.street import ADMIN, Clock, Street

TABLES = """select c.relname as name, array(select p.confrelid::regclass::text from pg_constraint p
  where p.conrelid = c.oid and p.contype = 'f' and p.confrelid <> c.oid) as parents,
  (select a.attname from pg_attribute a where a.attrelid = c.oid and a.attidentity <> '') as identity
from pg_class c where c.relnamespace = $1::regnamespace and c.relkind = 'r' and c.relname not in ('migrations', 'pen')"""

settings.register_profile("ci", derandomize=True)  # a landing is red for what changed, not for what chance found
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite the goldens (*.understood.json); read them as a diff")


@pytest.fixture(scope="session", autouse=True)
def _quiet() -> None:
    logs.set_up("json", quiet=True)


@pytest.fixture(scope="session")
def database_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server for the whole run; our own waits for no disk, for nothing outlives the run."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        return given
    url = db.embedded_url(Path(tmp_path_factory.mktemp("data")))
    asyncio.run(_wait_for_no_disk(url))
    return url


async def _wait_for_no_disk(url: str) -> None:
    conn = await asyncpg.connect(url)
    try:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            await conn.execute(f"alter system set {name} = off")
        await conn.execute("select pg_reload_conf()")
    finally:
        await conn.close()


@pytest.fixture(scope="session")
async def database(database_url: str) -> AsyncIterator[db.Database]:
    """The migrated schema that rolled-back tests share."""
    schema = f"test_{os.getpid()}"
    found = await db.connect(database_url, schema)
    await db.migrate(found)
    yield found
    async with found.pool.acquire() as conn:
        await conn.execute(f'drop schema "{schema}" cascade')
    await found.close()


@pytest.fixture
async def conn(database: db.Database) -> AsyncIterator[db.Connection]:
    """A connection in a transaction that is rolled back."""
    async with database.pool.acquire() as raw:
        transaction = raw.transaction()
        await transaction.start()
        await raw.execute(f'set local search_path to "{database.schema}"')
        yield raw
        await transaction.rollback()


@pytest.fixture(scope="session")
async def committed_database(database_url: str) -> AsyncIterator[db.Database]:
    """The migrated schema of tests that commit; each finds it as migrating left it."""
    found = await db.connect(database_url, f"committed_{os.getpid()}")
    await db.migrate(found)
    yield found
    async with found.pool.acquire() as conn:
        await conn.execute(f'drop schema "{found.schema}" cascade')
    await found.close()


@pytest.fixture
async def own_database(committed_database: db.Database) -> db.Database:
    """For doors, workers and whatever opens transactions itself: everything a test before it committed is gone."""
    await empty(committed_database)
    return committed_database


_WIPING: dict[str, str] = {}  # by schema


async def empty(database: db.Database) -> None:
    """As migrating left it, in one round trip: children first, then what is numbered counts from one again."""
    async with database.begin() as conn:
        if database.schema not in _WIPING:
            rows = await conn.fetch(TABLES, f'"{database.schema}"')
            order = TopologicalSorter({row["name"]: set(row["parents"]) for row in rows}).static_order()
            kept = {"norms": " where author <> 'regulation'"}
            script = [f"delete from {table}{kept.get(table, '')}" for table in reversed([*order])]
            script += [
                f"select setval(pg_get_serial_sequence('{row['name']}', '{row['identity']}'), "
                f"(select coalesce(max({row['identity']}), 0) + 1 from {row['name']}), false)"
                for row in rows
                if row["identity"] is not None
            ]
            _WIPING[database.schema] = ";\n".join([*script, "update pen set judged_at = 'epoch'"])
        await conn.execute(_WIPING[database.schema])


@pytest.fixture
async def street(own_database: db.Database) -> AsyncIterator[Street]:
    """The whole service without its background worker: tests say when it works, and as of when."""
    told = Settings(admin_token=ADMIN, schema=own_database.schema)
    clock = Clock()
    async with TestClient(TestServer(build(own_database, told, with_worker=False, clock=clock))) as client:
        yield Street(client, own_database, company_of(told), clock)
