"""Comments that change (R24, EC-45, V16), far dates and presets (R29), mailings (R10), and what nobody can take away (R13)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
GOOD = "Просит прайс на трубу, решает в пятницу."


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead(manager="ivan")
    return street


async def say(office: Street, clock: str, text: str = GOOD, **more: Any) -> int:
    body = {"author": "ivan", "at": at(clock).isoformat(), "text": text} | more
    return int((await office.ask("POST", "/leads/1/comments", body))["id"])


async def change(office: Street, comment: int, clock: str, day: Any = MONDAY, **told: Any) -> None:
    office.clock.now = at(clock, day)
    await office.ask("PATCH", f"/leads/1/comments/{comment}", told)


async def poor(office: Street) -> list[tuple[str, str]]:
    """(name, status) of V16."""
    return [(one["name"], one["status"]) for one in (await office.ask("GET", "/violations?code=V16"))["items"]]


async def test_r24_a_change_keeps_what_was_said_by_whom_and_when(office: Street) -> None:
    comment = await say(office, "10:05", goal="прайс")
    token = await office.token_of("ivan")
    office.clock.now = at("15:00")
    await office.ask("PATCH", f"/leads/1/comments/{comment}", {"text": "Просит прайс на сталь."}, token=token)
    office.clock.now = at("16:00")
    await office.ask("PATCH", f"/leads/1/comments/{comment}", {"text": "Просит прайс на сталь."}, token=token)
    (event,) = (await office.ask("GET", "/leads/1/history"))["items"]
    assert (event["at"], event["author"], event["edited_at"]) == ("2026-11-23T07:05:00Z", "ivan", "2026-11-23T12:00:00Z")
    assert (event["text"], event["goal"]) == ("Просит прайс на сталь.", "прайс")
    assert event["versions"] == [
        {"text": GOOD, "outcome": None, "goal": "прайс", "until": "2026-11-23T12:00:00Z", "changed_by": "ivan"}
    ]


async def test_r24_only_the_author_or_a_supervisor_may_change(office: Street) -> None:
    await office.manager("olga", "102")
    await office.dial("10:00", extension="102", talk=40)
    comment = await say(office, "10:05")
    olga = await office.token_of("olga")
    for method, body in (("PATCH", {"text": "Другое."}), ("DELETE", None)):
        await office.ask(method, f"/leads/1/comments/{comment}", body, token=olga, expect=403)
    await office.ask("DELETE", f"/leads/1/comments/{comment}", token=await office.token_of("ivan"), expect=200)
    await office.ask("PATCH", f"/leads/1/comments/{comment}", {"text": GOOD}, expect=200)
    await office.ask("PATCH", "/leads/1/comments/99", {"text": GOOD}, expect=404)
    other = await office.lead("+79990000002")
    await office.ask("PATCH", f"/leads/{other}/comments/{comment}", {"text": GOOD}, expect=404)


async def test_ec_45_v16_a_removed_comment_opens_at_once_and_v01_stays_met(office: Street) -> None:
    await office.dial("10:00", talk=45)
    comment = await say(office, "10:05")
    await office.work("23:59")
    before = await office.violations("code=V01")
    office.clock.now = at("12:00", TUESDAY)
    await office.ask("DELETE", f"/leads/1/comments/{comment}")
    (one,) = (await office.ask("GET", "/violations?code=COMMENT_POOR"))["items"]
    assert (one["name"], one["severity"], one["status"], one["manager"]) == ("COMMENT_REMOVED", "minor", "open", "ivan")
    assert (one["opened_at"], one["evidence"]["removed"], one["evidence"]["comment"]) == ("2026-11-24T09:00:00Z", True, comment)
    assert await office.violations("code=V01") == before == [("V01", "closed")]
    assert (await office.calls())[0]["comment"] == "done"
    await office.work("23:59", TUESDAY)
    assert await poor(office) == [("COMMENT_REMOVED", "open")]


async def test_v16_the_text_put_back_or_said_anew_cures_it(office: Street) -> None:
    await office.dial("10:00", talk=45)
    comment = await say(office, "10:05")
    await office.work("23:59")
    await change(office, comment, "12:00", TUESDAY, text="")
    await change(office, comment, "13:00", TUESDAY, text=GOOD)
    assert await poor(office) == [("COMMENT_REMOVED", "fixed_late")]
    await change(office, comment, "14:00", TUESDAY, text=" ")
    assert await poor(office) == [("COMMENT_REMOVED", "open")]
    office.clock.now = at("15:00", TUESDAY)
    await office.ask("POST", "/leads/1/comments", {"author": "ivan", "text": "Решили: берёт пробную партию трубы."})
    assert await poor(office) == [("COMMENT_REMOVED", "fixed_late")]


async def test_v16_a_comment_of_another_conversation_replaces_no_removed_one(office: Street) -> None:
    await office.dial("10:00", talk=45)
    first = await say(office, "10:05")
    await office.dial("12:00", talk=45)
    second = await say(office, "12:05", "Согласовали отгрузку на четверг утром.")
    await office.work("23:59")
    await change(office, first, "12:00", TUESDAY, text="")
    (one,) = (await office.ask("GET", "/violations?code=V16"))["items"]
    assert (one["status"], one["subject"]["id"]) == ("open", 1)
    await change(office, second, "12:30", TUESDAY, text="")
    found = (await office.ask("GET", "/violations?code=V16"))["items"]
    assert {(one["status"], one["subject"]["id"]) for one in found} == {("open", 1), ("open", 2)}


async def test_v16_a_word_put_right_before_it_was_owed_is_no_violation(office: Street) -> None:
    await office.dial("10:00", talk=45)
    comment = await say(office, "10:05")
    await change(office, comment, "10:06", text="")
    assert await poor(office) == [("COMMENT_REMOVED", "open")]
    await change(office, comment, "10:10", text="Просит прайс на лист, решает в пятницу.")
    await office.work("23:59")
    assert await poor(office) == [("COMMENT_REMOVED", "closed")]


@pytest.mark.parametrize(("kept", "found"), [("30", []), ("31", [("COMMENT_REMOVED", "open")])])
async def test_ec_45_what_is_removed_after_a_month_is_let_be(office: Street, kept: str, found: list[tuple[str, str]]) -> None:
    await office.ask("POST", "/policy", {"name": "comment_kept", "value": kept, "from": str(MONDAY)})
    await office.dial("10:00", talk=45)
    comment = await say(office, "10:05")
    await office.work("23:59")
    await change(office, comment, "10:06", MONDAY + timedelta(days=30), text="")
    assert await poor(office) == found


async def test_v16_an_edit_that_spoils_a_good_comment_is_poor_from_then_on(office: Street) -> None:
    await office.dial("10:00", talk=45)
    comment = await say(office, "10:05")
    await office.work("23:59")
    await change(office, comment, "12:00", TUESDAY, text="ок")
    (one,) = (await office.ask("GET", "/violations?code=V16"))["items"]
    assert (one["name"], one["due_at"]) == ("COMMENT_POOR", "2026-11-24T09:00:00Z")
    await office.work("12:01", TUESDAY)
    assert await poor(office) == [("COMMENT_POOR", "open")]
    await change(office, comment, "13:00", TUESDAY, text=GOOD)
    assert await poor(office) == [("COMMENT_POOR", "fixed_late")]


async def test_v01_words_added_later_count_from_when_they_came(office: Street) -> None:
    await office.dial("10:00", talk=45)
    comment = await say(office, "10:05", "", outcome="talked")
    await office.work("20:00")
    assert await office.violations("code=V01") == [("V01", "open")]
    await change(office, comment, "12:00", TUESDAY, text=GOOD)
    (one,) = (await office.ask("GET", "/violations?code=V01"))["items"]
    assert (one["status"], one["fixed_at"]) == ("fixed_late", "2026-11-24T09:00:00Z")
    assert await poor(office) == []


async def test_v02_an_outcome_that_is_removed_was_said_all_the_same(office: Street) -> None:
    await office.dial("10:00")
    comment = await say(office, "10:05", "", outcome="no_answer")
    office.clock.now = at("11:00")
    await office.ask("DELETE", f"/leads/1/comments/{comment}")
    await office.work("23:59")
    assert ("V02", "open") not in await office.violations()
    assert await poor(office) == []


async def test_r24_a_change_told_twice_or_later_calls_change_nothing(office: Street) -> None:
    await office.dial("10:00", talk=45)
    comment = await say(office, "10:05")
    await office.work("23:59")
    await change(office, comment, "12:00", TUESDAY, text="")
    before = (await office.ask("GET", "/violations"))["items"]
    await change(office, comment, "12:30", TUESDAY, text="")
    await office.dial("10:20", number="+79990000005")
    await office.work("23:59")
    after = (await office.ask("GET", "/violations"))["items"]
    assert [one for one in after if one["subject"] != {"kind": "call", "id": 2}] == before


async def test_r29_a_date_further_than_the_horizon_needs_a_reason(office: Street) -> None:
    office.clock.now = at("12:00")
    day = MONDAY + timedelta(days=100)
    await office.ask("POST", "/leads/1/next-contacts", {"at": at("10:00", day).isoformat()}, expect=201)
    far = {"at": at("10:00", day + timedelta(days=1)).isoformat()}
    told = await office.ask("POST", "/leads/1/next-contacts", far, expect=422)
    assert "100 days" in told["title"]
    assert "reason" in told["title"]
    comment = {"text": GOOD, "next_contact": far}
    await office.ask("POST", "/leads/1/comments", comment, expect=422)
    await office.ask("POST", "/leads/1/next-contacts", far | {"reason": " "}, expect=422)
    await office.ask("POST", "/leads/1/next-contacts", far | {"reason": "Закупают раз в полгода"}, expect=201)
    events = (await office.ask("GET", "/leads/1/history"))["items"]
    assert [one["reason"] for one in events if one["kind"] == "planned"] == [None, "Закупают раз в полгода"]
    await office.ask("POST", "/policy", {"name": "max_horizon", "value": "200", "from": str(MONDAY)})
    await office.ask("POST", "/leads/1/next-contacts", far, expect=201)


async def test_r29_presets_are_working_days_of_who_asks(office: Street) -> None:
    office.clock.now = at("22:30")
    absence = {"from": "2026-11-30", "to": "2026-12-01", "kind": "vacation"}
    await office.ask("POST", "/managers/ivan/absences", absence)
    items = (await office.ask("GET", "/leads/1/presets", token=await office.token_of("ivan")))["items"]
    assert items == [
        {"preset": "7d", "at": "2026-12-02T07:00:00Z"},  # away on Monday and Tuesday
        {"preset": "1m", "at": "2026-12-23T07:00:00Z"},
        {"preset": "3m", "at": "2027-02-24T07:00:00Z"},  # 23 February is a holiday
    ]
    await office.ask("POST", "/policy", {"name": "presets", "value": "2w/6M", "from": str(MONDAY)})
    assert [one["preset"] for one in (await office.ask("GET", "/leads/1/presets"))["items"]] == ["2w", "6m"]
    await office.ask("POST", "/policy", {"name": "presets", "value": "soon"}, expect=422)


async def test_r10_recipients_of_a_mailing_are_leads_and_count_for_nobody(office: Street) -> None:
    await office.ask("POST", "/excluded-numbers", {"number": "+79990000077", "kind": "staff"})
    names = ["8 999 000-00-01", "+79990000002", "+7 (999) 000-00-02", "12345", "info@example.org", "+79990000077"]
    told = await office.ask("POST", "/mailings", {"recipients": names})
    assert told["known"] == [{"recipient": "8 999 000-00-01", "lead": 1, "opted_out": False}]
    assert (told["unknown"], told["created"]) == (["+79990000002"], [])
    assert [one["recipient"] for one in told["rejected"]] == names[2:]
    told = await office.ask("POST", "/mailings", {"recipients": names, "create": True, "segment": "warm"})
    (made,) = told["created"]
    assert (made["recipient"], told["unknown"]) == ("+79990000002", [])
    lead = await office.ask("GET", f"/leads/{made['lead']}")
    assert (lead["source"], lead["segment"], lead["author_kind"], lead["manager"]) == ("mailing", "warm", "machine", None)
    again = await office.ask("POST", "/mailings", {"recipients": names, "create": True})
    assert (len(again["known"]), again["created"]) == (2, [])
    assert (await office.line("ivan", WEDNESDAY))["new_leads"]["entered"] == 0


async def test_r10_a_lead_of_a_mailing_finds_its_calls(office: Street) -> None:
    await office.dial("10:00", day=WEDNESDAY, number="+79990000003", talk=30)
    await office.ask("POST", "/mailings", {"recipients": ["+79990000003"], "create": True})
    (call,) = await office.calls()
    assert call["match"] == "matched"


async def test_r10_ten_thousand_recipients_are_one_request(office: Street) -> None:
    names = [f"+7999{index:07}" for index in range(1, 10_001)]
    told = await office.ask("POST", "/mailings", {"recipients": names, "create": True})
    assert (len(told["known"]), len(told["created"])) == (1, 9_999)
    assert "at most" in (await office.ask("POST", "/mailings", {"recipients": [*names, "+79991112233"]}, expect=422))["title"]


async def test_r13_nobody_deletes_a_lead_and_a_manager_takes_no_base_with_him(office: Street) -> None:
    await office.manager("olga", "102")
    await office.lead("+79990000002", manager="olga")
    token = await office.token_of("ivan")
    for asker in (token, office.token):
        async with office.client.delete("/api/v1/leads/1", headers={"Authorization": f"Bearer {asker}"}) as answer:
            assert answer.status in (404, 405)
    assert [one["id"] for one in (await office.ask("GET", "/leads", token=token))["items"]] == [1]
    await office.ask("GET", "/leads?limit=1001", token=token, expect=422)
    await office.ask("POST", "/mailings", {"recipients": ["+79990000002"]}, token=token, expect=403)
