"""The life cycle of a violation as a function of the facts (rules.md §4). Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.violations import Finding
from telephony_bridge.violations.register import standing

DUE = datetime(2026, 11, 23, 16, tzinfo=UTC)
STATUSES = ["watching", "reminded", "open", "fixed_late", "disputed", "confirmed", "excused", "closed"]


def finding(met: int | None) -> Finding:
    """A duty due at 16:00, met so many minutes after (before, if negative)."""
    met_at = DUE + timedelta(minutes=met) if met is not None else None
    return Finding("V01", "call", "1", 1, date(2026, 11, 23), DUE, met_at, {}, "policy 0")


@pytest.mark.parametrize(
    ("met", "before", "minutes", "status"),
    [
        (None, None, -1, "watching"),
        (None, "reminded", -1, "reminded"),
        (None, None, 0, "open"),
        (None, "watching", 1, "open"),
        (-5, "reminded", -1, "closed"),
        (5, "open", 10, "fixed_late"),
        (5, "fixed_late", 10, "fixed_late"),
        (-5, "open", 10, "closed"),
        (5, "excused", 10, "excused"),
        (None, "closed", -1, "watching"),
    ],
)
def test_each_move(met: int | None, before: str | None, minutes: int, status: str) -> None:
    after = standing(finding(met), before, now=DUE + timedelta(minutes=minutes))
    assert after is not None
    assert after.status == status


def test_a_duty_met_in_time_that_nobody_watched_leaves_no_row() -> None:
    assert standing(finding(-5), None, now=DUE) is None
    assert standing(None, None, now=DUE) is None


@given(met=st.none() | st.integers(-600, 600), before=st.none() | st.sampled_from(STATUSES), minutes=st.integers(-600, 600))
def test_judging_twice_changes_nothing(met: int | None, before: str | None, minutes: int) -> None:
    now = DUE + timedelta(minutes=minutes)
    once = standing(finding(met), before, now=now)
    if once is not None:
        assert standing(finding(met), once.status, now=now) == once


@given(before=st.sampled_from(STATUSES))
def test_a_duty_that_is_gone_closes_as_corrected_unless_a_person_has_spoken(before: str) -> None:
    after = standing(None, before, now=DUE)
    assert after is not None
    if before in ("disputed", "confirmed", "excused"):
        assert after.status == before
    else:
        assert (after.status, after.closed_because) == ("closed", "corrected")
