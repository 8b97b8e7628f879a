"""Zoom Phone: the signature, and an answer to the address check that can sign nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from telephony_bridge.model import Delivery
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from telephony_bridge.webhooks.dialects.reading import Answer
from tests.webhooks.test_fixtures import NOW, bodies

ZOOM = DIALECTS["zoom_phone"]
SECRETS = {"secret_token": "zoom-secret"}


def proved(delivery: Delivery, secrets: dict[str, str]) -> bool:
    assert ZOOM.prove is not None
    return ZOOM.prove(delivery, secrets, "https://bridge.example/webhooks/office/token")


def greeted(payload: object, secrets: dict[str, str] = SECRETS, event: str = "endpoint.url_validation") -> Answer | None:
    assert ZOOM.greet is not None
    return ZOOM.greet(Delivery(1, NOW, json.dumps({"event": event, "payload": payload}).encode()), secrets)


def test_a_published_vector_is_accepted_and_nothing_beside_it() -> None:
    headers = {
        "x-zm-request-timestamp": "1710000000",
        "x-zm-signature": "v0=ec914a6f28f9db2fdf91b4993df12354403b78ea150c45531c540726289afb4e",
    }
    clock = datetime.fromtimestamp(1710000000, UTC)
    delivery = Delivery(1, clock, b'{"event":"phone.callee_call_history_completed"}', headers)
    assert proved(delivery, SECRETS)
    assert not proved(replace(delivery, body=delivery.body + b" "), SECRETS)
    assert not proved(delivery, {"secret_token": "another"})
    assert not proved(replace(delivery, headers={**headers, "x-zm-request-timestamp": "1710000001"}), SECRETS)
    assert not proved(replace(delivery, headers={"x-zm-request-timestamp": "1710000000"}), SECRETS)
    assert not proved(replace(delivery, received_at=clock + timedelta(minutes=6)), SECRETS)


@pytest.mark.parametrize("path", bodies("zoom_phone", "outbound_answered"), ids=lambda path: path.name)
def test_the_fixtures_are_signed_as_zoom_signs(path: Path) -> None:
    delivery = delivery_from_file(path, 1, NOW)
    assert proved(delivery, {"secret_token": "invented-zoom-secret"})


def test_the_address_check_is_answered_with_the_tokens_proof() -> None:
    answer = greeted({"plainToken": "plain-token"})
    assert answer is not None
    assert answer.content_type == "application/json"
    assert json.loads(answer.body) == {
        "plainToken": "plain-token",
        "encryptedToken": "d83eef2ba06385e69f487c6fe8949751a8c039fd802f4bc14c765398750528ac",
    }


@pytest.mark.parametrize("plain", ["", "v0:1710000000:{}", "a b", "x" * 129, "abc\n", None, 5, ["a"], {}])
def test_no_other_text_is_signed(plain: object) -> None:
    assert greeted({"plainToken": plain}) is None


def test_without_a_secret_and_for_other_bodies_there_is_no_greeting() -> None:
    assert greeted({"plainToken": "plain-token"}, {}) is None
    assert greeted({"plainToken": "plain-token"}, event="phone.caller_ended") is None
    assert greeted(["plainToken"]) is None
    assert ZOOM.greet is not None
    for body in (b"", b"[]", b"{", b"plainToken=a"):
        assert ZOOM.greet(Delivery(1, NOW, body), SECRETS) is None
