"""How every dialect is spoken to: a delivery is read into rows, rows that belong together are told as calls. Pure.

``read`` is what the door and the worker do with one delivery; ``tell`` sees a whole connected set, so that a call is a
function of the set of its deliveries and of nothing else (same for any order, any repeats, one by one or at once).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge.model import Call, Delivery, Installation


@dataclass(frozen=True, slots=True)
class Row:
    """One row, leg or event out of a delivery.

    ``ties`` name what connects it to others, as ``kind:value``; two rows of one source that share a tie on the same or
    a neighbouring UTC day may belong together, and ``tell`` has the last word. ``id:VALUE`` ties are identities: a
    call's ``call_key`` is always the VALUE of one of its rows' ``id:`` ties. ``at`` is the row's own time (receipt,
    where it has none). ``said`` is the dialect's own frozen value, hashable, equal for a repeat. ``aside``: it only adds to a
    call that others tell of (a recording, a colleague's answer), so that alone it is none.
    """

    at: datetime
    ties: tuple[str, ...]
    said: Any
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What a vendor must be answered with, where our own words would not do. The status is 200."""

    body: bytes = b""
    content_type: str = "text/plain"
    headers: Mapping[str, str] = field(default_factory=dict)


Secrets = Mapping[str, str]
Proof = Callable[[Delivery, Secrets, str], bool]  # (with all its headers, what the vendor signs with, the address called)


@dataclass(frozen=True, slots=True)
class Dialect:
    """A vendor's format: two functions, and what the door and the worker must know of his manners.

    ``secrets`` names what he signs with and says where an administrator finds it; where a source has none, the token in its
    address is the proof. ``prove`` is asked only when a source has them; ``received_at`` is the clock of its replay window.
    ``greet`` answers what is no delivery: a check of the address, a question during a call. Nothing of it is kept.
    ``answer`` is what he demands for a delivery that was kept. ``patient``: he punishes errors by switching the webhook off,
    or repeats for days what will never be readable, so he always gets his answer and the administrator the error.
    ``settle_after``: how long the end of a call may be owed before the worker goes on without it.
    """

    name: str
    title: str
    read: Callable[[Delivery, Installation], list[Row]]
    tell: Callable[[Sequence[Row], Installation], list[Call]]
    secrets: Mapping[str, str] = field(default_factory=dict)
    prove: Proof | None = None
    greet: Callable[[Delivery, Secrets], Answer | None] | None = None
    answer: Callable[[Delivery], Answer] | None = None
    patient: bool = False
    settle_after: timedelta = timedelta(hours=3)
