"""Twilio: the signature, what a callback is answered, and rules that no fixture shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from telephony_bridge.errors import Malformed, Misdirected
from telephony_bridge.model import Delivery
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from telephony_bridge.webhooks.dialects.twilio import DIALECT
from tests.webhooks.test_fixtures import FIXTURES, NOW, bodies, installation

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
VECTOR = b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212"
TOKEN = {"auth_token": "12345"}
OURS = "https://bridge.example/webhooks/office/token"


def signed(body: bytes, signature: str, query: str = "foo=1&bar=2", method: str = "POST") -> Delivery:
    return Delivery(1, datetime(2026, 11, 23, tzinfo=UTC), body, {"x-twilio-signature": signature}, query, "", method)


def proved(delivery: Delivery, url: str = URL, token: str = "12345") -> bool:
    assert DIALECT.prove is not None
    return DIALECT.prove(delivery, {"auth_token": token}, url)


def test_the_librarys_vector_is_proved_and_nothing_beside_it() -> None:
    good = signed(VECTOR, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert proved(good)
    assert not proved(replace(good, body=VECTOR.replace(b"1234&", b"1235&")))
    assert not proved(good, token="12346")
    assert not proved(good, url=URL.replace("bar=2", "bar=3"))
    assert not proved(replace(good, headers={}))


def test_the_port_that_stands_for_itself_may_be_written_out_or_not() -> None:
    good = signed(VECTOR, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert proved(good, url=URL.replace(".com", ".com:443"))
    assert proved(good, url=URL.replace(".com", ".com:8443"))  # the vendor's own library forgives any port
    assert not proved(good, url=URL.replace(".com", ".org"))


def test_a_json_body_is_proved_by_its_hash_in_the_address() -> None:
    digest = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
    good = signed(b'{"property": "value", "boolean": true}', "a9nBmqA0ju/hNViExpshrM61xv4=")
    assert proved(good, url=f"{URL}&bodySHA256={digest}")
    assert not proved(replace(good, body=good.body + b" "), url=f"{URL}&bodySHA256={digest}")


def test_a_value_sent_twice_is_signed_once() -> None:
    body = b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
    assert proved(signed(body, "IK+Dwps556ElfBT0I3Rgjkr1wJU="))


def test_every_fixture_is_signed() -> None:
    for path in sorted((FIXTURES / "twilio").glob("*.form")):
        delivery = delivery_from_file(path, 1, NOW)
        url = f"{OURS}?{delivery.query}" if delivery.query else OURS
        assert proved(delivery, url, "invented-auth-token"), path.name
        assert not proved(delivery, url, "another"), path.name


def test_the_answer_is_an_empty_list_of_instructions() -> None:
    assert DIALECT.answer is not None
    answer = DIALECT.answer(signed(VECTOR, ""))
    assert answer.body == b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'
    assert answer.content_type == "text/xml"


@pytest.mark.parametrize(
    ("field", "value"),
    [("Direction", ""), ("Direction", "sideways"), ("CallSid", ""), ("CallDuration", "-1"), ("CallDuration", "1e400"), ("CallDuration", "abc")],
)  # fmt: skip
def test_a_refusal_names_the_field_and_not_what_stood_in_it(field: str, value: str) -> None:
    path = bodies("twilio", "outbound_minutes_and_seconds")[0]
    text = "&".join(
        f"{name}={value}" if name == field else f"{name}={told}"
        for name, _, told in (pair.partition("=") for pair in path.read_text().split("&"))
    )
    with pytest.raises(Malformed) as said:
        DIALECT.read(Delivery(1, NOW, text.encode()), installation("twilio", "outbound_answered"))
    assert said.value.field == field
    assert "79990000" not in said.value.why


def test_texml_is_telnyxs() -> None:
    path = bodies("telnyx", "texml_inbound_missed")[0]
    with pytest.raises(Misdirected):
        DIALECT.read(delivery_from_file(path, 1, NOW), installation("telnyx", "texml_inbound_missed"))
