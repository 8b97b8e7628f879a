"""Telling managers what they owe: the words (pure) and the channels."""

from __future__ import annotations

from telephony_bridge.notices import links
from telephony_bridge.notices.channels import send
from telephony_bridge.notices.secret import form_secret, known_secret
from telephony_bridge.notices.wording import Owed, Planned, digest

__all__ = ["Owed", "Planned", "digest", "form_secret", "known_secret", "links", "send"]
