"""Channels, languages and calendars of people from the command line: what goes in is never printed again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from telephony_bridge import db
from tests.verbs.conftest import Run

SECRET = "123456:secret-token"
URL = f"tgram://{SECRET}/chat"


async def kept(database: db.Database, table: str) -> list[str]:
    async with database.begin() as conn:
        return [one for row in await conn.fetch(f"select notify from {table}") for one in row["notify"]]


async def test_a_managers_channels_and_language_are_changed(run: Run, own_database: db.Database, tmp_path: Path) -> None:
    await run("manager", "add", "ivan", "--name", "Иван", "--extension", "101", "--notify", URL, "--language", "en")
    (person,) = json.loads((await run("manager", "list", "--json")).output)
    assert (person["notify"], person["language"]) == (["tgram://…"], "en")
    assert SECRET not in (await kept(own_database, "managers"))[0]
    assert (tmp_path / "var" / "secret.key").exists()
    told = await run("manager", "change", "ivan", "--name", "Иван Лунин")
    assert json.loads(told.output) == {"handle": "ivan", "name": "Иван Лунин", "notify": ["tgram://…"], "language": "en"}
    told = await run("manager", "change", "ivan", "--notify", "env:IVAN", "--notify", URL, "--language", "")
    assert json.loads(told.output) == {
        "handle": "ivan", "name": "Иван Лунин", "notify": ["env:IVAN", "tgram://…"], "language": None,
    }  # fmt: skip
    assert json.loads((await run("manager", "change", "ivan", "--no-notify")).output)["notify"] == []


async def test_a_trial_notice_opens_the_address(run: Run) -> None:
    taken: list[str] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(request.path)
        return web.Response()

    app = web.Application()
    app.router.add_post("/{tail:.*}", take)
    async with TestServer(app) as server:
        address = f"json://127.0.0.1:{server.port}"
        await run(
            "manager",
            "add",
            "ivan",
            "--name",
            "Иван",
            "--extension",
            "101",
            "--notify",
            f"{address}/closed",
            "--notify",
            "env:IVANS_CHANNEL",
        )
        await run("notify", "test", "ivan", IVANS_CHANNEL=f"{address}/reference")
    assert [path.strip("/") for path in taken] == ["closed", "reference"]


async def test_a_trial_notice_says_why_an_address_cannot_be_had(run: Run) -> None:
    await run("manager", "add", "ivan", "--name", "Иван", "--extension", "101", "--notify", "env:IVANS_CHANNEL")
    assert "IVANS_CHANNEL is not set" in (await run("notify", "test", "ivan", code=1)).stderr
    await run("manager", "change", "ivan", "--notify", URL, TELEPHONY_BRIDGE_SECRET_KEY="the key of another host")
    told = await run("notify", "test", "ivan", code=1, TELEPHONY_BRIDGE_SECRET_KEY="the key of this host")
    assert "the same TELEPHONY_BRIDGE_SECRET_KEY on every host" in told.stderr
    assert SECRET not in told.output


async def test_a_user_is_added_changed_and_listed(run: Run, own_database: db.Database) -> None:
    await run("manager", "add", "ivan", "--name", "Иван", "--extension", "101")
    added = ("--role", "supervisor", "--notify", URL, "--language", "en", "--owner", "--team", "north")
    assert set(json.loads((await run("user", "add", "olga", *added)).output)) == {"login", "role", "password"}
    (olga,) = json.loads((await run("user", "list", "--json")).output)
    assert olga == {
        "login": "olga", "role": "supervisor", "manager": None, "notify": ["tgram://…"], "language": "en", "owner": True, "team": "north",
    }  # fmt: skip
    assert SECRET not in (await kept(own_database, "users"))[0]
    assert "olga" in (await run("user", "list")).output
    assert json.loads((await run("user", "change", "olga", "--team", "south")).output) == olga | {"team": "south"}
    changed = ("--role", "manager", "--manager", "ivan", "--no-notify", "--language", "", "--no-owner", "--team", "")
    assert json.loads((await run("user", "change", "olga", *changed)).output) == {
        "login": "olga", "role": "manager", "manager": "ivan", "notify": [], "language": None, "owner": False, "team": None,
    }  # fmt: skip
    told = await run("user", "change", "olga", "--role", "admin", "--manager", "")
    assert json.loads(told.output)["manager"] is None


async def test_a_calendars_address_is_printed_once_and_ends_the_one_before(run: Run) -> None:
    await run("manager", "add", "ivan", "--name", "Иван", "--extension", "101")
    public = {"TELEPHONY_BRIDGE_PUBLIC_URL": "https://bridge.example.com"}
    first = json.loads((await run("manager", "calendar", "ivan", **public)).output)
    second = json.loads((await run("manager", "calendar", "ivan", **public)).output)
    assert first["manager"] == "ivan"
    assert first["url"].startswith("https://bridge.example.com/calendar/")
    assert first["url"] != second["url"]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["manager", "change", "nobody", "--language", "ru"], 1, "nobody"),
        (["manager", "change", "ivan", "--language", "de"], 1, "ru or en"),
        (["manager", "change", "ivan", "--name", " "], 1, "needs a name"),
        (["manager", "change", "ivan", "--notify", "tgram://…"], 1, "repeat the address"),
        (["manager", "change", "ivan", "--notify", URL, "--no-notify"], 2, "--no-notify"),
        (["manager", "add", "olga", "--name", "Ольга", "--extension", "102", "--notify", SECRET], 1, "Apprise"),
        (["manager", "calendar", "nobody"], 1, "nobody"),
        (["user", "add", "petr", "--role", "admin", "--language", "de"], 1, "ru or en"),
        (["user", "add", "petr", "--role", "admin", "--notify", SECRET], 1, "Apprise"),
        (["user", "change", "nobody", "--owner"], 1, "nobody"),
        (["user", "change", "olga", "--role", "manager"], 1, "--manager"),
        (["user", "change", "olga", "--notify", URL, "--no-notify"], 2, "--no-notify"),
    ],
)
async def test_what_cannot_be_done_says_why_and_repeats_no_address(run: Run, args: list[str], code: int, says: str) -> None:
    await run("manager", "add", "ivan", "--name", "Иван", "--extension", "101")
    await run("user", "add", "olga", "--role", "supervisor")
    result = await run(*args, code=code)
    assert says in result.stderr
    assert SECRET not in result.output
