"""Duties and their register: what a call or a day owes, by when, and what became of it."""

from __future__ import annotations

from telephony_bridge.violations import duties, suspects
from telephony_bridge.violations.facts import (
    comments_on,
    entered,
    first_conversations,
    given_up,
    planned_for,
    promised_by,
    promises_of,
)
from telephony_bridge.violations.register import (
    CODES,
    DISPUTE_DAYS,
    Finding,
    by_code,
    calls_due,
    confirm,
    counts,
    deadlines_passed,
    dispute,
    excuse,
    judge,
    leads_due,
    listed,
    open_by_code,
    opened_against,
    reminders_due,
    subjects_of,
)

__all__ = [
    "CODES",
    "DISPUTE_DAYS",
    "Finding",
    "by_code",
    "calls_due",
    "comments_on",
    "confirm",
    "counts",
    "deadlines_passed",
    "dispute",
    "duties",
    "entered",
    "excuse",
    "first_conversations",
    "given_up",
    "judge",
    "leads_due",
    "listed",
    "open_by_code",
    "opened_against",
    "planned_for",
    "promised_by",
    "promises_of",
    "reminders_due",
    "subjects_of",
    "suspects",
]
