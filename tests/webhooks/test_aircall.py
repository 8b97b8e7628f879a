"""Aircall: the token in the body, and what a missing user proves."""

from __future__ import annotations

import json
from dataclasses import replace
from zoneinfo import ZoneInfo

from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from tests.webhooks.test_fixtures import NOW, bodies

OFFICE = Installation(ZoneInfo("Europe/Moscow"))
AIRCALL = DIALECTS["aircall"]


def deliveries(case: str) -> list[Delivery]:
    return [delivery_from_file(path, number, NOW) for number, path in enumerate(bodies("aircall", case), 1)]


def proved(delivery: Delivery, token: str) -> bool:
    assert AIRCALL.prove is not None
    return AIRCALL.prove(delivery, {"token": token}, "https://bridge.example/webhooks/office/token")


def test_the_token_in_the_body_is_the_proof() -> None:
    first = deliveries("outbound_answered")[0]
    assert proved(first, "invented45a1b2c3d4e5f60718293a4b")
    assert not proved(first, "invented45a1b2c3d4e5f60718293a4c")
    told = json.loads(first.body)
    for token in (None, "", 5, []):
        assert not proved(replace(first, body=json.dumps({**told, "token": token}).encode()), "invented45a1b2c3d4e5f60718293a4b")
    for body in (b"", b"[]", b"{", b"token=invented45a1b2c3d4e5f60718293a4b"):
        assert not proved(replace(first, body=body), "invented45a1b2c3d4e5f60718293a4b")


def test_aircall_switches_webhooks_off() -> None:
    assert AIRCALL.patient


def test_a_transfer_whose_second_answer_was_not_told_is_the_first_ones() -> None:
    told = [one for one in deliveries("inbound_transferred") if b"call.answered" not in one.body]
    (call,) = understand(AIRCALL, told, OFFICE)
    assert (call.extension, call.talk_seconds, call.talked) == ("101", 92, ())


def test_the_token_of_the_webhook_is_in_no_row() -> None:
    for one in deliveries("outbound_answered"):
        assert "invented45a1b2c3d4e5f60718293a4b" not in repr(AIRCALL.read(one, OFFICE))
