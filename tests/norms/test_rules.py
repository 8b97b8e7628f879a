"""What counts and why not, verdicts and evidence, as properties of pure functions (R14 to R16, R39 to R42, EC-34, EC-40)."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.model import Call, Direction, Disposition, MatchResult, Verdict, Via, WhyNot
from telephony_bridge.norms import evidence, rules, verdict

BASE = Call(
    "1.1",
    Direction.OUTBOUND,
    "101",
    "+79990000001",
    None,
    datetime(2026, 11, 23, 7, tzinfo=UTC),
    None,
    None,
    5,
    0,
    Disposition.NO_ANSWER,
    via=Via.IP,
)
FACTS = rules.CallFacts(True, MatchResult.MATCHED, "cold", True, frozenset({"cold"}))
CALLS = st.builds(
    lambda minute, direction, disposition, talk, via, final: replace(
        BASE, started_at=BASE.started_at + timedelta(minutes=minute), direction=direction, disposition=disposition,
        talk_seconds=talk if disposition is Disposition.ANSWERED else 0, via=via, final=final),
    st.integers(0, 500), st.sampled_from(Direction), st.sampled_from(Disposition), st.integers(0, 40), st.sampled_from(Via), st.booleans(),
)  # fmt: skip
KNOWN = st.builds(
    rules.CallFacts, has_manager=st.booleans(), match=st.sampled_from(MatchResult), lead_segment=st.sampled_from([None, "cold", "warm"]),
    lead_in_time=st.booleans(), norm_segments=st.just(frozenset({"cold"})), repeat_cap=st.integers(1, 4),
)  # fmt: skip


@given(call=CALLS, facts=KNOWN)
def test_a_connect_is_also_a_dial_and_each_refusal_has_a_reason(call: Call, facts: rules.CallFacts) -> None:
    weight = rules.weigh(call, facts)
    assert weight.dial or not weight.connect
    assert weight.dial == (weight.why_not_dial is None)
    if weight.dial:
        assert call.direction is Direction.OUTBOUND
        assert call.via is Via.IP
        assert rules.on_norm_lead(call, facts)


@given(calls=st.lists(st.tuples(CALLS, KNOWN), max_size=12), cap=st.integers(1, 4), seed=st.integers())
def test_ec_34_the_cap_counts_the_first_ones_whatever_the_order(
    calls: list[tuple[Call, rules.CallFacts]], cap: int, seed: int
) -> None:
    series = [(index, call, replace(facts, repeat_cap=cap)) for index, (call, facts) in enumerate(calls)]
    weights = rules.weigh_series(series)
    shuffled = list(series)
    random.Random(seed).shuffle(shuffled)
    assert rules.weigh_series(shuffled) == weights
    assert sum(weight.dial for weight in weights.values()) <= cap
    counted = [call.started_at for index, call, _ in series if weights[index].dial]
    refused = [call.started_at for index, call, _ in series if weights[index].why_not_dial is WhyNot.REPEAT]
    assert not refused or max(counted) <= min(refused)


@pytest.mark.parametrize(("segment", "why"), [("cold", None), ("warm", None), ("client", WhyNot.WRONG_SEGMENT), (None, None)])
def test_ec_57_a_lead_of_any_segment_of_his_counts(segment: str | None, why: WhyNot | None) -> None:
    facts = replace(FACTS, lead_segment=segment, norm_segments=frozenset({"cold", "warm"}))
    assert rules.weigh(BASE, facts).why_not_dial is why


@pytest.mark.parametrize(
    ("counted", "found"), [(59, Verdict.NOT_MET), (60, Verdict.MET), (69, Verdict.MET), (70, Verdict.TARGET)]
)
def test_r41_floor_and_goal(counted: int, found: Verdict) -> None:
    assert verdict.metric_verdict(counted, 60, 70) is found


def test_the_worst_metric_stands_and_no_verdict_without_evidence() -> None:
    metrics = [Verdict.TARGET, Verdict.NOT_MET, Verdict.MET]
    asked = {"closed": True, "scheduled": True, "evidence_ok": True}
    assert verdict.day_verdict(metrics, **asked) is Verdict.NOT_MET
    assert verdict.day_verdict(metrics, **(asked | {"evidence_ok": False})) is Verdict.NOT_EVALUATED
    assert verdict.day_verdict(metrics, **(asked | {"closed": False})) is Verdict.PENDING
    assert verdict.day_verdict(metrics, **(asked | {"scheduled": False})) is Verdict.OFF


def spans(*minutes: int) -> list[evidence.Span]:
    start = datetime(2026, 11, 23, 6, tzinfo=UTC)
    return [(start + timedelta(minutes=minute), start + timedelta(minutes=minute + 1)) for minute in minutes]


SHIFT = (datetime(2026, 11, 23, 6, tzinfo=UTC), datetime(2026, 11, 23, 15, tzinfo=UTC))


def test_ec_40_three_hours_of_silence_are_a_gap_lunch_is_not() -> None:
    busy = spans(*range(0, 240, 5), *range(300, 540, 5))
    assert evidence.evidence_gaps(busy, SHIFT) == []
    silent = spans(*range(0, 60, 5), *range(240, 540, 5))
    assert [(gap[1] - gap[0]).seconds // 60 for gap in evidence.evidence_gaps(silent, SHIFT)] == [184]


@given(minutes=st.lists(st.integers(0, 539), max_size=60), seed=st.integers())
def test_silences_do_not_depend_on_the_order_of_calls_and_fill_the_shift(minutes: list[int], seed: int) -> None:
    calls = spans(*minutes)
    found = evidence.silences(calls, SHIFT)
    random.Random(seed).shuffle(calls)
    assert evidence.silences(calls, SHIFT) == found
    assert all(SHIFT[0] <= start < end <= SHIFT[1] for start, end in found)
    for started, ended in calls:
        assert not any(start < started < end or start < min(ended, SHIFT[1]) < end for start, end in found)
