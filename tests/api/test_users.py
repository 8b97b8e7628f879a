"""Users and the channels of people: an address goes in once and is never shown again."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from telephony_bridge import people
from tests.street import Street

SECRET = "123456:secret-token"
URL = f"tgram://{SECRET}/chat"


@pytest.fixture(autouse=True)
def _vault(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("data"))  # where ./var/secret.key is made


async def kept(street: Street, table: str) -> list[str]:
    async with street.database.begin() as conn:
        return [one for row in await conn.fetch(f"select notify from {table}") for one in row["notify"]]


async def test_a_managers_address_is_kept_closed_and_shown_masked(street: Street) -> None:
    told = await street.ask(
        "POST", "/managers", {"handle": "ivan", "name": "Иван", "notify": [URL, "env:IVAN"], "language": "en"}
    )
    assert (told["notify"], told["language"]) == (["tgram://…", "env:IVAN"], "en")
    (line,) = (await street.ask("GET", "/managers"))["items"]
    assert line["notify"] == told["notify"]
    closed, reference = await kept(street, "managers")
    assert SECRET not in closed
    assert reference == "env:IVAN"

    await street.ask("PATCH", "/managers/ivan", {"team": "north"})
    assert await kept(street, "managers") == [closed, reference]
    told = await street.ask("PATCH", "/managers/ivan", {"notify": line["notify"]}, expect=422)
    assert "leave notify out" in told["title"]
    assert await kept(street, "managers") == [closed, reference]
    told = await street.ask("PATCH", "/managers/ivan", {"notify": ["mailto://a:b@c.example.com"], "language": None})
    assert (told["notify"], told["language"]) == (["mailto://…"], None)
    told = await street.ask("PATCH", "/managers/ivan", {"language": "ru"})
    assert (told["notify"], told["language"]) == (["mailto://…"], "ru")
    assert (await street.ask("PATCH", "/managers/ivan", {"notify": []}))["notify"] == []


async def test_a_plain_address_of_an_earlier_version_is_shown_masked_and_closed_when_written_anew(street: Street) -> None:
    await street.manager()
    async with street.database.begin() as conn:
        await conn.execute("update managers set notify = $1", [URL])
    assert (await street.ask("GET", "/managers/ivan"))["notify"] == ["tgram://…"]
    await street.ask("PATCH", "/managers/ivan", {"notify": [URL]})
    (closed,) = await kept(street, "managers")
    assert SECRET not in closed


async def test_a_user_is_added_changed_and_listed(street: Street) -> None:
    await street.manager()
    body = {"login": "olga", "role": "supervisor", "notify": [URL], "language": "en", "owner": True, "team": "north"}
    told = await street.ask("POST", "/users", body, expect=201)
    password = told.pop("password")
    olga = {
        "login": "olga",
        "role": "supervisor",
        "manager": None,
        "notify": ["tgram://…"],
        "language": "en",
        "owner": True,
        "team": "north",
    }
    assert told == olga
    assert (await street.ask("GET", "/users"))["items"] == [olga]
    assert SECRET not in (await kept(street, "users"))[0]

    changed = {"role": "manager", "manager": "ivan", "owner": False, "language": None, "team": None, "notify": ["env:OLGA"]}
    told = await street.ask("PATCH", "/users/olga", changed)
    assert told == {"login": "olga"} | changed
    assert await street.ask("PATCH", "/users/olga", {"team": "south"}) == told | {"team": "south"}
    header = {"Authorization": "Basic " + base64.b64encode(f"olga:{password}".encode()).decode()}
    assert (await street.client.get("/api/v1/calls", headers=header)).status == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("POST", "/users", {"login": "olga", "role": "king"}, 422, "role"),
        ("POST", "/users", {"login": "a:b", "role": "admin"}, 422, "colons"),
        ("POST", "/users", {"login": "x", "role": "manager"}, 422, "manager"),
        ("POST", "/users", {"login": "x", "role": "manager", "manager": "nobody"}, 404, "nobody"),
        ("POST", "/users", {"login": "x", "role": "admin", "notify": ["x"]}, 422, "Apprise"),
        ("POST", "/users", {"login": "x", "role": "admin", "language": "de"}, 422, "language"),
        ("POST", "/users", {"login": "x", "role": "admin", "team": " "}, 422, "team"),
        ("POST", "/users", {"login": "olga", "role": "admin"}, 409, "olga"),
        ("PATCH", "/users/nobody", {"owner": True}, 404, "nobody"),
        ("PATCH", "/users/olga", {"role": "manager"}, 422, "manager"),
        ("PATCH", "/users/olga", {"notify": ["tgram://…"]}, 422, "repeat the address"),
        ("PATCH", "/users/olga", {"login": "petr"}, 422, "login"),
    ],
)
async def test_what_cannot_be_done_to_a_user_says_why(
    street: Street, method: str, path: str, body: Any, status: int, says: str
) -> None:
    await street.ask("POST", "/users", {"login": "olga", "role": "supervisor"})
    assert says in (await street.ask(method, path, body, expect=status))["title"]


async def test_users_are_the_admins(street: Street) -> None:
    await street.manager()
    async with street.database.begin() as conn:
        supervisor = await people.create_token(conn, "s", "supervisor", None, now=street.clock())
    for token in (supervisor, await street.token_of("ivan")):
        await street.ask("GET", "/users", token=token, expect=403)
        await street.ask("POST", "/users", {"login": "x", "role": "admin"}, token=token, expect=403)
        await street.ask("PATCH", "/users/x", {"role": "admin"}, token=token, expect=403)
