"""Telnyx: the signature over clock and body, and what its webhooks are answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from telephony_bridge.errors import Misdirected
from telephony_bridge.model import Delivery
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from telephony_bridge.webhooks.dialects.telnyx import DIALECT
from tests.webhooks.test_fixtures import FIXTURES, NOW, bodies, installation

PUBLIC = {"public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="}  # of the seed 00..1f
SIGNED_AT = datetime.fromtimestamp(1_700_000_000, UTC)
GOOD = Delivery(
    1,
    SIGNED_AT,
    b'{"data":{}}',
    {
        "telnyx-timestamp": "1700000000",
        "telnyx-signature-ed25519": "gFUFz3M0SRRrClGayW/1fBre6GcdCZK0Wql/WBsuZauIXN5nVv+ZLvPSJXYWvu0Nykmv6NaTfRperFz/bXvbCQ==",
    },
)


def proved(delivery: Delivery, key: str = PUBLIC["public_key"]) -> bool:
    assert DIALECT.prove is not None
    return DIALECT.prove(delivery, {"public_key": key}, "https://bridge.example/webhooks/office/token")


def test_the_vector_is_proved_and_nothing_beside_it() -> None:
    assert proved(GOOD)
    assert not proved(replace(GOOD, body=b'{"data":[]}'))
    assert not proved(GOOD, "B6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=")
    assert not proved(GOOD, "no key at all")
    assert not proved(replace(GOOD, headers={**GOOD.headers, "telnyx-timestamp": "1700000001"}))
    for missing in GOOD.headers:
        assert not proved(replace(GOOD, headers={name: told for name, told in GOOD.headers.items() if name != missing}))


@pytest.mark.parametrize(("late", "good"), [(300, True), (301, False), (-300, True), (-301, False)])
def test_a_stale_clock_is_no_proof(late: int, good: bool) -> None:
    assert proved(replace(GOOD, received_at=SIGNED_AT + timedelta(seconds=late))) is good


def test_every_fixture_is_signed() -> None:
    for path in sorted((*(FIXTURES / "telnyx").glob("*.form"), *(FIXTURES / "telnyx").glob("*.json"))):
        if path.name.endswith(("options.json", ".understood.json")):
            continue
        delivery = delivery_from_file(path, 1, NOW)
        at = datetime.fromtimestamp(int(delivery.headers["telnyx-timestamp"]), UTC)
        assert proved(replace(delivery, received_at=at)), path.name


def test_the_answer_is_an_empty_list_of_instructions() -> None:
    assert DIALECT.answer is not None
    assert DIALECT.answer(GOOD).body == b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>'


def test_twilios_callback_is_twilios() -> None:
    path = bodies("twilio", "outbound_busy")[0]
    with pytest.raises(Misdirected):
        DIALECT.read(delivery_from_file(path, 1, NOW), installation("twilio", "outbound_answered"))
