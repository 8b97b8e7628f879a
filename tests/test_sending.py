"""Sending: what is in the outbox goes out once, over the first channel that takes it, whatever the weather."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from telephony_bridge import notices, people, sending, worker
from tests.street import MONDAY, Street, at
from tests.telling.test_debts import told

NINE = at("09:00")


@dataclass
class Receiver:
    """An HTTP receiver: ``answers`` by path, status and headers; what it got, in order."""

    where: str = ""
    got: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)  # (path, key, body)
    answers: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    pause: float = 0.0

    async def take(self, request: web.Request) -> web.Response:
        self.got.append((request.path, request.headers["Idempotency-Key"], await request.json()))
        await asyncio.sleep(self.pause)
        status, headers = self.answers.get(request.path, (200, {}))
        return web.Response(status=status, headers=headers)

    def url(self, path: str) -> str:
        return f"json://{self.where}{path}"

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    app = web.Application()
    app.router.add_post("/{tail:.*}", found.take)
    async with TestServer(app) as server:
        found.where = f"127.0.0.1:{server.port}"
        yield found


@pytest.fixture
def post(street: Street) -> sending.Post:
    return sending.Post(street.database, street.company, "https://bridge.example.com", people.Vault("a key of the tests"))


async def person(street: Street, handle: str, *urls: str) -> None:
    """A manager who is told at these addresses."""
    await street.manager(handle, None)
    vault = people.Vault("a key of the tests")
    async with street.database.begin() as conn:
        await conn.execute("update managers set notify = $2 where handle = $1", handle, [vault.close(url) for url in urls])


async def states(street: Street) -> dict[str, str]:
    """Manager -> the status of his morning list."""
    return {one["manager"]: one["status"] for one in await told(street, "morning")}


async def morning(street: Street) -> None:
    await worker.watch(street.database, street.company, now=NINE)


async def test_a_notice_goes_out_once_with_its_link_and_key(street: Street, receiver: Receiver, post: sending.Post) -> None:
    await person(street, "ivan", receiver.url("/ivan"))
    await morning(street)
    assert await sending.send_due(post, now=NINE) == 1
    assert await sending.send_due(post, now=NINE + timedelta(minutes=5)) == 0
    ((path, key, body),) = receiver.got
    (notice,) = await told(street, "morning")
    assert (path, key) == ("/ivan", notice["key"])
    assert "https://bridge.example.com/f/" in body["message"]
    assert f"№{notice['id']}" in body["message"]
    assert notice["status"] == "sent"
    assert notice["channel"] == "json"
    assert [(one["outcome"], one["why"]) for one in notice["tries"]] == [("sent", "HTTP 200")]
    assert "/f/…" in notice["text"]  # the link itself is the manager's alone


async def test_r36_a_fallback_takes_over_after_three_tries(street: Street, receiver: Receiver, post: sending.Post) -> None:
    receiver.answers["/first"] = (503, {})
    await person(street, "ivan", receiver.url("/first"), receiver.url("/second"))
    await morning(street)
    for minute in range(0, 12, 2):
        await sending.send_due(post, now=NINE + timedelta(minutes=minute))
    assert receiver.paths() == ["/first", "/first", "/first", "/second"]
    assert len({key for _, key, _ in receiver.got}) == 1
    assert await states(street) == {"ivan": "sent"}


async def test_a_refusing_address_is_left_and_the_supervisor_told_once(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    receiver.answers["/gone"] = (410, {})
    await street.ask("POST", "/users", {"login": "boss", "role": "supervisor"})
    await person(street, "ivan", receiver.url("/gone"), receiver.url("/second"))
    await morning(street)
    await sending.send_due(post, now=NINE)
    await sending.send_due(post, now=NINE)
    assert receiver.paths() == ["/gone", "/second"]
    (notice,) = await told(street, "address")
    assert notice["login"] == "boss"
    assert notice["title"] == "Ivan: канал json не принимает уведомления"
    assert "HTTP 410" in notice["text"]
    await worker.watch(street.database, street.company, now=at("14:00"))
    await sending.send_due(post, now=at("14:00"))
    assert receiver.paths() == ["/gone", "/second", "/second"]
    assert len(await told(street, "address")) == 1


async def test_r36_a_channel_that_fails_and_fails_is_told_to_the_supervisor_once_a_day(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    receiver.answers["/first"] = (503, {})
    await street.ask("POST", "/users", {"login": "boss", "role": "supervisor"})
    await person(street, "ivan", receiver.url("/first"))
    await morning(street)
    for minute in range(0, 180, 2):
        await sending.send_due(post, now=NINE + timedelta(minutes=minute))
    (notice,) = await told(street, "address")
    assert "HTTP 503" in notice["text"]
    assert 10 < len(receiver.got) < 40  # doubled pauses, up to a quarter of an hour


async def test_with_no_address_left_it_can_be_read_on_the_page(street: Street, receiver: Receiver, post: sending.Post) -> None:
    receiver.answers["/gone"] = (404, {})
    await person(street, "ivan", receiver.url("/gone"))
    await morning(street)
    await sending.send_due(post, now=NINE)
    assert await states(street) == {"ivan": "undeliverable"}


async def test_retry_after_is_heeded(street: Street, receiver: Receiver, post: sending.Post) -> None:
    receiver.answers["/busy"] = (429, {"Retry-After": "1800"})
    await person(street, "ivan", receiver.url("/busy"))
    await morning(street)
    await sending.send_due(post, now=NINE)
    receiver.answers.clear()
    await sending.send_due(post, now=NINE + timedelta(minutes=29))
    assert len(receiver.got) == 1
    await sending.send_due(post, now=NINE + timedelta(minutes=30, seconds=1))
    assert await states(street) == {"ivan": "sent"}


async def test_a_channel_down_for_hours_gets_one_digest_and_not_a_storm(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    await street.source()
    await person(street, "ivan", receiver.url("/ivan"))
    await street.ask("POST", "/managers/ivan/extensions", {"extension": "101"})
    await morning(street)
    await sending.send_due(post, now=NINE)
    receiver.got.clear()
    receiver.answers["/ivan"] = (503, {})
    await street.lead()
    for hour in range(10, 13):
        await street.dial(f"{hour}:00", talk=60)
        await worker.watch(street.database, street.company, now=at(f"{hour}:35"))
        for minute in range(36, 60, 4):
            await sending.send_due(post, now=at(f"{hour}:{minute}"))
    assert {one["status"] for one in await told(street)} <= {"folded", "waiting"}
    receiver.answers.clear()
    receiver.got.clear()
    await sending.send_due(post, now=at("13:30"))
    assert len(receiver.got) == 1
    message = receiver.got[0][2]["message"]
    assert all(f"{hour}:00 Ромашка" in message for hour in range(10, 13))


async def test_what_could_not_be_sent_in_time_expires_and_is_told_by_the_next(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    receiver.answers["/ivan"] = (503, {})
    await street.source()
    await person(street, "ivan", receiver.url("/ivan"))
    await street.ask("POST", "/managers/ivan/extensions", {"extension": "101"})
    for name in ("morning", "remainder", "pace"):
        await street.ask("POST", "/policy", {"name": name, "value": "off", "from": "2026-01-01"})
    await street.lead()
    await street.dial("16:00", talk=60)
    await worker.watch(street.database, street.company, now=at("16:35"))
    await sending.send_due(post, now=at("16:35"))
    tuesday = MONDAY + timedelta(days=1)
    await worker.watch(street.database, street.company, now=at("21:30"))
    await worker.watch(street.database, street.company, now=at("09:10", tuesday))
    receiver.answers.clear()
    await sending.send_due(post, now=at("09:30", tuesday))
    assert "23.11 16:00 Ромашка" in receiver.got[-1][2]["message"]


async def test_a_slow_receiver_keeps_nobody_else_waiting(street: Street, receiver: Receiver, post: sending.Post) -> None:
    receiver.answers["/slow"] = (503, {})
    for index in range(20):
        await person(street, f"slow{index}", receiver.url("/slow").replace("127.0.0.1", "localhost"))
    await person(street, "zoe", receiver.url("/zoe"))
    await morning(street)
    await sending.send_due(post, now=NINE)
    assert "/zoe" in receiver.paths()
    assert receiver.paths().count("/slow") == 16  # the rest is spared for a minute
    await sending.send_due(post, now=NINE + timedelta(seconds=20))
    assert receiver.paths().count("/slow") == 16


async def test_two_senders_take_different_notices(street: Street, receiver: Receiver, post: sending.Post) -> None:
    receiver.pause = 0.05
    other = sending.Post(street.database, street.company, post.address, post.vault)
    for index in range(30):
        await person(street, f"m{index:02}", receiver.url(f"/{index}"))
    await morning(street)
    await asyncio.gather(sending.send_due(post, now=NINE), sending.send_due(other, now=NINE))
    assert sorted(receiver.paths()) == sorted(f"/{index}" for index in range(30))
    assert set((await states(street)).values()) == {"sent"}


async def test_a_sender_that_died_leaves_its_notices_to_others(street: Street, receiver: Receiver, post: sending.Post) -> None:
    await person(street, "ivan", receiver.url("/ivan"))
    await morning(street)
    assert len(await sending._claim(post, 16, besides=(), now=NINE)) == 1  # and then it dies
    assert await sending.send_due(post, now=NINE + timedelta(seconds=30)) == 0
    assert await sending.send_due(post, now=NINE + sending.LEASE) == 1
    (notice,) = await told(street, "morning")
    assert [one["outcome"] for one in notice["tries"]] == ["unknown", "sent"]
    assert receiver.paths() == ["/ivan"]


async def test_killed_a_hundred_times_between_claim_and_send_each_notice_goes_out_once(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    for index in range(16):
        await person(street, f"m{index:02}", receiver.url(f"/{index}"))
    await morning(street)
    moment = NINE
    for _ in range(100):
        assert len(await sending._claim(post, 16, besides=(), now=moment)) == 16
        moment += sending.LEASE
    assert await sending.send_due(post, now=moment) == 16
    assert sorted(receiver.paths()) == sorted(f"/{index}" for index in range(16))
    assert await sending.send_due(post, now=moment + 2 * sending.LEASE) == 0


async def test_killed_between_send_and_mark_it_goes_out_again_under_the_same_key(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    await person(street, "ivan", receiver.url("/ivan"))
    await morning(street)
    (job,) = await sending._claim(post, 16, besides=(), now=NINE)
    assert job.url is not None
    await notices.send(job.url, job.message(), now=NINE)  # and then it dies
    await sending.send_due(post, now=NINE + sending.LEASE)
    (_, first, one), (_, second, other) = receiver.got
    assert first == second
    assert one["message"].splitlines()[-1] == other["message"].splitlines()[-1]
    assert [each["outcome"] for each in (await told(street, "morning"))[0]["tries"]] == ["unknown", "sent"]


async def test_a_claim_that_ran_out_is_not_settled_by_who_had_it(street: Street, receiver: Receiver, post: sending.Post) -> None:
    await person(street, "ivan", receiver.url("/ivan"))
    await morning(street)
    (late,) = await sending._claim(post, 16, besides=(), now=NINE)
    (other,) = await sending._claim(post, 16, besides=(), now=NINE + sending.LEASE)
    receiver.answers["/ivan"] = (503, {})
    await sending._deliver(post, late, now=NINE + sending.LEASE)
    assert await states(street) == {"ivan": "sending"}
    receiver.answers.clear()
    await sending._deliver(post, other, now=NINE + sending.LEASE)
    assert await states(street) == {"ivan": "sent"}
    assert len({key for _, key, _ in receiver.got}) == 1


async def test_an_address_closed_with_another_key_is_told_and_not_sent(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    await person(street, "ivan", receiver.url("/ivan"))
    await morning(street)
    post.vault = people.Vault("the key of another host")
    await sending.send_due(post, now=NINE)
    assert receiver.got == []
    (notice,) = await told(street, "morning")
    assert notice["status"] == "undeliverable"
    assert "cannot be opened" in notice["tries"][0]["why"]


async def test_the_running_sender_sends_and_stops_when_told(street: Street, receiver: Receiver, post: sending.Post) -> None:
    for index in range(25):
        await person(street, f"m{index:02}", receiver.url(f"/{index}"))
    await morning(street)
    post.clock = lambda: NINE + timedelta(seconds=1)
    stop = asyncio.Event()
    running = asyncio.create_task(sending.run(post, stopping=stop.is_set))
    for _ in range(200):
        await asyncio.sleep(0.05)
        if len(receiver.got) == 25:
            break
    stop.set()
    await asyncio.wait_for(running, 10)
    assert set((await states(street)).values()) == {"sent"}


async def test_no_secret_reaches_the_history(street: Street, receiver: Receiver, post: sending.Post) -> None:
    receiver.answers["/s3cret"] = (403, {})
    await person(street, "ivan", f"json://user:passw0rd@{receiver.where}/s3cret")
    await street.ask("POST", "/users", {"login": "boss", "role": "supervisor"})
    await morning(street)
    await sending.send_due(post, now=NINE)
    history = json.dumps((await street.ask("GET", "/notices"))["items"])
    assert "passw0rd" not in history
    assert "s3cret" not in history
