"""What is due and what was done: rules, the calendar, tallies and verdicts."""

from __future__ import annotations

from telephony_bridge.norms import calendar, evidence, presets, rules, verdict, words
from telephony_bridge.norms.policy import SETTINGS, Norm, Person, Rules, list_norms, list_policy, load_rules, set_norm, set_policy
from telephony_bridge.norms.production import day_kind
from telephony_bridge.norms.tally import (
    Heard,
    NewLeads,
    Tally,
    close_days,
    closed_days,
    first_call_day,
    heard,
    last_closed,
    new_leads,
    not_counted,
    report,
    reports,
    settle_silence,
    silences,
    sources_of,
    tallies,
    usual_calls,
)

__all__ = [
    "SETTINGS",
    "Heard",
    "NewLeads",
    "Norm",
    "Person",
    "Rules",
    "Tally",
    "calendar",
    "close_days",
    "closed_days",
    "day_kind",
    "evidence",
    "first_call_day",
    "heard",
    "last_closed",
    "list_norms",
    "list_policy",
    "load_rules",
    "new_leads",
    "not_counted",
    "presets",
    "report",
    "reports",
    "rules",
    "set_norm",
    "set_policy",
    "settle_silence",
    "silences",
    "sources_of",
    "tallies",
    "usual_calls",
    "verdict",
    "words",
]
