"""RingCentral: the token that comes with every post, and the empty request that wants it back."""

from __future__ import annotations

import json
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge.model import Delivery, Disposition, Installation
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from telephony_bridge.webhooks.dialects.reading import Answer
from tests.webhooks.test_fixtures import NOW, bodies

RINGCENTRAL = DIALECTS["ringcentral"]
OFFICE = Installation(ZoneInfo("Europe/Moscow"))
SECRETS = {"validation_token": "invented-validation-token-1"}


def deliveries(case: str) -> list[Delivery]:
    return [delivery_from_file(path, number, NOW) for number, path in enumerate(bodies("ringcentral", case), 1)]


def proved(delivery: Delivery, secrets: dict[str, str] = SECRETS) -> bool:
    assert RINGCENTRAL.prove is not None
    return RINGCENTRAL.prove(delivery, secrets, "https://bridge.example/webhooks/office/token")


def greeted(token: str | None, body: bytes = b"") -> Answer | None:
    assert RINGCENTRAL.greet is not None
    headers = {} if token is None else {"validation-token": token}
    return RINGCENTRAL.greet(Delivery(1, NOW, body, headers), SECRETS)


def test_the_header_is_the_proof() -> None:
    first = deliveries("outbound_answered")[0]
    assert proved(first)
    assert not proved(first, {"validation_token": "invented-validation-token-2"})
    assert not proved(replace(first, headers={}))


def test_the_empty_request_gets_its_token_back_in_less_than_a_kilobyte() -> None:
    answer = greeted("d6bf1b5c-2d5e-4f6c-9b1a-000000000001")
    assert answer is not None
    assert (answer.body, answer.content_type) == (b"", "application/json")
    assert answer.headers == {"Validation-Token": "d6bf1b5c-2d5e-4f6c-9b1a-000000000001"}


@pytest.mark.parametrize("token", [None, "", "a b", "a\r\nSet-Cookie: x", "x" * 257, "ё"])
def test_nothing_else_is_echoed(token: str | None) -> None:
    assert greeted(token) is None


def test_a_notification_carries_the_header_too_and_is_no_greeting() -> None:
    assert greeted("invented-validation-token-1", deliveries("outbound_answered")[0].body) is None


def test_ringcentral_blacklists() -> None:
    assert RINGCENTRAL.patient


def test_the_callers_own_word_is_no_answer_while_the_outside_party_still_rings() -> None:
    told = [one for one in deliveries("outbound_answered")[:5] if b'"sequence": 5' not in one.body]
    (call,) = understand(RINGCENTRAL, told, OFFICE)
    assert (call.disposition, call.final) == (Disposition.NO_ANSWER, False)


def test_a_record_of_before_the_telephony_session_ids_joins_by_the_older_one() -> None:
    told = deliveries("recording_first_and_repeats")
    body = json.loads(told[0].body)
    del body["telephonySessionId"]
    older = replace(told[0], body=json.dumps(body).encode())
    (alone,) = understand(RINGCENTRAL, [older], OFFICE)
    assert (alone.call_key, alone.talk_seconds) == (body["sessionId"], 71)
    assert understand(RINGCENTRAL, [older, *told[1:]], OFFICE) == understand(RINGCENTRAL, told, OFFICE)
