"""What supervisors, the owner and the administrator are told, and what a hand-over tells the new owners."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.street import MONDAY, Street, at
from tests.telling.test_debts import told

TUESDAY = MONDAY + timedelta(days=1)


async def user(street: Street, login: str, role: str, **particulars: object) -> None:
    """Somebody who signs in."""
    await street.ask("POST", "/users", {"login": login, "role": role} | particulars)


@pytest.fixture
async def office(street: Street) -> Street:
    """Two teams of one, a supervisor of everybody, one of the north, an owner and an administrator."""
    await street.source()
    await street.manager("ivan", "101", team="north")
    await street.manager("olga", "102", team="south")
    await user(street, "boss", "supervisor")
    await user(street, "north", "supervisor", team="north")
    await user(street, "olaf", "admin", owner=True)
    return street


async def logins(street: Street, kind: str) -> list[str]:
    return sorted(one["login"] for one in await told(street, kind))


async def test_r5_supervisors_and_the_owner_get_the_department_at_seven_each_of_his_team(office: Street) -> None:
    await office.work("18:59")
    assert await told(office, "results_team") == []
    await office.work("19:00")
    await office.work("19:05")
    sheets = {one["login"]: one for one in await told(office, "results_team")}
    assert sorted(sheets) == ["boss", "north", "olaf"]
    assert "Ivan" in sheets["north"]["text"]
    assert "Olga" not in sheets["north"]["text"]
    assert sheets["boss"]["title"] == "Итоги 23.11.2026, предварительно: норма у 0 из 2"


async def test_r43_the_day_close_is_told_to_supervisors_and_waits_for_the_morning(office: Street) -> None:
    await office.lead()
    await office.dial("12:00", talk=30)
    await office.work("23:31")
    await office.work("23:40")
    closes = {one["login"]: one for one in await told(office, "day_team")}
    assert sorted(closes) == ["boss", "north"]
    assert "звонки и встречи без комментария: 1" in closes["boss"]["text"]
    async with office.database.begin() as conn:
        due = await conn.fetchval("select next_at from notices where kind = 'day_team' and login = 'boss'")
    assert due == at("08:30", TUESDAY)


async def test_a_day_is_told_when_the_last_of_the_team_has_closed_it(street: Street) -> None:
    await street.source()
    await street.manager("ivan", "101")
    await street.manager("vera", "103", timezone="Europe/Kaliningrad")
    await user(street, "boss", "supervisor")
    await street.dial("12:00", talk=30)
    await street.work("23:35")
    assert await told(street, "day_team") == []
    await street.work("0:31", TUESDAY)
    assert await logins(street, "day_team") == ["boss"]


async def test_three_majors_in_five_working_days_are_told_to_the_owner_once(office: Street) -> None:
    for index in range(1, 4):
        await office.lead(f"+7999000000{index}", name=f"Лид {index}")
        await office.dial(f"10:0{index}", number=f"+7999000000{index}", talk=30)
    await office.work("23:31")
    (notice,) = await told(office, "majors")
    assert notice["login"] == "olaf"
    assert "Ivan: звонки и встречи без комментария 3" in notice["text"]
    await office.dial("10:00", day=TUESDAY, talk=30)
    await office.work("23:31", TUESDAY)
    assert len(await told(office, "majors")) == 1


async def test_r25_new_owners_are_told_of_their_cards_with_the_hand_over(office: Street) -> None:
    for index in range(1, 4):
        await office.lead(f"+7999000000{index}", name=f"Лид {index}", manager="ivan")
    await office.ask("POST", "/handovers", {"from": "ivan", "to": ["olga"]})
    (notice,) = await told(office, "handover")
    assert notice["manager"] == "olga"
    assert notice["title"] == "Вам переданы 3 карточки"
    assert "От кого: Ivan" in notice["text"]
    await office.ask("POST", "/handovers", {"from": "ivan", "to": ["olga"]})
    assert len(await told(office, "handover")) == 1


async def test_d02_a_silent_source_is_told_to_the_administrator_once_a_day(office: Street) -> None:
    await office.dial("09:30", talk=30)
    await office.dial("09:30", extension="102", number="+79990000050", talk=30)
    async with office.database.begin() as conn:  # deliveries are stamped by the real clock; here they came on the day
        await conn.execute("update deliveries set received_at = $1", at("09:31"))
    await office.work("10:00")
    assert await told(office, "silence") == []
    await office.work("10:15")
    await office.work("10:20")
    (notice,) = await told(office, "silence")
    assert notice["login"] == "olaf"
    assert notice["title"] == "Не слышно: office"
    await office.work("11:00", TUESDAY)
    assert len(await told(office, "silence")) == 2


async def test_d01_extensions_of_nobody_are_told_together_and_new_ones_after(office: Street) -> None:
    await office.dial("09:30", extension="150", number="+79990000050", talk=30)
    await office.dial("09:31", extension="151", number="+79990000050", talk=30)
    await office.work("09:40")
    await office.dial("09:50", extension="152", number="+79990000050", talk=30)
    await office.work("09:55")
    first, second = await told(office, "unmapped")
    assert "внутренний 150" in first["text"]
    assert "внутренний 151" in first["text"]
    assert "внутренний 152" in second["text"]
    assert "внутренний 150" not in second["text"]


async def test_in_a_company_with_one_user_he_hears_all(street: Street) -> None:
    await street.source()
    await street.manager()
    await user(street, "root", "admin")
    await street.dial("12:00", extension="150", talk=30)
    await street.dial("12:05", talk=30)
    await street.work("19:00")
    await street.work("23:31")
    assert {one["kind"] for one in await told(street, None) if one["login"] == "root"} >= {"results_team", "day_team", "unmapped"}


async def test_a_manager_sees_his_own_notices_and_no_links(office: Street) -> None:
    await office.work("09:00")
    token = await office.token_of("ivan")
    items = (await office.ask("GET", "/notices", token=token))["items"]
    assert {one["manager"] for one in items} == {"ivan"}
    assert all("/f/…" in one["text"] for one in items)
    await office.ask("GET", "/notices?manager=olga", token=token, expect=404)
    await office.ask("GET", "/notices?login=boss", token=token, expect=404)
