"""Telling managers what they owe: the words (pure) and the channels."""

from __future__ import annotations

from telephony_bridge.notices.channels import send
from telephony_bridge.notices.feed import Entry, calendar
from telephony_bridge.notices.wording import Owed, Planned, digest

__all__ = ["Entry", "Owed", "Planned", "calendar", "digest", "send"]
