"""A captured delivery keeps its shape and names nobody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge.model import Delivery, Installation, Via
from telephony_bridge.webhooks import DIALECTS, scrub
from telephony_bridge.webhooks.dialects.engine import understand

ROW = Path(__file__).parents[2] / "fixtures" / "cdr" / "asterisk" / "outbound_answered.json"
OFFICE = Installation(ZoneInfo("Europe/Moscow"), trunks=(("PJSIP/trunk*", Via.IP),))


@pytest.mark.parametrize("number", ["79161230001", "+79161230001", "89161230001", "9161230001", "442071230001"])
def test_a_number_becomes_an_invented_one_of_the_same_shape(number: str) -> None:
    found = scrub(f'{{"src": "{number}"}}'.encode()).decode()
    assert number[-7:] not in found
    assert "999000" in found
    assert len(found) <= len(f'{{"src": "{number}"}}')


def test_spellings_of_one_number_stay_one_number() -> None:
    tails = {scrub(number)[-4:] for number in (b"79161230001", b"+79161230001", b"89161230001", b"9161230001")}
    assert len(tails) == 1
    assert scrub(b"79161230001") != scrub(b"79161230002")


@pytest.mark.parametrize(
    "kept", ["1795450430.0", "1795450430", "asterisk-1795450430.17", "2026-11-23 10:00:05", "PJSIP/101-0000001a"]
)
def test_ids_and_times_stay(kept: str) -> None:
    assert scrub(kept.encode()).decode() == kept


def test_names_and_links_go() -> None:
    found = scrub('"Анна Смирнова" <101> https://crm.example.com/rec/17.wav?who=anna'.encode()).decode()
    assert found == '"Пример Примеров" <101> https://pbx.example/recording'


def test_what_is_no_utf8_comes_out_as_it_went_in() -> None:
    assert scrub("Ромашка".encode("cp1251")) == "Ромашка".encode("cp1251")


def test_a_scrubbed_delivery_tells_the_same_call_of_another_number() -> None:
    body = ROW.read_text().replace("9990000001", "9161230001").encode()
    before, after = (
        understand(DIALECTS["asterisk"], [Delivery(1, datetime.now(UTC), sent)], OFFICE)[0] for sent in (body, scrub(body))
    )
    assert json.loads(scrub(body)).keys() == json.loads(body).keys()
    assert after.number != before.number == "+79161230001"
    assert (after.call_key, after.talk_seconds, after.extension) == (before.call_key, before.talk_seconds, before.extension)
