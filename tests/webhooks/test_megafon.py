"""MegaFon's manners: the shared secret in a form or in JSON, and the question who is calling."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from telephony_bridge.errors import Misdirected
from telephony_bridge.model import Delivery
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from tests.webhooks.test_fixtures import FIXTURES, NOW, installation

DIALECT = DIALECTS["megafon"]
SECRETS = {"crm_token": "invented-crm-token"}
URL = "https://bridge.example/webhooks/office/token"
FORM, JSON = (FIXTURES / "megafon" / name for name in ("inbound_hidden.form", "sent_as_json.json"))


@pytest.mark.parametrize("path", [FORM, JSON], ids=lambda path: path.name)
def test_the_crm_token_proves_who_sends(path: Path) -> None:
    delivery = delivery_from_file(path, 1, NOW)
    prove = DIALECT.prove
    assert prove is not None
    assert prove(delivery, SECRETS, URL)
    assert not prove(delivery, {"crm_token": "another"}, URL)
    assert not prove(replace(delivery, body=delivery.body.replace(b"invented-crm-token", b"invented-crm-tokem")), SECRETS, URL)
    assert not prove(replace(delivery, body=delivery.body.replace(b"crm_token", b"crm_taken")), SECRETS, URL)
    assert not prove(replace(delivery, body=b""), SECRETS, URL)


@pytest.mark.parametrize("body", [b"cmd=contact&phone=79990000426&crm_token=x", b'{"cmd": "contact", "phone": "79990000426"}'])
def test_who_is_calling_is_answered_at_once_and_with_nothing(body: bytes) -> None:
    assert DIALECT.greet is not None
    answer = DIALECT.greet(Delivery(1, NOW, body), SECRETS)
    assert answer is not None
    assert (answer.body, answer.content_type) == (b"{}", "application/json")


@pytest.mark.parametrize("body", [b"", b"{", b"cmd=history&callid=1", b"cmd=event", b"<a/>"])
def test_everything_else_is_a_delivery(body: bytes) -> None:
    assert DIALECT.greet is not None
    assert DIALECT.greet(Delivery(1, NOW, body), SECRETS) is None


def test_another_systems_form_is_misdirected() -> None:
    with pytest.raises(Misdirected):
        DIALECT.read(Delivery(1, NOW, b"event=2&call_id=1795417200.1"), installation("megafon", "outbound_answered"))
