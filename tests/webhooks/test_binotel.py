"""Binotel: what he must be answered, and when a call is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge.model import Call, Delivery, Installation
from telephony_bridge.webhooks.dialects.binotel import DIALECT
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
HOW = Installation(ZoneInfo("Europe/Moscow"))
FIXTURES = Path(__file__).parents[2] / "fixtures" / "cdr" / "binotel"


def delivery(name: str) -> Delivery:
    return delivery_from_file(FIXTURES / name, 1, NOW)


def told(*names: str) -> Call:
    (call,) = understand(DIALECT, [delivery(name) for name in names], HOW)
    return call


@pytest.mark.parametrize(
    "name", ["outbound_busy.form", "outbound_repeats.3.form", "refused_without_time.form", "other_event.form"]
)
def test_he_is_answered_exactly_so_whatever_he_sent(name: str) -> None:
    assert DIALECT.patient
    assert DIALECT.answer is not None
    said = DIALECT.answer(delivery(name))
    assert (said.body, said.content_type) == (b'{"status":"success"}', "application/json")


def test_a_question_during_the_call_gets_an_empty_card_and_nothing_else_does() -> None:
    assert DIALECT.greet is not None
    said = DIALECT.greet(delivery("other_event_question.form"), {})
    assert said is not None
    assert (said.body, said.content_type) == (b"{}", "application/json")
    for other in (delivery("outbound_busy.form"), delivery("json.json"), replace(delivery("json.json"), body=b"{")):
        assert DIALECT.greet(other, {}) is None


def test_the_counter_of_attempts_makes_no_other_row() -> None:
    rows = [DIALECT.read(delivery(f"outbound_repeats.{number}.form"), HOW) for number in (1, 3)]
    assert rows[0] == rows[1]


def test_a_call_that_is_online_ends_with_its_hangup() -> None:
    online, ended = delivery("outbound_online.form"), delivery("outbound_push_only.3.form")
    ended = replace(ended, body=ended.body.replace(b"5000109", b"5000108"))
    (call,) = understand(DIALECT, [ended, online], HOW)
    assert (call.final, call.talk_seconds, call.disposition) == (True, 35, "answered")


def test_the_completed_call_wins_over_what_was_pushed() -> None:
    live = told("outbound_answered.1.form", "outbound_answered.2.form", "outbound_answered.3.form")
    whole = told("outbound_answered.3.form", "outbound_answered.4.form", "outbound_answered.1.form")
    assert (live.final, live.talk_seconds, whole.talk_seconds) == (True, 62, 62)
    assert (live.started_at.second, whole.started_at.second) == (1, 0)
