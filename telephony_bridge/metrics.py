"""Every Prometheus metric on one page (CONTRACT §7): low cardinality, never a phone number or a person's name in a label."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry()
_P = "telephony_bridge_"
_DOOR = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_LAG = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

_deliveries = Counter(_P + "deliveries", "Deliveries by what became of them.", ["source", "outcome"], registry=REGISTRY)
_webhook = Histogram(_P + "webhook_seconds", "Time to answer a webhook.", ["source"], buckets=_DOOR, registry=REGISTRY)
_understand = Histogram(_P + "understand_seconds", "From kept to counted.", buckets=_LAG, registry=REGISTRY)
_waiting = Gauge(_P + "inbox_waiting", "Deliveries kept and not yet understood.", registry=REGISTRY)
_oldest = Gauge(_P + "inbox_oldest_seconds", "Age of the oldest waiting delivery.", registry=REGISTRY)
_heard = Gauge(_P + "source_last_delivery_timestamp_seconds", "When a source was last heard.", ["source"], registry=REGISTRY)
_quality = Gauge(_P + "data_quality", "Marks D01 to D05 of today.", ["source", "code"], registry=REGISTRY)
_calls = Counter(_P + "calls", "Calls understood for the first time.", ["source", "direction", "disposition"], registry=REGISTRY)
_matches = Counter(_P + "matches", "What the matcher decided.", ["result"], registry=REGISTRY)
_dials = Gauge(_P + "dials", "Dials today.", ["manager", "kind"], registry=REGISTRY)
_connects = Gauge(_P + "connects", "Connects today.", ["manager", "kind"], registry=REGISTRY)
_new_leads = Gauge(_P + "new_leads", "New leads today.", ["manager", "kind"], registry=REGISTRY)
_norm = Gauge(_P + "norm", "Today's floor and goal.", ["manager", "metric", "bound"], registry=REGISTRY)
_violations_open = Gauge(_P + "violations_open", "Violations that stand open.", ["manager", "code"], registry=REGISTRY)
_planned = Gauge(_P + "planned_contacts", "Planned contacts today.", ["manager", "state"], registry=REGISTRY)
_violations = Counter(_P + "violations", "Violations opened.", ["code"], registry=REGISTRY)
_notices = Counter(_P + "notices", "Tries of notices by what became of them.", ["channel", "outcome"], registry=REGISTRY)
_notices_waiting = Gauge(_P + "notices_waiting", "Notices decided and not yet sent.", registry=REGISTRY)
_notices_oldest = Gauge(_P + "notices_oldest_seconds", "For how long the oldest notice has been due.", registry=REGISTRY)
_pool = Gauge(_P + "postgres_pool", "Connections of the pool.", ["state"], registry=REGISTRY)

for _result in ("matched", "ambiguous", "none", "internal", "excluded"):
    _matches.labels(_result)


@cache
def _delivery(source: str, outcome: str) -> Any:
    return _deliveries.labels(source, outcome)


@cache
def _webhook_of(source: str) -> Any:
    return _webhook.labels(source)


def delivery(source: str, outcome: str, number: int = 1) -> None:
    """``outcome``: understood, not_a_call, malformed, duplicate."""
    _delivery(source, outcome).inc(number)


def webhook_seconds(source: str, seconds: float) -> None:
    _webhook_of(source).observe(seconds)


def understood(seconds: float) -> None:
    """How long a delivery waited from kept to counted."""
    _understand.observe(max(seconds, 0.0))


def call(source: str, direction: str, disposition: str, number: int = 1) -> None:
    _calls.labels(source, direction, disposition).inc(number)


def match(result: str, number: int = 1) -> None:
    _matches.labels(result).inc(number)


def violation(code: str, number: int = 1) -> None:
    _violations.labels(code).inc(number)


def notice(channel: str, outcome: str) -> None:
    """``channel`` is a scheme such as tgram, ``outcome`` sent, later or refused."""
    _notices.labels(channel, outcome).inc()


def set_notices(waiting: int, oldest_seconds: float) -> None:
    _notices_waiting.set(waiting)
    _notices_oldest.set(oldest_seconds)


def set_day(lines: Sequence[Mapping[str, Any]]) -> None:
    """Today's board (CONTRACT §6.2) as gauges; who is no longer on it disappears."""
    for gauge in (_dials, _connects, _new_leads, _norm):
        gauge.clear()
    for line in lines:
        manager = line["manager"]
        for metric, gauge, crm in (
            ("dials", _dials, "crm"),
            ("connects", _connects, "crm"),
            ("new_leads", _new_leads, "entered"),
        ):
            for kind, number in (("pbx", "pbx"), ("crm", crm), ("counted", "counted")):
                gauge.labels(manager, kind).set(line[metric][number])
        for metric in ("dials", "connects", "new_leads"):
            for bound in ("min", "target"):
                _norm.labels(manager, metric, bound).set(line[metric][bound])


def set_violations_open(found: Iterable[tuple[str, str, int]]) -> None:
    """(manager, code, how many)."""
    _violations_open.clear()
    for manager, code, number in found:
        _violations_open.labels(manager, code).set(number)


def set_planned(found: Iterable[tuple[str, Mapping[str, int]]]) -> None:
    """(manager, {due, overdue, done})."""
    _planned.clear()
    for manager, states in found:
        for state, number in states.items():
            _planned.labels(manager, state).set(number)


def set_inbox(waiting: int, oldest_seconds: float) -> None:
    _waiting.set(waiting)
    _oldest.set(oldest_seconds)


def set_heard(at: Mapping[str, float]) -> None:
    for source, stamp in at.items():
        _heard.labels(source).set(stamp)


def set_quality(found: Iterable[tuple[str, str, int]]) -> None:
    """(source, code, how many marks)."""
    _quality.clear()
    for source, code, number in found:
        _quality.labels(source, code).set(number)


def set_pool(size: int, idle: int) -> None:
    _pool.labels("used").set(size - idle)
    _pool.labels("idle").set(idle)


def render() -> bytes:
    """The exposition text."""
    return generate_latest(REGISTRY)
