"""Verbs as an administrator types them, on the test's database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from telephony_bridge import db, logs
from telephony_bridge.cli import app

Run = Callable[..., Awaitable[Result]]


@pytest.fixture
def run(own_database: db.Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a verb on the test's database, from an empty folder; ``code`` is the exit code that is expected."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logs, "set_up", lambda *_, **__: None)  # the runner's stderr ends with the verb, loggers outlive it
    env = {"TELEPHONY_BRIDGE_DATABASE_URL": database_url, "TELEPHONY_BRIDGE_SCHEMA": own_database.schema, "COLUMNS": "200"}

    async def invoke(*args: str, code: int = 0, **more: str) -> Result:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(args), env=env | more)
        assert result.exit_code == code, (args, result.output, result.exception)
        return result

    return invoke
