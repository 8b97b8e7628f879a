"""The plan of the day and all that is owed: what is shown, in which order, and how each code is cured from its row."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tests.pages.browsing import Page, Reader, fingerprint, link, local
from tests.street import MONDAY, Street, ami_row, at

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=shift) for shift in range(1, 5))
SAID = {"outcome": "talked", "text": "Говорили о поставке, просит прайс.", "goal": "Прислать прайс"}
NEXT = local(at("10:00", WEDNESDAY + timedelta(days=7)))


@pytest.fixture
async def office(street: Street) -> Street:
    """Ivan and his lead (1); it is Wednesday noon."""
    await street.source()
    await street.manager()
    await street.lead(manager="ivan")
    return street


async def plan(street: Street, due: Any, lead: int = 1, **more: Any) -> None:
    body = {"author": "ivan", "set_at": at("09:30", MONDAY - timedelta(days=5)).isoformat(), "at": due.isoformat()}
    await street.ask("POST", f"/leads/{lead}/next-contacts", body | more)


async def statuses(street: Street, code: str) -> list[str]:
    return [status for _, status in await street.violations(f"code={code}")]


async def owed(street: Street) -> tuple[Reader, Page]:
    reader = await link(street, "owed")
    return reader, await reader.open()


# the plan


async def test_r36_nothing_planned_is_said(office: Street) -> None:
    assert "На сегодня ничего не запланировано" in (await (await link(office, "plan")).open()).text


async def test_r31_r36_the_plan_has_overdue_first_with_the_goal_and_the_last_outcome(office: Street) -> None:
    for number, name in ((2, "Василёк"), (3, "Лютик"), (4, "Тюльпан")):
        await office.lead(f"+7999000000{number}", manager="ivan", name=name)
    await plan(office, at("16:00", WEDNESDAY), goal="Обсудить прайс", basis="agreed")
    await plan(office, at("15:00", WEDNESDAY), 2)
    await plan(office, at("11:00", TUESDAY), 3, goal="Узнать о тендере")
    await plan(office, at("11:00", THURSDAY), 4)
    said = {"author": "ivan", "at": at("10:00", MONDAY - timedelta(days=5)).isoformat(), "outcome": "busy", "text": ""}
    await office.ask("POST", "/leads/3/comments", said)
    reader = await link(office, "plan")
    page = await reader.open()
    assert page.text.index("Лютик") < page.text.index("Василёк") < page.text.index("Ромашка")
    assert "Тюльпан" not in page.text
    assert "просрочено · вчера, 11:00 Цель: Узнать о тендере В прошлый раз: Занято · Ставлю сам" in page.text
    assert "16:00 Ромашка Цель: Обсудить прайс Согласована с клиентом" in page.text
    assert page.links[3:] == [f"/f/{reader.token}/lead/{lead}?back=plan" for lead in (3, 2, 1)]


async def test_what_happened_is_recorded_from_the_plan_and_leads_back_to_it(office: Street) -> None:
    await plan(office, at("10:00", WEDNESDAY))
    reader = await link(office, "plan")
    page = await reader.open((await reader.open()).links[-1])
    await office.dial("11:00", day=WEDNESDAY, talk=40)
    saved = await reader.send(page.forms[0], **SAID, when=NEXT)
    assert (saved.status, "План на сегодня" in saved.text, "Сохранено : Ромашка" in saved.text) == (200, True, True)
    assert "На сегодня ничего не запланировано" in saved.text
    assert (await office.ask("GET", "/calls/1"))["comment"] == "done"


# what is owed


async def test_nothing_owed_is_said(office: Street) -> None:
    assert "За вами ничего нет" in (await owed(office))[1].text


async def test_the_soonest_deadline_comes_first_and_a_call_is_one_row(office: Street) -> None:
    await office.dial("11:00", day=WEDNESDAY, talk=45)
    await office.lead("+79990000002", manager="ivan", name="Василёк")
    await office.dial("10:00", day=TUESDAY, talk=45, number="+79990000002")
    await office.work("11:30", WEDNESDAY)
    _, page = await owed(office)
    assert page.text.index("Василёк") < page.text.index("Ромашка")
    assert "Записей: 2" in page.text
    assert "срок прошёл: вчера, 19:00 · нарушение" in page.text
    assert "до сегодня, 19:00" in page.text


async def test_the_planned_contacts_ahead_are_no_debts(office: Street) -> None:
    await plan(office, at("11:00", FRIDAY))
    await office.work("11:30", WEDNESDAY)
    assert await statuses(office, "V09") == ["watching"]
    assert "За вами ничего нет" in (await owed(office))[1].text


@pytest.mark.parametrize("outcome", ["no_answer", "busy", "hung_up"])
async def test_v02_one_tap_in_the_row_records_the_outcome_and_the_date_shown(office: Street, outcome: str) -> None:
    await office.dial("11:00", day=WEDNESDAY)
    await office.work("11:30", WEDNESDAY)
    reader, page = await owed(office)
    form = page.form("call/1")
    assert [value for _, value in form.buttons] == ["no_answer", "busy", "hung_up", "wrong_number"]
    assert form.given["when"] == local(at("10:00", THURSDAY))  # EC-11: the next working day unless he picks another
    saved = await reader.send(form, outcome=outcome)
    assert (saved.status, "Сохранено : Ромашка" in saved.text, "За вами ничего нет" in saved.text) == (200, True, True)
    assert (await statuses(office, "V02"), await statuses(office, "V03")) == (["closed"], ["closed"])
    assert (await office.ask("GET", "/leads/1"))["next_contact"]["at"] == "2026-11-26T07:00:00Z"


async def test_v02_an_open_date_is_kept_by_a_tap(office: Street) -> None:
    await plan(office, at("15:00", FRIDAY), goal="Обсудить прайс")
    await office.dial("11:00", day=WEDNESDAY)
    await office.work("11:30", WEDNESDAY)
    reader, page = await owed(office)
    assert page.form("call/1").given["when"] == "keep"
    await reader.send(page.form("call/1"), outcome="no_answer")
    assert await statuses(office, "V02") == ["closed"]
    assert (await office.ask("GET", "/leads/1"))["next_contact"]["at"] == "2026-11-27T12:00:00Z"


async def test_v02_two_rows_of_one_page_are_two_forms(office: Street) -> None:
    await office.lead("+79990000002", manager="ivan", name="Василёк")
    await office.dial("10:00", day=WEDNESDAY)
    await office.dial("11:00", day=WEDNESDAY, number="+79990000002")
    await office.work("11:30", WEDNESDAY)
    reader, page = await owed(office)
    for _ in range(2):
        for call in ("call/1", "call/2"):
            assert (await reader.send(page.form(call), outcome="busy")).status == 200
    items = [(await office.ask("GET", f"/leads/{lead}/history"))["items"] for lead in (1, 2)]
    assert [[one["kind"] for one in mine].count("comment") for mine in items] == [1, 1]


async def test_v01_and_v16_are_cured_by_the_form_of_the_call(office: Street) -> None:
    await office.dial("10:00", day=TUESDAY, talk=45)
    said = {"author": "ivan", "at": at("10:05", TUESDAY).isoformat(), "text": "звонил"}
    await office.ask("POST", "/leads/1/comments", said)
    await office.work("20:00", TUESDAY)
    assert (await statuses(office, "V16"), await statuses(office, "V03")) == (["open"], ["open"])
    reader, page = await owed(office)
    page = await reader.open(next(one for one in page.links if "/call/1" in one))
    saved = await reader.send(page.forms[0], **SAID, when=NEXT)
    assert (saved.status, "Что за вами" in saved.text) == (200, True)
    assert (await statuses(office, "V16"), await statuses(office, "V03")) == (["fixed_late"], ["fixed_late"])


async def test_v03_alone_takes_a_date_in_the_row(office: Street) -> None:
    await office.dial("10:00", day=WEDNESDAY, talk=45)
    await office.ask(
        "POST", "/leads/1/comments", {"author": "ivan", "text": SAID["text"], "at": at("10:05", WEDNESDAY).isoformat()}
    )
    await office.work("11:30", WEDNESDAY)
    reader, page = await owed(office)
    saved = await reader.send(page.form("lead/1", only="date"), when=NEXT)
    assert (saved.status, "Следующий контакт: ср 2 декабря, 10:00" in saved.text) == (200, True)
    assert await statuses(office, "V03") == ["closed"]


async def test_v04_and_v05_become_leads_from_their_calls(office: Street) -> None:
    await office.dial("10:00", day=WEDNESDAY, number="+79990000002")
    await office.dial("11:00", day=WEDNESDAY, number="+79990000003", talk=60, inbound=True)
    await office.work("11:30", WEDNESDAY)
    reader, page = await owed(office)
    assert "Внести лид" in page.text
    for call, filled in ((1, {"outcome": "no_answer"}), (2, SAID)):
        form = (await reader.open(f"call/{call}?back=owed")).forms[0]
        assert (await reader.send(form, **filled, name=f"Лид {call}", when=NEXT)).status == 200
    assert (await statuses(office, "V04"), await statuses(office, "V05")) == (["closed"], ["closed"])
    left = {code for code, status in await office.violations() if status != "closed"} - {"V09"}
    assert left <= {"V14"}


async def test_v10_a_lead_without_a_date_takes_one_in_the_row(office: Street) -> None:
    await office.manager("olga", "102")
    await office.dial("09:05", day=TUESDAY, number="+79990000009", extension="102")  # somebody called: the day closes for all
    await office.ask(
        "POST", "/leads/1/comments", {"author": "ivan", "text": SAID["text"], "at": at("10:05", TUESDAY).isoformat()}
    )
    await office.work("23:59", TUESDAY)
    assert await statuses(office, "V10") == ["watching"]
    reader, page = await owed(office)
    await reader.send(page.form("lead/1", only="date"), when=NEXT)
    assert await statuses(office, "V10") == ["closed"]


async def test_v09_v14_and_v15_say_that_only_a_call_closes_them(office: Street) -> None:
    await office.lead("+79990000002", author="ivan", name="Василёк", at=at("10:00").isoformat())
    for shift in range(4):
        await plan(office, at("11:00", TUESDAY), set_at=at(f"1{shift}:30").isoformat())
    await office.work("23:59", TUESDAY)
    for code in ("V09", "V14", "V15"):
        assert "open" in await statuses(office, code), code
    reader, page = await owed(office)
    assert page.text.count("запись закроется, когда звонок увидит АТС") == 2
    assert not [one for one in page.forms if one.given.get("only") == "date"]
    assert (await reader.open("lead/1?back=owed")).status == (await reader.open("lead/2?back=owed")).status == 200
    await office.dial("10:00", day=WEDNESDAY)
    await office.dial("10:30", day=WEDNESDAY, number="+79990000002")
    for code in ("V09", "V14", "V15"):
        assert "fixed_late" in await statuses(office, code), code


async def test_v11_asks_to_call_back(office: Street) -> None:
    await office.dial("10:00", day=WEDNESDAY, inbound=True)
    await office.work("11:30", WEDNESDAY)
    _, page = await owed(office)
    assert "Перезвоните" in page.text
    assert "9990000001" not in page.html
    await office.dial("11:40", day=WEDNESDAY)
    assert await statuses(office, "V11") == ["fixed_late"]


async def test_v12_cannot_be_typed_away(office: Street) -> None:
    await office.source("crm", dialect="generic", trunks=[], crm=True)
    await office.ask("POST", "/managers/ivan/extensions", {"source": "crm", "extension": "ivan"})
    started = at("10:00", MONDAY)
    told = {
        "id": "e-1",
        "direction": "outbound",
        "extension": "ivan",
        "number": "+79990000001",
        "started_at": started.isoformat(),
        "ended_at": (started + timedelta(seconds=65)).isoformat(),
        "talk_seconds": 60,
        "disposition": "answered",
    }
    assert (await office.post(told, "crm")).status == 200
    await office.understand()
    for clock in ("10:00", "10:25", "10:50"):
        await office.dial(clock, day=TUESDAY, number="+79990000008")
    await office.work("23:59", TUESDAY)
    assert await statuses(office, "V12") == ["open"]
    assert "АТС его не видела" in (await owed(office))[1].text


async def test_v06_to_v08_show_the_numbers_and_take_no_typing(office: Street) -> None:
    await office.dial("10:00")
    pause = {
        "source": "office",
        "from": at("09:00").isoformat(),
        "to": at("18:00").isoformat(),
        "settled_as": "pause",
        "reason": "-",
    }
    await office.ask("POST", "/silences", pause)
    await office.work("23:59")
    assert await statuses(office, "V06") == ["open"]
    _, page = await owed(office)
    assert "День пн 23 ноября" in page.text
    assert "АТС: 1, на лидах: 1, засчитано: 1, норма: 60" in page.text
    assert "записать их вручную нельзя" in page.text
    assert not [one for one in page.forms if one.given.get("do") != "dispute" and not one.action.endswith("call/1")]


async def test_v13_is_not_his_to_see(office: Street) -> None:
    for minute in range(11):
        await office.post(ami_row(at(f"10:{minute:02}")))
    await office.understand()
    await office.work("23:59")
    assert await statuses(office, "V13") == ["open"]
    (suspect,) = (await office.ask("GET", "/violations?code=V13"))["items"]
    reader, page = await owed(office)
    assert "V13" not in page.text
    given = {"key": "k" * 20, "do": "dispute", "violation": str(suspect["id"]), "reason": "Нет"}
    assert (await reader.post(f"/f/{reader.token}/owed", given)).status == 404


async def test_v17_a_lead_is_taken_up_again_in_the_row(office: Street) -> None:
    token = await office.token_of("ivan")
    await office.ask("PATCH", "/leads/1", {"stage": "lost", "reason": "Не интересно"}, token=token)
    assert await statuses(office, "V17") == ["open"]
    reader, page = await owed(office)
    saved = await reader.send(page.form("owed", do="reopen"))
    assert saved.status == 200
    assert (await statuses(office, "V17"), (await office.ask("GET", "/leads/1"))["stage"]) == (["closed"], "new")


async def test_v18_r25_a_card_is_read_in_its_row(office: Street) -> None:
    await office.manager("olga", "102", name="Ольга")
    said = {
        "author": "ivan",
        "at": at("10:05").isoformat(),
        "text": "Просит прайс на сталь.",
        "outcome": "talked",
        "goal": "Прайс",
    }
    await office.ask("POST", "/leads/1/comments", said)
    await plan(office, at("11:00", FRIDAY))
    await office.ask("POST", "/handovers", {"from": "ivan", "to": ["olga"]})
    assert await statuses(office, "V18") == ["watching"]
    reader = await link(office, "owed", "olga")
    page = await reader.open()
    for told in ("От кого: Ivan", "Просит прайс на сталь.", "Цель: Прайс", "Следующий контакт: пт 27 ноября, 11:00"):
        assert told in page.text
    saved = await reader.send(page.form("owed", do="read"))
    assert (saved.status, "За вами ничего нет" in saved.text) == (200, True)
    assert await statuses(office, "V18") == ["closed"]


@pytest.mark.parametrize("buys", ["yes", "no"])
async def test_v19_r11_what_he_buys_is_answered_in_the_row(office: Street, buys: str) -> None:
    await office.ask(
        "POST", "/policy", {"name": "first_call_qualifies", "value": "true", "from": str(MONDAY - timedelta(days=9))}
    )
    await office.dial("10:00", day=WEDNESDAY, talk=45)
    await office.work("11:30", WEDNESDAY)
    assert await statuses(office, "V19") == ["watching"]
    reader, page = await owed(office)
    saved = await reader.send(page.form("owed", do="buys"), buys=buys)
    assert (saved.status, await statuses(office, "V19")) == (200, ["closed"])
    assert (await office.ask("GET", "/leads/1"))["buys_analog"] == buys


async def test_r8_a_meetings_debts_stand_with_its_lead(office: Street) -> None:
    body = {"author": "ivan", "at": at("10:00", WEDNESDAY).isoformat(), "minutes": 60}
    await office.ask("POST", "/leads/1/meetings", body, expect=201)
    reader, page = await owed(office)
    form = (await reader.open(next(one for one in page.links if "/lead/1" in one))).forms[0]
    await reader.send(form, **SAID, when=NEXT)
    assert (await statuses(office, "V01"), await statuses(office, "V03")) == (["closed"], ["closed"])


# disputes


async def opened(office: Street, day: date = TUESDAY) -> tuple[Reader, Page]:
    await office.dial("10:00", day=day, talk=45)
    await office.work("20:00", day)
    return await owed(office)


async def test_ec_68_a_violation_is_disputed_in_its_row_once(office: Street) -> None:
    reader, page = await opened(office)
    form = page.form("owed", do="dispute")
    disputed = await reader.send(form, reason="Звонок был с чужого телефона.")
    await reader.send(form, reason="Звонок был с чужого телефона.")
    assert "Ivan · вы возразили, супервайзер рассмотрит: Звонок был с чужого телефона." in disputed.text
    (one,) = (await office.ask("GET", "/violations?status=disputed"))["items"]
    assert [(move["to"], move["author"]) for move in one["moves"]][-1] == ("disputed", "ivan")
    assert len(disputed.forms) == len(page.forms) - 1


@pytest.mark.parametrize(("verb", "word"), [("excuse", "супервайзер снял"), ("confirm", "супервайзер подтвердил")])
async def test_ec_68_what_became_of_a_dispute_is_shown(office: Street, verb: str, word: str) -> None:
    reader, page = await opened(office)
    form = page.form("owed", do="dispute")
    await reader.send(form, reason="Звонок был с чужого телефона.")
    await office.ask("POST", f"/violations/{form.given['violation']}/{verb}", {"reason": "Проверено по записи."})
    page = await reader.open()
    assert f"супервайзер · {word}: Проверено по записи." in page.text
    assert "Недавнее" in page.text


async def test_ec_68_a_dispute_needs_a_reason(office: Street) -> None:
    reader, page = await opened(office)
    before = await fingerprint(office)
    refused = await reader.send(page.form("owed", do="dispute"), reason="  ")
    assert (refused.status, "Напишите причину" in refused.text) == (422, True)
    assert await fingerprint(office) == before


async def test_ec_68_after_three_working_days_there_is_nothing_to_dispute(office: Street) -> None:
    reader, page = await opened(office, MONDAY)
    form = page.form("owed", do="dispute")
    office.clock.now = at("19:01", MONDAY + timedelta(days=4))
    await office.work("19:01", MONDAY + timedelta(days=4))
    refused = await reader.send(form, reason="Звонок был с чужого телефона.")
    assert (refused.status, "Срок для возражения прошёл" in refused.text) == (422, True)
    assert not [one for one in (await reader.open()).forms if one.given.get("violation") == form.given["violation"]]


async def test_ec_8_what_was_fixed_late_may_still_be_disputed(office: Street) -> None:
    reader, _ = await opened(office)
    form = (await reader.open("call/1")).forms[0]
    await reader.send(form, **SAID, when=NEXT)
    page = await reader.open()
    assert ("За вами ничего нет" in page.text, "исправлено позже срока" in page.text) == (True, True)
    await reader.send(page.form("owed", do="dispute"), reason="Комментарий был в CRM.")
    assert "disputed" in [status for _, status in await office.violations()]
