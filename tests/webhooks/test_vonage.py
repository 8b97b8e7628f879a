"""Vonage: the signed JWT over the very bytes, its clock, and what is no business of the event webhook."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge.errors import Misdirected, NotACall
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from tests.webhooks.test_fixtures import NOW, bodies

SECRETS = {"signature_secret": "invented-signature-secret-of-32-letters"}
OFFICE = Installation(ZoneInfo("Europe/Moscow"))
VONAGE = DIALECTS["vonage"]


def proved(delivery: Delivery, secrets: dict[str, str] = SECRETS) -> bool:
    assert VONAGE.prove is not None
    return VONAGE.prove(delivery, secrets, "https://bridge.example/webhooks/office/token")


@pytest.fixture(params=bodies("vonage", "outbound_answered"), ids=lambda path: path.name)
def delivery(request: pytest.FixtureRequest) -> Delivery:
    path: Path = request.param
    return delivery_from_file(path, 1, NOW)


def test_the_signature_covers_every_byte(delivery: Delivery) -> None:
    assert proved(delivery)
    assert not proved(replace(delivery, body=delivery.body.replace(b"2026", b"2027")))
    assert not proved(replace(delivery, body=delivery.body + b" "))


def test_another_secret_no_header_and_an_old_clock_prove_nothing(delivery: Delivery) -> None:
    assert not proved(delivery, {"signature_secret": "another-signature-secret-of-32-letters"})
    assert not proved(replace(delivery, headers={}))
    assert not proved(replace(delivery, headers={"authorization": "Bearer x.y.z"}))
    assert not proved(replace(delivery, received_at=delivery.received_at + timedelta(minutes=6)))


def test_the_question_of_the_answer_url_is_no_call() -> None:
    body = b'{"from": "79990000101", "to": "74950000001", "uuid": "5e6f7a8b", "conversation_uuid": "CON-1"}'
    with pytest.raises(NotACall) as said:
        VONAGE.read(Delivery(1, NOW, body), OFFICE)
    assert not isinstance(said.value, Misdirected)


def test_a_recording_alone_is_no_call() -> None:
    first = bodies("vonage", "recording_first_and_by_query")[0]
    assert understand(VONAGE, [delivery_from_file(first, 1, NOW)], OFFICE) == []
