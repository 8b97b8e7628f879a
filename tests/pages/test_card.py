"""The form of a call or a lead: what it asks for, what it refuses, what it cures (R9, R11, R18, R20, R26 to R29)."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from tests.pages.browsing import Page, Reader, fingerprint, link, local
from tests.street import MONDAY, Street, at

WEDNESDAY = MONDAY + timedelta(days=2)
SAID = {"outcome": "talked", "text": "Говорили о поставке, просит прайс.", "goal": "Прислать прайс"}
NEXT = local(at("10:00", WEDNESDAY + timedelta(days=7)))


@pytest.fixture
async def office(street: Street) -> Street:
    """Ivan, his lead (1), this morning's talk (call 1) and dial without an answer (call 2); it is Wednesday noon."""
    await street.source()
    await street.manager()
    await street.lead(manager="ivan")
    await street.dial("10:00", day=WEDNESDAY, talk=45)
    await street.dial("11:00", day=WEDNESDAY)
    return street


async def call_page(street: Street, call: int = 1) -> tuple[Reader, Page]:
    reader = await link(street, f"call/{call}")
    return reader, await reader.open()


async def history(street: Street, kind: str = "comment", lead: int = 1) -> list[dict[str, Any]]:
    return [one for one in (await street.ask("GET", f"/leads/{lead}/history"))["items"] if one["kind"] == kind]


async def test_r18_r26_a_saved_form_cures_the_call_at_once(office: Street) -> None:
    await office.work("11:40", WEDNESDAY)
    assert ("V01", "reminded") in await office.violations()
    reader, page = await call_page(office)
    saved = await reader.send(page.forms[0], **SAID, when=NEXT, basis="agreed")
    assert saved.status == 200
    assert (
        "Сохранено : Ромашка Поговорили · Говорили о поставке, просит прайс. Следующий контакт: ср 2 декабря, 10:00" in saved.text
    )
    call = await office.ask("GET", "/calls/1")
    assert (call["comment"], call["next_contact"]) == ("done", "done")
    (said,) = await history(office)
    assert (said["author"], said["author_kind"], said["call"]) == ("ivan", "person", 1)
    assert (said["outcome"], said["goal"]) == ("talked", "Прислать прайс")
    lead = await office.ask("GET", "/leads/1")
    assert lead["next_contact"] == {"at": "2026-12-02T07:00:00Z", "basis": "agreed", "goal": "Прислать прайс"}
    standing = {status for code, status in await office.violations() if code in ("V01", "V03")}
    assert standing == {"closed"}


async def test_a_form_sent_twice_writes_one_comment(office: Street) -> None:
    reader, page = await call_page(office)
    first = await reader.send(page.forms[0], **SAID, when=NEXT)
    second = await reader.send(page.forms[0], **SAID, when=NEXT)
    assert (first.status, second.text) == (200, first.text)
    assert len(await history(office)) == len(await history(office, "planned")) == 1
    fresh = await reader.open()
    assert (await reader.send(fresh.forms[0], **SAID | {"text": "Прайс отправлен, ждёт до пятницы."}, when=NEXT)).status == 200
    assert len(await history(office)) == 2


async def test_a_form_sent_twice_at_the_same_moment_writes_one_comment(office: Street) -> None:
    reader, page = await call_page(office)
    pages = await asyncio.gather(*(reader.send(page.forms[0], **SAID, when=NEXT) for _ in range(8)))
    assert {one.status for one in pages} == {200}
    assert len(await history(office)) == 1


async def test_reloading_after_saving_repeats_nothing(office: Street) -> None:
    reader, page = await call_page(office)
    await reader.send(page.forms[0], **SAID, when=NEXT)
    before = await fingerprint(office)
    assert "Сохранено" in (await reader.open("call/1?saved=c1")).text
    assert await fingerprint(office) == before


@pytest.mark.parametrize("word", ["c2", "c999", "x", "c1x", "l999", "<b>", ""])
async def test_what_is_shown_as_saved_is_what_is_there(office: Street, word: str) -> None:
    await office.ask("POST", "/leads/1/comments", {"text": "Комментарий коллеги о другом."})
    await office.ask("POST", "/leads/1/comments", {"text": "Ещё один не его комментарий."})
    assert "Сохранено" not in (await (await link(office, "call/1")).open(f"call/1?saved={word}")).text


@pytest.mark.parametrize(
    ("filled", "field", "why"),
    [
        ({"text": ""}, "text", "чем закончился разговор"),
        ({"text": "", "outcome": ""}, "text", "чем закончился разговор"),
        ({"text": "созвонились"}, "text", "не меньше 15 букв"),
        ({"when": ""}, "when", "Поставьте дату"),
        ({"when": "own"}, "when", "Укажите дату и время"),
        ({"when": "own", "date": "2026-11-25", "time": "11:00"}, "when", "уже прошла"),
        ({"when": "own", "date": "26.11.2026"}, "when", "Укажите дату и время"),
        ({"when": "tomorrow"}, "when", "Укажите дату и время"),
        ({"when": "keep"}, "when", "Укажите дату и время"),
        ({"when": "0001-01-01T00:00"}, "when", "Укажите дату и время"),
        ({"when": "2026-12-02T10:00+03:00"}, "when", "Укажите дату и время"),
        ({"outcome": "happy"}, "outcome", "Выберите один из ответов"),
        ({"basis": "told"}, "basis", "Выберите один из ответов"),
        ({"buys": "maybe"}, "buys", "Выберите один из ответов"),
        ({"goal": ""}, "goal", "с какой целью"),
        ({"text": "а" * 10_001}, "text", "не больше 10000"),
        ({"key": ""}, "form", "Форма устарела"),
        ({"key": "<script>"}, "form", "Форма устарела"),
    ],
)
async def test_a_mistake_brings_the_form_back_filled_in(office: Street, filled: dict[str, str], field: str, why: str) -> None:
    reader, page = await call_page(office)
    sent = {**page.forms[0].given, **SAID, "when": NEXT, "basis": "agreed", **filled}
    before = await fingerprint(office)
    again = await reader.post(page.forms[0].action, sent)
    assert again.status == 422
    assert why in again.text
    assert f"#{field}" in again.links
    kept = again.forms[0].given
    known = {name: values for name, values in page.forms[0].choices.items() if name != "when"}
    for name in ("text", "goal", "date", "time", "outcome", "basis", "buys"):
        if name not in known or sent.get(name) in known[name]:
            assert kept.get(name, "") == sent.get(name, ""), name
    if sent["when"] == NEXT:
        assert kept["when"] == NEXT
    assert await fingerprint(office) == before


async def test_a_mistake_put_right_is_saved_with_the_same_form(office: Street) -> None:
    reader, page = await call_page(office)
    again = await reader.send(page.forms[0], **SAID | {"goal": ""}, when=NEXT)
    assert again.status == 422
    assert (await reader.send(again.forms[0], goal="Прайс")).status == 200
    assert len(await history(office)) == 1


async def test_r29_who_will_call_himself_needs_a_date(office: Street) -> None:
    reader, page = await call_page(office)
    himself = SAID | {"outcome": "will_call_himself", "text": "Просил не звонить, наберёт сам."}
    refused = await reader.send(page.forms[0], **himself)
    assert (refused.status, "поставьте дату, когда позвоните вы" in refused.text) == (422, True)
    assert (await reader.send(refused.forms[0], when=NEXT)).status == 200
    assert (await history(office))[0]["outcome"] == "will_call_himself"


async def test_r29_who_will_call_himself_may_keep_the_date_that_stands(office: Street) -> None:
    await office.ask(
        "POST", "/leads/1/next-contacts", {"author": "ivan", "at": at("15:00", WEDNESDAY + timedelta(days=1)).isoformat()}
    )
    reader, page = await call_page(office)
    assert page.forms[0].given["when"] == "keep"
    himself = SAID | {"outcome": "will_call_himself", "text": "Просил не звонить, наберёт сам."}
    assert (await reader.send(page.forms[0], **himself)).status == 200
    assert (await office.ask("GET", "/leads/1"))["next_contact"]["at"] == "2026-11-26T12:00:00Z"


async def test_r29_a_far_date_needs_a_reason(office: Street) -> None:
    reader, page = await call_page(office)
    far = await reader.send(page.forms[0], **SAID, when="own", date="2027-06-01", time="10:00")
    assert (far.status, "Дата дальше 100 дней" in far.text) == (422, True)
    assert (far.forms[0].given["date"], far.forms[0].given["when"]) == ("2027-06-01", "own")
    assert (await reader.send(far.forms[0], reason="Закупка раз в год, в июне")).status == 200
    assert (await history(office, "planned"))[0]["reason"] == "Закупка раз в год, в июне"


async def test_r29_the_presets_are_those_of_the_policy_on_working_days(office: Street) -> None:
    _, page = await call_page(office)
    days = [value[:10] for value in page.forms[0].choices["when"]]
    assert days == ["2026-11-25", "2026-11-26", "2026-12-02", "2026-12-25", "2027-02-25", "own"]
    assert "ср 2 декабря, 10:00" in page.text
    assert "чт 25 февраля 2027, 10:00" in page.text


async def test_ec_47_later_today_is_a_date(office: Street) -> None:
    reader, page = await call_page(office)
    today = page.forms[0].choices["when"][0]
    assert today == "2026-11-25T14:00"
    assert (await reader.send(page.forms[0], **SAID, when=today)).status == 200
    assert (await office.ask("GET", "/calls/1"))["next_contact"] == "done"


async def test_a_date_typed_without_its_button_counts(office: Street) -> None:
    reader, page = await call_page(office)
    assert (await reader.send(page.forms[0], **SAID, date="2026-12-10", time="")).status == 200
    assert (await office.ask("GET", "/leads/1"))["next_contact"]["at"] == "2026-12-10T07:00:00Z"


async def test_r18_an_outcome_alone_is_enough_without_a_talk(office: Street) -> None:
    reader, page = await call_page(office, 2)
    assert (await reader.send(page.forms[0], when=NEXT)).status == 422
    assert (await reader.send(page.forms[0], outcome="busy", when=NEXT)).status == 200
    call = await office.ask("GET", "/calls/2")
    assert (call["comment"], call["next_contact"]) == ("done", "done")


async def test_ec_32_a_machine_that_answered_needs_no_words(office: Street) -> None:
    reader, page = await call_page(office)
    assert (await reader.send(page.forms[0], outcome="voicemail", when=NEXT)).status == 200
    assert (await office.ask("GET", "/calls/1"))["comment"] == "done"


async def test_r37_an_open_date_is_kept_with_its_goal(office: Street) -> None:
    due = at("15:00", WEDNESDAY + timedelta(days=1))
    await office.ask("POST", "/leads/1/next-contacts", {"author": "ivan", "at": due.isoformat(), "goal": "Обсудить прайс"})
    reader, page = await call_page(office)
    assert "Цель этого контакта: Обсудить прайс" in page.text
    assert (await reader.send(page.forms[0], outcome="talked", text=SAID["text"])).status == 200
    assert [(one["due_at"], one["closed_because"]) for one in await history(office, "planned")] == [
        ("2026-11-26T12:00:00Z", None)
    ]


async def test_a_date_of_today_is_offered_and_not_chosen_for_him(office: Street) -> None:
    await office.ask("POST", "/leads/1/next-contacts", {"author": "ivan", "at": at("15:00", WEDNESDAY).isoformat()})
    _, page = await call_page(office)
    assert page.forms[0].choices["when"][0] == "keep"
    assert "when" not in page.forms[0].given


async def test_r20_the_words_of_last_time_are_no_comment(office: Street) -> None:
    await office.ask("POST", "/leads/1/comments", {"author": "ivan", "text": SAID["text"], "at": at("12:00", MONDAY).isoformat()})
    reader, page = await call_page(office)
    assert (await reader.send(page.forms[0], **SAID, when=NEXT)).status == 422


async def test_r21_the_last_two_comments_of_people_are_shown(office: Street) -> None:
    for number, hour in enumerate(("09:00", "10:00", "11:00")):
        body = {
            "author": "ivan",
            "text": f"Комментарий номер {number}",
            "at": at(hour, MONDAY).isoformat(),
            "goal": f"Цель {number}",
        }
        await office.ask("POST", "/leads/1/comments", body)
    await office.ask("POST", "/leads/1/comments", {"text": "Сказал робот"})
    _, page = await call_page(office)
    assert page.text.index("Комментарий номер 2") < page.text.index("Комментарий номер 1")
    assert "Комментарий номер 0" not in page.text
    assert "робот" not in page.text
    assert "Цель этого контакта: Цель 2" in page.text


async def test_the_number_is_masked_and_what_was_typed_is_escaped(office: Street) -> None:
    body = {"author": "ivan", "text": "<script>alert(1)</script> & «ёлочки»", "at": at("09:00", MONDAY).isoformat()}
    await office.ask("POST", "/leads/1/comments", body)
    _, page = await call_page(office)
    assert "9990000001" not in page.html
    assert "+7***01" in page.text
    assert "<script>" not in page.html
    assert "<script>alert(1)</script> & «ёлочки»" in page.text


async def test_r11_what_he_buys_is_asked_until_it_is_known(office: Street) -> None:
    reader, page = await call_page(office)
    assert "Покупает похожий продукт?" in page.text
    await reader.send(page.forms[0], **SAID, when=NEXT, buys="yes")
    lead = await office.ask("GET", "/leads/1")
    assert (lead["buys_analog"], lead["stage"]) == ("yes", "potential")
    assert "Покупает похожий продукт?" not in (await reader.open()).text


async def test_r9_a_call_without_a_lead_becomes_one_in_one_go(office: Street) -> None:
    await office.dial("11:30", day=WEDNESDAY, number="+79990000002", talk=60)
    await office.work("11:50", WEDNESDAY)
    assert ("V04", "reminded") in await office.violations()
    reader, page = await call_page(office, 3)
    assert "Новый лид" in page.text
    nobody = await reader.send(page.forms[0], **SAID, when=NEXT)
    assert (nobody.status, "Укажите имя или компанию" in nobody.text) == (422, True)
    saved = await reader.send(nobody.forms[0], name="Пётр", company="Василёк", buys="no")
    assert saved.status == 200
    lead = await office.ask("GET", "/leads/2")
    told = {
        name: lead[name] for name in ("name", "company", "phones", "segment", "manager", "author", "author_kind", "buys_analog")
    }
    assert told == {
        "name": "Пётр",
        "company": "Василёк",
        "phones": ["+79990000002"],
        "segment": "cold",
        "manager": "ivan",
        "author": "ivan",
        "author_kind": "person",
        "buys_analog": "no",
    }
    call = await office.ask("GET", "/calls/3")
    assert (call["lead"], call["comment"], call["next_contact"], call["counts"]["dial"]) == (2, "done", "done", True)
    assert {status for code, status in await office.violations() if code == "V04"} == {"closed"}


async def _with_a_lead_meanwhile(office: Street, manager: str | None) -> tuple[Reader, Page]:
    """The form of a call so old that a lead entered now is not matched to it."""
    old = MONDAY - timedelta(days=14)
    await office.dial("10:00", day=old, number="+79990000002", talk=60)
    call = (await office.calls(f"date={old}"))[0]["id"]
    reader, page = await call_page(office, call)
    await office.lead(
        "+79990000002", name="Тюльпан", **({"manager": manager} if manager else {}), at=office.clock.now.isoformat()
    )
    assert (await office.ask("GET", f"/calls/{call}"))["lead"] is None
    return reader, await reader.send(page.forms[0], **SAID, when=NEXT, name="Пётр")


@pytest.mark.parametrize("manager", ["ivan", None])
async def test_r9_a_number_that_has_his_or_nobodys_lead_by_now_gets_the_comment(office: Street, manager: str | None) -> None:
    _, saved = await _with_a_lead_meanwhile(office, manager)
    assert (saved.status, "Тюльпан" in saved.text) == (200, True)
    lead = await office.ask("GET", "/leads/2")
    assert (lead["manager"], len(await history(office, lead=2))) == ("ivan", 1)


async def test_r9_a_number_that_has_a_colleagues_lead_by_now_says_whose(office: Street) -> None:
    await office.manager("petr", "102", name="Пётр Иванов")
    _, refused = await _with_a_lead_meanwhile(office, "petr")
    assert (refused.status, "его ведёт Пётр Иванов" in refused.text, "Тюльпан" in refused.text) == (422, True, False)
    assert refused.forms[0].given["text"] == SAID["text"]
    assert await history(office, lead=2) == []


async def test_r27_a_wrong_number_asks_the_supervisor_and_needs_no_date(office: Street) -> None:
    reader, page = await call_page(office, 2)
    assert (await reader.send(page.forms[0], outcome="wrong_number")).status == 200
    (asked,) = (await office.ask("GET", "/exemptions"))["items"]
    assert (asked["kind"], asked["status"], asked["asked_by"]) == ("wrong_number", "asked", "ivan")
    page = await reader.open()
    assert "Супервайзер решает" in page.text
    assert (await reader.send(page.forms[0], outcome="wrong_number", text="Другая фирма")).status == 200
    assert len((await office.ask("GET", "/exemptions"))["items"]) == 1


async def test_a_lead_that_is_lost_is_asked_for_no_date(office: Street) -> None:
    await office.ask("PATCH", "/leads/1", {"stage": "lost", "reason": "Закрылись"})
    reader, page = await call_page(office, 2)
    assert "when" not in page.forms[0].choices
    assert (await reader.send(page.forms[0], outcome="no_answer")).status == 200


async def test_a_call_that_nobody_owes_words_for_has_no_form(office: Street) -> None:
    await office.ask("POST", "/excluded-numbers", {"number": "+79990000077", "kind": "staff"})
    await office.dial("11:45", day=WEDNESDAY, number="+79990000077", talk=60)
    reader, page = await call_page(office, 3)
    assert (page.status, page.forms) == (200, [])
    assert "ничего записывать не нужно" in page.text
    assert (await reader.post(f"/f/{reader.token}/call/3", {"key": "k" * 20, **SAID})).status == 422


async def test_a_call_with_everything_on_record_says_so(office: Street) -> None:
    reader, page = await call_page(office)
    await reader.send(page.forms[0], **SAID, when=NEXT)
    page = await reader.open()
    assert "всё записано" in page.text
    assert [tag for tag, _ in page.tags].count("details") == 1


async def test_the_page_of_a_lead_is_about_the_call_that_waits(office: Street) -> None:
    reader = await link(office, "lead/1")
    page = await reader.open()
    assert "сегодня, 11:00" in page.text  # the dial nobody answered, the latest
    await reader.send(page.forms[0], outcome="no_answer", when=NEXT)
    (said,) = await history(office)
    assert said["call"] == 2
    page = await reader.open()
    assert "сегодня, 10:00" in page.text
    assert (await reader.send(page.forms[0], outcome="talked")).status == 422  # a talk needs words


async def test_a_lead_without_a_call_takes_a_date_alone(office: Street) -> None:
    await office.lead("+79990000003", manager="ivan", name="Лилия")
    reader = await link(office, "lead/2")
    page = await reader.open()
    assert (await reader.send(page.forms[0])).status == 422
    saved = await reader.send(page.forms[0], when=NEXT)
    assert (saved.status, "Следующий контакт: ср 2 декабря, 10:00" in saved.text) == (200, True)
    assert (await history(office, lead=2), len(await history(office, "planned", lead=2))) == ([], 1)
