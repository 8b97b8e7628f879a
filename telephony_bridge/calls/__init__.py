"""The ledger of calls: what the PBX proved, and beside it what was derived."""

from __future__ import annotations

from telephony_bridge.calls.ledger import (
    Entry,
    Known,
    alike,
    by_number,
    expire,
    ids_since,
    judge,
    known,
    listed,
    of_lead_numbers,
    of_leads,
    of_numbers,
    of_people,
    point,
    read_call,
    say_machine,
    settle_overdue,
    weigh,
    whole,
    write,
)

__all__ = [
    "Entry",
    "Known",
    "alike",
    "by_number",
    "expire",
    "ids_since",
    "judge",
    "known",
    "listed",
    "of_lead_numbers",
    "of_leads",
    "of_numbers",
    "of_people",
    "point",
    "read_call",
    "say_machine",
    "settle_overdue",
    "weigh",
    "whole",
    "write",
]
