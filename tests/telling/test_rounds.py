"""Notices by the clock: the morning list, what is left, the pace and the day so far, each once and in the manager's zone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.street import MONDAY, Street, at
from tests.telling.test_debts import texts, told

FRIDAY, SATURDAY = MONDAY - timedelta(days=3), MONDAY - timedelta(days=2)


@pytest.fixture
async def ivan(street: Street) -> Street:
    await street.source()
    await street.manager()
    return street


async def plan(street: Street, lead: int, clock: str, *, goal: str | None = None, overdue: bool = False) -> None:
    due = at(clock, FRIDAY if overdue else MONDAY)
    body = {"at": due.isoformat(), "basis": "agreed", "goal": goal, "author": "ivan"}
    await street.ask(
        "POST", f"/leads/{lead}/next-contacts", body | {"set_at": at("10:00", FRIDAY - timedelta(days=7)).isoformat()}
    )


async def test_r36_the_morning_list_has_overdue_contacts_first_with_goal_and_last_outcome(ivan: Street) -> None:
    today, late = await ivan.lead(name="Ромашка"), await ivan.lead("+79990000002", name="Лютик")
    note = {"outcome": "no_answer", "author": "ivan", "at": at("12:00", FRIDAY - timedelta(days=8)).isoformat()}
    await ivan.ask("POST", f"/leads/{late}/comments", note)
    await plan(ivan, today, "11:00", goal="прислать прайс")
    await plan(ivan, late, "15:00", overdue=True)
    await ivan.work("08:59")
    assert await told(ivan, "morning") == []
    await ivan.work("09:00")
    await ivan.work("09:30")
    (text,) = await texts(ivan, "morning")
    assert text.splitlines()[:3] == [
        "План на 23.11.2026: 2 контакта, просрочено 1",
        "- 20.11 15:00 Лютик (просрочено). В прошлый раз: не ответил",
        "- 11:00 Ромашка. Цель: прислать прайс",
    ]
    assert (await told(ivan, "morning"))[0]["opens"] == "plan"


async def test_r36_nothing_planned_is_said(ivan: Street) -> None:
    await ivan.work("09:00")
    (text,) = await texts(ivan, "morning")
    assert "На сегодня контактов не запланировано." in text


async def test_r36_at_two_what_is_left_is_told(ivan: Street) -> None:
    made, left = await ivan.lead(name="Ромашка"), await ivan.lead("+79990000002", name="Лютик")
    await plan(ivan, made, "11:00")
    await plan(ivan, left, "16:00")
    await ivan.dial("11:05", talk=40)
    await ivan.work("14:01")
    (text,) = await texts(ivan, "remainder")
    assert text.startswith("Осталось на сегодня: 1 контакт")
    assert "Лютик" in text
    assert "- 11:00 Ромашка" not in text


async def test_r36_when_all_is_made_the_second_list_says_so(ivan: Street) -> None:
    await plan(ivan, await ivan.lead(), "11:00")
    await ivan.dial("11:05", talk=40)
    await ivan.work("14:01")
    assert (await texts(ivan, "remainder"))[0].startswith("Запланированное на сегодня сделано: 1 контакт")


async def test_ec51_no_lists_on_a_day_off_or_away(ivan: Street) -> None:
    await ivan.work("09:30", SATURDAY)
    await ivan.ask("POST", "/managers/ivan/absences", {"from": str(MONDAY), "to": str(MONDAY), "kind": "vacation"})
    for clock in ("09:30", "14:10", "15:10", "19:10"):
        await ivan.work(clock)
    assert await told(ivan, None) == []


async def test_ec1_the_list_comes_at_nine_of_the_managers_zone(street: Street) -> None:
    await street.source()
    await street.manager(timezone="Asia/Yekaterinburg")
    await street.work("06:59")
    assert await told(street, "morning") == []
    await street.work("07:00")
    assert len(await told(street, "morning")) == 1


async def test_a_worker_that_was_down_in_the_morning_tells_the_morning_late_and_not_in_the_evening(ivan: Street) -> None:
    await ivan.work("13:00")
    assert [one["kind"] for one in await told(ivan, None)] == ["morning"]
    await ivan.work("17:00", MONDAY + timedelta(days=1))
    assert [one["kind"] for one in await told(ivan, "morning")] == ["morning"]


@pytest.mark.parametrize(
    ("hours", "clock", "day"),
    [("20:00-08:00", "20:00", MONDAY), ("14:00-22:00", "14:00", MONDAY), ("10:00-19:00", "09:00", MONDAY)],
)
async def test_ec3_other_shifts_get_their_list_when_they_begin(street: Street, hours: str, clock: str, day: object) -> None:
    await street.source()
    await street.manager(hours=hours)
    hour, minute = clock.split(":")
    await street.work(f"{int(hour) - 1}:59")
    assert await told(street, "morning") == []
    await street.work(f"{hour}:{minute}")
    assert len(await told(street, "morning")) == 1


async def heard(street: Street, *clocks: str) -> None:
    """Calls of a colleague, so that the PBX is heard."""
    await street.manager("olga", "102")
    for clock in clocks:
        await street.dial(clock, extension="102", number="+79990000050", talk=20)


ALL_DAY = [f"{hour:02}:{minute:02}" for hour in range(9, 18) for minute in (1, 25, 50)]


async def test_r43_who_will_miss_a_floor_is_told_in_time(ivan: Street) -> None:
    await ivan.lead()
    await heard(ivan, *[clock for clock in ALL_DAY if clock < "15:00"])
    for minute in range(3):
        await ivan.dial(f"10:{minute + 10}", talk=40)
    await ivan.work("15:00")
    pace = [one for one in await told(ivan, "pace") if one["manager"] == "ivan"]
    assert len(pace) == 1
    assert "- наборы: сейчас 3, с такой скоростью будет 4, норма от 60" in pace[0]["text"]


async def test_invariant_8_nobody_is_told_of_a_pace_the_pbx_did_not_see(ivan: Street) -> None:
    await ivan.lead()
    await ivan.dial("10:10", talk=40)  # one call all day: no evidence
    await ivan.work("15:00")
    assert await told(ivan, "pace") == []
    assert [one["kind"] for one in await told(ivan, "pace", status="nothing")] == []


async def test_a_pace_that_will_do_is_not_told_and_not_asked_again(ivan: Street) -> None:
    await ivan.ask("POST", "/norms", {"metric": "dials", "segment": "cold", "min": 1, "target": 2, "from": "2026-11-01"})
    await ivan.ask("POST", "/norms", {"metric": "connects", "segment": "cold", "min": 0, "target": 2, "from": "2026-11-01"})
    await ivan.ask("POST", "/norms", {"metric": "new_leads", "segment": "cold", "min": 0, "target": 2, "from": "2026-11-01"})
    await ivan.lead()
    await heard(ivan, *[clock for clock in ALL_DAY if clock < "15:00"])
    await ivan.dial("10:10", talk=40)
    await ivan.work("15:00")
    assert "ivan" not in [one["manager"] for one in await told(ivan, "pace")]
    nothing = (await ivan.ask("GET", "/notices?status=nothing&kind=pace&manager=ivan"))["items"]
    assert len(nothing) == 1


async def test_r5_at_seven_each_gets_his_day_so_far_also_with_zeros(ivan: Street) -> None:
    await ivan.work("19:00")
    (text,) = await texts(ivan, "results")
    assert text.startswith("Ваш день 23.11.2026, предварительно: не оценивается: АТС не было слышно")
    assert "- наборы: 0, норма 60-70" in text
    assert "День закроется 23:30" in text


async def test_preview_shows_the_list_of_the_hour_and_writes_nothing(ivan: Street) -> None:
    from telephony_bridge import pipeline

    await plan(ivan, await ivan.lead(), "11:00", goal="прайс")
    async with ivan.database.begin() as conn:
        nine = await pipeline.preview_notices(conn, "ivan", company=ivan.company, now=at("09:00"))
        night = await pipeline.preview_notices(conn, "ivan", company=ivan.company, now=at("23:50"))
    assert [one["kind"] for one in nine] == ["morning"]
    assert "Ромашка. Цель: прайс" in nine[0]["text"]
    assert night == []
    assert await told(ivan, None) == []
