"""Duties and their register: what a call or a day owes, by when, and what became of it."""

from __future__ import annotations

from telephony_bridge.violations import duties
from telephony_bridge.violations.facts import comments_on, entered, given_up, planned_for, promised_by, promises_of
from telephony_bridge.violations.register import (
    CODES,
    DISPUTE_DAYS,
    Finding,
    by_code,
    confirm,
    counts,
    deadlines_passed,
    dispute,
    excuse,
    judge,
    leads_due,
    listed,
    open_by_code,
    reminders_due,
)

__all__ = [
    "CODES",
    "DISPUTE_DAYS",
    "Finding",
    "by_code",
    "comments_on",
    "confirm",
    "counts",
    "deadlines_passed",
    "dispute",
    "duties",
    "entered",
    "excuse",
    "given_up",
    "judge",
    "leads_due",
    "listed",
    "open_by_code",
    "planned_for",
    "promised_by",
    "promises_of",
    "reminders_due",
]
