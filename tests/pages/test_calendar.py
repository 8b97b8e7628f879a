"""The calendar feed as a calendar reads it: one event an open planned contact, private, unchanged until something changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from icalendar import Calendar

from telephony_bridge import db, notices, people
from telephony_bridge.crm import Outcome
from telephony_bridge.model import Company
from telephony_bridge.pages import calendar
from telephony_bridge.settings import Settings
from tests.street import MONDAY, MOSCOW, Clock, Street, at

LEAD = 'Ромашка; ООО, "x"\n'
FRIDAY = MONDAY + timedelta(days=4)


async def address_of(street: Street, handle: str = "ivan", **how: Any) -> str:
    told = await street.ask("POST", f"/managers/{handle}/calendar", expect=201, **how)
    assert told["manager"] == handle
    return "/" + told["url"].split("/", 3)[3]


async def events(street: Street, address: str) -> dict[str, Any]:
    """Its events by lead's name."""
    answer = await street.client.get(address)
    assert answer.status == 200
    return {str(one["SUMMARY"]): one for one in Calendar.from_ical(await answer.read()).walk("VEVENT")}


async def plan(street: Street, lead: int, due: datetime, goal: str | None = None, **more: Any) -> None:
    await street.ask("POST", f"/leads/{lead}/next-contacts", {"at": due.isoformat(), "goal": goal, "author": "ivan"} | more)


@pytest.fixture
async def company(street: Street) -> Street:
    """Ivan with one planned contact ahead."""
    await street.source()
    await street.manager()
    lead = await street.lead(name=LEAD, manager="ivan")
    said = {"author": "ivan", "at": at("10:00").isoformat(), "text": "Просит прайс.", "outcome": "agreed"}
    await street.ask("POST", f"/leads/{lead}/comments", said)
    await plan(street, lead, at("10:30", FRIDAY), "прайс; скидка, 5%\nи образцы: +7 (999) 000-00-01 к 2026-11-27")
    return street


async def test_a_planned_contact_is_an_event(company: Street) -> None:
    answer = await company.client.get(await address_of(company))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Cache-Control"] == "private, max-age=300"
    body = await answer.read()
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert b"\n" not in body.replace(b"\r\n", b"")
    told = Calendar.from_ical(body)
    assert (told["METHOD"], told["X-WR-CALNAME"]) == ("PUBLISH", "План: Ivan")
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in body
    (event,) = told.walk("VEVENT")
    assert event["UID"] == "planned-1@127.0.0.1"
    assert event["SUMMARY"] == 'Ромашка; ООО, "x"'
    assert event["DESCRIPTION"] == "Цель: прайс; скидка, 5%\nи образцы: +7***01 к 2026-11-27\nПрошлый раз: договорились"
    assert (event.decoded("DTSTART"), event.decoded("DURATION")) == (at("10:30", FRIDAY), timedelta(minutes=15))
    assert b"DTSTART:20261127T073000Z\r\n" in body
    assert told.errors == event.errors == []


async def test_it_speaks_the_managers_language(company: Street) -> None:
    address = await address_of(company)
    await company.ask("PATCH", "/managers/ivan", {"language": "en"})
    told = Calendar.from_ical(await (await company.client.get(address)).read())
    assert told["X-WR-CALNAME"] == "Plan: Ivan"
    assert told.walk("VEVENT")[0]["DESCRIPTION"].endswith("Last time: agreed")


async def test_a_moved_contact_stays_one_event_and_a_done_one_disappears(company: Street) -> None:
    address = await address_of(company)
    await plan(company, 1, at("12:00", FRIDAY))
    (event,) = (await events(company, address)).values()
    assert event.decoded("DTSTART") == at("12:00", FRIDAY)
    assert "DESCRIPTION" in event
    await company.dial("11:00", day=FRIDAY)
    assert await events(company, address) == {}


async def test_what_is_overdue_stays_for_thirty_days_and_a_colleagues_is_never_there(company: Street) -> None:
    await company.manager("olga", "102")
    address = await address_of(company)
    long_ago = {"at": at("09:00", MONDAY - timedelta(days=60)).isoformat(), "text": "Позже.", "outcome": "talked"}
    told = (("Лютик", -27, "ivan"), ("Сирень", -29, "ivan"), ("Клён", 800, "ivan"), ("Дуб", 4, "olga"))
    for number, (name, days, whose) in enumerate(told, 2):  # now is two days after the Monday
        lead = await company.lead(f"+7999000000{number}", name=name, manager=whose)
        due = {"at": at("10:00", MONDAY + timedelta(days=days)).isoformat(), "basis": "own", "reason": "Так просил"}
        await company.ask("POST", f"/leads/{lead}/comments", long_ago | {"author": whose, "next_contact": due})
    assert sorted(await events(company, address)) == ["Клён", "Лютик", LEAD.strip()]


async def test_a_new_address_ends_the_old_one_and_of_the_token_only_a_hash_is_kept(company: Street) -> None:
    first = await address_of(company)
    second = await address_of(company, token=await company.token_of("ivan"))
    assert (await company.client.get(first)).status == 404
    assert (await company.client.get(second)).status == 200
    async with company.database.begin() as conn:
        (row,) = await conn.fetch("select token_hash from calendar_feeds")
    assert second.removeprefix("/calendar/").removesuffix(".ics").encode() not in bytes(row["token_hash"])


async def test_a_wrong_token_is_answered_like_an_address_that_never_was(company: Street) -> None:
    answers = []
    for path in ("/calendar/" + "A" * 43 + ".ics", "/calendar/x.ics", "/calendar/.ics", "/nothing"):
        answer = await company.client.get(path)
        answers.append((answer.status, answer.headers["Content-Type"], await answer.read()))
    assert answers == [answers[0]] * 4
    assert answers[0][0] == 404


async def test_head_and_unchanged(company: Street) -> None:
    address = await address_of(company)
    body = await (await company.client.get(address)).read()
    head = await company.client.head(address)
    assert (head.status, head.headers["Content-Length"], await head.read()) == (200, str(len(body)), b"")
    tag = head.headers["ETag"]
    for asked in (tag, "W/" + tag, f'"other", {tag}', "*"):
        answer = await company.client.get(address, headers={"If-None-Match": asked})
        assert (answer.status, answer.headers["ETag"], await answer.read()) == (304, tag, b""), asked
        assert answer.headers["Cache-Control"] == "private, max-age=300"
    await plan(company, 1, at("12:00", FRIDAY))
    answer = await company.client.get(address, headers={"If-None-Match": tag})
    assert answer.status == 200
    assert answer.headers["ETag"] != tag


async def test_who_has_left_sees_no_clients_any_more(company: Street) -> None:
    address = await address_of(company)
    await company.ask("POST", "/managers/ivan/leave", {"on": str(MONDAY + timedelta(days=3))})
    assert len(await events(company, address)) == 1
    company.clock.now = at("00:00", MONDAY + timedelta(days=3))
    assert (await company.client.get(address)).status == 404


async def test_a_colleagues_feed_is_made_by_a_supervisor_only(company: Street) -> None:
    await company.manager("olga", "102")
    await company.ask("POST", "/managers/olga/calendar", token=await company.token_of("ivan"), expect=404)
    async with company.database.begin() as conn:
        supervisor = await people.create_token(conn, "s", "supervisor", None, now=company.clock())
    assert await events(company, await address_of(company, "olga", token=supervisor)) == {}
    await company.ask("POST", "/managers/nobody/calendar", expect=404)


async def test_503_when_postgres_is_away(database_url: str) -> None:
    away = await db.connect(database_url, "calendar_away")
    app = web.Application()
    app.router.add_routes(calendar.routes(away, Settings(), Company(MOSCOW), Clock()))
    await away.close()
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/calendar/" + "A" * 43 + ".ics")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")


def test_names_that_would_break_a_calendar_do_not() -> None:
    odd = "Ромашка\r\nEND:VCALENDAR\x07\u2028\x85" + "ж" * 200
    noon = datetime(2026, 11, 27, 9, tzinfo=UTC)
    body = notices.calendar(odd, [notices.Entry(1, odd, noon, noon, odd, None)], language="ru", host="h")
    assert all(len(line) <= 75 for line in body.split(b"\r\n"))
    assert body.count(b"\r\nEND:VCALENDAR\r\n") == 1
    assert not any(mark in body.decode() for mark in "\x07\u2028\x85")
    told = Calendar.from_ical(body)
    assert str(told.walk("VEVENT")[0]["SUMMARY"]) == "Ромашка END:VCALENDAR " + "ж" * 200
    assert str(told["X-WR-CALNAME"]) == "План: Ромашка END:VCALENDAR " + "ж" * 200


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_outcome_has_words(language: str) -> None:
    noon = datetime(2026, 11, 27, 9, tzinfo=UTC)
    entries = [notices.Entry(number, "Ромашка", noon, noon, None, word) for number, word in enumerate(get_args(Outcome))]
    told = Calendar.from_ical(notices.calendar("Иван", entries, language=language, host="h"))
    assert len({str(event["DESCRIPTION"]) for event in told.walk("VEVENT")}) == len(entries) > 5
