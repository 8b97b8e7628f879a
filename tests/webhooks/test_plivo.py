"""Plivo: signature V3, the account's clock, and what its callbacks are answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telephony_bridge.model import Delivery
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from telephony_bridge.webhooks.dialects.plivo import DIALECT
from tests.webhooks.test_fixtures import FIXTURES, NOW, bodies, installation

OURS = "https://bridge.example/webhooks/office/token"


def signed(body: bytes, signature: str, nonce: str = "12345") -> Delivery:
    return Delivery(1, NOW, body, {"x-plivo-signature-v3": signature, "x-plivo-signature-v3-nonce": nonce})


def proved(delivery: Delivery, url: str, token: str = "my_auth_token") -> bool:
    assert DIALECT.prove is not None
    return DIALECT.prove(delivery, {"auth_token": token}, url)


@pytest.mark.parametrize(
    ("url", "body", "signature"),
    [
        ("https://example.com/hangup?tenant=7", b"CallUUID=abc&Duration=66&From=79000000000", "Fg/Zx254GsymiyMvpCKEPMOUU1ziqphPLXvVK+8K/aM="),
        ("https://example.com/hangup", b"CallUUID=abc&Duration=66", "kcZyrekyocy+74KNEQmmZstLp7YEB4mOzCXOS9a6M3U="),
    ],
)  # fmt: skip
def test_the_vectors_are_proved_and_nothing_beside_them(url: str, body: bytes, signature: str) -> None:
    good = signed(body, signature)
    assert proved(good, url)
    assert proved(replace(good, headers={**good.headers, "x-plivo-signature-v3": f"AAAA, {signature}"}), url)
    assert not proved(replace(good, body=body.replace(b"66", b"67")), url)
    assert not proved(good, url + "x")
    assert not proved(good, url, "another_token")
    assert not proved(signed(body, signature, "12346"), url)
    assert not proved(signed(body, ""), url)
    assert not proved(replace(good, headers={"x-plivo-signature-v3": signature}), url)


def test_v2_which_leaves_the_body_open_is_not_taken() -> None:
    headers = {"x-plivo-signature-v2": "ehV3IKhLysWBxC1sy8INm0qGoQYdYsHwuoKjsX7FsXc=", "x-plivo-signature-v2-nonce": "12345"}
    assert not proved(Delivery(1, NOW, b"CallUUID=abc", headers), "https://answer.url")


def test_every_fixture_is_signed() -> None:
    for path in sorted((FIXTURES / "plivo").glob("*.form")):
        delivery = delivery_from_file(path, 1, NOW)
        url = f"{OURS}?{delivery.query}" if delivery.query else OURS
        assert proved(delivery, url, "invented-auth-token"), path.name


@pytest.mark.parametrize(
    ("session", "starts"),
    [
        ("2026-11-23 08:06:41.9", datetime(2026, 11, 23, 8, 6, 40, tzinfo=UTC)),  # the account's clock: +04:30
        ("2026-11-23 12:06:41.9", datetime(2026, 11, 23, 12, 6, 40, tzinfo=UTC)),  # the account's clock: +00:30
        ("2026-11-23 08:13:00.0", datetime(2026, 11, 23, 9, 36, 40, tzinfo=UTC)),  # no clock is so far away: the source's zone
        ("yesterday", datetime(2026, 11, 23, 9, 36, 40, tzinfo=UTC)),
    ],
)
def test_the_accounts_clock_is_told_by_the_start_of_the_session(session: str, starts: datetime) -> None:
    path = bodies("plivo", "outbound_rounded")[0]
    fields = (pair.partition("=")[::2] for pair in path.read_text().split("&"))
    body = "&".join(f"{name}={session if name == 'SessionStart' else told}" for name, told in fields)
    call, = understand(DIALECT, [Delivery(1, NOW, body.encode())], installation("plivo", "outbound_answered"))  # fmt: skip
    assert call.started_at == starts


def test_the_answer_is_an_empty_list_of_instructions() -> None:
    assert DIALECT.answer is not None
    assert DIALECT.answer(signed(b"", "")).body == b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
