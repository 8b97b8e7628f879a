"""A meeting owes what a conversation owes, keeps a promise, and is no dial (R8, EC-49)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

TUESDAY = MONDAY + timedelta(days=1)
GOOD = "Показали образцы, ждёт спецификацию к среде."


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead(manager="ivan")
    return street


async def meet(office: Street, clock: str, day: date = MONDAY, **more: Any) -> int:
    body = {"author": "ivan", "at": at(clock, day).isoformat(), "minutes": 60} | more
    return int((await office.ask("POST", "/leads/1/meetings", body, expect=201))["id"])


async def say(office: Street, clock: str, text: str = GOOD, day: date = MONDAY, **more: Any) -> None:
    body = {"author": "ivan", "at": at(clock, day).isoformat(), "text": text} | more
    await office.ask("POST", "/leads/1/comments", body)


async def owed(office: Street) -> dict[str, str]:
    """Code -> status of what meetings owe."""
    items = (await office.ask("GET", "/violations"))["items"]
    return {one["code"]: one["status"] for one in items if one["subject"]["kind"] == "meeting"}


async def test_r8_a_meeting_owes_a_comment_and_a_date_by_the_shift(office: Street) -> None:
    office.clock.now = at("17:55")
    meeting = await meet(office, "16:50", minutes=60)
    items = (await office.ask("GET", "/violations"))["items"]
    assert {(one["code"], one["status"], one["due_at"], one["subject"]["id"]) for one in items} == {
        (code, "watching", "2026-11-23T16:50:00Z", meeting) for code in ("V01", "V03")
    }
    await office.work("18:21")
    assert await owed(office) == {"V01": "reminded", "V03": "reminded"}
    await office.work("19:49")
    assert set((await owed(office)).values()) == {"reminded"}
    await office.work("19:51")
    assert await owed(office) == {"V01": "open", "V03": "open"}
    contact = {"at": at("11:00", TUESDAY).isoformat(), "basis": "agreed"}
    await say(office, "20:30", next_contact=contact)
    assert await owed(office) == {"V01": "fixed_late", "V03": "fixed_late"}


@pytest.mark.parametrize(("clock", "status"), [("13:58", "closed"), ("13:57", "open")])
async def test_r8_ec_5_said_from_two_minutes_before_it_began(office: Street, clock: str, status: str) -> None:
    await meet(office, "14:00")
    await say(office, clock)
    await office.work("23:59")
    assert (await owed(office)).get("V01", "closed") == status


async def test_r8_an_outcome_alone_is_no_comment_of_a_meeting(office: Street) -> None:
    await meet(office, "14:00")
    await say(office, "15:30", "", outcome="talked")
    await office.work("23:59")
    assert (await owed(office))["V01"] == "open"


async def test_r8_ec_10_a_call_and_a_meeting_need_two_comments(office: Street) -> None:
    await office.dial("10:00", talk=60)
    await meet(office, "14:00")
    await say(office, "15:05")
    await office.work("23:59")
    found = {(one["subject"]["kind"], one["status"]) for one in (await office.ask("GET", "/violations?code=V01"))["items"]}
    assert ("call", "open") in found
    assert ("meeting", "open") not in found
    await say(office, "23:10", "Днём по телефону договорились о встрече.")
    found = {(one["subject"]["kind"], one["status"]) for one in (await office.ask("GET", "/violations?code=V01"))["items"]}
    assert ("call", "fixed_late") in found


async def test_v16_a_poor_or_removed_comment_of_a_meeting(office: Street) -> None:
    await meet(office, "14:00")
    await say(office, "15:05", "ок")
    await office.work("23:59")
    assert (await owed(office))["V16"] == "open"
    await say(office, "23:59")
    assert (await owed(office))["V16"] == "fixed_late"


@pytest.mark.parametrize("clock", ["09:30", "18:30"])
async def test_ec_49_a_meeting_keeps_the_planned_contact_of_its_day(office: Street, clock: str) -> None:
    body = {"author": "ivan", "set_at": at("10:00").isoformat(), "at": at("11:00", TUESDAY).isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body)
    await meet(office, clock, TUESDAY)
    await office.work("23:59", TUESDAY)
    assert [one["status"] for one in (await office.ask("GET", "/violations?code=V09"))["items"]] in ([], ["closed"])


async def test_v15_a_meeting_between_begins_the_count_anew(office: Street) -> None:
    for number, clock in enumerate(("10:00", "10:10", "10:20", "11:30", "11:40")):
        if clock == "11:30":
            await meet(office, "10:30", minutes=30)
        body = {
            "author": "ivan",
            "set_at": at(clock).isoformat(),
            "at": at("11:00", TUESDAY + timedelta(days=number)).isoformat(),
        }
        await office.ask("POST", "/leads/1/next-contacts", body)
    assert await office.violations("code=V15") == []


@pytest.mark.parametrize(("meetings", "found"), [(1, [("V17", "open")]), (2, [])])
async def test_v17_meetings_are_conversations_before_a_lead_is_given_up(
    office: Street, meetings: int, found: list[tuple[str, str]]
) -> None:
    await office.dial("10:00", talk=45)
    for index in range(meetings):
        await meet(office, f"{12 + 2 * index}:00")
    lost = {"stage": "lost", "reason": "Не заинтересовало."}
    await office.ask("PATCH", "/leads/1", lost, token=await office.token_of("ivan"))
    assert await office.violations("code=V17") == found


async def test_r8_a_meeting_is_no_dial_no_connect_and_no_call_of_a_new_lead(office: Street) -> None:
    body = {"name": "Астра", "phones": ["+79990000009"], "author": "ivan", "at": at("11:00").isoformat()}
    lead = (await office.ask("POST", "/leads", body))["id"]
    meeting = {"author": "ivan", "at": at("14:00").isoformat(), "minutes": 30}
    await office.ask("POST", f"/leads/{lead}/meetings", meeting)
    line = await office.line()
    assert (line["dials"]["pbx"], line["connects"]["pbx"], line["new_leads"]["counted"]) == (0, 0, 0)
    await office.work("23:59", TUESDAY)
    assert ("V14", "open") in await office.violations()


async def test_r8_the_history_tells_of_it(office: Street) -> None:
    meeting = await meet(office, "14:00", minutes=45, goal="образцы")
    (event,) = (await office.ask("GET", "/leads/1/history"))["items"]
    assert event == {
        "kind": "meeting",
        "id": meeting,
        "at": "2026-11-23T11:00:00Z",
        "author": "ivan",
        "author_kind": "person",
        "minutes": 45,
        "goal": "образцы",
    }


async def test_r8_one_cannot_be_at_two_meetings_ahead_of_time_or_long_ago(office: Street) -> None:
    first = await meet(office, "14:00")
    told = await office.ask(
        "POST", "/leads/1/meetings", {"author": "ivan", "at": at("14:59").isoformat(), "minutes": 5}, expect=409
    )
    assert told["existing"]["id"] == first
    await meet(office, "15:00")
    token = await office.token_of("ivan")
    body = {"at": at("16:00").isoformat(), "minutes": 5}
    await office.ask("POST", "/leads/1/meetings", body, token=token, expect=403)
    office.clock.now = at("15:59")
    assert "ahead" in (await office.ask("POST", "/leads/1/meetings", body, token=token, expect=422))["title"]
    office.clock.now = at("15:59", TUESDAY)
    await office.ask("POST", "/leads/1/meetings", body, token=token, expect=201)


async def test_r19_a_machines_meeting_is_shown_and_is_no_attempt(office: Street) -> None:
    body = {"author": "ivan", "set_at": at("10:00").isoformat(), "at": at("11:00", TUESDAY).isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body)
    await office.ask("POST", "/leads/1/meetings", {"at": at("12:00", TUESDAY).isoformat(), "minutes": 30}, expect=201)
    await office.work("23:59", TUESDAY)
    assert await owed(office) == {}
    assert await office.violations("code=V09") == [("V09", "open")]


async def test_r27_a_meeting_on_an_exempt_lead_owes_a_comment_and_no_date(office: Street) -> None:
    await office.ask("POST", "/leads/1/exemptions", {"kind": "competitor", "reason": "Выведывает цены"})
    await meet(office, "14:00")
    await office.work("23:59")
    assert await owed(office) == {"V01": "open"}


async def test_r8_planned_and_done_on_the_days_gauge(office: Street) -> None:
    body = {"author": "ivan", "set_at": at("10:00").isoformat(), "at": at("11:00", TUESDAY + timedelta(days=1)).isoformat()}
    await office.ask("POST", "/leads/1/next-contacts", body)
    await meet(office, "10:00", TUESDAY + timedelta(days=1))
    text = await (await office.client.get("/metrics")).text()
    assert 'telephony_bridge_planned_contacts{manager="ivan",state="done"} 1.0' in text


async def test_r8_other_hours_entered_afterwards_move_the_deadline(office: Street) -> None:
    await meet(office, "10:00", MONDAY + timedelta(days=2))
    await office.ask("PATCH", "/managers/ivan", {"hours": "09:00-21:00"})
    items = (await office.ask("GET", "/violations"))["items"]
    assert {one["due_at"] for one in items} == {"2026-11-25T19:00:00Z"}
    await office.ask("POST", "/policy", {"name": "hard", "value": "30", "from": str(MONDAY)})
    items = (await office.ask("GET", "/violations"))["items"]
    assert {one["due_at"] for one in items} == {"2026-11-25T18:30:00Z"}
