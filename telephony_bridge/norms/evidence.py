"""Is there evidence for a shift, or was the PBX silent (EC-40, CONTRACT §8). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

Span = tuple[datetime, datetime]


def silences(calls: Sequence[Span], shift: Span) -> list[Span]:
    """Stretches of the shift without any call. ``calls`` are (started, ended) of anyone's calls, in any order."""
    heard_until, end = shift
    found = []
    for started, ended in sorted(calls):
        if started >= end:
            break
        if started > heard_until:
            found.append((heard_until, started))
        heard_until = max(heard_until, ended)
    if heard_until < end:
        found.append((heard_until, end))
    return found


def evidence_gaps(calls: Sequence[Span], shift: Span, *, gap_minutes: int = 30, break_minutes: int = 60) -> list[Span]:
    """Silences too long to be a quiet quarter of an hour; one break a shift is forgiven.

    Too long is more than ``gap_minutes``, or than three times the day's median interval between calls if that is longer.
    """
    start, end = shift
    starts = sorted(started for started, _ in calls if start <= started < end)
    between = [(later - earlier).total_seconds() for earlier, later in pairwise(starts)]
    allowed = timedelta(minutes=gap_minutes)
    if between:
        allowed = max(allowed, timedelta(seconds=3 * median(between)))
    long = sorted((gap for gap in silences(calls, shift) if gap[1] - gap[0] > allowed), key=lambda gap: gap[0] - gap[1])
    if long and long[0][1] - long[0][0] <= allowed + timedelta(minutes=break_minutes):
        long = long[1:]
    return sorted(long)
