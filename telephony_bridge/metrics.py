"""Every Prometheus metric on one page (CONTRACT §7): low cardinality, never a phone number or a person's name in a label.

Counters and histograms are of this process; ``GAUGES`` are asked of the database and the same on every replica.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from telephony_bridge import __version__

disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each counter, which nobody asks for
REGISTRY = CollectorRegistry()
_P = "telephony_bridge_"
_DOOR = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_LAG = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)

_deliveries = Counter(_P + "deliveries", "Deliveries by what became of them.", ["source", "outcome"], registry=REGISTRY)
_webhook = Histogram(_P + "webhook_seconds", "Time to answer a webhook.", ["source"], buckets=_DOOR, registry=REGISTRY)
_understand = Histogram(_P + "understand_seconds", "From kept to counted.", buckets=_LAG, registry=REGISTRY)
_calls = Counter(_P + "calls", "Calls understood for the first time.", ["source", "direction", "disposition"], registry=REGISTRY)
_matches = Counter(_P + "matches", "What the matcher decided.", ["result"], registry=REGISTRY)
_violations = Counter(_P + "violations", "Violations that a worker has seen open.", ["code"], registry=REGISTRY)
_notices = Counter(_P + "notices", "Tries of notices by what became of them.", ["channel", "outcome"], registry=REGISTRY)
_pool = Gauge(_P + "postgres_pool", "Connections of the pool.", ["state"], registry=REGISTRY)
_up = Gauge(_P + "postgres_up", "Whether Postgres answered when it was last asked for the gauges.", registry=REGISTRY)
_build = Gauge(_P + "build_info", "The version that runs.", ["version"], registry=REGISTRY)
_build.labels(__version__).set(1)

ProcessCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

# What the database knows, the same on every replica: name -> (meaning, labels). One line of a family is (*labels, number).
GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "dials": ("Dials of his shift day.", ("manager", "kind")),
    "connects": ("Connects of his shift day.", ("manager", "kind")),
    "new_leads": ("New leads of his shift day.", ("manager", "kind")),
    "norm": ("Floor and goal of his shift day.", ("manager", "metric", "bound")),
    "pace": ("What his shift will have counted if it goes on as it has gone.", ("manager", "metric")),
    "verdict": ("1 for what the verdict of his shift day would be if it ended now.", ("manager", "verdict")),
    "managers_at_work": ("Managers whose shift is under way.", ()),
    "violations_open": ("Violations that stand open.", ("manager", "code")),
    "planned_contacts": ("Planned contacts of his shift day.", ("manager", "state")),
    "inbox_waiting": ("Deliveries kept and not yet understood.", ()),
    "inbox_oldest_seconds": ("Age of the oldest waiting delivery.", ()),
    "notices_waiting": ("Notices decided and not yet sent.", ()),
    "notices_oldest_seconds": ("For how long the oldest notice has been due.", ()),
    "deadlines_behind_seconds": ("How far the watch of deadlines is behind what it could know by now.", ()),
    "source_last_delivery_timestamp_seconds": ("When a source was last heard.", ("source",)),
    "source_silent": ("1 while a source is silent though its people are at work (D02, D03).", ("source",)),
    "data_quality": ("Marks D01 to D05 of today.", ("source", "code")),
}
Families = Mapping[str, Iterable[tuple[str | float, ...]]]

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


def set_postgres(*, up: bool, size: int, idle: int) -> None:
    """``size`` and ``idle`` are this process' connections."""
    _up.set(up)
    _pool.labels("used").set(size - idle)
    _pool.labels("idle").set(idle)


def exposition(families: Families) -> bytes:
    """Gauges of the database in Prometheus' text format: written out at once, because a company has thousands of lines."""
    told = []
    for name, lines in families.items():
        meaning, labels = GAUGES[name]
        told.append(f"# HELP {_P}{name} {meaning}\n# TYPE {_P}{name} gauge\n")
        for *values, number in lines:
            pairs = ",".join(sorted(f'{label}="{_escaped(str(value))}"' for label, value in zip(labels, values, strict=True)))
            told.append(f"{_P}{name}{{{pairs}}} {float(number)}\n" if pairs else f"{_P}{name} {float(number)}\n")
    return "".join(told).encode()


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def render() -> bytes:
    """What this process counts, in the same format."""
    return generate_latest(REGISTRY)
