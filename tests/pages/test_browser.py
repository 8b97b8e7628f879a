"""The pages in a real browser at a phone's width: filled in, saved, read by axe-core, and without JavaScript."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from tests.pages.browsing import link
from tests.street import MONDAY, Street, at

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="NO CHROMIUM ON THIS MACHINE: THE PAGES WERE SEEN BY NO BROWSER")
TUESDAY, WEDNESDAY, FRIDAY = (MONDAY + timedelta(days=shift) for shift in (1, 2, 4))
PHONE = {"width": 360, "height": 740}
WIDTHS = (320, 360, 400, 1280)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        found = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        await found.close()


@pytest.fixture
async def office(street: Street) -> Street:
    """Ivan's Wednesday noon: debts of every look, and a plan with something overdue."""
    await street.source()
    await street.manager()
    await street.manager("olga", "102", name="Ольга")
    names = {
        1: "Ромашка",
        2: "Общество с ограниченной ответственностью «Северо-Западный Металлопрокат»",
        3: "Лютик",
        4: "Тюльпан",
    }
    for number, name in names.items():
        await street.lead(f"+7999000000{number}", manager="ivan", name=name, company="Завод" if number == 3 else None)
    said = {
        "author": "ivan",
        "at": at("10:05", MONDAY - timedelta(days=5)).isoformat(),
        "text": "Просит прайс, сравнивает с текущим поставщиком.",
    }
    await street.ask("POST", "/leads/1/comments", said | {"outcome": "talked", "goal": "Обсудить прайс"})
    for lead, due in ((1, at("16:00", WEDNESDAY)), (3, at("11:00", TUESDAY)), (4, at("11:00", FRIDAY))):
        body = {"author": "ivan", "set_at": said["at"], "at": due.isoformat(), "goal": "Обсудить прайс", "basis": "agreed"}
        await street.ask("POST", f"/leads/{lead}/next-contacts", body)
    await street.dial("10:00", day=TUESDAY, talk=95)
    await street.dial("09:20", day=WEDNESDAY, number="+79990000002")
    await street.dial("10:00", day=WEDNESDAY, number="+79990000004", talk=70)
    await street.dial("10:30", day=WEDNESDAY, number="+79990000009", talk=40)
    await street.dial("11:00", day=WEDNESDAY, number="+79990000003", inbound=True)
    await street.work("23:59", TUESDAY)
    await street.work("11:50", WEDNESDAY)
    return street


async def look(browser: Browser, **how: Any) -> Page:
    context = await browser.new_context(viewport=PHONE, locale="ru-RU", **how)
    return await context.new_page()


async def address(street: Street, opens: str, page: str = "") -> str:
    return str(street.client.make_url(f"/f/{(await link(street, opens)).token}" + (f"/{page}" if page else "")))


async def fill(page: Page, outcome: str, text: str) -> None:
    await page.get_by_label(outcome, exact=True).check()
    await page.get_by_label("Комментарий").fill(text)
    await page.get_by_label("Через 7 дн.").check()
    await page.get_by_label("Цель следующего контакта").fill("Прислать прайс")
    await page.get_by_label("Согласована с клиентом").check()
    await page.get_by_role("button", name="Сохранить").click()


@pytest.mark.parametrize("scripts", [True, False], ids=["as it comes", "without JavaScript"])
async def test_a_call_is_filled_in_and_saved(office: Street, browser: Browser, scripts: bool) -> None:
    page = await look(browser, java_script_enabled=scripts)
    problems: list[str] = []
    page.on("console", lambda told: problems.append(told.text))
    page.on("pageerror", lambda told: problems.append(str(told)))
    await page.goto(await address(office, "call/1"))
    await page.get_by_role("button", name="Сохранить").click()
    assert await page.get_by_role("alert").get_by_role("link").count() == 2
    await fill(page, "Договорились", "Договорились о встрече в офисе.")
    assert "Договорились о встрече в офисе." in await page.get_by_role("status").inner_text()
    await page.reload()
    items = (await office.ask("GET", "/leads/1/history"))["items"]
    assert [one["text"] for one in items if one["kind"] == "comment" and one["call"] == 1] == ["Договорились о встрече в офисе."]
    assert [one for one in problems if "422" not in one] == []
    await page.context.close()


async def test_his_own_date_is_asked_for_when_he_chooses_it(office: Street, browser: Browser) -> None:
    page = await look(browser)
    await page.goto(await address(office, "call/1"))
    assert not await page.get_by_label("Дата", exact=True).is_visible()
    await page.get_by_label("Другая дата").check()
    await page.get_by_label("Дата", exact=True).fill("2026-12-10")
    await page.get_by_label("Время").fill("15:30")
    await page.get_by_label("Поговорили").check()
    await page.get_by_label("Комментарий").fill("Ждёт новый прайс к декабрю.")
    await page.get_by_label("Цель следующего контакта").fill("Прайс")
    await page.get_by_role("button", name="Сохранить").click()
    assert "чт 10 декабря, 15:30" in await page.get_by_role("status").inner_text()
    await page.context.close()


async def test_a_row_is_done_by_one_tap(office: Street, browser: Browser) -> None:
    page = await look(browser, has_touch=True)
    await page.goto(await address(office, "owed"))
    before = await page.get_by_role("listitem").filter(has=page.get_by_role("heading", level=2)).count()
    await page.get_by_role("button", name="Не ответил").first.tap()
    await page.get_by_role("status").wait_for()
    assert await page.get_by_role("listitem").filter(has=page.get_by_role("heading", level=2)).count() == before - 1
    assert (await office.ask("GET", "/calls/2"))["comment"] == "done"
    await page.context.close()


async def test_from_the_plan_to_a_lead_and_back(office: Street, browser: Browser) -> None:
    page = await look(browser)
    await page.goto(await address(office, "plan"))
    assert await page.get_by_role("heading", level=2).all_inner_texts() == ["Лютик, Завод", "16:00 Ромашка"]
    await page.get_by_role("link", name="Записать результат Ромашка").click()
    await fill(page, "Сам наберу", "Просил не звонить, наберёт сам.")
    assert "План на сегодня" in await page.title()
    assert "ср 2 декабря, 10:00" in await page.get_by_role("status").inner_text()
    await page.context.close()


async def test_the_keyboard_alone_chooses_and_sees_where_it_is(office: Street, browser: Browser) -> None:
    page = await look(browser)
    await page.goto(await address(office, "call/1"))
    await page.locator("input[name=outcome]").first.focus()
    await page.keyboard.press("ArrowDown")
    assert await page.locator("input[name=outcome]:checked").get_attribute("value") == "agreed"
    shown = await page.locator("input[name=outcome]:checked + span").evaluate("one => getComputedStyle(one).outlineStyle")
    assert shown == "solid"
    await page.context.close()


PAGES = ["owed", "plan", "call/1", "call/4", "lead/1", "call/999"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_serious(office: Street, browser: Browser, scheme: Any) -> None:
    page = await look(browser, color_scheme=scheme)
    found = []
    for opened in PAGES:
        await page.goto(await address(office, "owed", opened))
        if opened == "call/1":
            await page.get_by_role("button", name="Сохранить").click()
        for one in await page.locator("details").all():
            await one.evaluate("one => one.open = true")
        told = await Axe().run(page)
        found += [
            (opened, one["id"], one["nodes"][0]["html"])
            for one in told.response["violations"]
            if one["impact"] in ("serious", "critical")
        ]
    assert found == []
    await page.context.close()


@pytest.mark.parametrize("width", WIDTHS)
async def test_nothing_is_wider_than_the_screen_or_too_small_to_touch(office: Street, browser: Browser, width: int) -> None:
    page = await look(browser)
    await page.set_viewport_size({"width": width, "height": 740})
    for opened in PAGES:
        await page.goto(await address(office, "owed", opened))
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, opened
        small = await page.evaluate(
            """[...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
               .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"""
        )
        assert small == [], opened
    await page.context.close()
