"""Microseconds a piece of what is done for each call."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bench.load import body
from bench.report import Figure
from telephony_bridge import phones
from telephony_bridge.model import Delivery, Installation, MatchResult, Via
from telephony_bridge.norms import rules
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.engine import connected, understand


def _each(what: Callable[[int], object], times: int) -> float:
    """The best of three passes, in µs a piece."""
    best = float("inf")
    for _ in range(3):
        began = time.perf_counter()
        for index in range(times):
            what(index)
        best = min(best, (time.perf_counter() - began) / times)
    return best * 1e6


def figures() -> list[Figure]:
    dialect, how = DIALECTS["asterisk"], Installation(ZoneInfo("UTC"), trunks=(("PJSIP/trunk*", Via.IP),))
    now = datetime.now(UTC)
    deliveries = [Delivery(index, now, body(1_795_420_800, index)) for index in range(400)]
    rows = [row for delivery in deliveries for row in dialect.read(delivery, how)]
    (call,) = understand(dialect, deliveries[:1], how)
    facts = rules.CallFacts(True, MatchResult.MATCHED, "cold", True, "cold")
    plain = phones.e164.__wrapped__
    told = (
        ("read a delivery", _each(lambda index: dialect.read(deliveries[index % 400], how), 4000)),
        ("connect and tell a row of 400", _each(lambda _: [dialect.tell(found, how) for found in connected(rows)], 10) / 400),
        ("e164, cached", _each(lambda _: phones.e164("89990000001"), 100_000)),
        ("e164, plain Russian", _each(lambda _: plain("89990000001", "RU"), 20_000)),
        ("e164, by libphonenumber", _each(lambda _: plain("+4930123456", "RU"), 4000)),
        ("weigh a call", _each(lambda _: rules.weigh(call, facts), 50_000)),
    )
    return [Figure(what, value, "µs") for what, value in told]
