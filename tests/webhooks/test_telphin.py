"""Телфин.Офис: what fixtures cannot show."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge.errors import Malformed, Misdirected
from telephony_bridge.model import Call, Delivery, Installation, Via
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from telephony_bridge.webhooks.dialects.telphin import DIALECT

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
HOW = Installation(ZoneInfo("Europe/Moscow"))
FIXTURES = Path(__file__).parents[2] / "fixtures" / "cdr" / "telphin"


def events(case: str) -> list[Delivery]:
    return [delivery_from_file(path, number, NOW) for number, path in enumerate(sorted(FIXTURES.glob(f"{case}.*.form")))]


def told(deliveries: list[Delivery], how: Installation = HOW) -> Call:
    (call,) = understand(DIALECT, deliveries, how)
    return call


def test_names_are_read_in_any_case() -> None:
    whole = events("outbound_answered")
    lower = [replace(one, body=one.body.replace(b"CallID", b"callid").replace(b"EventTime", b"EVENTTIME")) for one in whole]
    assert told(lower) == told(whole)


def test_a_duration_in_other_units_is_refused_where_it_cannot_be_a_call() -> None:
    nanoseconds = replace(events("outbound_busy")[1], body=events("outbound_busy")[1].body.replace(b"3200000", b"3200000000000"))
    with pytest.raises(Malformed) as said:
        DIALECT.read(nanoseconds, HOW)
    assert said.value.field == "Duration"


def test_a_late_dial_reopens_nothing_and_a_lost_hangup_keeps_the_call_open() -> None:
    dial, answer, hangup, _ = events("outbound_answered")
    assert told([hangup, answer, dial]).final
    assert not told([dial, answer]).final


def test_the_road_goes_by_the_companys_number_or_the_extension() -> None:
    how = replace(HOW, trunks=(("101", Via.IP),))
    assert told(events("outbound_answered"), how).via is Via.IP


def test_a_body_without_a_word_of_telphin_is_another_systems() -> None:
    with pytest.raises(Misdirected):
        DIALECT.read(Delivery(1, NOW, b"callid=1&status=ok"), HOW)
