"""Runs any dialect over a set of deliveries: reads rows, connects them by their ties, has each set told as calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from telephony_bridge.model import Call, Delivery, Installation
from telephony_bridge.webhooks.dialects.reading import Dialect, Row


def connected(rows: Iterable[Row]) -> list[list[Row]]:
    """The connected sets of distinct rows, each sorted by time; the sets by their first row. Input order does not matter."""
    distinct = sorted(set(rows), key=lambda row: (row.at, row.ties, repr(row.said)))
    parent = list(range(len(distinct)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    bearer: dict[str, int] = {}
    for index, row in enumerate(distinct):
        for tie in row.ties:
            other = root(bearer.setdefault(tie, index))
            mine = root(index)
            parent[max(other, mine)] = min(other, mine)
    sets: dict[int, list[Row]] = {}
    for index, row in enumerate(distinct):
        sets.setdefault(root(index), []).append(row)
    return list(sets.values())


def understand(dialect: Dialect, deliveries: Sequence[Delivery], installation: Installation) -> list[Call]:
    """The calls these deliveries tell of, whatever their order and repeats. Raises ``Unreadable`` for the first that cannot be read."""
    rows = [row for delivery in deliveries for row in dialect.read(delivery, installation)]
    calls = [call for found in connected(rows) for call in dialect.tell(found, installation)]
    return sorted(calls, key=lambda call: (call.started_at, call.call_key))
