"""Who may open what behind a link, what every answer carries, and that opening changes nothing."""

from __future__ import annotations

import re
from datetime import timedelta

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer

from telephony_bridge.app import build
from telephony_bridge.settings import Settings
from tests.pages.browsing import Page, Reader, fingerprint, link
from tests.street import MONDAY, Street, at

CSP = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


@pytest.fixture
async def office(street: Street) -> Street:
    """Ivan with a lead (1), a talk (call 1), a dial nobody answered (2) and one to a number without a lead (3)."""
    await street.source()
    await street.manager()
    await street.lead(manager="ivan")
    await street.dial("10:00", talk=45)
    await street.dial("10:30")
    await street.dial("11:00", number="+79990000002", talk=30)
    await street.work("20:00")
    return street


PAGES = ["", "plan", "owed", "call/1", "call/2", "call/3", "lead/1"]


async def test_opening_changes_nothing_at_all(office: Street) -> None:
    reader = await link(office, "owed")
    before = await fingerprint(office)
    for page in PAGES:
        assert (await reader.open(page)).status == 200, page
        async with office.client.head(f"/f/{reader.token}/{page}".rstrip("/")) as answer:
            assert answer.status == 200
    for page in ("call/999", "lead/999", "nothing"):
        assert (await reader.open(page)).status == 404
    assert await fingerprint(office) == before


async def test_every_answer_is_strict_and_kept_nowhere(office: Street) -> None:
    reader = await link(office, "owed")
    addresses = [f"/f/{reader.token}/{page}".rstrip("/") for page in [*PAGES, "call/999"]] + [
        "/f/forged",
        "/f/",
        "/f/static/x.css",
    ]
    for address in addresses:
        async with office.client.get(address) as answer:
            told = answer.headers
            assert told["Content-Security-Policy"] == CSP
            assert (told["Referrer-Policy"], told["X-Content-Type-Options"]) == ("no-referrer", "nosniff")
            assert (told["Cache-Control"], told["X-Robots-Tag"]) == ("no-store", "noindex")
            page = Page(answer.status, await answer.text())
            assert [tag for tag, _ in page.tags].count("h1") == 1
            assert not {"script", "img", "iframe", "style"} & {tag for tag, _ in page.tags}
            assert not any(name.startswith("on") or name == "style" for _, attrs in page.tags for name in attrs)
            assert page.tags[0] == ("html", {"lang": "ru"})


async def test_the_style_is_kept_for_long_and_named_by_its_content(office: Street) -> None:
    page = await (await link(office, "plan")).open()
    (css,) = [attrs["href"] for tag, attrs in page.tags if tag == "link"]
    assert re.fullmatch(r"/f/static/forms\.[0-9a-f]{12}\.css", css)
    async with office.client.get(css) as answer:
        assert (answer.status, answer.content_type) == (200, "text/css")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "prefers-color-scheme: dark" in await answer.text()


@pytest.mark.parametrize("opens", ["call/1", "lead/1"])
async def test_a_link_to_one_page_opens_that_page_alone(office: Street, opens: str) -> None:
    reader = await link(office, opens)
    assert (await reader.open()).status == 200
    for page in PAGES[1:]:
        assert (await reader.open(page)).status == (200 if page == opens else 404), page
    assert f"/f/{reader.token}/plan" not in (await reader.open()).links
    form = (await reader.open()).forms[0]
    for page in ("call/2", "lead/1" if opens == "call/1" else "call/1", "owed"):
        assert (await reader.post(f"/f/{reader.token}/{page}", form.given)).status == 404


@pytest.mark.parametrize("token", ["x", "a" * 33, "%00", "%D1%84", "static"])
async def test_a_forged_link_is_nobodys(office: Street, token: str) -> None:
    await link(office, "owed")
    assert (await Reader(office, token).open()).status == 404
    assert (await Reader(office, token).post(f"/f/{token}/owed", {})).status == 404


async def test_before_any_link_was_signed_there_is_nothing_to_open(street: Street) -> None:
    before = await fingerprint(street)
    assert (await Reader(street, "a" * 33).open()).status == 404
    assert await fingerprint(street) == before


async def test_an_expired_link_says_where_a_fresh_one_comes_from(office: Street) -> None:
    reader = await link(office, "owed", days=1)
    form = (await reader.open("call/1")).forms[0]
    office.clock.now += timedelta(days=1)
    page = await reader.open()
    assert page.status == 410
    assert "со следующим уведомлением" in page.text
    before = await fingerprint(office)
    assert (await reader.send(form, text="Договорились о встрече в офисе.", outcome="agreed")).status == 410
    assert await fingerprint(office) == before


async def test_who_has_left_opens_nothing(office: Street) -> None:
    reader = await link(office, "owed")
    await office.ask("POST", "/managers/ivan/leave", {"on": "2026-11-26"})
    assert (await reader.open()).status == 200  # his last day
    office.clock.now += timedelta(days=1)
    page = await reader.open()
    assert page.status == 403
    assert "больше не работает" in page.text


async def test_a_colleagues_call_lead_and_violation_are_not_there(office: Street) -> None:
    await office.manager("petr", "102")
    await office.lead("+79990000005", manager="petr", name="Лютик")
    await office.dial("12:00", extension="102", number="+79990000005", talk=60)
    await office.work("21:00")
    reader = await link(office, "owed")
    mine = (await reader.open("call/1")).forms[0]
    theirs = (await office.ask("GET", "/violations?manager=petr"))["items"]
    call = (await office.calls("manager=petr"))[0]["id"]
    before = await fingerprint(office)
    for page in (f"call/{call}", "lead/2"):
        assert (await reader.open(page)).status == 404
        assert (await reader.post(f"/f/{reader.token}/{page}", mine.given | {"outcome": "talked"})).status == 404
    for one in theirs:
        given = {"key": "k" * 20, "do": "dispute", "violation": str(one["id"]), "reason": "Не мой"}
        assert (await reader.post(f"/f/{reader.token}/owed", given)).status == 404
    for does in ({"do": "buys", "buys": "yes"}, {"do": "reopen"}, {"do": "read", "handover": "1"}):
        assert (await reader.post(f"/f/{reader.token}/owed", {"key": "k" * 20, "lead": "2", **does})).status == 404
    assert "Лютик" not in (await reader.open("owed")).html + (await reader.open("plan")).html
    assert await fingerprint(office) == before


@pytest.mark.parametrize("path", ["call/0", "call/01", "call/x", "lead/", "call/" + "9" * 19, "plan/1", "owed/x", "call/1/x"])
async def test_what_is_no_page_is_not_found(office: Street, path: str) -> None:
    assert (await (await link(office, "owed")).open(path)).status == 404


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"key": "short"},
        {"key": "k" * 20},
        {"key": "k" * 20, "do": "nothing", "lead": "1"},
        {"key": "k" * 20, "do": "dispute", "violation": "x"},
        {"key": "k" * 20, "do": "buys", "lead": "1", "buys": "maybe"},
        {"key": "k" * 20, "do": "buys", "lead": "\0"},
    ],
)
async def test_a_strange_post_to_the_list_changes_nothing(office: Street, given: dict[str, str]) -> None:
    reader = await link(office, "owed")
    before = await fingerprint(office)
    assert (await reader.post(f"/f/{reader.token}/owed", given)).status in (404, 422)
    assert await fingerprint(office) == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe=1", "application/x-www-form-urlencoded"),
        (b"text=1", "application/x-www-form-urlencoded; charset=nothing"),
        (b"{}", "application/json"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"", "text/plain"),
    ],
)
async def test_what_is_no_form_is_refused(office: Street, body: bytes, kind: str) -> None:
    reader = await link(office, "call/1")
    async with office.client.post(f"/f/{reader.token}/call/1", data=body, headers={"Content-Type": kind}) as answer:
        assert answer.status == 422


async def test_with_postgres_away_what_was_typed_is_there_to_send_again(office: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = await link(office, "call/1")
    form = (await reader.open()).forms[0]
    typed = {
        **form.given,
        "outcome": "talked",
        "text": "Просит прайс <до пятницы>",
        "goal": "Прайс",
        "when": form.choices["when"][1],
    }

    def away(**_: object) -> object:
        raise asyncpg.CannotConnectNowError("starting up")

    with monkeypatch.context() as patched:
        patched.setattr(office.database, "begin", away)
        async with office.client.post(form.action, data=typed) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
            page = Page(answer.status, await answer.text())
        assert (await reader.open()).status == 503
        assert not (await Reader(office, "a" * 33).post("/f/" + "a" * 33 + "/call/1", typed)).forms  # nobody else's words
    assert page.forms[0].given == typed
    saved = await reader.send(page.forms[0])
    assert saved.status == 200
    assert "Сохранено" in saved.text


async def test_in_the_language_of_the_person(office: Street) -> None:
    await office.ask("PATCH", "/managers/ivan", {"language": "en"})
    reader = await link(office, "owed")
    form = (await reader.open("call/1")).forms[0]
    for page in [*[await reader.open(page) for page in PAGES], await reader.post(form.action, form.given)]:
        assert page.tags[0] == ("html", {"lang": "en"})
        said = page.text.replace("Ромашка", "")
        assert not re.search("[а-яё]", said, re.IGNORECASE), said


async def test_in_the_language_of_the_company_before_the_person_is_known(office: Street) -> None:
    told = Settings(schema=office.database.schema, language="en")
    service = TestServer(build(office.database, told, with_worker=False, clock=office.clock))
    async with TestClient(service) as client, client.get("/f/forged") as answer:
        page = Page(answer.status, await answer.text())
    assert (page.tags[0], "Page not found" in page.text) == (("html", {"lang": "en"}), True)


async def test_times_are_told_in_his_own_zone(office: Street) -> None:
    await office.manager("olga", "103", timezone="Asia/Yekaterinburg")
    await office.dial("10:00", extension="103", number="+79990000009", talk=40)
    call = (await office.calls("manager=olga"))[0]["id"]
    page = await (await link(office, f"call/{call}", "olga")).open()
    assert "пн 23 ноября, 12:00" in page.text
    assert at("10:00", MONDAY).hour == 7
