"""The only ways out of the next date: asked with a reason, approved by a supervisor (R27, EC-64)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
WHY = {"reason": "Проверено по реестру"}


@pytest.fixture
async def office(street: Street) -> Street:
    """A conversation of Monday with its comment and without a next date."""
    await street.source()
    await street.manager()
    await street.lead(manager="ivan")
    await street.dial("10:00", talk=45)
    body = {"author": "ivan", "at": at("10:05").isoformat(), "text": "Фирма ликвидирована, закупать некому."}
    await street.ask("POST", "/leads/1/comments", body)
    return street


async def exempt(office: Street, clock: str, day: date = MONDAY, *, token: str | None = None, **told: Any) -> dict[str, Any]:
    office.clock.now = at(clock, day)
    body = {"kind": "liquidated", "reason": "Ликвидирована"} | told
    return dict(await office.ask("POST", "/leads/1/exemptions", body, token=token, expect=201))


async def answer(office: Street, verb: str, clock: str, day: date = MONDAY, one: int = 1, **how: Any) -> dict[str, Any]:
    office.clock.now = at(clock, day)
    return dict(await office.ask("POST", f"/exemptions/{one}/{verb}", WHY, **how))


async def dates(office: Street, code: str = "V03") -> list[tuple[str, str | None]]:
    items = (await office.ask("GET", f"/violations?code={code}"))["items"]
    return sorted((one["status"], one["closed_because"]) for one in items)


async def test_r27_asked_changes_nothing_approved_owes_no_date(office: Street) -> None:
    asked = await exempt(office, "11:00", token=await office.token_of("ivan"))
    assert (asked["status"], asked["asked_by"], asked["asked_at"]) == ("asked", "ivan", "2026-11-23T08:00:00Z")
    await office.work("20:00")
    assert await dates(office) == [("open", None)]
    lead = await office.ask("GET", "/leads/1")
    assert (lead["exemption"], lead["opted_out"]) == ({"id": 1, "kind": "liquidated", "status": "asked"}, False)
    told = await answer(office, "approve", "20:30")
    assert (told["status"], told["approved_by"], told["answer"]) == ("approved", "admin token", "Проверено по реестру")
    assert (told["reason"], told["approved_at"]) == ("Ликвидирована", "2026-11-23T17:30:00Z")
    assert await dates(office) == [("closed", "corrected")]
    assert (await office.calls())[0]["next_contact"] == "not_needed"
    await office.work("23:59", TUESDAY)
    assert await dates(office) == [("closed", "corrected")]


async def test_r27_a_conversation_still_owes_its_comment(office: Street) -> None:
    await exempt(office, "11:00")
    await office.dial("12:00", talk=45)
    await office.work("20:00")
    assert ("V01", "open") in await office.violations()
    assert await dates(office) == [("closed", "corrected")]


async def test_r27_a_manager_neither_approves_nor_withdraws(office: Street) -> None:
    token = await office.token_of("ivan")
    await exempt(office, "11:00", token=token)
    for verb in ("approve", "refuse", "withdraw"):
        await answer(office, verb, "12:00", token=token, expect=403)
    assert [one["id"] for one in (await office.ask("GET", "/exemptions?status=asked", token=token))["items"]] == [1]
    await office.manager("olga", "102")
    olga = await office.token_of("olga")
    assert (await office.ask("GET", "/exemptions", token=olga))["items"] == []
    await office.ask("POST", "/leads/1/exemptions", {"kind": "competitor", "reason": "Да"}, token=olga, expect=404)


async def test_r27_refused_leaves_the_date_owed(office: Street) -> None:
    await exempt(office, "11:00", token=await office.token_of("ivan"))
    assert (await answer(office, "refuse", "12:00"))["status"] == "refused"
    await office.work("20:00")
    assert await dates(office) == [("open", None)]
    assert (await office.ask("GET", "/leads/1"))["exemption"] is None
    told = await answer(office, "approve", "12:30", expect=422)
    assert "refused" in told["title"]
    await answer(office, "approve", "12:30", one=99, expect=404)


async def test_r27_a_second_one_of_the_kind_shows_the_first(office: Street) -> None:
    first = await exempt(office, "11:00")
    told = await office.ask("POST", "/leads/1/exemptions", {"kind": "liquidated", "reason": "Да"}, expect=409)
    assert told["existing"] == first
    await office.ask("POST", "/leads/1/exemptions", {"kind": "sleepy", "reason": "Да"}, expect=422)


async def test_r27_withdrawn_is_owed_again_from_then_on_and_never_late_for_before(office: Street) -> None:
    await office.work("20:00")
    await exempt(office, "20:30")
    assert await dates(office) == [("closed", "corrected")]
    await office.work("12:00", WEDNESDAY)
    assert (await answer(office, "withdraw", "12:01", WEDNESDAY))["status"] == "withdrawn"
    (one,) = (await office.ask("GET", "/violations?code=V03"))["items"]
    assert (one["status"], one["due_at"]) == ("watching", "2026-11-25T16:00:00Z")
    assert (await office.calls())[0]["next_contact"] == "due"
    await office.work("18:59", WEDNESDAY)
    assert {status for status, _ in await dates(office)} <= {"watching", "reminded"}
    await office.work("19:01", WEDNESDAY)
    assert await dates(office) == [("open", None)]
    body = {
        "author": "ivan",
        "set_at": at("19:30", WEDNESDAY).isoformat(),
        "at": at("11:00", MONDAY + timedelta(days=7)).isoformat(),
    }
    await office.ask("POST", "/leads/1/next-contacts", body)
    assert await dates(office) == [("fixed_late", None)]


async def test_r27_a_date_set_in_time_after_the_withdrawal_is_done(office: Street) -> None:
    await exempt(office, "11:00")
    await answer(office, "withdraw", "12:00", WEDNESDAY)
    body = {
        "author": "ivan",
        "set_at": at("15:00", WEDNESDAY).isoformat(),
        "at": at("11:00", MONDAY + timedelta(days=7)).isoformat(),
    }
    await office.ask("POST", "/leads/1/next-contacts", body)
    await office.work("23:59", WEDNESDAY)
    assert await dates(office) == [("closed", "done")]


async def test_r27_what_was_made_good_late_before_stays_on_record(office: Street) -> None:
    await office.work("20:00")
    body = {"author": "ivan", "set_at": at("20:10").isoformat(), "at": at("11:00", WEDNESDAY).isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body)
    await exempt(office, "20:30")
    assert await dates(office) == [("fixed_late", None)]
    await answer(office, "withdraw", "21:00")
    assert await dates(office) == [("fixed_late", None)]


async def test_r27_v09_a_planned_contact_is_not_missed_while_exempt(office: Street) -> None:
    body = {"author": "ivan", "set_at": at("10:30").isoformat(), "at": at("11:00", TUESDAY).isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body)
    await office.work("23:59", TUESDAY)
    assert await dates(office, "V09") == [("open", None)]
    await exempt(office, "09:00", WEDNESDAY)
    assert await dates(office, "V09") == [("closed", "corrected")]
    await answer(office, "withdraw", "12:00", WEDNESDAY)
    await office.work("23:29", WEDNESDAY)
    items = (await office.ask("GET", "/violations?code=V09"))["items"]
    assert {(one["status"], one["date"]) for one in items} == {("closed", str(TUESDAY)), ("watching", str(WEDNESDAY))}
    await office.work("23:31", WEDNESDAY)
    assert ("open", None) in await dates(office, "V09")


async def test_ec_64_an_opt_out_holds_at_once_and_the_conflict_is_shown(office: Street) -> None:
    await exempt(office, "11:00", kind="opt_out", reason="Просит не звонить", token=await office.token_of("ivan"))
    lead = await office.ask("GET", "/leads/1")
    assert (lead["opted_out"], lead["exemption"]["status"]) == (True, "asked")
    await office.work("20:00")
    assert await dates(office) == [("open", None)]
    assert (await office.ask("POST", "/mailings", {"recipients": ["+79990000001"]}))["known"][0]["opted_out"] is True
    await answer(office, "approve", "20:30")
    assert await dates(office) == [("closed", "corrected")]
    await answer(office, "withdraw", "21:00")
    assert (await office.ask("GET", "/leads/1"))["opted_out"] is False
    assert (await office.ask("POST", "/mailings", {"recipients": ["+79990000001"]}))["known"][0]["opted_out"] is False


async def test_ec_64_v13_a_dial_to_who_opted_out_is_flagged_and_not_blocked(office: Street) -> None:
    await exempt(office, "11:00", kind="opt_out", reason="Просит не звонить", token=await office.token_of("ivan"))
    await office.dial("12:00")
    await office.work("23:59")
    after, before = await office.calls()
    assert (after["counts"]["dial"], before["counts"]["dial"]) == (True, True)
    (one,) = (await office.ask("GET", "/violations?code=V13"))["items"]
    assert one["evidence"]["kinds"] == {"opted_out": {"count": 1, "calls": [after["id"]]}}


async def test_r27_judged_again_by_another_story_it_stands_the_same(office: Street) -> None:
    await office.work("20:00")
    await exempt(office, "20:30")
    await answer(office, "withdraw", "12:01", WEDNESDAY)
    before = (await office.ask("GET", "/violations"))["items"]
    await office.ask("PATCH", "/leads/1", {"company": "Ромашка"})
    await office.ask("POST", "/managers/ivan/extensions", {"extension": "107"})
    await office.ask("POST", "/policy", {"name": "soft_comment", "value": "30", "from": str(MONDAY)})
    after = (await office.ask("GET", "/violations"))["items"]
    assert [(one["id"], one["status"], one["due_at"]) for one in after] == [
        (one["id"], one["status"], one["due_at"]) for one in before
    ]
