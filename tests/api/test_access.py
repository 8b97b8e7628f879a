"""Who may ask for what: 401, 403, and 404 for what a manager may not know exists."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from telephony_bridge import people
from tests.street import MONDAY, Street, at


@pytest.fixture
async def two(street: Street) -> tuple[Street, str]:
    """Ivan with a lead and a call, Olga with hers, and Ivan's token."""
    await street.source()
    await street.manager("ivan", "101")
    await street.manager("olga", "102")
    await street.lead("+79990000001", manager="ivan")
    await street.lead("+79990000002", manager="olga")
    await street.dial("10:00", extension="101", number="+79990000001", talk=30)
    await street.dial("10:00", extension="102", number="+79990000002", talk=30)
    await street.work("23:59")
    return street, await street.token_of("ivan")


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic bm9ib2R5Om5vdGhpbmc=", "Basic %%%", "Bearer", "Digest x"])
async def test_401_without_a_known_asker(street: Street, header: str) -> None:
    answer = await street.client.get("/api/v1/calls", headers={"Authorization": header} if header else {})
    assert answer.status == 401
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert answer.content_type == "application/problem+json"


async def test_a_manager_sees_his_own_and_nothing_else(two: tuple[Street, str]) -> None:
    street, mine = two
    assert {call["manager"] for call in await street.calls(token=mine)} == {"ivan"}
    lines = (await street.ask("GET", f"/days/{MONDAY}", token=mine))["managers"]
    assert [line["manager"] for line in lines] == ["ivan"]
    found = (await street.ask("GET", "/violations", token=mine))["items"]
    assert {one["manager"] for one in found} == {"ivan"}
    assert [lead["manager"] for lead in (await street.ask("GET", "/leads", token=mine))["items"]] == ["ivan"]
    hers = (await street.calls("manager=olga"))[0]["id"]
    theirs = (await street.ask("GET", "/violations?manager=olga"))["items"][0]["id"]
    for path in (f"/calls/{hers}", "/calls?manager=olga", f"/days/{MONDAY}?manager=olga", "/leads/2", "/leads/2/history",
                 "/planned?manager=olga", "/managers/olga", f"/violations/{theirs}"):  # fmt: skip
        await street.ask("GET", path, token=mine, expect=404)
    await street.ask("POST", "/leads/2/comments", {"text": "Чужой лид"}, token=mine, expect=404)
    await street.ask("POST", f"/violations/{theirs}/dispute", {"reason": "Не моё"}, token=mine, expect=404)


async def test_what_a_bound_token_writes_is_that_persons_and_is_written_now(two: tuple[Street, str]) -> None:
    street, mine = two
    lead = await street.ask("POST", "/leads", {"name": "Лютик", "phones": ["+79990000050"]}, token=mine)
    assert (lead["author"], lead["author_kind"], lead["manager"]) == ("ivan", "person", "ivan")
    await street.ask("POST", "/leads/1/comments", {"text": "x", "author": "olga"}, token=mine, expect=403)
    await street.ask("POST", "/leads/1/comments", {"text": "x", "at": at("10:05").isoformat()}, token=mine, expect=403)
    await street.ask("POST", "/leads/1/comments", {"text": "Поговорили."}, token=mine)
    assert (await street.ask("GET", "/leads/1/history"))["items"][-1]["author"] == "ivan"


async def test_an_unbound_token_writes_machine_text_and_enters_for_nobody(two: tuple[Street, str]) -> None:
    street, _ = two
    lead = await street.ask("POST", "/leads", {"name": "Сайт", "phones": ["+79990000051"]})
    assert (lead["author"], lead["author_kind"]) == (None, "machine")


@pytest.mark.parametrize(("method", "path"), [("GET", "/sources"), ("POST", "/sources"), ("GET", "/deliveries"), ("POST", "/norms"),
                                              ("POST", "/managers"), ("POST", "/violations/1/excuse")])  # fmt: skip
async def test_403_for_what_a_managers_role_may_not_do(two: tuple[Street, str], method: str, path: str) -> None:
    street, mine = two
    await street.ask(method, path, {} if method == "POST" else None, token=mine, expect=403)


async def test_a_supervisor_may_all_but_sources(street: Street) -> None:
    async with street.database.begin() as conn:
        token = await people.create_token(conn, "grafana", "supervisor", None, now=datetime.now(UTC))
    await street.ask("GET", "/sources", token=token, expect=403)
    await street.ask("GET", "/deliveries", token=token)
    await street.ask("POST", "/managers", {"handle": "olga", "name": "Ольга"}, token=token, expect=201)


async def test_a_person_signs_in_with_login_and_password(street: Street) -> None:
    async with street.database.begin() as conn:
        password = await people.add_user(conn, "olga", "supervisor", None, now=datetime.now(UTC))
    for said, status in ((f"olga:{password}", 200), ("olga:wrong", 401), (f"nobody:{password}", 401)):
        header = {"Authorization": "Basic " + base64.b64encode(said.encode()).decode()}
        assert (await street.client.get("/api/v1/norms", headers=header)).status == status
