"""Deliveries came: from what a PBX said, over whole sets of rows, to calls that are matched, weighed and judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from telephony_bridge import calls, db, deriving, marks, webhooks
from telephony_bridge.anew import derive_again
from telephony_bridge.book import Book, open_book, reach, utc_day
from telephony_bridge.days import days_ended
from telephony_bridge.errors import Malformed, Unreadable
from telephony_bridge.judging import judge_calls
from telephony_bridge.model import Call, Company, Delivery, Via
from telephony_bridge.owed import days_of_entry, judge_leads, judge_numbers
from telephony_bridge.webhooks import Source
from telephony_bridge.webhooks.dialects.engine import NO_CALL_YET, connected
from telephony_bridge.webhooks.dialects.reading import Row

BOOK_DAYS = 40  # how far back closings are read at first; older ones when a call asks for them


@dataclass(slots=True)
class Understood:
    """What became of a batch, for the counters: nothing here is needed again."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)  # (source, outcome)
    calls: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # (source, direction, disposition)
    matches: Counter[str] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)
    received: list[datetime] = field(default_factory=list)


@dataclass(slots=True)
class _Told:
    """Deliveries of one source, read: what each says and what could not be read."""

    rows: dict[int, Sequence[Row]] = field(default_factory=dict)
    partly: dict[int, str] = field(default_factory=dict)  # delivery -> what is wrong with some of its rows
    refused: dict[int, tuple[str, str]] = field(default_factory=dict)  # delivery -> (outcome, why)

    def read(self, source: Source, delivery: Delivery) -> None:
        try:
            self.rows[delivery.id] = source.dialect.read(delivery, source.installation)
        except Unreadable as said:
            if isinstance(said, Malformed) and said.rows:
                self.rows[delivery.id], self.partly[delivery.id] = said.rows, said.why
            else:
                self.refused[delivery.id] = ("malformed" if isinstance(said, Malformed) else "not_a_call", said.why)


async def deliveries_came(
    conn: db.Connection, batch: Sequence[tuple[int, Delivery]], *, company: Company, now: datetime
) -> Understood:
    """A batch, from what the PBX said to what people owe."""
    judged_at = await webhooks.inbox.take_pen(conn)
    story = Understood(received=[delivery.received_at for _, delivery in batch])
    book = await open_book(conn, company, since=utc_day(now) - timedelta(days=BOOK_DAYS))
    by_source: dict[int, list[Delivery]] = {}
    for source_id, delivery in batch:
        by_source.setdefault(source_id, []).append(delivery)
    for source_id, deliveries in by_source.items():
        await _source_told(conn, book, book.sources[source_id], deliveries, story, judged_at=judged_at, now=now)
    return story


async def _source_told(
    conn: db.Connection,
    book: Book,
    source: Source,
    deliveries: Sequence[Delivery],
    story: Understood,
    *,
    judged_at: datetime,
    now: datetime,
) -> None:
    told = _Told()
    for delivery in deliveries:
        told.read(source, delivery)
    fresh = set(told.rows)
    await webhooks.inbox.tie(conn, source.id, told.rows)
    formerly = await calls.told_by(conn, fresh | set(told.refused))
    others = {id_ for known in formerly for id_ in known.delivery_ids} - fresh - set(told.refused)
    await _read_again(conn, source, told, others)
    sets = await _whole_sets(conn, source, told, fresh | others)

    found: list[tuple[Call, tuple[int, ...]]] = []
    keys: set[str] = set()
    days: set[date] = set()
    for rows, ids in sets:
        keys |= {tie.removeprefix("id:") for row in rows for tie in row.ties if tie.startswith("id:")}
        days |= {utc_day(row.at) for row in rows}
        found += [(_by_true_time(call, source), ids) for call in source.dialect.tell(rows, source.installation)]
    days |= {utc_day(call.started_at) for call, _ in found}
    before = await calls.known(conn, source.id, days, keys)
    before += [known for known in formerly if known.id not in {one.id for one in before}]
    settled = {known.call_key: known.settled for known in before if known.settled is not None}
    await reach(conn, book, days | {known.day for known in before})
    made = await deriving.entries(conn, book, source.id, [(_as_heard(call, source, settled), ids) for call, ids in found])

    new, changed, absorbed = _settle_identity(made, before)
    for row in await calls.whole(conn, changed) if changed else ():
        changed[row["id"]] = deriving.keep_match(book, row, changed[row["id"]])
    personal = {known.id: known.personal for known in before}
    changed = {id_: marks.as_said(entry, personal[id_]) for id_, entry in changed.items()}
    orphans = await calls.repeating(conn, absorbed)
    ids_by_key = await calls.write(conn, source.id, new, changed, absorbed, now=now)
    told_again = others.union(*(ids for _, ids in sets))
    await _settle_deliveries(conn, told, fresh, told_again, found, ids_by_key, now=now)

    units = {(entry.day, entry.call.number, entry.manager_id) for entry in made}
    units |= {(known.day, known.number, known.manager_id) for known in before}
    twins = await deriving.find_twins(conn, book, {(day, number) for day, number, _ in units if number is not None})
    twins += orphans
    units |= {(row["day"], row["number"], row["manager_id"]) for row in twins}
    survivors = {into for into in absorbed.values() if into is not None}
    said = await marks.settle(conn, book, {day for day, _, _ in units}, survivors)
    await deriving.reweigh(conn, book, deriving.units_of(units))
    leads = {known.lead_id for known in before} - {None}
    opened = await judge_calls(
        conn,
        book,
        call_ids={*ids_by_key.values(), *(row["id"] for row in twins)},
        lead_ids=[id_ for id_ in leads if id_ is not None],
        gone=absorbed,
        judged_at=judged_at,
        now=now,
    )
    story.opened.update(opened)
    changed_ids = {*ids_by_key.values(), *absorbed, *(row["id"] for row in twins)}
    numbers = {(day, number) for day, number, _ in units}
    story.opened.update(await judge_numbers(conn, book, numbers, call_ids=changed_ids, judged_at=judged_at, now=now))
    dialled = {lead_id for entry in (*new, *changed.values()) for lead_id in entry.match.candidates} | {
        id_ for id_ in leads if id_ is not None
    }
    story.opened.update(await judge_leads(conn, book, dialled, judged_at=judged_at, now=now))
    manager_days = {(manager, day) for day, _, manager in units if manager is not None}
    unclosed = [day for id_, day in manager_days if (id_, day) not in book.closed and book.closes_at(id_, day) <= judged_at]
    if unclosed:
        await webhooks.inbox.told_late(conn, min(unclosed))
    manager_days |= _told_late(book, made) | await days_of_entry(conn, book, dialled)
    story.opened.update(await days_ended(conn, book, only=manager_days, closed_only=True, now=judged_at))

    if said:
        await derive_again(conn, book, said, leads=(), judged_at=judged_at, now=now)

    for delivery_id in (*fresh, *told.refused):
        outcome = told.refused.get(delivery_id, ("understood", ""))[0]
        story.outcomes[source.name, outcome] += 1
    for entry in new:
        story.calls[source.name, entry.call.direction, entry.call.disposition] += 1
        story.matches[entry.match.result] += 1


def _told_late(book: Book, made: Sequence[calls.Entry]) -> set[tuple[int, date]]:
    """Closed days of anybody in which late calls lie: they are evidence for all whom their PBX tells of (EC-38, EC-40)."""
    late = [entry.call.started_at for entry in made if (entry.manager_id, entry.day) in book.closed]
    return {pair for at in late for id_ in book.handles if (pair := (id_, book.day(id_, at))) in book.closed}


def _by_true_time(call: Call, source: Source) -> Call:
    """A call of a PBX whose clock is known to be wrong, by the true time (EC-66)."""
    ahead = source.clock_ahead
    if not ahead:
        return call
    answered_at, ended_at = (at - ahead if at is not None else None for at in (call.answered_at, call.ended_at))
    return replace(call, started_at=call.started_at - ahead, answered_at=answered_at, ended_at=ended_at)


def _as_heard(call: Call, source: Source, settled: Mapping[str, str]) -> Call:
    """A call that was settled stays so until its end is told: another event of its middle reopens nothing.

    A CRM's word is no proof of the road: what the PBX did not see does not count.
    """
    if source.installation.is_crm:
        call = replace(call, via=Via.UNKNOWN)
    why = settled.get(call.call_key)
    return call if call.final or why is None else replace(call, final=True, settled=why)


async def _whole_sets(
    conn: db.Connection, source: Source, told: _Told, asking: set[int]
) -> list[tuple[list[Row], tuple[int, ...]]]:
    """The connected sets that the asking deliveries belong to, completed by what was kept before: (rows, delivery ids)."""
    asked: set[tuple[date, str]] = set()
    while True:
        bearer: dict[Row, set[int]] = {}
        for delivery_id, rows in told.rows.items():
            for row in rows:
                bearer.setdefault(row, set()).add(delivery_id)
        sets = []
        for rows in connected(list(bearer)):
            ids = set().union(*(bearer[row] for row in rows))
            if ids & asking:
                sets.append((rows, tuple(sorted(ids))))
        unasked = [row for rows, _ in sets for row in rows if any((utc_day(row.at), tie) not in asked for tie in row.ties)]
        if not unasked:
            return sets
        asked |= {(utc_day(row.at), tie) for row in unasked for tie in row.ties}
        missing = await webhooks.inbox.tied(conn, source.id, unasked) - set(told.rows) - set(told.refused)
        await _read_again(conn, source, told, missing)


async def _read_again(conn: db.Connection, source: Source, told: _Told, ids: set[int]) -> None:
    """Rows of deliveries whose own turn this is not; what is wrong with one is for its turn to say."""
    for _, delivery in await webhooks.inbox.by_ids(conn, ids) if ids else ():
        seen = _Told()
        seen.read(source, delivery)
        told.rows[delivery.id] = seen.rows.get(delivery.id, [])


def _settle_identity(
    made: Sequence[calls.Entry], before: Sequence[calls.Known]
) -> tuple[list[calls.Entry], dict[int, calls.Entry], dict[int, int | None]]:
    """New calls, calls that were known (by id), and known calls that are no more (id -> what absorbed it).

    A call keeps its id when an earlier row gives it another key: it takes over the known call its deliveries told of.
    """
    free = {known.call_key: known for known in before}
    new: list[calls.Entry] = []
    changed: dict[int, calls.Entry] = {}
    strangers: list[calls.Entry] = []
    for entry in made:
        known = free.pop(entry.call.call_key, None)
        if known is None:
            strangers.append(entry)
        else:
            changed[known.id] = entry
    for entry in strangers:
        mine = set(entry.delivery_ids)
        heirs = sorted((known.id, known.call_key) for known in free.values() if known.delivery_ids & mine)
        if heirs:
            changed[heirs[0][0]] = entry
            del free[heirs[0][1]]
        else:
            new.append(entry)
    absorbed: dict[int, int | None] = {}
    for known in free.values():
        into = [id_ for id_, entry in changed.items() if known.delivery_ids & set(entry.delivery_ids)]
        absorbed[known.id] = min(into) if into else None
    return new, changed, absorbed


async def _settle_deliveries(
    conn: db.Connection,
    told: _Told,
    fresh: set[int],
    told_again: set[int],
    found: Sequence[tuple[Call, tuple[int, ...]]],
    ids_by_key: dict[str, int],
    *,
    now: datetime,
) -> None:
    """What became of the fresh deliveries, and which calls those that were here before tell of now."""
    spoke: dict[int, list[int]] = {}
    for call, delivery_ids in found:
        for delivery_id in delivery_ids:
            spoke.setdefault(delivery_id, []).append(ids_by_key[call.call_key])
    outcomes: dict[int, tuple[str, str | None, Sequence[int]]] = {
        delivery_id: (
            "understood",
            told.partly.get(delivery_id) or (None if delivery_id in spoke else NO_CALL_YET),
            spoke.get(delivery_id, []),
        )
        for delivery_id in fresh
    }
    outcomes |= {delivery_id: (outcome, why, []) for delivery_id, (outcome, why) in told.refused.items()}
    await webhooks.inbox.settle(conn, outcomes, now=now)
    await webhooks.inbox.retell(conn, {id_: spoke.get(id_, []) for id_ in told_again - fresh}, NO_CALL_YET)
