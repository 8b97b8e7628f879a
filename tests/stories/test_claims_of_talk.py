"""Short talks that were conversations: claimed by a comment, accepted by a supervisor (EC-33); thresholds of one PBX."""

from __future__ import annotations

from typing import Any

import pytest

from tests.street import MONDAY, Street, at


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def comment(office: Street, clock: str, outcome: str, **more: Any) -> None:
    body = {"author": "ivan", "at": at(clock).isoformat(), "text": "Сказал, что не надо.", "outcome": outcome}
    if outcome == "will_call_himself":
        body["next_contact"] = {"at": "2026-12-01T07:00:00Z", "basis": "own"}  # type: ignore[assignment]
    await office.ask("POST", "/leads/1/comments", body | more)


async def decide(office: Street, call: int, word: str, **how: Any) -> dict[str, Any]:
    return dict(await office.ask("POST", f"/calls/{call}/claim/{word}", {"reason": "Прослушала запись"}, **how))


@pytest.mark.parametrize("outcome", ["talked", "agreed", "not_interested", "will_call_himself"])
async def test_ec_33_a_short_talk_with_an_outcome_is_claimed(office: Street, outcome: str) -> None:
    await office.dial("10:00", talk=7)
    assert (await office.calls())[0]["claimed"] is False
    await comment(office, "10:01", outcome)
    (call,) = await office.calls("claimed=true")
    assert (call["claimed"], call["claim"], call["why_not"]) == (True, None, {"connect": "too_short"})
    assert await office.calls("claimed=false") == []


@pytest.mark.parametrize(
    ("talk", "inbound", "outcome"), [(10, False, "talked"), (0, False, "talked"), (7, False, "no_answer"), (7, True, "talked")]
)
async def test_ec_33_what_is_no_claim(office: Street, talk: int, inbound: bool, outcome: str) -> None:
    await office.dial("10:00", talk=talk, inbound=inbound)
    await comment(office, "10:01", outcome)
    assert await office.calls("claimed=true") == []


async def test_ec_33_a_comment_on_the_later_conversation_claims_nothing_of_the_short_one(office: Street) -> None:
    await office.dial("10:00", talk=7)
    await office.dial("10:05", talk=60)
    await comment(office, "10:10", "talked")
    assert await office.calls("claimed=true") == []
    short = (await office.calls())[1]
    await comment(office, "10:12", "talked", call=short["id"])
    assert [call["id"] for call in await office.calls("claimed=true")] == [short["id"]]


async def test_ec_33_accepted_it_is_a_connect_and_stays_one(office: Street) -> None:
    await office.dial("10:00", talk=7)
    await comment(office, "10:01", "not_interested")
    await office.work("23:59")
    (call,) = await office.calls()
    told = await decide(office, call["id"], "accept")
    assert (told["counts"], told["why_not"]) == ({"dial": True, "connect": True}, {})
    assert (told["claimed"], told["claim"]) == (False, "accepted")
    assert (await office.line())["connects"]["counted"] == 1
    assert await decide(office, call["id"], "accept") == told
    await office.ask("POST", f"/deliveries/{call['deliveries'][0]}/replay", {})
    await office.understand()
    assert (await office.calls())[0] == told
    assert "V01" not in {code for code, _ in await office.violations()}
    told = await decide(office, call["id"], "refuse")
    assert (told["claim"], told["why_not"]) == ("refused", {"connect": "too_short"})
    assert await office.calls("claimed=true") == []


async def test_ec_33_a_claim_is_never_accepted_by_the_manager_himself(office: Street) -> None:
    await office.dial("10:00", talk=7)
    (call,) = await office.calls()
    told = await decide(office, call["id"], "accept", expect=422)
    assert "not claimed" in told["title"]
    await comment(office, "10:01", "talked")
    await decide(office, call["id"], "accept", token=await office.token_of("ivan"), expect=403)
    from telephony_bridge import people

    async with office.database.begin() as conn:
        row = await people.by_handle(conn, "ivan")
        token = await people.create_token(conn, "playing captain", "supervisor", row["id"], now=at("09:00"))
    await decide(office, call["id"], "accept", token=token, expect=403)
    assert (await office.calls())[0]["claimed"] is True


async def test_ec_33_machine_text_claims_nothing(office: Street) -> None:
    await office.dial("10:00", talk=7)
    body = {"text": "распознано", "outcome": "talked", "at": at("10:01").isoformat()}
    await office.ask("POST", "/leads/1/comments", body)
    assert await office.calls("claimed=true") == []


async def test_ec_33_a_pbx_may_have_its_own_threshold(office: Street) -> None:
    await office.source("branch", min_talk=25)
    await office.dial("10:00", talk=20)
    await office.dial("11:00", talk=20, source="branch")
    await office.dial("12:00", talk=25, source="branch")
    assert [call["why_not"].get("connect") for call in await office.calls()] == [None, "too_short", None]
    await office.work("20:00")
    assert len(await office.violations("code=V01")) == 2
    await office.ask("PATCH", "/sources/branch", {"min_talk": 15})
    (call,) = [call for call in await office.calls() if call["why_not"]]
    await office.ask("POST", f"/deliveries/{call['deliveries'][0]}/replay", {})
    await office.understand()
    assert {call["counts"]["connect"] for call in await office.calls()} == {True}


async def test_ec_33_the_source_beats_the_policy(office: Street) -> None:
    await office.ask("PATCH", "/sources/office", {"min_talk": 5})
    await office.ask("POST", "/policy", {"name": "min_talk", "value": "40", "from": str(MONDAY), "reason": "пробуем"})
    await office.dial("10:00", talk=7)
    assert (await office.calls())[0]["counts"]["connect"] is True
    await office.ask("PATCH", "/sources/office", {"min_talk": 0}, expect=422)
