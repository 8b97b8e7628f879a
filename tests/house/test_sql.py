"""SQL is held to the migrated schema: every named query is prepared, documented and used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import telephony_bridge
from telephony_bridge import db

FILES = sorted((db.SQL / "queries").glob("*.sql"))
QUERIES = [(path.stem, *found) for path in FILES for found in db.parse_queries(path.read_text())]
SOURCE = {path: path.read_text() for path in Path(telephony_bridge.__file__).parent.rglob("*.py")}


@pytest.mark.parametrize(("room", "name", "says", "sql"), QUERIES, ids=[f"{room}.{name}" for room, name, _, _ in QUERIES])
async def test_every_query_prepares_on_the_migrated_schema(
    conn: db.Connection, room: str, name: str, says: str, sql: str
) -> None:
    assert says, f"{room}.{name} needs a sentence"
    await conn.prepare(sql)  # type: ignore[attr-defined]  # asyncpg's, not part of what rooms may use
    placeholders = {int(number) for number in re.findall(r"\$(\d+)", sql)}
    assert placeholders == set(range(1, len(placeholders) + 1)), f"{room}.{name}: placeholders have holes"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_query_file_and_query_is_used(path: Path) -> None:
    users = [text for text in SOURCE.values() if f'db.queries("{path.stem}")' in text]
    assert users, f"no module reads {path.name}"
    for name, _, _ in db.parse_queries(path.read_text()):
        assert any(re.search(rf"\bSQL\.{name}\b", text) for text in users), f"{path.stem}.{name} is not used"


def test_sql_lives_in_files() -> None:
    statement = re.compile(r'["\']\s*(select|insert into|update|delete from)\s', re.IGNORECASE)
    for path, text in SOURCE.items():
        if path.name != "db.py":
            assert not statement.search(text), f"{path.name} holds SQL; give it a name in sql/queries/"


def test_migrations_are_numbered_without_holes() -> None:
    versions = [version for version, _, _ in db.migrations()]
    assert versions == list(range(1, len(versions) + 1))


@pytest.mark.parametrize("word", ["trigger", "unlogged", "materialized", "inherits"])
def test_the_schema_keeps_the_rules_for_citus(word: str) -> None:
    for _, name, statements in db.migrations():
        for statement in statements:
            assert word not in statement.lower(), f"{name} uses {word}"


async def test_migrate_twice_changes_nothing(database: db.Database) -> None:
    assert await db.migrate(database) == []
    await db.check_migrated(database)
