"""Telling managers what they owe: the words (pure) and the channels."""

from __future__ import annotations

from telephony_bridge.notices.answers import CARRY_KEY, Message, Sent
from telephony_bridge.notices.channels import check, scheme_of, send, target_of
from telephony_bridge.notices.wording import Owed, Planned, digest

__all__ = ["CARRY_KEY", "Message", "Owed", "Planned", "Sent", "check", "digest", "scheme_of", "send", "target_of"]
