"""reader: made by who may make roles, printed for them by who may not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from telephony_bridge import db
from tests.busy import READER
from tests.verbs.conftest import Run

WEAK = f"weak_{READER}"


@pytest.fixture
async def weak_url(own_database: db.Database, database_url: str) -> AsyncIterator[str]:
    """The database as a login that may read what is there, and make no role."""
    async with own_database.begin() as conn:
        await conn.execute(f"create role {WEAK} login password 'of-the-tests'")
        await conn.execute(f'grant usage on schema "{own_database.schema}" to {WEAK}')
        await conn.execute(f"grant select on migrations to {WEAK}")
    yield re.sub(r"://[^@/]*@", f"://{WEAK}:of-the-tests@", database_url)
    async with own_database.begin() as conn:
        for role in (WEAK, READER):
            if await conn.fetchval("select exists (select from pg_roles where rolname = $1)", role):
                await conn.execute(f"drop owned by {role}")
                await conn.execute(f"drop role {role}")


async def test_who_may_not_make_roles_is_told_who_can_do_what(run: Run, own_database: db.Database, weak_url: str) -> None:
    refused = await run("reader", "--role", READER, code=1, TELEPHONY_BRIDGE_DATABASE_URL=weak_url)
    assert f"telephony-bridge reader --role {READER} --print" in refused.output
    printed = (await run("reader", "--role", READER, "--print", TELEPHONY_BRIDGE_DATABASE_URL=weak_url)).output
    assert printed.startswith(f"create role {READER} nologin;")
    async with own_database.begin() as conn:
        assert not await conn.fetchval("select exists (select from pg_roles where rolname = $1)", READER)
        await conn.execute(printed)
        assert await conn.fetchval(f"select has_table_privilege('{READER}', 'team_days', 'select')")
        assert not await conn.fetchval(f"select has_table_privilege('{READER}', 'calls', 'select')")
    assert READER in (await run("reader", "--role", READER)).output
