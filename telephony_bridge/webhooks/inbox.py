"""The inbox: deliveries kept raw by the door, claimed and settled by the worker."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from telephony_bridge import db
from telephony_bridge.errors import BridgeError, NotFound
from telephony_bridge.model import Delivery
from telephony_bridge.webhooks.dialects.reading import Row

SQL = db.queries("inbox")
MAX_ATTEMPTS = 6


class Crowded(BridgeError):
    """More requests wait for a commit than this process will hold."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A delivery on its way in, with what the door could already say of it."""

    source_id: int
    delivery: Delivery
    outcome: str  # waiting, not_a_call, malformed
    why: str | None

    @property
    def digest(self) -> bytes:
        """The same bytes to the same address have the same digest; headers (clocks, signatures) do not matter."""
        told = self.delivery
        parts = (told.method, told.tail, told.query)
        return hashlib.sha256("\0".join(parts).encode() + b"\0" + told.body).digest()[:16]


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer to an arrival: committed, under which id, and whether it was here before."""

    id: int
    duplicate: bool


class Keeper:
    """Group commit: whatever waits is inserted by one statement and committed once; then all are answered.

    A batch that fails is retried one by one, so that one poisonous delivery answers for itself alone.
    """

    def __init__(self, database: db.Database, *, max_batch: int = 500, max_waiting: int = 10_000) -> None:
        self._database = database
        self._max_batch = max_batch
        self._max_waiting = max_waiting
        self._waiting: list[tuple[Arrival, asyncio.Future[Kept]]] = []
        self._knock = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="keeper")

    async def stop(self) -> None:
        """Commits what still waits, then ends."""
        while self._waiting:
            await asyncio.sleep(0.005)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def keep(self, arrival: Arrival) -> Kept:
        """Returns once the delivery is committed. Raises ``Crowded``, or what Postgres raised."""
        if len(self._waiting) >= self._max_waiting:
            raise Crowded("too many deliveries wait for Postgres")
        answer: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, answer))
        self._knock.set()
        return await answer

    async def _run(self) -> None:
        while True:
            await self._knock.wait()
            self._knock.clear()
            while self._waiting:
                batch = self._waiting[: self._max_batch]
                await self._commit(batch)
                del self._waiting[: len(batch)]

    async def _commit(self, batch: Sequence[tuple[Arrival, asyncio.Future[Kept]]]) -> None:
        try:
            async with self._database.begin() as conn:
                kept = await keep(conn, [arrival for arrival, _ in batch])
        except Exception as failed:
            if len(batch) > 1 and not isinstance(failed, db.AWAY):
                for one in batch:
                    await self._commit([one])
                return
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(failed)
            return
        for (_, answer), found in zip(batch, kept, strict=True):
            if not answer.done():
                answer.set_result(found)


async def keep(conn: db.Connection, arrivals: Sequence[Arrival]) -> list[Kept]:
    """Stores each arrival once; an answer for each, in order.

    A repeat of what could not be read and can be now (the source was put right, or this program) waits to be understood.
    """
    readable: list[int] = []
    first: dict[tuple[int, bytes], Arrival] = {}
    keys = [(arrival.source_id, arrival.digest) for arrival in arrivals]
    for key, arrival in zip(keys, arrivals, strict=True):
        first.setdefault(key, arrival)
    columns = list(
        zip(
            *(
                (
                    source_id,
                    arrival.delivery.received_at,
                    digest,
                    arrival.delivery.method,
                    arrival.delivery.tail,
                    arrival.delivery.query,
                    orjson.dumps(arrival.delivery.headers).decode(),
                    arrival.delivery.body,
                    arrival.outcome,
                    arrival.why,
                )
                for (source_id, digest), arrival in first.items()
            ),
            strict=True,
        )
    )
    new = {(row["source_id"], bytes(row["digest"])): row["id"] for row in await conn.fetch(SQL.keep, *columns)}
    old: dict[tuple[int, bytes], int] = {}
    if len(new) < len(first):
        again = [key for key in first if key not in new]
        days = [first[key].delivery.received_at.astimezone(UTC).date() for key in again]
        for row in await conn.fetch(SQL.already_kept, [key[0] for key in again], days, [key[1] for key in again]):
            key = (row["source_id"], bytes(row["digest"]))
            old[key] = row["id"]
            if first[key].outcome == "waiting" and row["outcome"] in ("malformed", "not_a_call", "failed"):
                readable.append(row["id"])
        if readable:
            await conn.fetch(SQL.reopen, readable, max(one.delivery.received_at for one in arrivals))
    answers = []
    told: set[tuple[int, bytes]] = set()
    for key in keys:
        duplicate = key not in new or key in told
        told.add(key)
        answers.append(Kept(new.get(key) or old[key], duplicate))
    return answers


async def imported(conn: db.Connection, source_id: int, part: bytes, *, now: datetime) -> bool:
    """Remembers a part of an exported file; False if it was imported before."""
    return await conn.fetchval(SQL.imported, source_id, hashlib.sha256(part).digest(), now) is not None


def _delivery(row: db.Record) -> tuple[int, Delivery]:
    return row["source_id"], Delivery(
        row["id"], row["received_at"], row["body"], row["headers"], row["query"], row["tail"], row["method"]
    )


async def waiting(conn: db.Connection, *, now: datetime, limit: int, max_bytes: int) -> list[tuple[int, Delivery]]:
    """(source id, delivery) of what is due, oldest first; whatever its size one at least."""
    return [_delivery(row) for row in await conn.fetch(SQL.waiting, now, limit, max_bytes)]


async def by_ids(conn: db.Connection, ids: Iterable[int]) -> list[tuple[int, Delivery]]:
    """(source id, delivery) of these, whatever their outcome."""
    return [_delivery(row) for row in await conn.fetch(SQL.by_ids, list(ids))]


async def tie(conn: db.Connection, source_id: int, told: Mapping[int, Sequence[Row]]) -> None:
    """Remembers which delivery carries which ties on which day."""
    entries = sorted(
        {(row.at.astimezone(UTC).date(), name, id_) for id_, rows in told.items() for row in rows for name in row.ties}
    )
    if entries:
        days, names, ids = zip(*entries, strict=True)
        await conn.execute(SQL.tie, days, [source_id] * len(ids), names, ids)


async def tied(conn: db.Connection, source_id: int, rows: Iterable[Row]) -> set[int]:
    """Ids of deliveries that share a tie with these rows on the same or a neighbouring day."""
    asked = {
        (row.at.astimezone(UTC).date() + timedelta(days=shift), name) for row in rows for name in row.ties for shift in (-1, 0, 1)
    }
    if not asked:
        return set()
    days, names = zip(*sorted(asked), strict=True)
    return {row["delivery_id"] for row in await conn.fetch(SQL.tied, source_id, days, names)}


async def settle(conn: db.Connection, outcomes: Mapping[int, tuple[str, str | None, Sequence[int]]], *, now: datetime) -> None:
    """Delivery id -> (outcome, why, ids of the calls it told of)."""
    if outcomes:
        ids = list(outcomes)
        await conn.execute(
            SQL.settle,
            ids,
            [outcomes[id_][0] for id_ in ids],
            [outcomes[id_][1] for id_ in ids],
            [orjson.dumps(sorted(outcomes[id_][2])).decode() for id_ in ids],
            now,
        )


async def retell(conn: db.Connection, calls: Mapping[int, Sequence[int]], no_longer: str) -> None:
    """Delivery id -> ids of the calls it tells of now, of deliveries understood before; ``no_longer``: a why that is over."""
    if calls:
        await conn.execute(SQL.retell, list(calls), [orjson.dumps(sorted(ids)).decode() for ids in calls.values()], no_longer)


async def put_aside(conn: db.Connection, delivery_id: int, why: str, *, now: datetime) -> None:
    """It failed alone: again after 2, 4, 8 … seconds, and after six attempts never by itself (``replay`` reopens it)."""
    attempts = await conn.fetchval(SQL.attempts, delivery_id) + 1
    outcome = "failed" if attempts >= MAX_ATTEMPTS else "waiting"
    await conn.execute(SQL.put_aside, delivery_id, why[:2000], now + timedelta(seconds=2**attempts), outcome, now)


async def reopen(conn: db.Connection, ids: Sequence[int], *, now: datetime) -> int:
    """These wait again, to be understood anew; returns how many."""
    return len(await conn.fetch(SQL.reopen, list(ids), now))


async def choose(
    conn: db.Connection,
    *,
    source_id: int | None = None,
    outcome: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[int]:
    """Ids by source, outcome and time of receipt."""
    return [row["id"] for row in await conn.fetch(SQL.choose, source_id, outcome, since, until)]


async def listed(
    conn: db.Connection, *, source: str | None, outcome: str | None, below: int | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Newest first, without bodies."""
    return [dict(row) for row in await conn.fetch(SQL.listed, source, outcome, below, limit)]


async def reasons(conn: db.Connection, *, source: str | None, since: datetime) -> list[dict[str, Any]]:
    """What could not be understood since a moment, by source and reason, the commonest first."""
    return [dict(row) for row in await conn.fetch(SQL.reasons, source, since)]


async def shown(conn: db.Connection, delivery_id: int) -> dict[str, Any]:
    """One delivery whole. Raises ``NotFound``."""
    row = await conn.fetchrow(SQL.shown, delivery_id)
    if row is None:
        raise NotFound(f"there is no delivery {delivery_id}; see: telephony-bridge deliveries list")
    return dict(row)


async def depth(conn: db.Connection) -> tuple[int, datetime | None]:
    """How many wait, and since when the oldest does."""
    row = await conn.fetchrow(SQL.depth)
    assert row is not None
    return row["waiting"], row["oldest"]


async def last_heard(conn: db.Connection, *, now: datetime) -> dict[str, datetime | None]:
    """When each live source last sent something, within a month."""
    since = now.astimezone(UTC).date() - timedelta(days=31)
    return {row["name"]: row["at"] for row in await conn.fetch(SQL.last_heard, since)}


async def judged_until(conn: db.Connection) -> datetime:
    """Up to when deadlines have been watched; the epoch before the first watch."""
    at: datetime = await conn.fetchval(SQL.judged_until)
    return at


async def take_pen(conn: db.Connection) -> datetime:
    """From here to the end of the transaction nobody else derives. Returns the moment up to which deadlines are judged."""
    judged_at: datetime = await conn.fetchval(SQL.take_pen)
    return judged_at


async def try_pen(conn: db.Connection) -> bool:
    """Like ``take_pen``, but gives up at once if another worker holds it."""
    return await conn.fetchval(SQL.try_pen) is not None


async def told_late(conn: db.Connection, day: date) -> None:
    """A day is told of that should have been closed before."""
    await conn.execute(SQL.told_late, day)


async def late_since(conn: db.Connection) -> date | None:
    """The first day that was told of too late since this was asked last."""
    day: date | None = await conn.fetchval(SQL.late_since)
    return day


async def judge_until(conn: db.Connection, now: datetime) -> None:
    """Deadlines up to ``now`` are judged from here on."""
    await conn.execute(SQL.judge_until, now)
