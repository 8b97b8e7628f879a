"""МТС: what its fixtures cannot show."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge.errors import Malformed
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.mts import DIALECT
from tests.webhooks.test_fixtures import FIXTURES

HOW = Installation(ZoneInfo("Europe/Moscow"))


def test_errors_never_reach_the_vendor() -> None:
    assert DIALECT.patient


def test_what_the_talk_is_must_be_one_of_the_two_durations() -> None:
    body = (FIXTURES / "mts" / "outbound_answered.json").read_bytes()
    with pytest.raises(Malformed, match="talk=duration or talk=answerDuration"):
        DIALECT.read(Delivery(1, datetime.now(UTC), body, query="talk=total"), HOW)
