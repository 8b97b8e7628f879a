"""Sipuni's manners: one answer to everything, or it may stop sending."""

from __future__ import annotations

from pathlib import Path

import pytest

from telephony_bridge.errors import Misdirected
from telephony_bridge.model import Delivery
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from tests.webhooks.test_fixtures import FIXTURES, NOW, installation

DIALECT = DIALECTS["sipuni"]
SUCCESS = (b'{"success":true}', "application/json")


@pytest.mark.parametrize("path", sorted((FIXTURES / "sipuni").glob("*.form")), ids=lambda path: path.name)
def test_every_event_is_a_delivery_and_gets_its_success(path: Path) -> None:
    delivery = delivery_from_file(path, 1, NOW)
    assert DIALECT.patient
    assert DIALECT.greet is not None
    assert DIALECT.greet(delivery, {}) is None
    assert DIALECT.answer is not None
    answer = DIALECT.answer(delivery)
    assert (answer.body, answer.content_type) == SUCCESS


@pytest.mark.parametrize(("method", "query"), [("GET", ""), ("POST", ""), ("GET", "check=1")])
def test_the_bare_request_of_saving_the_address_is_greeted(method: str, query: str) -> None:
    assert DIALECT.greet is not None
    answer = DIALECT.greet(Delivery(1, NOW, b"", {}, query, "", method), {})
    assert answer is not None
    assert (answer.body, answer.content_type) == SUCCESS


def test_another_systems_event_is_misdirected() -> None:
    with pytest.raises(Misdirected):
        DIALECT.read(Delivery(1, NOW, b"event=NOTIFY_END&pbx_call_id=in_1"), installation("sipuni", "outbound_answered"))
