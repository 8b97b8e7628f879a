"""A tally against a norm (rules.md R41). Pure."""

from __future__ import annotations

from collections.abc import Collection

from telephony_bridge.model import Verdict

_WORST_FIRST = (Verdict.NOT_MET, Verdict.MET, Verdict.TARGET)


def metric_verdict(counted: int, minimum: int, target: int) -> Verdict:
    """59 of 60-70 is not met, 60 is met, 70 is the target."""
    if counted < minimum:
        return Verdict.NOT_MET
    return Verdict.TARGET if counted >= target else Verdict.MET


def day_verdict(metrics: Collection[Verdict], *, closed: bool, scheduled: bool, evidence_ok: bool) -> Verdict:
    """The worst of the metrics, in every segment; nothing is said about a day off, a day under way or a day without evidence."""
    if not scheduled or not metrics:
        return Verdict.OFF
    if not closed:
        return Verdict.PENDING
    if not evidence_ok:
        return Verdict.NOT_EVALUATED
    return min(metrics, key=_WORST_FIRST.index)
