"""Private calls: marked by the manager, a few a day at once, the rest by a supervisor; and a manager's private numbers (EC-25)."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.norms import words
from tests.street import MONDAY, Street, ami_row, at

HOME = "+79990000070"


@pytest.fixture
async def office(street: Street) -> Street:
    """One source, ivan at 101, olga at 102, one lead of the number that rows dial by default."""
    await street.source()
    await street.manager()
    await street.manager("olga", "102")
    await street.lead()
    return street


async def mark(office: Street, call: int, token: str | None = None, **how: Any) -> dict[str, Any]:
    return dict(await office.ask("POST", f"/calls/{call}/personal", {"reason": "Звонил домой"}, token=token, **how))


async def say(office: Street, call: int, word: str, **how: Any) -> dict[str, Any]:
    return dict(await office.ask("POST", f"/calls/{call}/personal/{word}", {"reason": "Проверила"}, **how))


async def test_ec_25_a_private_call_counts_for_nothing_and_owes_nothing(office: Street) -> None:
    await office.dial("10:00", talk=45)
    (call,) = await office.calls()
    assert call["personal"] is None
    await office.work("20:00")
    assert await office.violations("status=open") == [("V01", "open"), ("V03", "open")]
    told = await mark(office, call["id"], await office.token_of("ivan"))
    assert (told["personal"], told["match"], told["match_reason"], told["lead"]) == ("held", "excluded", "personal", None)
    assert told["why_not"] == {"dial": "personal", "connect": "personal"}
    assert (told["comment"], told["next_contact"]) == ("not_needed", "not_needed")
    assert {status for _, status in await office.violations()} == {"closed"}
    assert {one["closed_because"] for one in (await office.ask("GET", "/violations?code=V01"))["items"]} == {"corrected"}
    line = await office.line()
    assert (line["dials"]["pbx"], line["dials"]["crm"], line["dials"]["counted"]) == (1, 0, 0)
    assert line["not_counted"] == {"personal": 1}
    assert [one["id"] for one in await office.calls("counted=personal")] == [call["id"]]


async def test_ec_25_the_fourth_mark_of_a_day_waits_for_a_supervisor(office: Street) -> None:
    token = await office.token_of("ivan")
    for minute in range(5):
        await office.dial(f"10:0{minute}", number=f"+7999000010{minute}", talk=20)
    ids = [call["id"] for call in reversed(await office.calls())]
    shown = []
    for call in ids[:4]:
        shown.append((await mark(office, call, token))["personal"])
        office.clock.now += timedelta(minutes=1)
    assert shown == ["held", "held", "held", "waiting"]
    (waiting,) = (await office.ask("GET", f"/personal?date={MONDAY}&manager=ivan&status=waiting"))["items"]
    assert (waiting["call"], waiting["author"], waiting["reason"], waiting["settled_by"]) == (
        ids[3],
        "ivan",
        "Звонил домой",
        None,
    )
    (fourth,) = [call for call in await office.calls() if call["id"] == ids[3]]
    assert (fourth["match"], fourth["why_not"]["dial"]) == ("none", "no_lead")

    assert (await say(office, ids[3], "approve"))["why_not"]["dial"] == "personal"
    assert (await say(office, ids[0], "refuse"))["personal"] == "refused"
    assert (await mark(office, ids[4], token))["personal"] == "waiting"  # a settled mark keeps its place
    statuses = {one["call"]: one["status"] for one in (await office.ask("GET", f"/personal?date={MONDAY}"))["items"]}
    assert statuses == dict(zip(ids, ["refused", "held", "held", "held", "waiting"], strict=True))


async def test_ec_25_refusing_brings_everything_back(office: Street) -> None:
    await office.dial("10:00", talk=45)
    (before,) = await office.calls()
    await office.work("20:00")
    await mark(office, before["id"], await office.token_of("ivan"))
    after = await say(office, before["id"], "refuse")
    late = {"comment": "late", "next_contact": "late"}
    assert after == before | late | {"personal": "refused"}
    assert await office.violations("status=open") == [("V01", "open"), ("V03", "open")]


async def test_ec_25_the_limit_is_a_setting_and_a_supervisors_own_mark_takes_no_place(office: Street) -> None:
    await office.ask("POST", "/policy", {"name": "private_limit", "value": "1", "from": str(MONDAY), "reason": "строже"})
    for minute in range(3):
        await office.dial(f"10:0{minute}", number=f"+7999000010{minute}", talk=20)
    one, two, three = (call["id"] for call in reversed(await office.calls()))
    assert (await mark(office, one))["personal"] == "held"
    token = await office.token_of("ivan")
    assert [(await mark(office, call, token))["personal"] for call in (two, three)] == ["held", "waiting"]
    await office.ask("POST", "/policy", {"name": "private_limit", "value": "2", "from": str(MONDAY), "reason": "мягче"})
    assert {call["personal"] for call in await office.calls()} == {"held"}


async def test_ec_25_only_his_own_call_and_only_a_supervisor_settles(office: Street) -> None:
    await office.dial("10:00", talk=45)
    (call,) = await office.calls()
    olga, ivan = await office.token_of("olga"), await office.token_of("ivan")
    await mark(office, call["id"], olga, expect=404)
    await say(office, call["id"], "approve", token=ivan, expect=403)
    await office.ask("GET", "/personal", token=ivan, expect=403)
    await say(office, call["id"], "approve", expect=422)
    await say(office, call["id"], "refuse", expect=422)
    assert (await office.calls())[0]["personal"] is None


async def test_ec_25_told_twice_a_mark_changes_nothing(office: Street) -> None:
    await office.dial("10:00", talk=45)
    (call,) = await office.calls()
    token = await office.token_of("ivan")
    first = await mark(office, call["id"], token)
    assert await mark(office, call["id"], token) == first
    await say(office, call["id"], "refuse")
    assert (await mark(office, call["id"], token))["personal"] == "refused"
    assert (await say(office, call["id"], "refuse"))["personal"] == "refused"
    async with office.database.begin() as conn:
        assert await conn.fetchval("select count(*) from call_marks") == 2


async def test_ec_25_a_mark_outlives_replays_and_new_leads(office: Street) -> None:
    await office.dial("10:00", talk=45, number=HOME)
    (call,) = await office.calls()
    token = await office.token_of("ivan")
    marked = await mark(office, call["id"], token)
    await office.ask("POST", f"/deliveries/{call['deliveries'][0]}/replay", {})
    await office.understand()
    assert (await office.calls())[0] == marked
    await office.lead(HOME)
    assert (await office.calls())[0] == marked


async def test_ec_25_a_private_mark_on_a_closed_day_is_judged_anew(office: Street) -> None:
    for minute in range(60):
        await office.dial(f"{9 + minute // 8:02}:{minute % 8 * 7:02}", number=f"+7999000{1000 + minute}", talk=0)
        if minute == 0:
            await office.lead("+79990001000")
    await office.work("23:59")
    (call,) = await office.calls("counted=true")
    await mark(office, call["id"], await office.token_of("ivan"))
    assert (await office.line())["dials"]["counted"] == 0
    items = (await office.ask("GET", "/violations?code=V02&limit=200"))["items"]
    assert [one["subject"]["id"] for one in items if one["status"] == "closed"] == [call["id"]]


async def test_ec_25_a_mark_follows_the_call_that_stands(office: Street) -> None:
    """The CRM told first and was marked; the PBX's own telling wins then (EC-37)."""
    await office.source("crm", dialect="generic", trunks=[], crm=True)
    message = {
        "id": "7", "direction": "outbound", "extension": "101", "number": "+79990000001", "started_at": at("10:00").isoformat(),
        "ended_at": at("10:01").isoformat(), "answered_at": at("10:00:05").isoformat(), "talk_seconds": 45, "disposition": "answered",
    }  # fmt: skip
    await office.post(message, "crm")
    await office.understand()
    (told,) = await office.calls()
    await mark(office, told["id"], await office.token_of("ivan"))
    await office.dial("10:00", talk=45)
    (stands,) = await office.calls()
    assert (stands["source"], stands["twins"]) == ("office", [told["id"]])
    assert (stands["personal"], stands["why_not"]["dial"]) == ("held", "personal")
    await say(office, stands["id"], "refuse")
    assert (await office.calls())[0]["counts"] == {"dial": True, "connect": True}


async def test_ec_25_a_private_number_is_one_managers_alone(office: Street) -> None:
    await office.lead(HOME)
    await office.dial("10:00", talk=45, number=HOME)
    await office.dial("10:10", talk=45, number=HOME, extension="102")
    body = {"number": HOME, "kind": "private", "manager": "ivan"}
    items = (await office.ask("POST", "/excluded-numbers", body))["items"]
    assert [(one["number"], one["kind"], one["manager"]) for one in items] == [(HOME, "private", "ivan")]
    olgas, ivans = await office.calls()
    assert (ivans["match"], ivans["match_reason"], ivans["why_not"]["dial"]) == ("excluded", "private", "personal")
    assert olgas["counts"] == {"dial": True, "connect": True}
    await office.ask("POST", "/excluded-numbers/readmit", {"number": HOME}, expect=404)
    assert (await office.ask("POST", "/excluded-numbers/readmit", {"number": HOME, "manager": "ivan"}))["items"] == []
    assert [call["counts"]["dial"] for call in await office.calls()] == [True, True]


async def test_ec_25_a_number_private_to_all_is_personal_and_staff_is_nobodys_private(office: Street) -> None:
    await office.dial("10:00", talk=45, number=HOME)
    await office.ask("POST", "/excluded-numbers", {"number": HOME, "kind": "private"})
    assert (await office.calls())[0]["why_not"]["dial"] == "personal"
    await office.ask("POST", "/excluded-numbers", {"number": HOME, "kind": "staff"})
    assert (await office.calls())[0]["why_not"]["dial"] == "excluded_number"
    refused = {"number": HOME, "kind": "staff", "manager": "ivan"}
    told = await office.ask("POST", "/excluded-numbers", refused, expect=422)
    assert "manager" in told["title"]


WORDS = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["marked", "marked", "accepted", "refused"]), st.integers(0, 20)), max_size=15
)


@given(said=WORDS, limit=st.integers(0, 4), seed=st.integers())
def test_ec_25_which_marks_hold_is_a_function_of_the_set(said: list[tuple[int, Any, int]], limit: int, seed: int) -> None:
    mine = [
        words.Word(index, call, "personal", word, at("09:00") + timedelta(minutes=minute))
        for index, (call, word, minute) in enumerate(said)
    ]
    found = words.private(mine, limit)
    shuffled = list(mine)
    random.Random(seed).shuffle(shuffled)
    assert words.private(shuffled, limit) == found
    assert set(found) == {word.call_id for word in mine}
    unsettled = {word.call_id for word in mine} - {word.call_id for word in mine if word.word != "marked"}
    assert sum(found[call] == "held" for call in unsettled) <= limit


async def test_ec_25_the_mark_of_a_call_that_becomes_another_goes_along(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await office.dial("10:30", talk=45)
    second, first = await office.calls()
    token = await office.token_of("ivan")
    await mark(office, second["id"], token)
    row = ami_row(at("10:30"), talk=45) | {"LinkedID": ami_row(at("10:00"))["UniqueID"], "Sequence": "2"}
    async with office.database.begin() as conn:  # as a mended parser would have it: both rows are one call
        await conn.execute("update deliveries set body = $2 where id = $1", second["deliveries"][0], orjson.dumps(row))
    await office.ask("POST", f"/deliveries/{second['deliveries'][0]}/replay", {})
    await office.understand()
    (call,) = await office.calls()
    assert (call["id"], call["personal"], call["why_not"]["dial"]) == (first["id"], "held", "personal")
    assert [one["call"] for one in (await office.ask("GET", "/personal"))["items"]] == [first["id"]]


async def test_ec_25_a_call_that_becomes_anothers_leaves_its_place_in_the_day(office: Street) -> None:
    await office.ask("POST", "/managers/ivan/extensions", {"extension": "103"})
    token = await office.token_of("ivan")
    for minute, extension in enumerate(("103", "101", "101", "101")):
        await office.dial(f"10:0{minute}", number=f"+7999000010{minute}", talk=20, extension=extension)
    ids = [call["id"] for call in reversed(await office.calls())]
    assert [(await mark(office, call, token))["personal"] for call in ids] == ["held", "held", "held", "waiting"]
    await office.ask("POST", "/managers/olga/extensions", {"extension": "103", "from": "2026-11-01"})
    calls = {call["id"]: call for call in await office.calls()}
    assert [calls[id_]["manager"] for id_ in ids] == ["olga", "ivan", "ivan", "ivan"]
    assert {call["personal"] for call in calls.values()} == {"held"}
    assert {call["why_not"]["dial"] for call in calls.values()} == {"personal"}
