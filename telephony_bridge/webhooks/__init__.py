"""The door and its inbox: who is knocking, keep what they said, hand it on to be understood."""

from __future__ import annotations

from telephony_bridge.webhooks import inbox
from telephony_bridge.webhooks.dialects import DIALECTS
from telephony_bridge.webhooks.dialects.generic import schema as generic_schema
from telephony_bridge.webhooks.receive import MAX_BODY, Door, problem
from telephony_bridge.webhooks.scrub import scrub, scrub_headers, scrub_query, scrub_tail
from telephony_bridge.webhooks.snippets import snippet
from telephony_bridge.webhooks.sources import (
    Source,
    add_source,
    change_source,
    installation_from,
    list_sources,
    load_sources,
    options_from,
    retire_source,
    rotate_source,
)

__all__ = [
    "DIALECTS",
    "MAX_BODY",
    "Door",
    "Source",
    "add_source",
    "change_source",
    "generic_schema",
    "inbox",
    "installation_from",
    "list_sources",
    "load_sources",
    "options_from",
    "problem",
    "retire_source",
    "rotate_source",
    "scrub",
    "scrub_headers",
    "scrub_query",
    "scrub_tail",
    "snippet",
]
