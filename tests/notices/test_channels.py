"""One attempt at one address, with real receivers: what they got, and what we made of their answers."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.errors import Refused
from telephony_bridge.notices import Message, Sent, channels, check, scheme_of, send, target_of
from telephony_bridge.notices.answers import CARRY_KEY, LONGEST_WAIT, asked, judged, of_http, of_smtp
from tests.notices.receivers import always, mail, self_signed, silence, site

pytestmark = [
    pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning"),  # Apprise's own import
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),  # our receiver, on loopback
]

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
TEXT = "Иван, план\n- 11:00 «Ромашка» <b>*_Лютик_*</b> & `c` [x](y) :) \\n # 100%  две точки\nhttps://bridge.example/f/a_b-c*d"
HTML = (
    '<html><body><p>Иван, «Ромашка» &lt;b&gt;*_Лютик_* <a href="https://bridge.example/f/a_b-c*d">Открыть</a></p></body></html>'
)
MESSAGE = Message("digest:7:2026-11-25", "План на *25.11*", TEXT, HTML)


async def tried(url: str, message: Message = MESSAGE) -> Sent:
    return await send(url, message, now=NOW)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    from telephony_bridge.notices import sending

    monkeypatch.setattr(sending, "READ", 0.3)


# ---- the web


async def test_json_arrives_whole_and_with_its_key() -> None:
    async with site(always(200)) as where:
        assert await tried(where.url("/hook")) == Sent("sent", "HTTP 200")
    ((request, body),) = where.posts
    assert request.method == "POST"
    assert request.path == "/hook"
    assert request.headers["Idempotency-Key"] == MESSAGE.key
    told = orjson.loads(body)
    assert (told["title"], told["message"]) == (MESSAGE.title, TEXT)


async def test_xml_and_forms_arrive_whole_and_with_their_key() -> None:
    async with site(always(204)) as where:
        assert await tried(where.url(scheme="xml")) == Sent("sent", "HTTP 204")
        assert await tried(where.url(scheme="form")) == Sent("sent", "HTTP 204")
    (first, xml), (second, form) = where.posts
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == MESSAGE.key
    assert [one.text for one in ElementTree.fromstring(xml).iter() if one.tag.endswith("Message")] == [TEXT]
    assert parse_qs(form)["message"] == [TEXT]


async def test_markup_of_an_address_is_not_heeded() -> None:
    async with site(always(200)) as where:
        await tried(where.url("/?emojis=yes&overflow=truncate&retry=3"))
    ((_, body),) = where.posts
    assert orjson.loads(body)["message"] == TEXT


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_later_and_once(status: int) -> None:
    async with site(always(status)) as where:
        assert await tried(where.url("/?retry=3&wait=0")) == Sent("later", f"HTTP {status}")
        assert len(where.posts) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 422])
async def test_what_will_not_pass_is_refused(status: int) -> None:
    async with site(always(status)) as where:
        assert await tried(where.url()) == Sent("refused", f"HTTP {status}")


async def test_a_redirected_post_is_not_taken_for_a_delivery() -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=200) if request.path == "/new" else web.Response(status=302, headers={"Location": "/new"})

    async with site(answer) as where:
        assert await tried(where.url("/old")) == Sent("refused", "HTTP 302")
        assert [request.path for request, _ in where.posts] == ["/old"]


@pytest.mark.parametrize(
    ("told", "wait"),
    [
        ("7", timedelta(seconds=7)),
        ("Wed, 25 Nov 2026 09:10:00 GMT", timedelta(minutes=10)),
        ("Wed, 25 Nov 2026 08:00:00 GMT", timedelta()),
        ("999999", timedelta(hours=6)),
        ("soon", None),
    ],
)
async def test_retry_after_is_what_the_receiver_asked_for(told: str, wait: timedelta | None) -> None:
    async with site(always(429, Retry_After=told)) as where:
        assert await tried(where.url()) == Sent("later", "HTTP 429", wait)


async def test_a_channel_that_would_sleep_for_its_receiver_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord's own module waits for the limit to lift and tries again; the outbox does that."""
    from apprise.plugins.discord import NotifyDiscord

    lifts = str(int(time.time()) + 3600)
    async with site(always(429, Retry_After="64.5", X_RateLimit_Remaining="0", X_RateLimit_Reset=lifts)) as where:
        monkeypatch.setattr(NotifyDiscord, "notify_url", where.url("/api/webhooks", "http"))
        sent = await asyncio.wait_for(tried(f"discord://{'1' * 10}/{'a' * 20}"), 10)
        assert sent == Sent("later", "HTTP 429", timedelta(seconds=64.5))
        assert len(where.posts) == 1


async def test_telegram_gets_plain_words_and_its_verdict_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.telegram import NotifyTelegram

    async def answer(request: web.Request) -> web.Response:
        chat = (await request.json())["chat_id"]
        return web.json_response({"ok": chat == 1}, status={1: 200, 2: 403, 3: 429}[chat], headers={"Retry-After": "30"})

    async with site(answer) as where:
        monkeypatch.setattr(NotifyTelegram, "notify_url", where.url("/bot", "http"))
        bot = f"tgram://123456789:{'a' * 35}"
        assert await tried(f"{bot}/1/") == Sent("sent", "HTTP 200")
        told = orjson.loads(where.posts[0][1])
        unescaped = unescape(told["text"]).replace("\r\n", "\n")
        assert unescaped.endswith(TEXT)
        assert "<b>*_" not in told["text"]  # the lead's name is no markup; only the title, before it, is bold
        assert await tried(f"{bot}/2/") == Sent("refused", "HTTP 403")
        assert await tried(f"{bot}/2/3/") == Sent("later", "HTTP 429", timedelta(seconds=30))
        assert await tried(f"{bot}/3/2/") == Sent("later", "HTTP 429", timedelta(seconds=30))


def test_a_channel_of_markdown_keeps_every_character_and_the_link(monkeypatch: pytest.MonkeyPatch) -> None:
    from telephony_bridge.notices import sending

    channel = sending.understood(f"wxteams://{'a' * 80}")
    told: dict[str, Any] = {}
    monkeypatch.setattr(channel, "send", lambda **kwargs: not told.update(kwargs))
    assert sending._told(channel, MESSAGE)
    assert "\\*25" in told["body"]  # its title stands in the body
    assert "\\*\\_Лютик\\_\\*" in told["body"]
    assert "план  \n" in told["body"]
    assert told["body"].endswith("](https://bridge.example/f/a_b-c*d)")


def test_a_mail_service_behind_http_gets_the_html(monkeypatch: pytest.MonkeyPatch) -> None:
    from telephony_bridge.notices import sending

    channel = sending.understood(f"mailgun://bridge@romashka.example/{'a' * 32}-{'b' * 8}-{'c' * 8}/ivan@romashka.example")
    told: dict[str, Any] = {}
    monkeypatch.setattr(channel, "send", lambda **kwargs: not told.update(kwargs))
    assert sending._told(channel, MESSAGE)
    assert (told["title"], told["body"]) == (MESSAGE.title, HTML)


async def test_a_site_whose_certificate_nobody_vouches_for_is_tried_later(tmp_path: Path) -> None:
    async with await asyncio.start_server(lambda *_: None, "127.0.0.1", 0, ssl=self_signed(tmp_path)) as server:
        port = server.sockets[0].getsockname()[1]
        assert await tried(f"jsons://127.0.0.1:{port}/") == Sent("later", "encryption failed")


async def test_a_slow_receiver_times_out(impatient: None) -> None:
    async with silence() as port:
        sent = await asyncio.wait_for(tried(f"json://127.0.0.1:{port}/?rto=600&cto=600"), 10)
        assert sent == Sent("later", "timed out")


async def test_a_receiver_that_drips_is_given_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "DEADLINE", 0.3)
    enough = asyncio.Event()

    async def drip(request: web.Request) -> web.Response:
        await enough.wait()
        return web.Response()

    async with site(drip) as where:
        assert await tried(where.url()) == Sent("later", "timed out")
        enough.set()


@pytest.mark.parametrize("scheme", ["json", "mailto"])
async def test_nobody_listens(scheme: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        assert await tried(f"{scheme}://127.0.0.1:{port}/ivan@romashka.example?from=a@romashka.example") == Sent(
            "later", "no connection"
        )


@pytest.mark.parametrize(
    "url", ["json://nowhere.invalid/", "mailto://nowhere.invalid?from=a@romashka.example&to=b@romashka.example"]
)
async def test_a_name_that_is_not_found_is_tried_later(url: str) -> None:
    assert await tried(url) == Sent("later", "no connection")


@pytest.mark.parametrize(
    "url", ["", "nonsense", "carrierpigeon://loft/7", "json://", "tgram://x/", "mailto://b.example?to=a@b.example&pgp=sign"]
)
async def test_an_address_nobody_understands_is_refused(url: str) -> None:
    assert await tried(url) == Sent("refused", "address not understood")
    with pytest.raises(Refused) as refused:
        check(url)
    assert scheme_of(url) in str(refused.value)
    assert not url.partition("://")[2] or url.partition("://")[2] not in str(refused.value)


async def test_an_address_that_is_understood_passes() -> None:
    check("json://127.0.0.1:8080/")
    check(f"tgram://123456789:{'a' * 35}/7/")


async def test_a_fault_inside_a_channel_is_told_by_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    def trip(*_: Any, **__: Any) -> bool:
        raise KeyError("s3cret")

    monkeypatch.setattr(NotifyJSON, "send", trip)
    assert await tried("json://127.0.0.1/") == Sent("later", "KeyError")


async def test_concurrent_sends_do_not_hear_each_other() -> None:
    async def answer(request: web.Request) -> web.Response:
        status, wait = request.path.strip("/").split("/")
        await asyncio.sleep(int(wait) % 7 / 100)
        return web.Response(status=int(status), headers={"Retry-After": wait})

    cases = [((200, 404, 429, 500)[number % 4], number) for number in range(60)]
    async with site(answer) as where, mail(recipient={"no@romashka.example": "550 unknown"}) as box:
        web_sent, mail_sent = await asyncio.gather(
            asyncio.gather(*(tried(where.url(f"/{status}/{wait}")) for status, wait in cases)),
            asyncio.gather(*(tried(box.url(f"{'no' if n % 2 else 'yes'}@romashka.example")) for n in range(20))),
        )
    assert web_sent == [of_http(status, str(wait), NOW) for status, wait in cases]
    assert mail_sent == [of_smtp(550 if n % 2 else 250) for n in range(20)]


async def test_requests_of_others_are_not_kept() -> None:
    """The wrapped method keeps nothing for a thread that does not send a notice."""
    import requests

    from telephony_bridge.notices import sending

    async with site(always(200)) as where:
        answer = await asyncio.to_thread(requests.get, where.url("/", "http"), timeout=5)
    assert answer.status_code == 200
    assert sending._seen.met is None


async def test_slow_receivers_leave_the_default_executor_alone(impatient: None) -> None:
    async with silence() as port:
        sends = [asyncio.create_task(tried(f"json://127.0.0.1:{port}/")) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert not (await asyncio.to_thread(threading.current_thread)).name.startswith("notice")
        assert {one.why for one in await asyncio.gather(*sends)} == {"timed out"}


async def test_the_deadline_does_not_count_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "DEADLINE", 0.6)

    async def answer(_: web.Request) -> web.Response:
        await asyncio.sleep(0.2)
        return web.Response()

    async with site(answer) as where:
        sent = await asyncio.gather(*(tried(where.url()) for _ in range(16 * 5)))
        assert {one.outcome for one in sent} == {"sent"}
        assert len(where.posts) == 16 * 5


async def test_a_cancelled_send_harms_nobody() -> None:
    enough = asyncio.Event()

    async def answer(_: web.Request) -> web.Response:
        await enough.wait()
        return web.Response()

    async with site(answer) as where:
        sends = [asyncio.create_task(tried(where.url())) for _ in range(40)]
        while len(where.posts) < 16:
            await asyncio.sleep(0.01)
        for one in sends:
            one.cancel()
        assert all(isinstance(one, asyncio.CancelledError) for one in await asyncio.gather(*sends, return_exceptions=True))
        enough.set()
        assert await tried(where.url()) == Sent("sent", "HTTP 200")
        assert len(where.posts) == 17  # those that still queued never left


async def test_no_address_reaches_a_log(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], impatient: None
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with site(always(500)) as where, mail(recipient={"ivan@romashka.example": "550 no"}) as box, silence() as port:
            await tried(where.url("/s3cret"))
            await tried(box.url("ivan@romashka.example", **{"pass": "s3cret", "user": "bridge"}))
            await tried(f"json://127.0.0.1:{port}/s3cret")
            await tried("tgram://s3cret/ivan")
    receivers = {"aiohttp.access", "mail.log"}
    told = " ".join([*(one.getMessage() for one in caplog.records if one.name not in receivers), *capfd.readouterr()])
    assert "s3cret" not in told
    assert "ivan" not in told


# ---- mail


async def test_a_letter_has_both_texts_as_written() -> None:
    async with mail() as box:
        assert await tried(box.url("ivan@romashka.example")) == Sent("sent", "SMTP 250")
    (letter,) = box.letters
    assert box.told == [["ivan@romashka.example"]]
    assert letter["Subject"] == MESSAGE.title
    assert letter["To"] == "ivan@romashka.example"
    assert letter["From"].addresses[0].addr_spec == "bridge@romashka.example"
    assert letter["Date"].datetime == NOW
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "multipart/alternative"
    plain, rich = letter.get_body(("plain",)), letter.get_body(("html",))
    assert plain is not None
    assert rich is not None
    assert plain.get_content().splitlines() == TEXT.splitlines()
    assert rich.get_content().splitlines() == [HTML]


async def test_a_letter_that_was_taken_stays_taken_however_the_server_says_goodbye() -> None:
    async with mail(rude=True) as box:
        assert await tried(box.url("ivan@romashka.example")) == Sent("sent", "SMTP 250")
        assert len(box.letters) == 1


async def test_a_repeated_letter_has_the_same_identity_and_another_notice_has_another() -> None:
    async with mail() as box:
        url = box.url("ivan@romashka.example")
        for key in ("a:1", "a:1", "a:2"):
            await tried(url, Message(key, "x", "x", "<p>x</p>"))
    first, again, other = ([letter["Message-ID"], letter["X-Notice-Key"]] for letter in box.letters)
    assert first == again
    assert first[1] == "a:1"
    assert first[0] != other[0]
    assert first[0].endswith("@romashka.example>")
    assert [len(letter.get_all("Message-ID")) for letter in box.letters] == [1, 1, 1]


async def test_copies_and_names_of_an_address_are_heeded() -> None:
    async with mail() as box:
        more = {"cc": "petr@romashka.example", "bcc": "olga@romashka.example", "reply": "boss@romashka.example", "+X-Desk": "7"}
        await tried(box.url("ivan@romashka.example", **more))
    (letter,) = box.letters
    assert box.told == [["ivan@romashka.example", "olga@romashka.example", "petr@romashka.example"]]
    assert (letter["Cc"], letter["Reply-To"], letter["X-Desk"], letter["Bcc"]) == (
        "petr@romashka.example",
        "boss@romashka.example",
        "7",
        None,
    )


@pytest.mark.parametrize(
    ("replies", "sent"),
    [
        ({"recipient": {"ivan@romashka.example": "451 greylisted"}}, Sent("later", "SMTP 451")),
        ({"recipient": {"ivan@romashka.example": "550 unknown"}}, Sent("refused", "SMTP 550")),
        ({"letter": "452 full"}, Sent("later", "SMTP 452")),
        ({"letter": "554 spam"}, Sent("refused", "SMTP 554")),
        ({"letter": "drop"}, Sent("later", "no connection")),
    ],
)
async def test_what_a_mail_server_says(replies: dict[str, Any], sent: Sent) -> None:
    async with mail(**replies) as box:
        assert await tried(box.url("ivan@romashka.example")) == sent
        assert box.letters == []


async def test_of_several_people_one_who_may_be_reached_decides() -> None:
    async with mail(recipient={"a@romashka.example": "450 later", "b@romashka.example": "550 unknown"}) as box:
        assert await tried(box.url("a@romashka.example", "b@romashka.example")) == Sent("later", "SMTP 450")
        assert await tried(box.url("b@romashka.example", "c@romashka.example")) == Sent("refused", "SMTP 550")
        assert box.told == [["c@romashka.example"]]
        assert await tried(box.url("c@romashka.example", cc="b@romashka.example")) == Sent("refused", "SMTP 550")


async def test_a_wrong_password_is_refused() -> None:
    async with mail() as box:
        url = f"mailto://bridge:wrong@127.0.0.1:{box.port}?from=bridge@romashka.example&to=ivan@romashka.example"
        assert await tried(url) == Sent("refused", "SMTP 535")


async def test_a_login_or_encryption_nobody_offers_is_refused() -> None:
    why = "SMTP without the login or encryption that the address demands"
    async with mail() as box:
        people = "from=bridge@romashka.example&to=ivan@romashka.example"
        assert await tried(f"mailtos://127.0.0.1:{box.port}?{people}") == Sent("refused", why)


async def test_an_address_no_letter_can_carry_is_refused() -> None:
    async with mail() as box:
        assert await tried(box.url("ivan@romashka.example", **{"+Subject": "mine"})) == Sent("refused", "address not understood")
        assert box.letters == []


@pytest.mark.parametrize(("mode", "at_once"), [("starttls", False), ("ssl", True)])
async def test_mail_is_encrypted_and_its_server_checked(tmp_path: Path, mode: str, at_once: bool) -> None:
    async with mail(tls=self_signed(tmp_path), at_once=at_once) as box:
        url = box.url("ivan@romashka.example", mode=mode).replace("mailto:", "mailtos:")
        assert await tried(url) == Sent("later", "encryption failed")
        assert await tried(f"{url}&verify=no") == Sent("sent", "SMTP 250")
        assert len(box.letters) == 1


async def test_a_silent_mail_server_times_out(impatient: None) -> None:
    async with silence() as port:
        assert await tried(f"mailto://127.0.0.1:{port}/ivan@romashka.example?from=a@romashka.example") == Sent(
            "later", "timed out"
        )


@pytest.mark.parametrize("greeting", [b"421 busy\r\n", b"554 nobody here\r\n"])
async def test_a_mail_server_that_turns_everybody_away_is_tried_later(greeting: bytes) -> None:
    async def turn_away(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(turn_away, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        sent = await tried(f"mailto://127.0.0.1:{port}/ivan@romashka.example?from=a@romashka.example")
    assert sent == Sent("later", f"SMTP {greeting[:3].decode()}")


# ---- what may be shown of an address


def test_only_the_scheme_of_an_address_may_be_shown() -> None:
    assert scheme_of("tgram://123:token/7/") == "tgram"
    assert scheme_of(" MAILTOS://user:pass@romashka.example") == "mailtos"
    assert scheme_of("bottoken:secret") == "unknown"
    assert scheme_of("secret") == "unknown"


def test_a_target_is_a_host_whoever_asks_and_tells_no_secret() -> None:
    target = target_of("mailto://ivan:s3cret@romashka.example:25?to=ivan@romashka.example")
    assert target == target_of("mailto://petr:other@ROMASHKA.example:25/x") == "mailto-" + target.partition("-")[2]
    assert target != target_of("mailto://ivan:s3cret@romashka.example:26")
    assert target != target_of("json://romashka.example:25")
    assert len(target) == len("mailto-") + 6
    assert target_of("json://[broken") == target_of("json://[broken too")


@given(st.text(max_size=60))
def test_any_string_has_a_scheme_and_a_target(url: str) -> None:
    assert target_of(url).startswith(f"{scheme_of(url)}-")


# ---- what answers mean


@given(st.integers(100, 599))
def test_every_status_has_one_meaning(status: int) -> None:
    assert of_http(status, None, NOW).outcome == (
        "sent" if status // 100 == 2 else "later" if status // 100 == 5 or status in {408, 409, 421, 425, 429} else "refused"
    )


@given(st.text(max_size=40))
def test_any_retry_after_is_a_wait_within_bounds_or_none(told: str) -> None:
    wait = asked(told, NOW)
    assert wait is None or timedelta() <= wait <= LONGEST_WAIT


def test_a_no_inside_a_good_answer_is_tried_later() -> None:
    assert judged([Sent("sent", "HTTP 200")], taken=False) == Sent("later", "HTTP 200, not taken")
    assert judged([], taken=False) == Sent("later", "not taken")
    assert judged([], taken=True) == Sent("sent", "taken")


def test_the_longest_wait_that_was_asked_for_holds() -> None:
    short, long = Sent("later", "HTTP 429", timedelta(seconds=1)), Sent("later", "HTTP 503", timedelta(seconds=9))
    assert judged([long, short, Sent("refused", "HTTP 404"), Sent("later", "timed out")], taken=False) == Sent(
        "later", "timed out", timedelta(seconds=9)
    )


def test_who_carries_a_key_is_known_by_its_scheme() -> None:
    assert scheme_of("jsons://romashka.example") in CARRY_KEY
    assert scheme_of("tgram://123:token/7") not in CARRY_KEY
