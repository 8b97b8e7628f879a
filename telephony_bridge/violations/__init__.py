"""Duties and their register: what a call or a day owes, by when, and what became of it."""

from __future__ import annotations

from telephony_bridge.violations import duties, removals, suspects
from telephony_bridge.violations.conversations import owed_for_conversation, owed_for_meeting
from telephony_bridge.violations.desk import Debt, debts_of
from telephony_bridge.violations.exemptions import Exemption, Spared, promise_due
from telephony_bridge.violations.facts import (
    comments_on,
    entered,
    exemptions_of,
    first_conversations,
    given_up,
    meetings_on,
    met_since,
    planned_for,
    promised_by,
    promises_of,
)
from telephony_bridge.violations.meetings import Meeting
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
    "Debt",
    "Exemption",
    "Finding",
    "Meeting",
    "Spared",
    "by_code",
    "calls_due",
    "comments_on",
    "confirm",
    "counts",
    "deadlines_passed",
    "debts_of",
    "dispute",
    "duties",
    "entered",
    "excuse",
    "exemptions_of",
    "first_conversations",
    "given_up",
    "judge",
    "leads_due",
    "listed",
    "meetings_on",
    "met_since",
    "open_by_code",
    "opened_against",
    "owed_for_conversation",
    "owed_for_meeting",
    "planned_for",
    "promise_due",
    "promised_by",
    "promises_of",
    "reminders_due",
    "removals",
    "subjects_of",
    "suspects",
]
