"""Bad weather of sending that an independent reader found, each held by a test."""

from __future__ import annotations

from datetime import timedelta

import pytest

from telephony_bridge import people, sending, worker
from tests.street import MONDAY, Street, at
from tests.telling.test_debts import told
from tests.test_sending import NINE, Receiver, morning, person, states
from tests.test_sending import post as _post
from tests.test_sending import receiver as _receiver

TUESDAY = MONDAY + timedelta(days=1)
post, receiver = _post, _receiver


# once: claim takes back a lapsed 'sending' whatever its good_until, and expire looks at 'waiting' alone: a sender killed at 20:59 wakes
# people at three in the morning, one killed at nine sends yesterday's plan today
@pytest.mark.parametrize("again", [at("03:00", TUESDAY), at("10:00", TUESDAY)])
async def test_a_claim_that_ran_out_after_its_notice_had_is_not_sent(
    street: Street, receiver: Receiver, post: sending.Post, again: object
) -> None:
    await person(street, "ivan", receiver.url("/ivan"))
    await morning(street)
    assert len(await sending._claim(post, 16, besides=(), now=NINE)) == 1  # and then it dies
    await worker.work_once(street.database, street.company, post=None, now=again)  # type: ignore[arg-type]
    await sending.send_due(post, now=again)  # type: ignore[arg-type]
    assert [body["title"] for _, _, body in receiver.got if "23.11" in body["title"]] == []


# once: settle untells on 'expired' also where the notice was another's by then: what the other has sent is told again
async def test_a_late_claimer_takes_back_nothing_that_another_has_sent(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    await street.source()
    await person(street, "ivan", receiver.url("/ivan"))
    await street.ask("POST", "/managers/ivan/extensions", {"extension": "101"})
    await street.lead()
    await morning(street)
    await worker.watch(street.database, street.company, now=at("15:30"))
    await sending.send_due(post, now=at("15:30"))
    await street.dial("16:00", talk=60)
    await worker.watch(street.database, street.company, now=at("16:35"))
    near_the_end = at("20:57")
    async with street.database.begin() as conn:
        await conn.execute("update notices set good_until = $1, next_at = $2 where kind = 'debts'", at("21:00"), near_the_end)
    (late,) = await sending._claim(post, 16, besides=(), now=near_the_end)
    (other,) = await sending._claim(post, 16, besides=(), now=near_the_end + sending.LEASE)
    await sending._deliver(post, other, now=near_the_end + sending.LEASE)
    receiver.answers["/ivan"] = (503, {})
    await sending._deliver(post, late, now=at("20:59:50"))
    async with street.database.begin() as conn:
        rows = await conn.fetch(
            "select n.status, (select count(*) from told t where t.notice_id = n.id) as told from notices n where n.kind = 'debts'"
        )
    assert [(row["status"], row["told"] > 0) for row in rows] == [("sent", True)]


# once: an address that fails is told a person at a time: the company's mail server down is a letter to the supervisor for each manager
async def test_a_server_that_is_down_for_all_is_one_notice_to_the_supervisor(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    receiver.answers["/down"] = (503, {})
    await street.ask("POST", "/users", {"login": "boss", "role": "supervisor"})
    for index in range(12):
        await person(street, f"m{index:02}", receiver.url("/down"))
    await morning(street)
    for minute in range(0, 120, 2):
        await sending.send_due(post, now=NINE + timedelta(minutes=minute))
    assert len(await told(street, "address")) == 1


# once: who is spared is not tried over his other channel: 16 tries a minute for all, three each before the fallback
async def test_r36_the_fallback_of_many_takes_over_within_minutes(street: Street, receiver: Receiver, post: sending.Post) -> None:
    receiver.answers["/down"] = (503, {})
    for index in range(80):
        await person(street, f"m{index:02}", receiver.url("/down").replace("127.0.0.1", "localhost"), receiver.url("/second"))
    await morning(street)
    for minute in range(11):  # alone, a person's fallback comes within three tries: a minute and a half
        await sending.send_due(post, now=NINE + timedelta(minutes=minute))
    assert set((await states(street)).values()) == {"sent"}


# once: an address that refused once is left for a day and what is due meanwhile is 'undeliverable' for good, though a new address is given
async def test_a_new_address_gets_what_could_not_be_delivered_and_still_holds(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    receiver.answers["/gone"] = (404, {})
    await person(street, "ivan", receiver.url("/gone"))
    await morning(street)
    await sending.send_due(post, now=NINE)
    async with street.database.begin() as conn:
        kept = people.Vault("a key of the tests").close(receiver.url("/new"))
        await conn.execute("update managers set notify = $1", [kept])
    await worker.watch(street.database, street.company, now=at("09:30"))
    await sending.send_due(post, now=at("09:30"))
    assert receiver.paths() == ["/gone", "/new"]


# once: after a clock that was an hour ahead is set right, a lost claim and the pauses of retries wait that hour
async def test_a_clock_set_back_does_not_hold_a_notice_for_that_hour(
    street: Street, receiver: Receiver, post: sending.Post
) -> None:
    receiver.answers["/ivan"] = (503, {})
    await person(street, "ivan", receiver.url("/ivan"))
    await worker.watch(street.database, street.company, now=at("10:00"))
    await sending.send_due(post, now=at("10:00"))
    receiver.answers.clear()
    for minute in range(1, 40, 3):
        await sending.send_due(post, now=at(f"09:{minute:02d}"))
    assert await states(street) == {"ivan": "sent"}
