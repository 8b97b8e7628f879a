"""Zadarma's manners: the signature over a few fields, the check of the address, an empty answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from telephony_bridge.model import Delivery
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from tests.webhooks.test_fixtures import FIXTURES, NOW

DIALECT = DIALECTS["zadarma"]
SECRETS = {"secret": "invented-zadarma-secret"}
URL = "https://bridge.example/webhooks/office/token"
SIGNED = sorted(path for path in (FIXTURES / "zadarma").glob("*.form") if "other" not in path.name)


def proved(delivery: Delivery, secrets: dict[str, str] = SECRETS) -> bool:
    assert DIALECT.prove is not None
    return DIALECT.prove(delivery, secrets, URL)


@pytest.mark.parametrize("path", SIGNED, ids=lambda path: path.name)
def test_every_events_own_fields_are_signed(path: Path) -> None:
    assert proved(delivery_from_file(path, 1, NOW))


@pytest.mark.parametrize("path", SIGNED[:1])
def test_no_proof(path: Path) -> None:
    delivery = delivery_from_file(path, 1, NOW)
    assert not proved(delivery, {"secret": "another"})
    assert not proved(replace(delivery, headers={}))
    assert not proved(replace(delivery, body=delivery.body.replace(b"call_start=2026", b"call_start=2027")))
    assert not proved(replace(delivery, body=delivery.body.replace(b"event=NOTIFY", b"event=SMS")))


def test_the_raw_digest_in_base64_is_no_signature_of_theirs() -> None:
    delivery = delivery_from_file(SIGNED[0], 1, NOW)
    assert len(delivery.headers["signature"]) == 56  # 40 hex letters in base64; 28 would be the raw digest


def test_the_check_of_the_address_is_answered_with_the_value_alone() -> None:
    assert DIALECT.greet is not None
    asked = Delivery(1, NOW, b"", {}, "zd_echo=a1%2Bb2", "", "GET")
    answer = DIALECT.greet(asked, {})
    assert answer is not None
    assert (answer.body, answer.content_type) == (b"a1+b2", "text/plain")
    assert DIALECT.greet(Delivery(1, NOW, b"event=NOTIFY_START", {}), {}) is None


def test_a_delivery_is_answered_with_nothing_that_could_steer_the_call() -> None:
    assert DIALECT.answer is not None
    assert DIALECT.answer(Delivery(1, NOW, b"event=NOTIFY_START")).body == b""
