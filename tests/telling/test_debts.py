"""The digest: what a manager owes is told once, at most every half an hour, and never out of his working time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

FRIDAY = MONDAY - timedelta(days=3)
TUESDAY = MONDAY + timedelta(days=1)


async def told(street: Street, kind: str | None = "debts", **asked: str) -> list[dict[str, Any]]:
    """Notices, oldest first."""
    query = "&".join(f"{name}={value}" for name, value in ({"kind": kind} if kind else {} | asked).items())
    return list(reversed((await street.ask("GET", f"/notices?{query}"))["items"]))


async def texts(street: Street, kind: str | None = "debts") -> list[str]:
    return [f"{one['title']}\n{one['text']}" for one in await told(street, kind)]


@pytest.fixture
async def ivan(street: Street) -> Street:
    """A manager with a lead, whose morning and other lists are off: only what he owes is told."""
    await street.source()
    await street.manager()
    for name in ("morning", "remainder", "pace"):
        await street.ask("POST", "/policy", {"name": name, "value": "off", "from": "2026-01-01"})
    await street.lead()
    return street


async def test_r4_a_call_without_a_comment_is_reminded_of_half_an_hour_later(ivan: Street) -> None:
    await ivan.dial("16:00", talk=60)
    await ivan.work("16:25")
    assert await told(ivan) == []
    await ivan.work("16:32")
    (notice,) = await told(ivan)
    call = (await ivan.calls())[0]["id"]
    assert notice["opens"] == f"call/{call}"
    assert notice["manager"] == "ivan"
    assert notice["status"] == "in_page"
    assert "16:00 Ромашка: комментарий, дата следующего контакта, до 19:00" in notice["text"]


async def test_what_is_told_is_not_told_again(ivan: Street) -> None:
    await ivan.dial("16:00", talk=60)
    for clock in ("16:32", "16:40", "17:10", "17:50"):
        await ivan.work(clock)
    assert len(await told(ivan)) == 1


async def test_what_was_made_good_before_its_hour_is_not_told(ivan: Street) -> None:
    await ivan.dial("16:00", talk=60)
    lead = (await ivan.calls())[0]["lead"]
    note = {"text": "Обсудили прайс, ждёт расчёт", "author": "ivan", "at": at("16:10").isoformat()}
    contact = {"at": at("11:00", TUESDAY).isoformat()}
    await ivan.ask("POST", f"/leads/{lead}/comments", note | {"next_contact": contact})
    await ivan.work("16:40")
    assert await told(ivan) == []


async def test_many_calls_are_one_notice_and_half_an_hour_lies_between_two(ivan: Street) -> None:
    for index in range(1, 6):
        await ivan.lead(f"+7999000000{index + 1}", name=f"Лид {index}")
        await ivan.dial(f"10:{index:02}", number=f"+7999000000{index + 1}", talk=30)
    await ivan.work("10:33")  # two of them are due for a reminder
    await ivan.work("10:37")
    await ivan.work("10:55")
    assert [one.splitlines()[0] for one in await texts(ivan)] == ["2 записи ждут вас"]
    await ivan.work("11:03")
    first, second = await texts(ivan)
    assert second.startswith("3 записи ждут вас")
    assert "Лид 1" in first
    assert "Лид 1" not in second


async def test_a_call_is_told_of_once_with_all_that_is_owed_for_it(ivan: Street) -> None:
    await ivan.dial("12:00", number="+79990000099", talk=60)  # its lead is due for a reminder at 12:16, its comment at 12:31
    for clock in ("12:17", "12:50", "13:20"):
        await ivan.work(clock)
    (text,) = await texts(ivan)
    assert "- 12:00 +7***99: комментарий, лид по этому номеру, до 19:00" in text


async def test_what_opened_is_told_after_its_reminder(ivan: Street) -> None:
    await ivan.dial("16:00", talk=60)
    await ivan.work("16:35")
    await ivan.work("19:01")
    first, second = await texts(ivan)
    assert "Скоро срок" in first
    assert "Срок прошёл:\n- 16:00 Ромашка: комментарий, дата следующего контакта" in second


async def test_ec_14_a_dial_to_a_number_without_a_lead_is_told_a_quarter_of_an_hour_later(ivan: Street) -> None:
    await ivan.dial("12:00", number="+79990000099", talk=20)
    await ivan.work("12:10")
    assert await told(ivan) == []
    await ivan.work("12:16")
    (text,) = await texts(ivan)
    assert "лид по этому номеру" in text
    assert "+7***99" in text
    assert "9990000099" not in text


@pytest.mark.parametrize(("shown", "line"), [("full", "- 12:00 +79990000099: комментарий"), ("none", "- 12:00 комментарий")])
async def test_numbers_are_shown_as_policy_says(ivan: Street, shown: str, line: str) -> None:
    await ivan.ask("POST", "/policy", {"name": "notice_numbers", "value": shown, "from": "2026-01-01"})
    await ivan.dial("12:00", number="+79990000099", talk=20)
    await ivan.work("12:16")
    (text,) = await texts(ivan)
    assert line in text


async def test_quiet_hours_and_days_off_are_respected(ivan: Street) -> None:
    await ivan.ask("POST", "/policy", {"name": "morning", "value": "09:00", "from": "2026-11-21"})
    await ivan.dial("17:30", day=FRIDAY)  # without a talk: its outcome is owed by the day's close, half past eleven at night
    await ivan.work("23:35", FRIDAY)
    await ivan.work("12:00", FRIDAY + timedelta(days=1))
    assert [one["decided_at"] for one in await told(ivan) if one["decided_at"] > at("20:00", FRIDAY).isoformat()] == []
    await ivan.work("09:00")
    (morning,) = await texts(ivan, "morning")
    assert "наборы без результата: 1" in morning
    await ivan.work("10:00")
    assert [one["decided_at"] for one in await told(ivan) if one["decided_at"] > at("20:00", FRIDAY).isoformat()] == []


async def test_ec51_who_is_away_is_not_disturbed(ivan: Street) -> None:
    await ivan.dial("16:00", talk=60)
    await ivan.ask("POST", "/managers/ivan/absences", {"from": str(MONDAY), "to": str(MONDAY), "kind": "sick"})
    await ivan.work("16:40")
    assert await told(ivan) == []


async def test_ec38_late_evidence_is_not_told_to_the_manager(ivan: Street) -> None:
    await ivan.dial("10:00", number="+79990000077", talk=30)
    await ivan.work("23:45")
    before = len(await told(ivan))
    await ivan.dial("15:00", talk=60)  # told of after its day was closed
    items = (await ivan.ask("GET", f"/violations?date={MONDAY}&status=open"))["items"]
    assert any(one["evidence"].get("late_evidence") for one in items)
    await ivan.work("10:00", TUESDAY)
    later = (await told(ivan))[before:]
    assert not any("15:00 Ромашка" in one["text"] or "23.11 15:00" in one["text"] for one in later)


async def test_a_history_that_is_imported_tells_nobody_of_last_year(ivan: Street) -> None:
    long_ago = date(2026, 9, 14)
    await ivan.dial("10:00", day=long_ago, talk=60)
    await ivan.work("12:00")
    assert await told(ivan) == []


async def test_the_language_is_the_readers(ivan: Street) -> None:
    async with ivan.database.begin() as conn:
        await conn.execute("update managers set language = 'en'")
    await ivan.dial("16:00", talk=60)
    await ivan.work("16:32")
    (text,) = await texts(ivan)
    assert text.startswith("1 record waits for you")
    assert "16:00 Ромашка: a comment, a next-contact date, by 19:00" in text
