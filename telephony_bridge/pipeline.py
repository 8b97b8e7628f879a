"""The stories of the house, told in its own words: deliveries came · the CRM changed · a deadline passed · a day ended.

Every story takes a list, runs inside the caller's transaction and holds the pen: derived facts have one writer at a time.
Told twice, a story changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from telephony_bridge import calls, crm, db, deriving, marks, violations, webhooks
from telephony_bridge.claims import claimed_between
from telephony_bridge.days import board, days_ended, days_under_way, planned_contacts, reports, to_close
from telephony_bridge.deriving import Book, open_book
from telephony_bridge.errors import Malformed, Refused, Unreadable
from telephony_bridge.model import Call, Company, Delivery, Via
from telephony_bridge.owed import judge_leads, judge_numbers, owed_by
from telephony_bridge.passing import READ_REACH, card_read, hand_over, judge_cards, preview_handover
from telephony_bridge.sweep import sweep_base
from telephony_bridge.webhooks import Source
from telephony_bridge.webhooks.dialects.engine import NO_CALL_YET, connected
from telephony_bridge.webhooks.dialects.reading import Row

__all__ = [
    "Company",
    "Understood",
    "board",
    "calendar_changed",
    "calls_marked",
    "card_read",
    "days_reopened",
    "deliveries_came",
    "dispute",
    "hand_over",
    "hold",
    "leads_changed",
    "norms_changed",
    "notes_came",
    "numbers_changed",
    "people_changed",
    "planned_contacts",
    "preview_handover",
    "replay",
    "reports",
    "silence_settled",
    "time_passed",
]

BOOK_DAYS = 40  # how far back closings are read; older days are closed for good
NOTE_REACH = timedelta(days=31)  # how old a call may be that a comment is still about


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


async def hold(conn: db.Connection) -> None:
    """Takes the pen before facts are written that other stories read: two people enter the same lead one after the other."""
    await webhooks.inbox.take_pen(conn)


async def dispute(conn: db.Connection, violation_id: int, *, author: str, reason: str, company: Company, now: datetime) -> None:
    """A manager contests a violation, within three working days of his by what time has been watched (EC-68)."""
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=deriving.utc_day(now))

    def is_in_time(manager_id: int, opened_at: datetime) -> bool:
        return min(now, judged_at) <= book.working_days_later(manager_id, opened_at, violations.DISPUTE_DAYS)

    await violations.dispute(conn, violation_id, author=author, reason=reason, is_in_time=is_in_time, now=now)


async def deliveries_came(
    conn: db.Connection, batch: Sequence[tuple[int, Delivery]], *, company: Company, now: datetime
) -> Understood:
    """A batch, from what the PBX said to what people owe."""
    judged_at = await webhooks.inbox.take_pen(conn)
    story = Understood(received=[delivery.received_at for _, delivery in batch])
    book = await open_book(conn, company, since=deriving.utc_day(now) - timedelta(days=BOOK_DAYS))
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
        days |= {deriving.utc_day(row.at) for row in rows}
        found += [(_by_true_time(call, source), ids) for call in source.dialect.tell(rows, source.installation)]
    days |= {deriving.utc_day(call.started_at) for call, _ in found}
    before = await calls.known(conn, source.id, days, keys)
    before += [known for known in formerly if known.id not in {one.id for one in before}]
    settled = {known.call_key: known.settled for known in before if known.settled is not None}
    await deriving.reach(conn, book, days | {known.day for known in before})
    made = await deriving.entries(conn, book, source.id, [(_as_heard(call, source, settled), ids) for call, ids in found])

    new, changed, absorbed = _settle_identity(made, before)
    for row in await calls.whole(conn, changed) if changed else ():
        changed[row["id"]] = deriving.keep_match(row, changed[row["id"]])
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
    await deriving.reweigh(conn, book, _units(units))
    leads = {known.lead_id for known in before} - {None}
    opened = await deriving.judge_calls(
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
    dialled = {entry.match.lead_id for entry in (*new, *changed.values()) if entry.match.lead_id is not None} | {
        id_ for id_ in leads if id_ is not None
    }
    story.opened.update(await judge_leads(conn, book, dialled, judged_at=judged_at, now=now))
    manager_days = {(manager, day) for day, _, manager in units if manager is not None}
    story.opened.update(await days_ended(conn, book, only=manager_days, closed_only=True, now=judged_at))

    if said:
        await _derive_again(conn, book, said, leads=(), judged_at=judged_at, now=now)

    for delivery_id in (*fresh, *told.refused):
        outcome = told.refused.get(delivery_id, ("understood", ""))[0]
        story.outcomes[source.name, outcome] += 1
    for entry in new:
        story.calls[source.name, entry.call.direction, entry.call.disposition] += 1
        story.matches[entry.match.result] += 1


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


def _units(units: Iterable[tuple[date, str | None, int | None]]) -> set[tuple[date, str, int]]:
    return {(day, number, manager) for day, number, manager in units if number is not None and manager is not None}


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
        unasked = [
            row for rows, _ in sets for row in rows if any((deriving.utc_day(row.at), tie) not in asked for tie in row.ties)
        ]
        if not unasked:
            return sets
        asked |= {(deriving.utc_day(row.at), tie) for row in unasked for tie in row.ties}
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


async def notes_came(conn: db.Connection, lead_ids: Iterable[int], *, at: datetime, company: Company, now: datetime) -> None:
    """Comments or next dates were written on leads as of ``at``: what their calls owe is judged anew; whose they are stays."""
    judged_at = await webhooks.inbox.take_pen(conn)
    since = min(at, now) - NOTE_REACH
    book = await open_book(conn, company, since=deriving.utc_day(since))
    leads = set(lead_ids)
    await deriving.judge_calls(conn, book, call_ids=(), lead_ids=leads, since=since, judged_at=judged_at, now=now)
    await judge_leads(conn, book, leads, judged_at=judged_at, now=now)
    if book.rules.ever("norm_needs_comment", "true"):  # a comment weighs there, also one of before a day's close told after it
        weighed = await calls.of_leads(conn, leads, since)
        manager_days = {(row["manager_id"], row["day"]) for row in weighed}
        await days_ended(conn, book, only=manager_days, closed_only=True, now=judged_at)


async def leads_changed(conn: db.Connection, lead_ids: Iterable[int], *, at: datetime, company: Company, now: datetime) -> None:
    """Leads or their phones changed as of ``at``: match, weigh and judge the calls since a week before it (EC-15)."""
    judged_at = await webhooks.inbox.take_pen(conn)
    leads = sorted(set(lead_ids))
    since = deriving.utc_day(min(at, now)) - timedelta(days=BOOK_DAYS)
    book = await open_book(conn, company, since=since)
    day = book.day(None, min(at, now))
    backfill = timedelta(days=book.setting("match_backfill", None, day))
    touched = await calls.of_lead_numbers(conn, leads, since=day - backfill)
    await _derive_again(conn, book, touched, leads=leads, judged_at=judged_at, now=now)
    await judge_cards(conn, book, leads, judged_at=judged_at, now=now)


async def numbers_changed(conn: db.Connection, numbers: Iterable[str], *, company: Company, now: datetime) -> None:
    """Numbers became, or are no longer, never a client's (EC-22 to EC-26): their recent calls are matched and judged anew."""
    judged_at = await webhooks.inbox.take_pen(conn)
    since = deriving.utc_day(now) - timedelta(days=BOOK_DAYS)
    book = await open_book(conn, company, since=since)
    touched = await calls.of_numbers(conn, numbers, since=since)
    await _derive_again(conn, book, touched, leads=(), judged_at=judged_at, now=now)


async def calls_marked(conn: db.Connection, call_ids: Iterable[int], *, company: Company, now: datetime) -> None:
    """People said of calls that they are private (EC-25) or conversations though short (EC-33): they are judged anew."""
    judged_at = await webhooks.inbox.take_pen(conn)
    rows = await calls.whole(conn, call_ids)
    days = {row["day"] for row in rows}
    book = await open_book(conn, company, since=min(days, default=deriving.utc_day(now)))
    touched = await marks.settle(conn, book, days, [row["id"] for row in rows])
    await _derive_again(conn, book, touched, leads=(), judged_at=judged_at, now=now)


async def silence_settled(conn: db.Connection, start: datetime, end: datetime, *, company: Company, now: datetime) -> None:
    """A silence was settled as outage or pause (EC-40): the closed days it lies in are judged anew."""
    judged_at = await webhooks.inbox.take_pen(conn)
    first, last = deriving.utc_day(start) - timedelta(days=1), deriving.utc_day(end) + timedelta(days=1)
    book = await open_book(conn, company, since=first)
    days = [first + timedelta(days=shift) for shift in range((last - first).days + 1)]
    touched = {(manager_id, day) for manager_id in book.handles for day in days}
    owing, promised = await owed_by(conn, list(book.handles), first - timedelta(days=31))
    owing |= {row["id"] for row in await claimed_between(conn, book, start, end)}
    await judge_leads(conn, book, promised, judged_at=judged_at, now=now)
    await _judge_numbers_of(conn, book, owing, judged_at=judged_at, now=now)
    await days_ended(conn, book, only=touched, closed_only=True, now=judged_at)


async def calendar_changed(conn: db.Connection, day: date, *, company: Company, now: datetime) -> None:
    """A day became free, worked or shorter (EC-54): closed days are judged anew, promises of that day fall on another."""
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=min(day, deriving.utc_day(now) - timedelta(days=BOOK_DAYS)))
    owing, promised = await owed_by(conn, list(book.handles), day - timedelta(days=7))
    await _judge_numbers_of(conn, book, owing, judged_at=judged_at, now=now)
    await judge_leads(conn, book, promised, judged_at=judged_at, now=now)
    await _judge_reading(conn, book, None, day, judged_at=judged_at, now=now)
    await days_ended(conn, book, only={(manager_id, day) for manager_id in book.handles}, closed_only=True, now=judged_at)


async def people_changed(
    conn: db.Connection, manager_ids: Iterable[int], *, since: date, company: Company, now: datetime
) -> None:
    """Extensions, schedules or absences changed: the calls since that day find their manager and day anew (EC-52, EC-59)."""
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=since)
    managers = list(manager_ids)
    owing, promised = await owed_by(conn, managers, since - timedelta(days=7))  # what a weekend moved onto that day, too
    touched = owing.union(await calls.of_people(conn, managers, since=since))
    await _derive_again(conn, book, touched, leads=sorted(promised), judged_at=judged_at, now=now)
    await _judge_reading(conn, book, managers, since, judged_at=judged_at, now=now)


async def norms_changed(conn: db.Connection, *, company: Company, since: date, now: datetime) -> None:
    """Norms or policy changed from a day on: what no closed day has decided yet is judged anew (R3)."""
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=since)
    await _derive_again(conn, book, await calls.undecided(conn, since), leads=(), judged_at=judged_at, now=now)
    await _judge_reading(conn, book, None, since, judged_at=judged_at, now=now)


async def _judge_reading(
    conn: db.Connection, book: Book, managers: Sequence[int] | None, since: date, *, judged_at: datetime, now: datetime
) -> None:
    """Cards handed over to these managers, or to anybody, whose reading may be due since a day (V18)."""
    began = datetime.combine(since, time(), book.company.zone) - READ_REACH
    await judge_cards(conn, book, await crm.leads_given(conn, managers, began), judged_at=judged_at, now=now)


async def _derive_again(
    conn: db.Connection, book: Book, call_ids: Iterable[int], *, leads: Sequence[int], judged_at: datetime, now: datetime
) -> None:
    """Who, whose lead, what it counts for and what is owed, for calls the ledger already has."""
    rows = await calls.whole(conn, call_ids)
    await deriving.reach(conn, book, (row["day"] for row in rows))
    by_source: dict[int, list[db.Record]] = {}
    for row in rows:
        by_source.setdefault(row["source_id"], []).append(row)
    units: set[tuple[date, str | None, int | None]] = {(row["day"], row["number"], row["manager_id"]) for row in rows}
    for source_id, mine in by_source.items():
        made = await deriving.entries(conn, book, source_id, [(calls.read_call(row), tuple(row["delivery_ids"])) for row in mine])
        kept = [marks.as_said(deriving.keep_match(row, entry), row["personal"]) for row, entry in zip(mine, made, strict=True)]
        await calls.write(conn, source_id, [], {row["id"]: entry for row, entry in zip(mine, kept, strict=True)}, {}, now=now)
        units |= {(entry.day, entry.call.number, entry.manager_id) for entry in kept}
    twins = await deriving.find_twins(conn, book, {(day, number) for day, number, _ in units if number is not None})
    units |= {(row["day"], row["number"], row["manager_id"]) for row in twins}
    said = await marks.settle(conn, book, {day for day, _, _ in units}, ())
    await deriving.reweigh(conn, book, _units(units))
    old_leads = {row["lead_id"] for row in rows if row["lead_id"] is not None}
    await deriving.judge_calls(
        conn, book, call_ids={row["id"] for row in (*rows, *twins)}, lead_ids=old_leads | set(leads), judged_at=judged_at, now=now
    )
    await judge_numbers(
        conn,
        book,
        {(day, number) for day, number, _ in units},
        call_ids={row["id"] for row in (*rows, *twins)},
        judged_at=judged_at,
        now=now,
    )
    await judge_leads(conn, book, old_leads | set(leads), judged_at=judged_at, now=now)
    manager_days = {(manager, day) for day, _, manager in units if manager is not None}
    await days_ended(conn, book, only=manager_days, closed_only=True, now=judged_at)
    if said:  # what they show is settled now: the second time there is nothing left
        await _derive_again(conn, book, said, leads=sorted(old_leads), judged_at=judged_at, now=now)


async def _judge_numbers_of(
    conn: db.Connection, book: Book, call_ids: Iterable[int], *, judged_at: datetime, now: datetime
) -> dict[str, int]:
    rows = await calls.whole(conn, call_ids)
    units = {(row["day"], row["number"]) for row in rows}
    return await judge_numbers(conn, book, units, call_ids={row["id"] for row in rows}, judged_at=judged_at, now=now)


async def time_passed(conn: db.Connection, *, company: Company, now: datetime) -> tuple[dict[str, int], bool]:
    """Deadlines that passed and days that ended. Returns (violations opened by code, whether more may be waiting).

    Only here time moves on: the other stories judge as of the last look, so that a deadline passes for all at once. Where a
    connector reads another CRM, time goes no further than that CRM has been read (EC-41).
    """
    judged_before = await webhooks.inbox.take_pen(conn)
    seen_until = await crm.seen_until(conn)
    judged_at = now if seen_until is None or seen_until >= now else max(judged_before, seen_until)
    await webhooks.inbox.judge_until(conn, judged_at)
    opened: Counter[str] = Counter()
    await violations.reminders_due(conn, now=judged_at)
    passed = await violations.deadlines_passed(conn, now=judged_at)
    opened.update(code for code, _, _ in passed)
    for code, column in (("V01", "comment"), ("V02", "comment"), ("V03", "next_contact")):
        await calls.expire(conn, [int(subject) for found, _, subject in passed if found == code], column)
    book = await open_book(conn, company, since=deriving.utc_day(now) - timedelta(days=BOOK_DAYS))
    overdue = {source.id: now - source.settle_after for source in book.sources.values()}
    settled = await calls.settle_overdue(conn, overdue, "end_not_told")
    if settled:
        await _derive_again(conn, book, settled, leads=(), judged_at=judged_at, now=now)
    uncalled = await violations.leads_due(conn, now=judged_at)
    opened.update(await judge_leads(conn, book, uncalled, judged_at=judged_at, now=judged_at))
    unseen = await violations.calls_due(conn, now=judged_at)
    opened.update(await _judge_numbers_of(conn, book, unseen, judged_at=judged_at, now=judged_at))
    await days_under_way(conn, book, now=now)
    ended = await to_close(conn, book, now=judged_at)
    opened.update(await days_ended(conn, book, only=ended, closed_only=False, now=judged_at))
    opened.update(await sweep_base(conn, book, ended, now=judged_at))
    return dict(opened), bool(passed or settled or uncalled or unseen)


async def days_reopened(
    conn: db.Connection, day: date, managers: Iterable[int], *, author: str, reason: str, company: Company, now: datetime
) -> None:
    """A supervisor has closed days judged anew by all that is known now: later leads, rules, moves; then they are closed again.

    Raises ``Refused`` when none of them is closed.
    """
    judged_at = await webhooks.inbox.take_pen(conn)
    book = await open_book(conn, company, since=day)
    pairs = {(manager_id, day) for manager_id in managers} & set(book.closed)
    if not pairs:
        raise Refused(f"{day} is not closed for them yet: it is judged by what is known then")
    book.reopen(pairs)
    touched = await calls.of_day(conn, day, sorted(manager_id for manager_id, _ in pairs))
    await _derive_again(conn, book, touched, leads=(), judged_at=judged_at, now=now)
    await days_ended(conn, book, only=pairs, closed_only=False, reopened=(author, reason), now=judged_at)


async def replay(conn: db.Connection, delivery_ids: Sequence[int], *, now: datetime) -> int:
    """These deliveries wait again, to be understood by today's parser; returns how many."""
    return await webhooks.inbox.reopen(conn, delivery_ids, now=now)
