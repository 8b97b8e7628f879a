"""How every dialect is spoken to: a delivery is read into rows, rows that belong together are told as calls. Pure.

``read`` is what the door and the worker do with one delivery; ``tell`` sees a whole connected set, so that a call is a
function of the set of its deliveries and of nothing else (same for any order, any repeats, one by one or at once).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telephony_bridge.model import Call, Delivery, Installation


@dataclass(frozen=True, slots=True)
class Row:
    """One row, leg or event out of a delivery.

    ``ties`` name what connects it to others, as ``kind:value``; two rows of one source that share a tie on the same or
    a neighbouring UTC day may belong together, and ``tell`` has the last word. ``id:VALUE`` ties are identities: a
    call's ``call_key`` is always the VALUE of one of its rows' ``id:`` ties. ``at`` is the row's own time (receipt,
    where it has none). ``said`` is the dialect's own frozen value, hashable, equal for a repeat.
    """

    at: datetime
    ties: tuple[str, ...]
    said: Any


@dataclass(frozen=True, slots=True)
class Dialect:
    """A vendor's format: two functions, and what the door must know."""

    name: str
    title: str
    read: Callable[[Delivery, Installation], list[Row]]
    tell: Callable[[Sequence[Row], Installation], list[Call]]
