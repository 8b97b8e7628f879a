"""What is due and what was done: rules, the calendar, tallies and verdicts."""

from __future__ import annotations

from telephony_bridge.norms import calendar, evidence, rules, verdict
from telephony_bridge.norms.policy import (
    COMPANY,
    SETTINGS,
    Norm,
    Person,
    Rules,
    list_norms,
    list_policy,
    load_rules,
    read_value,
    set_norm,
    set_policy,
)
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
    settle_silence,
    silences,
    sources_of,
    tallies,
)

__all__ = [
    "COMPANY",
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
    "read_value",
    "rules",
    "set_norm",
    "set_policy",
    "settle_silence",
    "silences",
    "sources_of",
    "tallies",
    "verdict",
]
