"""Runs any dialect over a set of deliveries: reads rows, connects them by their ties, has each set told as calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import TypeVar

from telephony_bridge.model import Call, Delivery, Installation
from telephony_bridge.webhooks.dialects.reading import Dialect, Row

NO_CALL_YET = "No call yet: another event of it is owed, one that says who called whom"
T = TypeVar("T")


def joined(items: Sequence[T], pairs: Iterable[tuple[int, int]]) -> list[list[T]]:
    """The items in the sets that the pairs (of indexes) make of them; items keep their order, sets go by their first item."""
    parent = list(range(len(items)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for one, other in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
    sets: dict[int, list[T]] = {}
    for index, item in enumerate(items):
        sets.setdefault(root(index), []).append(item)
    return list(sets.values())


def connected(rows: Iterable[Row]) -> list[list[Row]]:
    """The connected sets of distinct rows, each sorted by time; the sets by their first row. Input order does not matter."""
    distinct: list[Row] = []
    for _, alike in groupby(sorted(set(rows), key=_moment), key=_moment):
        same = list(alike)
        distinct += same if len(same) == 1 else sorted(same, key=lambda row: repr(row.said))
    bearer: dict[str, int] = {}
    pairs = [(bearer.setdefault(tie, index), index) for index, row in enumerate(distinct) for tie in row.ties]
    return joined(distinct, pairs)


def _moment(row: Row) -> tuple[datetime, tuple[str, ...]]:
    return row.at, row.ties


def understand(dialect: Dialect, deliveries: Sequence[Delivery], installation: Installation) -> list[Call]:
    """The calls these deliveries tell of, whatever their order and repeats. Raises ``Unreadable`` for one that cannot be read."""
    rows = [row for delivery in deliveries for row in dialect.read(delivery, installation)]
    calls = [call for found in connected(rows) for call in dialect.tell(found, installation)]
    return sorted(calls, key=lambda call: (call.started_at, call.call_key))
