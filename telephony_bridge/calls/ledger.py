"""SQL of the ledger. A call is found by (source, call_key); whoever calls this holds the pen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import orjson

from telephony_bridge import db
from telephony_bridge.calls.marks import repoint_words
from telephony_bridge.model import Call, Direction, Disposition, Match, Talk, Via, Weight

SQL = db.queries("ledger")


@dataclass(frozen=True, slots=True)
class Entry:
    """A call with all that was derived about it, ready to be written."""

    call: Call
    delivery_ids: tuple[int, ...]
    manager_id: int | None
    duty_manager_id: int | None
    day: date
    match: Match
    weight: Weight
    on_norm_lead: bool
    segment: str | None  # of the lead, as weighed
    entered_at: datetime | None = None  # since when the first of its candidates has the number


@dataclass(frozen=True, slots=True)
class Known:
    """A call the ledger already has: where it stood before this change."""

    id: int
    call_key: str
    manager_id: int | None
    number: str | None
    day: date
    lead_id: int | None
    delivery_ids: frozenset[int]
    settled: str | None
    personal: str | None


def read_call(row: db.Record) -> Call:
    """The facts of a ledger row."""
    return Call(
        call_key=row["call_key"],
        direction=Direction(row["direction"]),
        extension=row["extension"],
        number=row["number"],
        number_raw=row["number_raw"],
        started_at=row["started_at"],
        answered_at=row["answered_at"],
        ended_at=row["ended_at"],
        ring_seconds=row["ring_seconds"],
        talk_seconds=row["talk_seconds"],
        disposition=Disposition(row["disposition"]),
        hangup_cause=row["hangup_cause"],
        recording_url=row["recording_url"],
        via=Via(row["via"]),
        final=row["final"],
        talked=tuple(Talk(talk["extension"], talk["seconds"]) for talk in row["talked"]),
        settled=row["settled"],
        robot=row["robot"],
    )


async def known(conn: db.Connection, source_id: int, started: Iterable[date], keys: Iterable[str]) -> list[Known]:
    """Calls under any of these keys that started on these days or a neighbour."""
    days = sorted({day + timedelta(days=shift) for day in started for shift in (-1, 0, 1)})
    return [_known(row) for row in await conn.fetch(SQL.known, source_id, days, sorted(keys))]


async def told_by(conn: db.Connection, deliveries: Iterable[int]) -> list[Known]:
    """Calls that these deliveries told of when they were understood before."""
    return [_known(row) for row in await conn.fetch(SQL.told_by, sorted(deliveries))]


def _known(row: db.Record) -> Known:
    return Known(
        row["id"],
        row["call_key"],
        row["manager_id"],
        row["number"],
        row["day"],
        row["lead_id"],
        frozenset(row["delivery_ids"]),
        row["settled"],
        row["personal"],
    )


async def repeating(conn: db.Connection, ids: Iterable[int]) -> list[db.Record]:
    """Ledger rows of the calls that repeat these."""
    asked = sorted(ids)
    return list(await conn.fetch(SQL.repeating, asked)) if asked else []


def _columns(entries: Sequence[Entry]) -> list[Sequence[object]]:
    return list(
        zip(
            *(
                (
                    entry.call.call_key,
                    entry.call.started_at.astimezone(UTC).date(),
                    entry.call.direction,
                    entry.call.extension,
                    entry.call.number,
                    entry.call.number_raw,
                    entry.call.started_at,
                    entry.call.answered_at,
                    entry.call.ended_at,
                    entry.call.ring_seconds,
                    entry.call.talk_seconds,
                    entry.call.disposition,
                    entry.call.hangup_cause,
                    entry.call.recording_url,
                    entry.call.via,
                    entry.call.final,
                    entry.call.settled,
                    orjson.dumps([{"extension": talk.extension, "seconds": talk.seconds} for talk in entry.call.talked]).decode(),
                    orjson.dumps(sorted(entry.delivery_ids)).decode(),
                    entry.manager_id,
                    entry.duty_manager_id,
                    entry.day,
                    entry.match.lead_id,
                    orjson.dumps(entry.match.candidates).decode(),
                    entry.match.result,
                    entry.match.reason,
                    entry.weight.why_not_dial,
                    entry.weight.why_not_connect,
                    entry.on_norm_lead,
                    entry.segment,
                    entry.call.robot,
                )
                for entry in entries
            ),
            strict=True,
        )
    )


async def write(
    conn: db.Connection,
    source_id: int,
    new: Sequence[Entry],
    changed: Mapping[int, Entry],
    absorbed: Mapping[int, int | None],
    *,
    now: datetime,
) -> dict[str, int]:
    """Inserts new calls, updates changed ones by id, removes absorbed ones (id -> the id that absorbed it).

    Returns the id of every written call by its key.
    """
    survivors = {gone: into for gone, into in absorbed.items() if into is not None}
    if survivors:
        await conn.execute(SQL.repoint_comments, list(survivors), list(survivors.values()))
        await repoint_words(conn, survivors)
    if absorbed:
        await conn.execute(SQL.remove, list(absorbed))
    ids = {entry.call.call_key: id_ for id_, entry in changed.items()}
    if changed:
        await conn.execute(SQL.update, list(changed), now, *_columns(list(changed.values())))
    if new:
        for row in await conn.fetch(SQL.insert, source_id, now, *_columns(new)):
            ids[row["call_key"]] = row["id"]
    return ids


async def whole(conn: db.Connection, ids: Iterable[int]) -> list[db.Record]:
    """Ledger rows by id."""
    return list(await conn.fetch(SQL.whole, sorted(set(ids))))


async def listed(
    conn: db.Connection,
    *,
    call_id: int | None = None,
    day: date | None = None,
    manager_id: int | None = None,
    source: str | None = None,
    number: str | None = None,
    lead_id: int | None = None,
    seen_by: int | None = None,
    counted: str | None = None,
    claimed: bool | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 100,
) -> list[db.Record]:
    """Ledger rows with names of sources and managers, newest first; ``counted`` and ``claimed`` as its query has them."""
    started_at, last_id = after or (None, None)
    return list(
        await conn.fetch(
            SQL.listed, call_id, day, manager_id, source, number, lead_id, seen_by, counted, started_at, last_id, limit, claimed
        )
    )


async def of_leads(conn: db.Connection, leads: Iterable[int], since: datetime) -> list[db.Record]:
    """Ledger rows on these leads since a moment."""
    return list(await conn.fetch(SQL.of_leads, sorted(set(leads)), since))


async def of_lead_numbers(conn: db.Connection, leads: Sequence[int], *, since: date) -> list[int]:
    """Ids of calls since a day with a number of these leads, or on them already."""
    return [row["id"] for row in await conn.fetch(SQL.of_lead_numbers, leads, since)]


async def of_numbers(conn: db.Connection, numbers: Iterable[str], *, since: date) -> list[int]:
    """Ids of calls with these numbers since a day."""
    return [row["id"] for row in await conn.fetch(SQL.of_numbers, sorted(set(numbers)), since)]


async def of_people(conn: db.Connection, managers: Sequence[int], *, since: date) -> list[int]:
    """Ids of calls that are, or may become, these managers'."""
    return [row["id"] for row in await conn.fetch(SQL.of_people, since, managers)]


async def of_day(conn: db.Connection, day: date, managers: Sequence[int]) -> list[int]:
    """Ids of calls of a day that are these managers', or whose duty is theirs."""
    return [row["id"] for row in await conn.fetch(SQL.of_day, day, managers)]


async def undecided(conn: db.Connection, day: date) -> list[int]:
    """Ids of calls since a day of which no closed day has decided yet."""
    return [row["id"] for row in await conn.fetch(SQL.undecided, day)]


async def alike(conn: db.Connection, units: Iterable[tuple[date, str, int]]) -> list[db.Record]:
    """Ledger rows of each (day, number, manager)."""
    asked = sorted(set(units))
    if not asked:
        return []
    days, numbers, managers = zip(*asked, strict=True)
    return list(await conn.fetch(SQL.alike, days, numbers, managers))


async def attempts(
    conn: db.Connection, leads: Sequence[int], since: datetime, min_talk: int, of_source: Mapping[int, int]
) -> list[tuple[int, datetime]]:
    """(lead, when) of every dial to these leads and every conversation with them since a moment.

    ``min_talk`` seconds make a conversation, or what a source has of its own.
    """
    rows = await conn.fetch(SQL.attempts, leads, since, min_talk, list(of_source), list(of_source.values()))
    return [(row["lead_id"], row["started_at"]) for row in rows]


async def missed_and_returned(
    conn: db.Connection, numbers: Iterable[str], since: datetime, sources: Iterable[int]
) -> list[db.Record]:
    """Ledger rows, told by these sources since a moment, of those of these numbers of which a call was missed since."""
    return list(await conn.fetch(SQL.missed_and_returned, sorted(set(numbers)), since, sorted(sources)))


async def told_between(conn: db.Connection, sources: Iterable[int], since: datetime, until: datetime) -> list[db.Record]:
    """(id, day, number) of calls that these sources told of between two moments."""
    days = (since.astimezone(UTC).date(), until.astimezone(UTC).date())
    return list(await conn.fetch(SQL.told_between, sorted(sources), since, until, *days))


async def by_number(conn: db.Connection, units: Iterable[tuple[date, str]]) -> list[db.Record]:
    """Ledger rows of each (day, number), of every source."""
    asked = sorted(set(units))
    return list(await conn.fetch(SQL.by_number, *zip(*asked, strict=True))) if asked else []


async def point(conn: db.Connection, twins: Mapping[int, int | None]) -> None:
    """Call id -> id of the call it repeats, or None."""
    if twins:
        await conn.execute(SQL.point, list(twins), list(twins.values()))


async def weigh(conn: db.Connection, weights: Sequence[tuple[int, Weight, bool, str | None]]) -> None:
    """(id, weight, on a lead of a segment of his, the lead's segment) of calls whose weight changed."""
    if weights:
        await conn.execute(
            SQL.weigh,
            [id_ for id_, _, _, _ in weights],
            [weight.why_not_dial for _, weight, _, _ in weights],
            [weight.why_not_connect for _, weight, _, _ in weights],
            [on_lead for _, _, on_lead, _ in weights],
            [segment for _, _, _, segment in weights],
        )


async def judge(conn: db.Connection, words: Sequence[tuple[int, str, str, datetime | None]]) -> None:
    """(id, comment, next contact, when it got its comment) of calls for which that changed."""
    if words:
        await conn.execute(SQL.judge, *zip(*words, strict=True))


async def say_machine(conn: db.Connection, said: Mapping[int, bool]) -> None:
    """Call id -> whether a person says that an answering machine took it."""
    if said:
        await conn.execute(SQL.say_machine, list(said), list(said.values()))


async def claim(conn: db.Connection, said: Mapping[int, bool]) -> None:
    """Call id -> whether a person says that it was a conversation, though a short one."""
    if said:
        await conn.execute(SQL.claim, list(said), list(said.values()))


async def dials_of(conn: db.Connection, day: date, managers: Iterable[int]) -> dict[int, list[db.Record]]:
    """Manager -> what he dialled himself that day, in order; each dial once, whoever told of it."""
    found: dict[int, list[db.Record]] = {}
    for row in await conn.fetch(SQL.dials_of, day, sorted(set(managers))):
        found.setdefault(row["manager_id"], []).append(row)
    return found


async def expire(conn: db.Connection, ids: Sequence[int], which: str) -> None:
    """The deadline of ``which`` (comment, next_contact) has passed for these calls."""
    if ids:
        await conn.execute(SQL.expire, list(ids), which)


async def settle_overdue(conn: db.Connection, latest: Mapping[int, datetime], why: str) -> list[int]:
    """Calls whose end was never told become final; ``latest``: by source, when they began at the latest. Returns their ids."""
    ids = [row["id"] for row in await conn.fetch(SQL.overdue, list(latest), list(latest.values()))]
    if ids:
        await conn.execute(SQL.settle, ids, why)
    return ids
