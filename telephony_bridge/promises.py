"""Promises against the calls that were made: V09 and V15 of planned contacts, V14 and V17 of leads entered and given up.

As the facts stand in this transaction, for the leads asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from datetime import date, datetime, timedelta

from telephony_bridge import calls, db, silence, violations
from telephony_bridge.book import Book
from telephony_bridge.norms import calendar
from telephony_bridge.violations import Exemption, Finding, promise_due
from telephony_bridge.violations.promises import Holding, Promise, holdings, is_judged, kept_at, pushed

LEAD_CODES = ("V14", "V15", "V17")
REACH = timedelta(days=120)  # how old a planned contact may be that calls still speak about
_Owed = tuple[Finding, date]  # what is owed, and the day on which the PBX would have seen it done


async def judge_promises(
    conn: db.Connection, book: Book, lead_ids: Iterable[int], *, judged_at: datetime, now: datetime
) -> dict[str, int]:
    """V09 of each planned contact of these leads, V14, V15 and V17 of the leads; returns how many opened, by code."""
    leads = sorted(set(lead_ids))
    if not leads:
        return {}
    since = now - REACH
    promises = await violations.promises_of(conn, leads, since)
    attempts: dict[int, list[datetime]] = {}
    min_talk = book.setting("min_talk", None, book.day(None, now))
    of_source = {source.id: source.min_talk for source in book.sources.values() if source.min_talk is not None}
    for lead_id, at in await calls.attempts(conn, leads, since, min_talk, of_source):
        attempts.setdefault(lead_id, []).append(at)
    entered = [told for told in await violations.entered(conn, leads, since) if told[1] in book.handles]
    spoken = {lead_id: list(at) for lead_id, at in attempts.items()}  # a meeting is an attempt, and no call (EC-49)
    for meeting in await violations.meetings_on(conn, leads, since):
        if meeting.by_person:
            spoken.setdefault(meeting.lead_id, []).append(meeting.started_at)
    exempt = await violations.exemptions_of(conn, leads)

    def unattempted(deaf: Set[tuple[int, date]]) -> tuple[list[_Owed], list[_Owed]]:
        missed = [
            _missed(book, one, holding, spoken.get(one.lead_id, []), exempt.get(one.lead_id, ()), deaf)
            for one in promises
            for holding in holdings(one)
        ]
        uncalled = [_uncalled(book, lead, author, at, attempts.get(lead, []), deaf) for lead, author, at in entered]
        return [one for one in missed if one is not None], uncalled

    missed, uncalled = unattempted(await _deaf_days(conn, book, unattempted, now=judged_at))
    opened = await violations.judge(
        conn,
        "planned",
        [str(one.id) for one in promises],
        [found for found, _ in missed],
        codes=("V09",),
        now=judged_at,
        at=now,
    )
    by_lead: dict[int, list[Promise]] = {}
    for one in promises:
        by_lead.setdefault(one.lead_id, []).append(one)
    too_often = [found for lead_id, mine in by_lead.items() for found in _pushed(book, mine, spoken.get(lead_id, []))]
    given_up = [
        _given_up(book, lead_id, manager_id, at, conversations)
        for lead_id, manager_id, at, conversations in await violations.given_up(conn, leads, min_talk, of_source)
        if conversations < book.setting("close_min_contacts", manager_id, book.day(manager_id, at))
    ]
    subjects = [str(lead_id) for lead_id in leads]
    findings = [*too_often, *(found for found, _ in uncalled), *given_up]
    return opened | await violations.judge(
        conn, "lead", subjects, findings, codes=LEAD_CODES, since=since.date(), now=judged_at, at=now
    )


def _given_up(book: Book, lead_id: int, manager_id: int, at: datetime, conversations: int) -> Finding:
    """A lead given up after too few conversations; taking it up again corrects it, a supervisor may excuse it (R12)."""
    return Finding(
        code="V17",
        subject_kind="lead",
        subject_id=str(lead_id),
        manager_id=manager_id,
        day=book.day(manager_id, at),
        due_at=at,
        met_at=None,
        evidence={"lead": lead_id, "conversations": conversations},
        policy_version=book.version(manager_id, book.day(manager_id, at)),
        at_once=True,
    )


def _uncalled(
    book: Book, lead_id: int, author_id: int, entered_at: datetime, attempts: list[datetime], deaf: Set[tuple[int, date]]
) -> _Owed:
    """A lead entered and not dialled by the close of the next working day; one dialled first and entered then is no debt."""
    day = book.day(author_id, entered_at)
    dialled = min(attempts, default=None)
    met_at = max(dialled, entered_at) if dialled is not None else None
    due_day = _heard_day(book, author_id, day + timedelta(days=1), met_at, deaf) or day + timedelta(days=1)
    found = Finding(
        code="V14",
        subject_kind="lead",
        subject_id=str(lead_id),
        manager_id=author_id,
        day=day,
        due_at=book.closes_at(author_id, due_day),
        met_at=met_at,
        evidence={"lead": lead_id, "entered_at": entered_at.isoformat()},
        policy_version=book.version(author_id, day),
    )
    return found, due_day


def _heard_day(book: Book, manager_id: int, first: date, met_at: datetime | None, deaf: Set[tuple[int, date]]) -> date | None:
    """The day a promise falls on: a weekend's or an absence's is kept on the next working day (EC-48, EC-51).

    So is what was not kept on a day on which the PBX was not heard: that it saw no dial proves nothing (EC-40).
    """
    day = calendar.working_day(book.schedule(manager_id), first)
    while day is not None and (manager_id, day) in deaf and (met_at is None or met_at > book.closes_at(manager_id, day)):
        day = calendar.working_day(book.schedule(manager_id), day + timedelta(days=1))
    return day


async def _deaf_days(
    conn: db.Connection,
    book: Book,
    unattempted: Callable[[Set[tuple[int, date]]], tuple[list[_Owed], list[_Owed]]],
    *,
    now: datetime,
) -> Set[tuple[int, date]]:
    """(manager, day) on which something would be missed and the PBX was not heard; what moves on from one may meet the next."""
    deaf: set[tuple[int, date]] = set()
    while True:
        missed, uncalled = unattempted(deaf)
        overdue = {
            (one.manager_id, due_day)
            for one, due_day in (*missed, *uncalled)
            if one.due_at <= now and (one.met_at is None or one.met_at > one.due_at)
        }
        fresh = await silence.unheard(conn, book, overdue - deaf, now=now) if overdue else set()
        if not fresh - deaf:
            return deaf
        deaf |= fresh


def _missed(
    book: Book,
    promise: Promise,
    holding: Holding,
    attempts: list[datetime],
    exemptions: Sequence[Exemption],
    deaf: Set[tuple[int, date]],
) -> _Owed | None:
    """What one manager owes of a planned contact; who got it by a hand-over has until his next working day at least (R23)."""
    manager_id = holding.manager_id
    if manager_id is None or manager_id not in book.handles:
        return None
    due_day = book.day(manager_id, promise.due_at)
    met_at = kept_at(promise, attempts, since=book.day_bounds(manager_id, due_day)[0])
    falls_at = promise_due(promise.due_at, exemptions, met_at)
    if falls_at is None:
        return None
    first = book.day(manager_id, falls_at)
    if holding.since is not None:
        first = max(first, book.day(manager_id, holding.since) + timedelta(days=1))
    day = _heard_day(book, manager_id, first, met_at, deaf)
    if day is None or not is_judged(promise, holding, book.closes_at(manager_id, day)):
        return None
    found = Finding(
        code="V09",
        subject_kind="planned",
        subject_id=str(promise.id),
        manager_id=manager_id,
        day=day,
        due_at=book.closes_at(manager_id, day),
        met_at=met_at,
        evidence={"lead": promise.lead_id, "planned": promise.id, "basis": promise.basis},
        policy_version=book.version(manager_id, day),
    )
    return found, day


def _pushed(book: Book, promises: list[Promise], attempts: list[datetime]) -> list[Finding]:
    found = []
    for push in pushed(promises, attempts):
        manager_id = push.promise.author_id or holdings(push.promise)[0].manager_id
        if manager_id is None or manager_id not in book.handles:
            continue
        at = push.promise.set_at
        found.append(
            Finding(
                code="V15",
                subject_kind="lead",
                subject_id=str(push.promise.lead_id),
                manager_id=manager_id,
                day=book.day(manager_id, at),
                due_at=at,
                met_at=push.met_at,
                evidence={"lead": push.promise.lead_id, "planned": push.promise.id, "moves": push.moves},
                policy_version=book.version(manager_id, book.day(manager_id, at)),
                at_once=True,
            )
        )
    return found
