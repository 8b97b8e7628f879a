"""Telling people: the words (pure), the outbox, and the channels."""

from __future__ import annotations

from telephony_bridge.notices.channels import send
from telephony_bridge.notices.feed import Entry, calendar
from telephony_bridge.notices.outbox import (
    Claimed,
    Decided,
    alive,
    begin_tries,
    bury,
    claim,
    decide,
    depth,
    expire,
    fold,
    fresh_keys,
    keep_claims,
    last_told,
    listed,
    revive,
    settle,
    untold,
)
from telephony_bridge.notices.retry import Next, after, backoff
from telephony_bridge.notices.wording import (
    LINK,
    DayOf,
    Debt,
    Number,
    Planned,
    by_code,
    html_of,
    render,
    shown_number,
    text_of,
)

__all__ = [
    "LINK",
    "Claimed",
    "DayOf",
    "Debt",
    "Decided",
    "Entry",
    "Next",
    "Number",
    "Planned",
    "after",
    "alive",
    "backoff",
    "begin_tries",
    "bury",
    "by_code",
    "calendar",
    "claim",
    "decide",
    "depth",
    "expire",
    "fold",
    "fresh_keys",
    "html_of",
    "keep_claims",
    "last_told",
    "listed",
    "render",
    "revive",
    "send",
    "settle",
    "shown_number",
    "text_of",
    "untold",
]
