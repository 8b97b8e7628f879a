"""What an independent reader found by reading notices as who gets them, each held by a test."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from telephony_bridge import worker
from tests.street import MONDAY, Street, ami_row, at
from tests.telling.test_debts import ivan as _ivan
from tests.telling.test_debts import texts, told
from tests.telling.test_oversight import user

FRIDAY, SATURDAY, TUESDAY = MONDAY - timedelta(days=3), MONDAY - timedelta(days=2), MONDAY + timedelta(days=1)
ivan = _ivan


async def plan(street: Street, lead: int, due: datetime, *, set_at: datetime | None = None) -> None:
    body = {
        "at": due.isoformat(),
        "basis": "agreed",
        "author": "ivan",
        "set_at": (set_at or at("10:00", FRIDAY - timedelta(days=7))).isoformat(),
    }
    await street.ask("POST", f"/leads/{lead}/next-contacts", body)


async def lists_on(street: Street) -> None:
    for name, clock in (("morning", "09:00"), ("remainder", "14:00")):
        await street.ask("POST", "/policy", {"name": name, "value": clock, "from": "2026-01-02"})


# once: owed_by(watched=True) takes V09 that is only watched: every planned contact, also of next month (violations/desk._ONCE_OPEN leaves it out)
async def test_the_morning_list_does_not_call_todays_and_later_contacts_failed(ivan: Street) -> None:
    await lists_on(ivan)
    await plan(ivan, await ivan.lead("+79990000002", name="Лютик"), at("16:00"))
    await plan(ivan, await ivan.lead("+79990000003", name="Астра"), at("16:00", MONDAY + timedelta(days=20)))
    await ivan.work("09:00")
    (text,) = await texts(ivan, "morning")
    assert "План на 23.11.2026: 1 контакт" in text
    assert "несостоявшиеся" not in text


# once: Debt.until is the soonest of all codes of a call; by_code gives it to each of them
async def test_each_debt_in_a_list_has_its_own_deadline(ivan: Street) -> None:
    await lists_on(ivan)
    await ivan.dial("10:00", number="+79990000099", talk=60)  # comment until 19:00, lead until 23:30
    await ivan.work("14:00")
    (text,) = await texts(ivan, "remainder")
    assert "звонки и встречи без комментария: 1, до 19:00" in text
    assert "наборы на номера без лида: 1, до 23:30" in text


# once: rounds._contacts compares with midnight, V09 with the working day a date falls on (EC-48, EC-51)
async def test_ec48_a_contact_of_saturday_is_mondays_and_not_overdue(ivan: Street) -> None:
    await lists_on(ivan)
    await plan(ivan, await ivan.lead("+79990000002", name="Лютик"), at("12:00", SATURDAY))
    await ivan.work("09:00")
    (text,) = await texts(ivan, "morning")
    assert "Лютик" in text
    assert "просрочено" not in text


# once: quiet hours end at 08:30, the list comes at 09:00: the worker that runs every five seconds tells the same twice in half an hour
async def test_what_opened_overnight_is_told_once_in_the_morning(ivan: Street) -> None:
    await lists_on(ivan)
    await ivan.dial("17:30", day=FRIDAY)
    await ivan.work("23:35", FRIDAY)
    for clock in ("08:30", "08:45", "09:00", "09:30"):
        await ivan.work(clock)
    about = [
        one
        for one in await told(ivan, None)
        if one["decided_at"] > at("20:00", FRIDAY).isoformat() and one["kind"] in ("debts", "morning")
    ]
    assert [one["kind"] for one in about] == ["morning"]


# once: handed_over asks neither for a day off nor for an absence
async def test_ec51_a_hand_over_disturbs_nobody_on_his_day_off(street: Street) -> None:
    await street.source()
    await street.manager("ivan", "101")
    await street.manager("olga", "102")
    await street.lead(manager="ivan")
    street.clock.now = at("13:00", SATURDAY)
    await street.ask("POST", "/handovers", {"from": "ivan", "to": ["olga"]})
    async with street.database.begin() as conn:
        due = await conn.fetchval("select next_at from notices where kind = 'handover'")
    assert due >= at("08:30", MONDAY)


# once: good until the next quiet hours, and nothing tells it again: a hand-over in the evening, or over a dead channel, is never told
async def test_r25_a_hand_over_that_was_not_sent_by_nine_in_the_evening_is_told_the_next_day(street: Street) -> None:
    await street.source()
    await street.manager("ivan", "101")
    await street.manager("olga", "102")
    await street.lead(manager="ivan")
    async with street.database.begin() as conn:
        await conn.execute("update managers set notify = '{json://127.0.0.1:9/}'")
    street.clock.now = at("20:59")
    await street.ask("POST", "/handovers", {"from": "ivan", "to": ["olga"]})
    await street.work("21:01")
    await street.work("09:05", TUESDAY)
    assert [one["status"] for one in await told(street, "handover")] in (["waiting"], ["expired", "waiting"])


# once: D03's subject is seen_until, which moves with every word of a connector that lags: a notice a minute, at night for the morning
async def test_d03_a_connector_that_lags_is_told_once_a_day(street: Street) -> None:
    await street.source()
    await street.manager()
    await user(street, "root", "admin")
    for minute in range(0, 60, 5):
        now = at(f"11:{minute:02d}")
        street.clock.now = now
        await street.ask("POST", "/connectors/amocrm/seen", {"seen_until": (now - timedelta(minutes=40)).isoformat()})
        await worker.look_at_evidence(street.database, street.company, now=now)
    assert len(await told(street, "silence")) == 1


# once: D02's subject is the last word before the silence: a quiet line is told again after every gap of half an hour
async def test_d02_a_source_that_falls_silent_again_and_again_is_told_once_a_day(street: Street) -> None:
    await street.source()
    await street.manager()
    await user(street, "root", "admin")
    for hour in range(9, 15):
        await street.dial(f"{hour}:10", talk=30)
        async with street.database.begin() as conn:
            await conn.execute("update deliveries set received_at = $1 where received_at > $1", at(f"{hour}:11"))
        await worker.look_at_evidence(street.database, street.company, now=at(f"{hour}:50"))
    assert len(await told(street, "silence")) == 1


# once: Hearers.of("team") falls back only when there is no supervisor at all
async def test_r5_a_team_without_a_supervisor_of_its_own_is_heard_of_by_somebody(street: Street) -> None:
    await street.source()
    await street.manager("olga", "102", team="south")
    await user(street, "north", "supervisor", team="north")
    await user(street, "root", "admin")
    await street.dial("12:00", extension="102", talk=30)
    await street.work("19:00")
    await street.work("23:31")
    assert {one["kind"] for one in await told(street, None) if "Olga" in one["text"] and one["login"]} >= {
        "results_team",
        "day_team",
    }


# once: at seven the board's provisional verdict of a shift that has not begun is "not met"
async def test_invariant_8_a_night_shift_that_has_not_begun_is_not_called_failed(street: Street) -> None:
    await street.source()
    await street.manager("ivan", "101", hours="20:00-08:00")
    await street.manager("olga", "102")
    await user(street, "boss", "supervisor")
    for hour in range(9, 18):
        for minute in (1, 25, 50):
            await street.post(ami_row(at(f"{hour}:{minute}"), extension="102", talk=20))
    await street.understand()
    await street.work("19:00")
    (text,) = await texts(street, "results_team")
    (line,) = [line for line in text.splitlines() if "Ivan" in line]
    assert "норма не выполнена" not in line


# once: told when the last of a team has closed; a night shift closes at 23:30 of the next day
async def test_r43_one_night_shift_does_not_keep_the_whole_team_s_day_for_a_day(street: Street) -> None:
    await street.source()
    await street.manager("ivan", "101", hours="20:00-08:00")
    await street.manager("olga", "102")
    await user(street, "boss", "supervisor")
    await street.dial("12:00", extension="102", talk=30)
    await street.work("23:31")
    await street.work("08:30", TUESDAY)
    assert len(await told(street, "day_team")) == 1


# once: majors are told at each zone's close: three letters at 08:30, all by the same key but for the moment
async def test_majors_of_a_night_are_one_letter_to_the_owner(street: Street) -> None:
    await street.source()
    await user(street, "olaf", "admin", owner=True)
    for index, zone in enumerate(("Europe/Moscow", "Asia/Yekaterinburg", "Europe/Kaliningrad")):
        await street.manager(f"m{index}", f"10{index}", timezone=zone)
        for minute in range(4):
            number = f"+799900001{index}{minute}"
            await street.lead(number)
            await street.dial(f"12:0{minute}", extension=f"10{index}", number=number, talk=30)
    for clock, day in (("21:31", MONDAY), ("23:31", MONDAY), ("0:31", TUESDAY)):
        await street.work(clock, day)
    assert len(await told(street, "majors")) == 1


# once: address_failed tells every supervisor of the company
async def test_r36_a_dead_channel_is_told_to_supervisors_of_that_team_only(street: Street) -> None:
    from telephony_bridge import people, telling

    await street.source()
    await street.manager("ivan", "101", team="north")
    await user(street, "north", "supervisor", team="north")
    await user(street, "south", "supervisor", team="south")
    async with street.database.begin() as conn:
        (hearer,) = (await people.hearers(conn)).managers.values()
        await telling.address_failed(
            conn, hearer, "ivan", "json", "HTTP 410", what="kept", is_down=False, company=street.company, now=at("12:00")
        )
    assert [one["login"] for one in await told(street, "address")] == ["north"]


async def owing(street: Street, each: int, due: datetime, *, remind: datetime | None = None) -> None:
    """So many watched comments of every manager."""
    async with street.database.begin() as conn:
        await conn.execute(
            "insert into violations (code, subject_kind, subject_id, manager_id, day, status, remind_at, due_at, policy_version, evidence) "
            "select 'V16', 'lead', g::text, m.id, $2, 'watching', $4, $3, '1', '{}' from generate_series(1, $1) g, managers m",
            each, MONDAY, due, remind,
        )  # fmt: skip


async def told_of(street: Street) -> list[tuple[str, int]]:
    async with street.database.begin() as conn:
        rows = await conn.fetch(
            "select n.key, count(*) as n from told t join notices n on n.id = t.notice_id where n.kind = 'debts' group by 1"
        )
    return [(row["key"].split("/")[1], row["n"]) for row in rows]


# once: every thousand deadlines are a transaction of their own, each tells: the first digest knows a part, the rest waits half an hour
async def test_ten_thousand_deadlines_at_once_are_one_whole_digest_each(street: Street) -> None:
    await street.source()
    for index in range(5):
        await street.manager(f"m{index}", None)
    await street.work("09:30")
    await owing(street, 400, at("12:00"))
    await worker.work_once(street.database, street.company, now=at("12:00"))
    assert sorted(number for _, number in await told_of(street)) == [400] * 5


# once: reminders_due stops at a thousand and watch() does not ask for more
async def test_ten_thousand_reminders_are_all_made_in_one_pass(street: Street) -> None:
    await street.source()
    for index in range(5):
        await street.manager(f"m{index}", None)
    await owing(street, 400, at("18:00"), remind=at("12:00"))
    await worker.work_once(street.database, street.company, now=at("12:00"))
    async with street.database.begin() as conn:
        assert await conn.fetchval("select count(*) from violations where status = 'watching'") == 0


# once: _REACH is ten calendar days: what opened on the last evening before a holiday of two weeks is told neither by digest nor by list
async def test_what_opened_on_the_eve_of_a_holiday_is_told_after_it(ivan: Street) -> None:
    await lists_on(ivan)
    await ivan.ask(
        "POST",
        "/managers/ivan/absences",
        {"from": str(MONDAY - timedelta(days=14)), "to": str(MONDAY - timedelta(days=1)), "kind": "vacation"},
    )
    eve = MONDAY - timedelta(days=17)  # the Friday before
    await ivan.dial("17:30", day=eve)
    await ivan.work("23:35", eve)
    await ivan.work("09:00")
    (text,) = await texts(ivan, "morning")
    assert "наборы без результата: 1" in text


# once: a digest that waits is not asked again whether it is still true
async def test_what_was_made_good_while_a_digest_waited_is_not_sent(ivan: Street) -> None:
    async with ivan.database.begin() as conn:
        await conn.execute("update managers set notify = '{json://127.0.0.1:9/}'")
    await ivan.dial("16:00", talk=60)
    await ivan.work("16:32")
    lead = (await ivan.calls())[0]["lead"]
    note = {"text": "Обсудили прайс, ждёт расчёт", "author": "ivan", "at": at("16:40").isoformat(), "outcome": "talked"}
    ivan.clock.now = at("16:40")
    await ivan.ask("POST", f"/leads/{lead}/comments", note | {"next_contact": {"at": at("11:00", TUESDAY).isoformat()}})
    await ivan.work("16:41")
    assert [one["status"] for one in await told(ivan)] == ["folded"]


# once: Russian: «1 запись ждут»
async def test_one_record_waits_in_russian(ivan: Street) -> None:
    await ivan.dial("16:00", talk=60)
    await ivan.work("16:32")
    assert (await told(ivan))[0]["title"] == "1 запись ждёт вас"


# once: a row about a day has no day: on Tuesday «норма наборов не выполнена» reads as today's
async def test_a_norm_that_was_missed_is_told_with_its_day(ivan: Street) -> None:
    await ivan.manager("olga", "102")
    for hour in range(9, 18):
        for minute in (1, 25, 50):
            await ivan.post(ami_row(at(f"{hour}:{minute}"), extension="102", number="+79990000050", talk=20))
    await ivan.understand()
    await ivan.dial("10:00", talk=60)
    await ivan.work("23:35")
    await ivan.work("09:00", TUESDAY)
    rows = [
        line
        for one in await told(ivan)
        if one["manager"] == "ivan"
        for line in one["text"].splitlines()
        if "норма наборов" in line
    ]
    assert rows
    assert all("23.11" in one for one in rows)


# once: good for 36 hours: a pace that could not be sent at three comes the next morning, and a provisional sheet after the day has closed
@pytest.mark.parametrize(("clock", "kind"), [("15:00", "pace_team"), ("19:00", "results_team")])
async def test_what_is_of_today_alone_is_not_sent_tomorrow(street: Street, clock: str, kind: str) -> None:
    await street.source()
    await street.manager()
    await street.manager("olga", "102")
    await user(street, "boss", "supervisor")
    for hour in range(9, 18):
        for minute in (1, 25, 50):
            await street.post(ami_row(at(f"{hour}:{minute}"), extension="102", talk=20))
    await street.understand()
    await street.work(clock)
    (notice,) = await told(street, kind)
    assert notice["good_until"] <= at("23:59").isoformat()


# once: a name with a line break makes a row of its own in sheets, hand-overs and majors: only what a client is called is made one line
async def test_a_name_of_two_lines_stays_in_its_row(street: Street) -> None:
    await street.source()
    await street.manager("ivan", "101", name="Иван\n- Пётр: норма не выполнена")
    await user(street, "boss", "supervisor")
    await street.work("19:00")
    (text,) = await texts(street, "results_team")
    assert not any(line.startswith("- Пётр") for line in text.splitlines())


# once: the share of the shift that has passed counts the break as work: who keeps the pace of a met norm is told at three that he will miss it
async def test_r43_the_pace_knows_that_a_shift_has_a_break(street: Street) -> None:
    await street.source()
    await street.manager("ivan", "101")
    for metric in ("connects", "new_leads"):
        await street.ask("POST", "/norms", {"metric": metric, "segment": "cold", "min": 0, "target": 2, "from": "2026-11-01"})
    minutes = [round(index * 480 / 62) for index in range(62)]  # evenly over eight hours, with a break from 13:00 to 14:00
    moments = [at("09:01") + timedelta(minutes=one + (60 if one >= 240 else 0)) for one in minutes]
    for index in range(25):
        await street.lead(f"+79990000{index:03d}", name=f"Лид {index}")
    for index, moment in enumerate(moments):
        if moment < at("15:00"):
            await street.post(ami_row(moment, number=f"+79990000{index % 25:03d}", talk=20))
    await street.understand()
    await street.work("15:00")
    assert await texts(street, "pace") == []


# once: the key of a silence holds the day: one that lasts over midnight is told twice, and both are read at 08:30 as if it were so now
async def test_d02_a_silence_over_midnight_is_told_once(street: Street) -> None:
    await street.source()
    await street.manager(hours="20:00-08:00")
    await user(street, "root", "admin")
    await street.dial("23:10", talk=30)
    async with street.database.begin() as conn:
        await conn.execute("update deliveries set received_at = $1 where received_at > $1", at("23:11"))
    for clock, day in (("23:50", MONDAY), ("00:05", TUESDAY)):
        await worker.look_at_evidence(street.database, street.company, now=at(clock, day))
    assert len(await told(street, "silence")) == 1


# once: what waits for who has been entered as away since goes out all the same (EC-51)
async def test_ec51_what_waits_for_who_is_away_since_is_not_sent(ivan: Street) -> None:
    async with ivan.database.begin() as conn:
        await conn.execute("update managers set notify = '{json://127.0.0.1:9/}'")
    await ivan.dial("10:00", talk=60)
    await ivan.work("10:40")
    await ivan.ask("POST", "/managers/ivan/absences", {"from": str(MONDAY), "to": str(MONDAY), "kind": "sick"})
    await ivan.work("12:00")
    assert "waiting" not in [one["status"] for one in await told(ivan)]
