"""Whose number it is: leads behind numbers, managers behind extensions."""

from __future__ import annotations

from telephony_bridge.matcher.choose import choose
from telephony_bridge.matcher.leads import Mapping, candidates, excluded, mappings

__all__ = ["Mapping", "candidates", "choose", "excluded", "mappings"]
