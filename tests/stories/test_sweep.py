"""Leads that dropped out of sight: V10 (R33), as each working day of their owner closes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
THURSDAY, FRIDAY = MONDAY + timedelta(days=3), MONDAY + timedelta(days=4)
NEXT_MONDAY = MONDAY + timedelta(days=7)


@pytest.fixture
async def office(street: Street) -> Street:
    """Ivan has lead 1; a call with another number makes the days of this week close."""
    await street.source()
    await street.manager()
    await street.manager("olga", "102")
    await street.lead(manager="ivan")
    await street.dial("09:05", number="+79990000009", extension="105")
    await street.dial("09:06", number="+79990000009", extension="102")
    return street


async def touch(office: Street, clock: str = "11:00", day: date = MONDAY, **more: Any) -> None:
    body = {"author": "ivan", "at": at(clock, day).isoformat(), "text": "Написал в почту, ждём ответа от закупщика."}
    await office.ask("POST", "/leads/1/comments", body | more)


async def plan(office: Street, clock: str, due: datetime, day: date = MONDAY, **more: Any) -> None:
    body = {"author": "ivan", "set_at": at(clock, day).isoformat(), "at": due.isoformat()} | more
    await office.ask("POST", "/leads/1/next-contacts", body)


async def found(office: Street, lead: int = 1) -> list[tuple[str, str, str]]:
    items = (await office.ask("GET", "/violations?code=V10"))["items"]
    return sorted((one["date"], one["manager"], one["status"]) for one in items if one["subject"]["id"] == lead)


async def test_v10_r33_touched_and_without_a_date_is_due_a_working_day_later(office: Street) -> None:
    await touch(office)
    await office.work("23:29")
    assert await found(office) == []
    await office.work("23:31")
    (one,) = (await office.ask("GET", "/violations?code=V10"))["items"]
    assert (one["status"], one["name"], one["severity"]) == ("watching", "LEAD_WITHOUT_DATE", "minor")
    assert (one["subject"], one["date"]) == ({"kind": "lead", "id": 1}, str(MONDAY))
    assert one["due_at"] == "2026-11-24T20:30:00Z"
    await office.work("23:31", TUESDAY)
    await office.work("23:59", THURSDAY)
    assert await found(office) == [(str(MONDAY), "ivan", "open")]
    await plan(office, "10:00", at("11:00", NEXT_MONDAY), FRIDAY)
    assert await found(office) == [(str(MONDAY), "ivan", "fixed_late")]


async def test_r33_a_date_set_the_next_day_is_in_time(office: Street) -> None:
    await touch(office)
    await office.work("23:59")
    await plan(office, "18:00", at("11:00", FRIDAY), TUESDAY)
    await office.work("23:59", WEDNESDAY)
    assert await found(office) == [(str(MONDAY), "ivan", "closed")]


async def test_r33_days_that_were_closed_late_are_swept_as_they_were_then(office: Street) -> None:
    await touch(office)
    await office.work("23:59", WEDNESDAY)
    assert await found(office) == [(str(MONDAY), "ivan", "open")]


async def test_r33_a_date_that_is_told_late_was_there_all_the_same(office: Street) -> None:
    await touch(office)
    await office.work("23:59", TUESDAY)
    assert await found(office) == [(str(MONDAY), "ivan", "open")]
    await plan(office, "11:05", at("11:00", FRIDAY))
    items = (await office.ask("GET", "/violations?code=V10"))["items"]
    assert [(one["status"], one["closed_because"]) for one in items] == [("closed", "corrected")]


async def test_r33_an_untouched_lead_a_lost_one_and_nobodys_owe_no_date(office: Street) -> None:
    await office.lead("+79990000002", manager="ivan")
    lost = await office.lead("+79990000003", manager="ivan")
    nobodys = await office.lead("+79990000004")
    body = {"author": "ivan", "at": at("11:00").isoformat(), "text": "Закрылись, больше не работают."}
    for lead in (lost, nobodys):
        await office.ask("POST", f"/leads/{lead}/comments", body)
    await office.ask("PATCH", f"/leads/{lost}", {"stage": "lost", "reason": "Закрылись."})
    await office.work("23:59", TUESDAY)
    assert (await office.ask("GET", "/violations?code=V10"))["items"] == []


@pytest.mark.parametrize("author", ["olga", None])
async def test_r33_a_colleagues_or_a_machines_comment_touches_it_not(office: Street, author: str | None) -> None:
    await touch(office, author=author)
    await office.work("23:59", TUESDAY)
    assert await found(office) == []


async def test_r33_a_machines_default_is_no_date(office: Street) -> None:
    await touch(office)
    await plan(office, "11:05", at("11:00", FRIDAY), author=None)
    await office.work("23:59")
    assert await found(office) == [(str(MONDAY), "ivan", "watching")]


async def test_r33_a_call_that_owes_the_date_owes_it_once(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await office.work("23:59", WEDNESDAY)
    assert await office.violations("code=V03") == [("V03", "open")]
    assert await found(office) == []


async def test_r33_a_call_made_while_it_is_watched_takes_the_debt_over(office: Street) -> None:
    await touch(office)
    await office.work("23:59")
    await office.dial("10:00", day=TUESDAY, talk=45)
    assert await found(office) == [(str(MONDAY), "ivan", "closed")]
    assert ("V03", "watching") in await office.violations("code=V03")


async def test_r33_a_date_that_passed_is_none_ahead(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await plan(office, "10:05", at("11:00", TUESDAY))
    await office.work("23:59")
    assert await found(office) == []
    await office.work("23:59", TUESDAY)
    assert await found(office) == [(str(TUESDAY), "ivan", "watching")]


async def test_ec_48_a_weekend_and_an_absence_are_not_counted(office: Street) -> None:
    await touch(office, day=FRIDAY)
    await office.work("23:59", FRIDAY)
    (one,) = (await office.ask("GET", "/violations?code=V10"))["items"]
    assert one["due_at"] == "2026-11-30T20:30:00Z"
    away = {"from": str(NEXT_MONDAY), "to": str(NEXT_MONDAY), "kind": "day_off"}
    await office.ask("POST", "/managers/ivan/absences", away)
    (one,) = (await office.ask("GET", "/violations?code=V10"))["items"]
    assert (one["status"], one["due_at"]) == ("watching", "2026-12-01T20:30:00Z")


async def test_ec_52_a_day_off_entered_afterwards_takes_it_away(office: Street) -> None:
    await touch(office)
    await office.work("23:59", TUESDAY)
    await office.ask("POST", "/managers/ivan/absences", {"from": str(MONDAY), "to": str(MONDAY), "kind": "sick"})
    assert await found(office) == [(str(MONDAY), "ivan", "closed")]


async def test_r33_what_is_watched_goes_with_the_lead_what_has_opened_stays(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await plan(office, "10:05", at("23:00"))
    await office.work("23:59")
    assert await found(office) == [(str(MONDAY), "ivan", "watching")]
    await office.ask("PATCH", "/leads/1", {"manager": "olga"})
    assert await found(office) == [(str(MONDAY), "ivan", "closed")]
    await office.work("23:59", WEDNESDAY)
    assert await found(office) == [(str(MONDAY), "ivan", "closed"), (str(TUESDAY), "olga", "open")]
    await office.ask("PATCH", "/leads/1", {"manager": "ivan"})
    assert (str(TUESDAY), "olga", "open") in await found(office)
    await plan(office, "10:00", at("11:00", NEXT_MONDAY), THURSDAY)
    assert (str(TUESDAY), "olga", "fixed_late") in await found(office)


async def test_r12_a_lead_that_is_given_up_owes_no_more_and_taken_up_again_nothing_of_before(office: Street) -> None:
    await touch(office)
    await office.work("23:59")
    office.clock.now = at("12:00", TUESDAY)
    await office.ask("PATCH", "/leads/1", {"stage": "lost", "reason": "Закрылись."})
    assert await found(office) == [(str(MONDAY), "ivan", "closed")]
    office.clock.now = at("12:00", WEDNESDAY)
    await office.ask("PATCH", "/leads/1", {"stage": "new"})
    assert await found(office) == [(str(MONDAY), "ivan", "closed")]
    await office.work("23:59", WEDNESDAY)
    assert [(day, status) for day, _, status in await found(office)][1:] in (
        [(str(TUESDAY), "open")],  # Tuesday was not closed before: the lead is open now
        [(str(WEDNESDAY), "watching")],
    )


async def test_r27_what_a_supervisor_excused_is_not_found_again_until_a_date_was_set(office: Street) -> None:
    await touch(office)
    await office.work("23:59")
    (one,) = (await office.ask("GET", "/violations?code=V10"))["items"]
    await office.ask("POST", f"/violations/{one['id']}/excuse", {"reason": "Ждём тендер."})
    await office.work("23:59", THURSDAY)
    assert await found(office) == [(str(MONDAY), "ivan", "excused")]
    await plan(office, "10:00", at("12:00", FRIDAY), FRIDAY)
    await office.work("23:59", FRIDAY)
    assert await found(office) == [(str(MONDAY), "ivan", "excused"), (str(FRIDAY), "ivan", "watching")]


async def test_sweeping_twice_changes_nothing(office: Street) -> None:
    await touch(office)
    await office.work("23:59", TUESDAY)
    before = (await office.ask("GET", "/violations"))["items"]
    async with office.database.begin() as conn:
        await conn.execute("update deliveries set outcome = 'waiting'")
        await conn.execute("delete from closed_days")
    await office.work("23:59", TUESDAY)
    assert (await office.ask("GET", "/violations"))["items"] == before


async def test_v10_a_replay_changes_nothing_where_a_later_call_owes_the_date(office: Street) -> None:
    await touch(office)
    await office.dial("10:00", day=TUESDAY, talk=60)
    await office.work("12:00", TUESDAY)
    before = await office.violations()
    for delivery in (1, 2, 3):
        await office.ask("POST", f"/deliveries/{delivery}/replay")
    await office.work("12:00", TUESDAY)
    assert await office.violations() == before
