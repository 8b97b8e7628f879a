"""SQL of the outbox: notices decided in the transaction of the facts, claimed, tried and settled; nothing is told twice."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge import db
from telephony_bridge.model import rfc3339
from telephony_bridge.notices.retry import Next

SQL = db.queries("notices")
DEAD_FOR = timedelta(hours=24)  # an address that refused is tried again after that
_SKEW = timedelta(minutes=5)  # what was done later than this was done by a clock that has been set back since


@dataclass(frozen=True, slots=True)
class Decided:
    """A notice for one person, a manager or a user who signs in.

    ``body`` is plain text with ``LINK`` where the link goes that opens ``opens``. ``tells`` are (stage, subject) of what it
    tells of; ``in_page``: the person has no channel, so it can only be read on a page; ``is_needed`` false remembers that
    there was nothing to tell.
    """

    key: str
    kind: str
    title: str
    body: str
    good_until: datetime
    due_at: datetime
    manager_id: int | None = None
    login: str | None = None
    opens: str | None = None
    in_page: bool = False
    is_needed: bool = True
    tells: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Claimed:
    """A notice taken to be tried: ``tries`` counts this one on the channel at ``place``."""

    id: int
    key: str
    manager_id: int | None
    login: str | None
    title: str
    body: str
    opens: str | None
    good_until: datetime
    place: int
    tries: int


async def decide(conn: db.Connection, decided: Sequence[Decided], *, now: datetime) -> None:
    """Puts notices into the outbox; what is there under its key stays as it is."""
    if not decided:
        return
    rows = await conn.fetch(
        SQL.decide,
        [one.key for one in decided],
        [one.kind for one in decided],
        [one.manager_id for one in decided],
        [one.login for one in decided],
        [one.title for one in decided],
        [one.body for one in decided],
        [one.opens for one in decided],
        [one.good_until for one in decided],
        [_status(one) for one in decided],
        [one.due_at for one in decided],
        now,
    )
    ids = {row["key"]: row["id"] for row in rows}
    told = [(stage, subject, ids[one.key]) for one in decided if one.key in ids for stage, subject in one.tells]
    if told:
        await conn.execute(SQL.tell, *zip(*told, strict=True))


def _status(one: Decided) -> str:
    if not one.is_needed:
        return "nothing"
    return "in_page" if one.in_page else "waiting"


async def fresh_keys(conn: db.Connection, keys: Collection[str]) -> set[str]:
    """Of these keys those under which nothing has been decided."""
    return set(keys) - {row["key"] for row in await conn.fetch(SQL.known, sorted(keys))} if keys else set()


async def last_told(
    conn: db.Connection, managers: Collection[int], kinds: Collection[str], *, since: datetime
) -> dict[int, datetime]:
    """Manager id -> when something of these kinds was last decided for him, if it was since a moment."""
    rows = await conn.fetch(SQL.last_told, sorted(managers), sorted(kinds), since)
    return {row["manager_id"]: row["decided_at"] for row in rows}


async def untold(conn: db.Connection, stage: str, subjects: Collection[str], *, since: datetime) -> set[str]:
    """Of these subjects those that have not been told of at a stage since a moment."""
    rows = await conn.fetch(SQL.told_of, stage, sorted(subjects), since) if subjects else ()
    return set(subjects) - {row["subject"] for row in rows}


async def fold(conn: db.Connection, managers: Collection[int], kinds: Collection[str], *, login: str | None = None) -> None:
    """What waits for these managers, or a user, and was never tried gives way: what it was to tell is told by the next notice."""
    rows = await conn.fetch(SQL.fold, sorted(managers), sorted(kinds), login)
    await _untell(conn, rows)


async def tidy(conn: db.Connection, *, now: datetime) -> None:
    """Gives up what could not be sent in time, and digests whose debts were made good meanwhile; what they told is untold.

    What could not be delivered and still holds waits again where its person has another address now.
    """
    await _untell(conn, [*await conn.fetch(SQL.expire, now), *await conn.fetch(SQL.made_good)])
    await conn.execute(SQL.reopen, now, now - DEAD_FOR)


async def _untell(conn: db.Connection, rows: Sequence[db.Record]) -> None:
    if rows:
        await conn.execute(SQL.untell, [row["id"] for row in rows])


async def claim(
    conn: db.Connection, *, besides: Collection[int] = (), limit: int, lease: timedelta, now: datetime
) -> list[Claimed]:
    """Takes what is due but for ``besides``; two claimers take different ones. Not settled within the lease, it is due again."""
    return [Claimed(**row) for row in await conn.fetch(SQL.claim, now, now + lease, limit, list(besides), now + _SKEW)]


async def keep_claims(conn: db.Connection, ids: Iterable[int], *, lease: timedelta, now: datetime) -> None:
    """The claimer is alive and still at it."""
    await conn.execute(SQL.keep_claims, list(ids), now + lease)


async def begin_tries(conn: db.Connection, channels: Mapping[int, str], *, now: datetime) -> dict[int, int]:
    """A try of each notice over a channel (a scheme) begins; notice -> the try's id."""
    rows = await conn.fetch(SQL.begin_tries, list(channels), list(channels.values()), now) if channels else ()
    return {row["notice_id"]: row["id"] for row in rows}


async def settle(
    conn: db.Connection, claimed: Claimed, step: Next, *, try_id: int | None, outcome: str, why: str | None, now: datetime
) -> None:
    """What a try came to, and where the notice stands; one that another has claimed since is his to settle."""
    if try_id is not None:
        await conn.execute(SQL.end_try, try_id, outcome, why, now)
    sent_at = now if step.status == "sent" else None
    mine = await conn.fetch(SQL.settle, claimed.id, step.status, step.place, step.tries, step.at, sent_at, claimed.tries)
    if step.status == "expired":
        await _untell(conn, mine)


async def alive(conn: db.Connection, addresses: Collection[str], *, now: datetime) -> set[str]:
    """Of these addresses, as they are kept, those that have not refused a notice of late."""
    return set(addresses) - {row["address"] for row in await conn.fetch(SQL.dead, sorted(addresses), now - DEAD_FOR)}


async def bury(conn: db.Connection, address: str, channel: str, why: str, *, now: datetime) -> bool:
    """An address refused a notice. Returns whether that is news."""
    return await conn.fetchval(SQL.bury, address, channel, now, why) is None


async def revive(conn: db.Connection, address: str) -> None:
    """An address took a notice."""
    await conn.execute(SQL.revive, address)


async def depth(conn: db.Connection, *, now: datetime) -> tuple[int, datetime | None]:
    """How many notices wait, and since when the oldest that is due does."""
    row = await conn.fetchrow(SQL.depth, now)
    assert row is not None
    return row["waiting"], row["oldest"]


async def listed(
    conn: db.Connection,
    *,
    manager_id: int | None = None,
    login: str | None = None,
    kind: str | None = None,
    statuses: Sequence[str] | None = None,
    below: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """What was told to whom, newest first, each with every try; JSON-ready."""
    rows = await conn.fetch(SQL.listed, manager_id, login, kind, statuses, below, limit)
    tries: dict[int, list[dict[str, Any]]] = {}
    for one in await conn.fetch(SQL.tries_of, [row["id"] for row in rows]) if rows else ():
        tries.setdefault(one["notice_id"], []).append(
            {
                "channel": one["channel"],
                "at": rfc3339(one["started_at"]),
                "ended_at": _at(one["ended_at"]),
                "outcome": one["outcome"],
                "why": one["why"],
            }
        )
    return [
        {
            "id": row["id"],
            "key": row["key"],
            "kind": row["kind"],
            "manager": row["manager"],
            "login": row["login"],
            "title": row["title"],
            "text": row["body"],
            "opens": row["opens"],
            "decided_at": rfc3339(row["decided_at"]),
            "good_until": rfc3339(row["good_until"]),
            "status": row["status"],
            "due_at": rfc3339(row["next_at"]) if row["status"] == "waiting" else None,
            "sent_at": _at(row["sent_at"]),
            "channel": next((one["channel"] for one in tries.get(row["id"], ()) if one["outcome"] == "sent"), None),
            "tries": tries.get(row["id"], []),
        }
        for row in rows
    ]


def _at(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment is not None else None
