"""Whose number it is: leads behind numbers, managers behind extensions."""

from __future__ import annotations

from telephony_bridge.matcher.choose import choose
from telephony_bridge.matcher.leads import Mapping, all_excluded, by_ids, candidates, exclude, excluded, mappings, readmit
from telephony_bridge.matcher.twins import Told, twins

__all__ = [
    "Mapping",
    "Told",
    "all_excluded",
    "by_ids",
    "candidates",
    "choose",
    "exclude",
    "excluded",
    "mappings",
    "readmit",
    "twins",
]
