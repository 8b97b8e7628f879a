"""The door: every answer of CONTRACT §3, and that nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from aiohttp.test_utils import TestClient, TestServer

from telephony_bridge import db, webhooks
from telephony_bridge.app import build
from telephony_bridge.settings import Settings
from tests.street import ADMIN, Street, ami_row, at

FIXTURES = Path(__file__).parents[2] / "fixtures" / "cdr"


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    return street


async def outcomes(street: Street) -> Counter[str]:
    return Counter(one["outcome"] for one in (await street.ask("GET", "/deliveries?limit=1000"))["items"])


async def test_200_means_committed(office: Street) -> None:
    answer = await office.post(ami_row(at("10:00")))
    assert answer.status == 200
    told = await answer.json()
    assert told["kept"] is True
    assert told["duplicate"] is False
    assert (await office.ask("GET", f"/deliveries/{told['delivery']}"))["outcome"] == "waiting"


@pytest.mark.parametrize("path", ["/webhooks/office/wrong", "/webhooks/nowhere/wrong", "/webhooks/nowhere/{token}"])
async def test_401_is_the_same_for_a_wrong_source_and_a_wrong_token(office: Street, path: str) -> None:
    token = office.urls["office"].rpartition("/")[2]
    answer = await office.client.post(path.format(token=token), json=ami_row(at("10:00")))
    body = await answer.json(content_type=None)
    reference = await office.client.post("/webhooks/office/other", json=ami_row(at("10:00")))
    assert (answer.status, body) == (401, await reference.json(content_type=None))
    assert await outcomes(office) == {}


async def test_a_token_of_one_source_does_not_open_another(office: Street) -> None:
    await office.source("branch")
    token = office.urls["branch"].rpartition("/")[2]
    assert (await office.client.post(f"/webhooks/office/{token}", json=ami_row(at("10:00")))).status == 401


@pytest.mark.parametrize("chunked", [False, True])
async def test_413_two_mebibytes_are_not_kept(office: Street, chunked: bool) -> None:
    body = b'{"x": "' + b"a" * (2 << 20) + b'"}'

    async def pieces() -> Any:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    answer = await office.client.post(office.urls["office"], data=pieces() if chunked else io.BytesIO(body))
    assert answer.status == 413
    assert await outcomes(office) == {}


@pytest.mark.parametrize(
    ("body", "status", "outcome", "says"),
    [
        (b'{"Event":"Cdr","CallerID":""Anna" <101>","Channel":"x"}', 400, "malformed", "at the field CallerID"),
        (b"", 400, "malformed", "empty"),
        (b"[1, 2]", 422, "malformed", "object"),
        (json.dumps(ami_row(at("10:00")) | {"BillableSeconds": "-5"}).encode(), 422, "malformed", "negative"),
        (json.dumps(ami_row(at("10:00"), talk=20) | {"BillableSeconds": "900"}).encode(), 422, "malformed", "longer"),
        (json.dumps(ami_row(at("10:00"), talk=20) | {"AnswerTime": "2026-11-23 09:00:00"}).encode(), 422, "malformed", "before"),
        (
            json.dumps(ami_row(at("10:00")) | {"StartTime": "1926-11-23 10:00:00", "UniqueID": "x"}).encode(),
            422,
            "malformed",
            "year",
        ),
        (json.dumps({"cmd": "history", "phone": "79990000001", "user": "admin"}).encode(), 422, "not_a_call", "another system"),
        (json.dumps({"Event": "Newchannel", "Channel": "PJSIP/1-1", "Uniqueid": "1.1"}).encode(), 200, "not_a_call", ""),
    ],
)
async def test_what_cannot_be_used_is_answered_clearly_and_kept(
    office: Street, body: bytes, status: int, outcome: str, says: str
) -> None:
    answer = await office.client.post(office.urls["office"], data=body)
    told = await answer.json(content_type=None)
    assert answer.status == status, told
    assert "Anna" not in str(told)
    if status != 200:
        assert answer.content_type == "application/problem+json"
        assert says.lower() in told["title"].lower()
    kept = await office.ask("GET", f"/deliveries/{told['delivery']}")
    assert kept["outcome"] == outcome
    assert kept["body"].encode() == body


async def test_cp1251_is_read(office: Street) -> None:
    row = ami_row(at("10:00"), talk=20) | {"CallerID": '"Анна Смирнова" <101>'}
    body = json.dumps(row, ensure_ascii=False).encode("cp1251")
    assert (await office.client.post(office.urls["office"], data=body)).status == 200
    await office.understand()
    assert len(await office.calls()) == 1


async def test_a_poisonous_delivery_does_not_hold_up_its_batch(office: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    from telephony_bridge.webhooks.dialects import asterisk

    poison = ami_row(at("10:00"), number="+79990000666")
    good = [ami_row(at("11:00"), number=f"+7999000{index:04}") for index in range(5)]
    for row in (good[0], poison, *good[1:]):
        await office.post(row)
    tell = asterisk.tell

    def explode(rows: Any, installation: Any) -> Any:
        if any("79990000666" in row.said.lastdata for row in rows):
            raise RuntimeError("a bug of ours")
        return tell(rows, installation)

    broken = webhooks.DIALECTS["asterisk"].__class__("asterisk", "Asterisk", asterisk.read, explode)
    monkeypatch.setitem(webhooks.DIALECTS, "asterisk", broken)
    await office.understand()
    assert await outcomes(office) == {"understood": 5, "waiting": 1}
    waiting = (await office.ask("GET", "/deliveries?outcome=waiting"))["items"][0]
    assert "RuntimeError < test_door.py" in waiting["why"]
    assert "a bug of ours" not in waiting["why"]  # an exception quotes what was sent
    monkeypatch.undo()
    await office.ask("POST", f"/deliveries/{waiting['id']}/replay", {})
    await office.understand()
    assert await outcomes(office) == {"understood": 6}


async def test_many_waiting_requests_share_commits_and_each_gets_its_own_answer(office: Street) -> None:
    rows = [ami_row(at("09:00") + timedelta(seconds=index), number=f"+7999000{index:04}") for index in range(200)]
    answers = await asyncio.gather(*(office.post(row) for row in [*rows, *rows[:50]]))
    told = [await answer.json() for answer in answers]
    assert {answer.status for answer in answers} == {200}
    assert sum(one["duplicate"] for one in told) == 50
    assert len({one["delivery"] for one in told}) == 200
    async with office.database.begin() as conn:
        assert await conn.fetchval("select count(distinct xmin::text) from deliveries") < 100


async def test_a_repeat_on_the_next_day_is_recognised(office: Street) -> None:
    row = ami_row(at("23:59"))
    first = await (await office.post(row)).json()
    async with office.database.begin() as conn:
        await conn.execute("update deliveries set received_at = received_at - interval '1 day', received_on = received_on - 1")
    again = await (await office.post(row)).json()
    assert (again["delivery"], again["duplicate"]) == (first["delivery"], True)


async def test_a_repeat_of_what_could_not_be_read_is_understood_when_it_can_be(office: Street) -> None:
    row = ami_row(at("10:00"), talk=40)
    first = await (await office.post(row)).json()
    async with office.database.begin() as conn:  # as an older program, or a source set up otherwise, would have left it
        await conn.execute("update deliveries set outcome = 'malformed', why = 'x', settled_at = received_at")
    await office.understand()
    assert await office.calls() == []
    answer = await office.post(row)
    assert (answer.status, await answer.json()) == (200, first | {"duplicate": True})
    await office.understand()
    assert len(await office.calls()) == 1
    broken = row | {"Duration": "-5"}
    for duplicate in (False, True):
        told = await (await office.post(broken)).json(content_type=None)
        assert (told["status"], told["duplicate"]) == (422, duplicate)
    assert await outcomes(office) == {"understood": 1, "malformed": 1}


async def test_503_when_postgres_is_away_and_nothing_is_kept(own_database: db.Database) -> None:
    told = Settings(admin_token=ADMIN, schema=own_database.schema)
    async with TestClient(TestServer(build(own_database, told, with_worker=False))) as client:
        answer = await client.post(
            "/api/v1/sources", json={"name": "office", "dialect": "asterisk"}, headers={"Authorization": f"Bearer {ADMIN}"}
        )
        path = "/webhooks/" + (await answer.json())["url"].partition("/webhooks/")[2]
        assert (await client.post(path, json=ami_row(at("10:00")))).status == 200
        async with own_database.pool.acquire() as conn:
            await conn.execute(f'alter schema "{own_database.schema}" rename to "{own_database.schema}_away"')
        answer = await client.post(path, json=ami_row(at("11:00")))
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        assert (await client.get("/readyz")).status == 503
        assert (await client.get("/healthz")).status == 200
        async with own_database.pool.acquire() as conn:
            await conn.execute(f'alter schema "{own_database.schema}_away" rename to "{own_database.schema}"')
        assert (await client.post(path, json=ami_row(at("11:00")))).status == 200
        assert (await client.get("/readyz")).status == 200


async def test_a_rotated_token_works_beside_the_old_one_until_it_is_retired(office: Street) -> None:
    old = office.urls["office"]
    async with office.database.begin() as conn:
        fresh = await webhooks.rotate_source(conn, "office", address="", now=datetime.now(UTC))
    assert (await office.client.post(old, json=ami_row(at("10:00")))).status == 200
    assert (await office.client.post(fresh["url"], json=ami_row(at("10:01")))).status == 200
    async with office.database.begin() as conn:
        assert await webhooks.retire_source(conn, "office", now=datetime.now(UTC)) == 1
    door = build(office.database, Settings(schema=office.database.schema), with_worker=False)
    async with TestClient(TestServer(door)) as other:
        assert (await other.post(old, json=ami_row(at("10:02")))).status == 401
        assert (await other.post(fresh["url"], json=ami_row(at("10:02")))).status == 200


async def test_get_and_a_tail_are_kept_with_the_delivery(office: Street) -> None:
    row = ami_row(at("10:00"))
    answer = await office.client.get(office.urls["office"] + "/events/summary", params=row)
    assert answer.status == 200, await answer.text()
    kept = await office.ask("GET", f"/deliveries/{(await answer.json())['delivery']}")
    assert (kept["method"], kept["tail"]) == ("GET", "events/summary")
    await office.understand()
    assert len(await office.calls()) == 1


async def test_where_our_reading_fails_the_delivery_is_kept_and_told_of(office: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise IndexError("+79990000001")

    asterisk = webhooks.DIALECTS["asterisk"]
    for reading in ("read", "greet"):
        monkeypatch.setitem(webhooks.DIALECTS, "asterisk", replace(asterisk, **{reading: fail}))
        door = build(office.database, Settings(schema=office.database.schema), with_worker=False)
        async with TestClient(TestServer(door)) as other:
            answer = await other.post(office.urls["office"], json=ami_row(at("10:00"), number=f"+7999000000{len(reading)}"))
            assert answer.status == 200
        await office.understand()
    items = (await office.ask("GET", "/deliveries"))["items"]
    whys = [one["why"] for one in items if one["outcome"] == "waiting"]
    assert len(whys) == 1
    assert "IndexError < test_door.py" in whys[0]
    assert "7999" not in whys[0]


async def test_429_when_more_wait_than_this_process_will_hold(office: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: Any) -> Any:
        raise webhooks.inbox.Crowded("full")

    monkeypatch.setattr(webhooks.inbox.Keeper, "keep", full)
    answer = await office.post(ami_row(at("10:00")))
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")
    assert await outcomes(office) == {}


async def test_the_good_rows_of_a_body_that_holds_a_broken_one_are_understood(office: Street) -> None:
    rows = [ami_row(at("10:00"), talk=30), ami_row(at("11:00")) | {"Duration": "-5"}, ami_row(at("12:00"), talk=30)]
    answer = await office.post(rows)
    told = await answer.json(content_type=None)
    assert (answer.status, told["field"]) == (422, "Duration")
    assert told["title"].startswith("Row 2 of 3: Duration: -5 seconds")
    await office.understand()
    assert [call["started_at"][11:16] for call in await office.calls()] == ["09:00", "07:00"]
    kept = await office.ask("GET", f"/deliveries/{told['delivery']}")
    assert (kept["outcome"], kept["why"], len(kept["calls"])) == ("understood", told["title"], 2)


async def mango(street: Street, **more: Any) -> str:
    secrets = {"vpbx_api_key": "4hq7invented", "vpbx_api_salt": "9zsalt-invented"}
    return await street.source("cloud", dialect="mango", trunks=[], secrets=secrets, **more)


SIGNED = (FIXTURES / "mango" / "outbound_no_answer.form").read_bytes()
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_a_signed_delivery_is_kept_and_answered_as_the_vendor_wants(street: Street) -> None:
    url = await mango(street)
    answer = await street.client.post(url + "/events/summary", data=SIGNED, headers=FORM)
    assert (answer.status, await answer.read()) == (200, b"")
    await street.understand()
    (call,) = await street.calls()
    assert (call["dialect"], call["extension"], call["number"]) == ("mango", "101", "+79990000102")


@pytest.mark.parametrize(
    "body", [SIGNED.replace(b"sign=", b"sign=0"), SIGNED.replace(b"79990000102", b"79990000103"), b"", b"{}"]
)
async def test_401_an_altered_delivery_is_not_kept(street: Street, body: bytes) -> None:
    url = await mango(street)
    answer = await street.client.post(url + "/events/summary", data=body, headers=FORM)
    reference = await street.client.post("/webhooks/cloud/other", data=body, headers=FORM)
    assert (answer.status, await answer.json(content_type=None)) == (401, await reference.json(content_type=None))
    assert await outcomes(street) == {}


async def test_secrets_come_under_the_vendors_names_and_whole(street: Street) -> None:
    body = {"name": "cloud", "dialect": "mango"}
    told = await street.ask("POST", "/sources", {**body, "secrets": {"key": "x"}}, expect=422)
    assert "vpbx_api_key" in told["title"]
    told = await street.ask("POST", "/sources", {**body, "secrets": {"vpbx_api_key": "x"}}, expect=422)
    assert "vpbx_api_salt is missing" in told["title"]
    told = await street.ask("POST", "/sources", {**body, "dialect": "asterisk", "secrets": {"key": "x"}}, expect=422)
    assert "signs nothing" in told["title"]


async def test_a_source_is_changed_without_a_new_address(street: Street) -> None:
    url = await street.source("cloud", dialect="mango", trunks=[])
    assert (
        await street.client.post(url + "/events/summary", data=SIGNED.replace(b"sign=", b"sign=0"), headers=FORM)
    ).status == 200
    secrets = {"vpbx_api_key": "4hq7invented", "vpbx_api_salt": "9zsalt-invented"}
    told = await street.ask("PATCH", "/sources/cloud", {"secrets": secrets, "trunks": ["7495*=ip"], "settle_after": 30})
    assert told["secrets"] == ["vpbx_api_key", "vpbx_api_salt"]
    assert told["options"]["trunks"] == [["7495*", "ip"]]
    assert told["options"]["timezone"] == "Europe/Moscow"
    await asyncio.sleep(2.1)  # the door may know the sources of two seconds ago
    assert (
        await street.client.post(url + "/events/summary", data=SIGNED.replace(b"sign=", b"sign=1"), headers=FORM)
    ).status == 401
    assert (await street.client.post(url + "/events/summary", data=SIGNED, headers=FORM)).status == 200
    await street.ask("PATCH", "/sources/nowhere", {}, expect=404)


async def test_only_listed_addresses_may_post(street: Street) -> None:
    url = await street.source("cloud", allow=["192.0.2.0/24", "2001:db8::/32"])
    assert (await street.post(ami_row(at("10:00")), "cloud")).status == 401
    for address, status in (
        ("192.0.2.7", 200),
        ("2001:db8::7", 200),
        ("192.0.2.7:50122", 200),
        ("[2001:db8::7]:50122", 200),
        ("198.51.100.7:50122", 401),
        ("198.51.100.7, 192.0.2.7", 200),
        ("192.0.2.7, 198.51.100.7", 401),
        ("192.0.2.7|198.51.100.7", 401),  # the second line is the proxy's
        ("198.51.100.7|192.0.2.7", 200),
        ("x", 401),
    ):
        headers = [("X-Forwarded-For", line) for line in address.split("|")]
        answer = await street.client.post(url, json=ami_row(at("10:00")), headers=headers)
        assert answer.status == status, address
    told = await street.ask("POST", "/sources", {"name": "b", "dialect": "asterisk", "allow": ["office"]}, expect=422)
    assert "192.0.2.0/24" in told["title"]


async def test_the_schema_of_our_own_json_is_served_and_holds(street: Street) -> None:
    answer = await street.client.get("/api/v1/schemas/generic")
    schema = await answer.json(content_type=None)
    jsonschema.Draft202012Validator.check_schema(schema)
    check = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for path in (FIXTURES / "generic").glob("*.json"):
        if path.name.endswith((".understood.json", "options.json")):
            continue
        refused = path.name.startswith(("other_", "many_"))  # what times say of each other no schema can
        assert check.is_valid(json.loads(path.read_text())) is not refused, path.name
    url = await street.source("own", dialect="generic")
    answer = await street.client.post(url, data=b'{"revision": ' + b"9" * 5000 + b"}")
    assert (answer.status, "too long" in (await answer.json(content_type=None))["title"]) == (400, True)
    answer = await street.client.post(url, data=(FIXTURES / "generic" / "outbound_answered.3.json").read_bytes())
    assert answer.status == 200
    await street.understand()
    (call,) = await street.calls()
    assert (call["talk_seconds"], call["disposition"]) == (62, "answered")
