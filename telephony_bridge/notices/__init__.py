"""Telling people: the words (pure), the outbox, and the channels."""

from __future__ import annotations

from telephony_bridge.notices import links
from telephony_bridge.notices.answers import Message, Sent
from telephony_bridge.notices.channels import check, scheme_of, send, target_of
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
    fold,
    fresh_keys,
    keep_claims,
    last_told,
    listed,
    revive,
    settle,
    tidy,
    untold,
)
from telephony_bridge.notices.retry import Next, after, in_turn
from telephony_bridge.notices.secret import form_secret, known_secret
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
    "Message",
    "Next",
    "Number",
    "Planned",
    "Sent",
    "after",
    "alive",
    "begin_tries",
    "bury",
    "by_code",
    "calendar",
    "check",
    "claim",
    "decide",
    "depth",
    "fold",
    "form_secret",
    "fresh_keys",
    "html_of",
    "in_turn",
    "keep_claims",
    "known_secret",
    "last_told",
    "links",
    "listed",
    "render",
    "revive",
    "scheme_of",
    "send",
    "settle",
    "shown_number",
    "target_of",
    "text_of",
    "tidy",
    "untold",
]
