"""A past period under other settings: judged again by the same code on copies of the tables, and nothing is written (R3).

Both sides of the comparison are judged again with leads and people as they are today, so that what differs is the settings'
doing alone; where judging again under the settings in force differs from the boards as they stand, the answer says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar

from telephony_bridge import calls, db, deriving, norms, people, violations, webhooks
from telephony_bridge.book import Book, Closed, open_book
from telephony_bridge.days import METRICS, days_ended, manager_days
from telephony_bridge.errors import Refused
from telephony_bridge.judging import judge_calls
from telephony_bridge.model import Company, Verdict
from telephony_bridge.owed import judge_leads, judge_numbers

SQL = db.queries("whatif")
T = TypeVar("T")
LONGEST = 62  # days
VERDICTS = (Verdict.MET, Verdict.TARGET, Verdict.NOT_MET, Verdict.NOT_EVALUATED, Verdict.PENDING)
_LEADS = 100  # whose calls are judged at once: within a batch each call is held against each comment
_OWING = 2000  # leads or numbers: for each batch the silences of all its days are looked up
_BACK = timedelta(days=31)  # how far before the period dials of its new leads and dates of its days may lie
_AHEAD = timedelta(days=30)  # of the period: from there promises look back beyond its beginning
_DAY = timedelta(days=1)
_MOVES_CALLS = {"day_boundary", "min_talk"}  # settings by which a call is another day's, or another's to comment
NOT_TRIED = {
    "match_backfill": "which calls a lead found when it was entered is not looked at again",
    "private_limit": "which calls are private is not settled again",
    "max_horizon": "what was refused when a date was set is not known any more",
    "presets": "it only offers dates",
    "handover_read": "whether cards that were handed over were read in time is not judged again",
}
_EVER = 2**63 - 1  # above every id


@dataclass(frozen=True, slots=True)
class TriedValue:
    """A setting as typed, and for whom it would hold."""

    name: str
    value: str
    team: str | None = None
    manager: str | None = None
    segment: str | None = None


@dataclass(frozen=True, slots=True)
class TriedNorm:
    """A norm, and for whom it would hold."""

    metric: str
    segment: str
    min: int
    target: int
    team: str | None = None
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """What is tried, all at once."""

    policy: Sequence[TriedValue] = ()
    norms: Sequence[TriedNorm] = ()


@dataclass(frozen=True, slots=True)
class _Line:
    """A manager's day as it comes out; ``verdict`` is None where no shift is scheduled."""

    verdict: Verdict | None
    counted: Mapping[str, int]
    opened: Mapping[str, int]  # violations that opened, by code; excused ones are none


_Board = dict[tuple[int, date], _Line]


@dataclass(frozen=True, slots=True)
class _Period:
    """The days that are judged, and from when on."""

    first: date
    last: date
    judged_at: datetime
    now: datetime

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=shift) for shift in range((self.last - self.first).days + 1)]

    @property
    def begins(self) -> datetime:
        """Early enough for any time zone."""
        return datetime.combine(self.first - _DAY, time(), UTC)


async def try_settings(
    apart: db.Apart,
    tried: Tried,
    first: date,
    last: date,
    *,
    company: Company,
    now: datetime,
    told: Callable[[float], None] = lambda _: None,
) -> dict[str, Any]:
    """What would change in each manager's days, both inclusive, had these held since the first of them; JSON-ready.

    ``told`` hears how much of the work is done, from 0 to 1. Raises ``Refused`` or ``NotFound`` naming what is wrong.
    """
    _check(tried, first, last, today=now.astimezone(company.zone).date())
    async with apart(_copies(first, last)) as conn:
        period = _Period(first, last, await webhooks.inbox.take_pen(conn), now)
        in_force = await open_book(conn, company, since=first - _BACK)
        rules = await _rules_under(conn, in_force.rules, tried, period)
        other = await open_book(conn, company, since=first - _BACK, rules=rules)
        _close_as_would_be(other, in_force, period)
        as_it_stands = await _board(conn, in_force, period)
        reach = bool(tried.policy)  # norms concern days alone
        await _judge_again(conn, in_force, period, calls_too=reach, told=lambda part: told(part / 2))
        before = await _board(conn, in_force, period)
        if _MOVES_CALLS & {one.name for one in tried.policy}:
            await _move_calls(conn, in_force, other, period)
        await _judge_again(conn, other, period, calls_too=reach, told=lambda part: told((1 + part) / 2))
        after = await _board(conn, other, period)
    differing = sorted((in_force.handles[manager_id], day) for manager_id, day in _differ(as_it_stands, before))
    return {
        "from": first.isoformat(),
        "to": last.isoformat(),
        "managers": _changes(in_force, before, after),
        "differing": [{"manager": handle, "date": day.isoformat()} for handle, day in differing],
    }


def _check(tried: Tried, first: date, last: date, *, today: date) -> None:
    if last < first:
        raise Refused(f"to: read {last}, expected a day on or after {first}")
    if last >= today:
        raise Refused(f"to: read {last}, expected a day before {today}: only what is over is judged under other settings")
    if (last - first).days >= LONGEST:
        raise Refused(f"from {first} to {last} is too long; try at most {LONGEST} days at once")
    for one in tried.policy:
        norms.read_value(one.name, one.value)
        if one.name in NOT_TRIED:
            raise Refused(f"{one.name} cannot be tried: {NOT_TRIED[one.name]}")
    for norm in tried.norms:
        norms.check_norm(norm.metric, norm.min, norm.target)


def _copies(first: date, last: date) -> db.Copies:
    """Every table that judging writes, as far as judging these days reads it."""
    since = first - _BACK
    return {
        "calls": (SQL.calls, [since, datetime.combine(since, time(), UTC)]),
        "violations": (SQL.violations, [since]),
        "violation_moves": (SQL.moves, []),
        "day_reports": (SQL.reports, [first, last]),
        "pen": (SQL.pen, []),
    }


async def _rules_under(conn: db.Connection, rules: norms.Rules, tried: Tried, period: _Period) -> norms.Rules:
    """The rules had the tried versions held. Their ids are below all others: at every closing they were known (R3)."""
    handles = {one.manager for one in tried.policy} | {one.manager for one in tried.norms}
    ids: dict[str | None, int] = {
        handle: (await people.by_handle(conn, handle))["id"] for handle in handles if handle is not None
    }
    policies = [
        norms.Version(
            order - len(tried.policy),
            one.name,
            one.team,
            ids.get(one.manager),
            one.segment,
            period.first,
            norms.read_value(one.name, one.value),
        )
        for order, one in enumerate(tried.policy)
    ]
    goals = [
        norms.Version(
            order - len(tried.norms), one.metric, one.team, ids.get(one.manager), one.segment, period.first, (one.min, one.target)
        )
        for order, one in enumerate(tried.norms)
    ]
    return rules.under(goals, policies, until=period.last)


def _close_as_would_be(other: Book, in_force: Book, period: _Period) -> None:
    """The closings of the other book: as much earlier or later as the day's close is, with the leads seen until then."""
    moved: dict[tuple[int, date], Closed] = {}
    for pair in ((manager_id, day) for manager_id in in_force.handles for day in period.days):
        was, would, known = in_force.closes_at(*pair), other.closes_at(*pair), in_force.closed.get(pair)
        if was == would:
            continue
        if known is not None:
            moved[pair] = replace(known, at=known.at + (would - was), leads_until=known.leads_until + (would - was))
        elif was > period.judged_at:
            moved[pair] = Closed(would, would, _EVER, _EVER, _EVER, _EVER)
    other.closed.update(moved)
    other.reopen(pair for pair, closed in moved.items() if closed.at > period.judged_at)


async def _judge_again(
    conn: db.Connection, book: Book, period: _Period, *, calls_too: bool, told: Callable[[float], None]
) -> None:
    """The days of the period by this book, and before them what their calls count for and owe, and the promises."""
    if calls_too:
        await _judge_calls_again(conn, book, period, told=told)
    for day in period.days:
        pairs = [(manager_id, day) for manager_id in book.handles]
        await days_ended(conn, book, only=pairs, closed_only=True, now=period.judged_at)
    told(1.0)


async def _judge_calls_again(conn: db.Connection, book: Book, period: _Period, *, told: Callable[[float], None]) -> None:
    first, last = period.first - _DAY, period.last + _DAY  # a day on either side may reach into the period
    until = datetime.combine(last + _DAY, time(), UTC)
    rows = await conn.fetch(SQL.leads, first, last, period.begins - _BACK, until, period.begins)
    lead_ids = [row["lead_id"] for row in rows]
    leads = list(_chunks(lead_ids, _LEADS))
    alone = list(_chunks([row["id"] for row in await conn.fetch(SQL.without_lead, first, last)], _LEADS))
    days = [first, *period.days, last]
    steps = len(days) + len(leads) + len(alone)
    for done, day in enumerate(days, 1):
        units = [(day, row["number"], row["manager_id"]) for row in await conn.fetch(SQL.units, day)]
        await deriving.reweigh(conn, book, units)
        told(done / steps)
    looked_at = min(period.now, period.begins + _AHEAD)
    for done, chunk in enumerate(leads, len(days) + 1):
        await judge_calls(conn, book, call_ids=(), lead_ids=chunk, since=period.begins, judged_at=period.judged_at, now=looked_at)
        told(done / steps)
    for chunk in _chunks(lead_ids, _OWING):
        await judge_leads(conn, book, chunk, judged_at=period.judged_at, now=looked_at)
    numbers = [(row["day"], row["number"]) for row in await conn.fetch(SQL.numbers, first, last)]
    for some in _chunks(numbers, _OWING):
        await judge_numbers(conn, book, some, call_ids=(), judged_at=period.judged_at, now=looked_at)
    for chunk in alone:
        await judge_calls(conn, book, call_ids=chunk, lead_ids=(), judged_at=period.judged_at, now=looked_at)


async def _move_calls(conn: db.Connection, in_force: Book, other: Book, period: _Period) -> None:
    """Calls that would be another day's, or another's to comment; whose lead they are on stays."""
    rows = await conn.fetch(SQL.of_days, period.first - _DAY, period.last + _DAY)
    by_source: dict[int, list[db.Record]] = {}
    for row in rows:
        by_source.setdefault(row["source_id"], []).append(row)
    touched: set[tuple[date, str]] = set()
    for source_id, mine in by_source.items():
        calls_told = [(calls.read_call(row), tuple(row["delivery_ids"])) for row in mine]
        was = await deriving.entries(conn, in_force, source_id, calls_told)
        would = await deriving.entries(conn, other, source_id, calls_told)
        changed = {
            row["id"]: deriving.as_matched(row, after)
            for row, before, after in zip(mine, was, would, strict=True)
            if (before.manager_id, before.duty_manager_id, before.day) != (after.manager_id, after.duty_manager_id, after.day)
        }
        await calls.write(conn, source_id, [], changed, {}, now=period.now)
        touched |= {(day, row["number"]) for row in mine if row["id"] in changed and row["number"] is not None
                    for day in (row["day"], changed[row["id"]].day)}  # fmt: skip
    await deriving.find_twins(conn, other, touched)


async def _board(conn: db.Connection, book: Book, period: _Period) -> _Board:
    found: _Board = {}
    for day in period.days:
        marks = await violations.by_code(conn, day, day)
        for one in await manager_days(conn, book, list(book.handles), day, now=period.now):
            opened = {code: by["open"] + by["fixed_late"] for code, by in marks.get(one.manager_id, {}).items()}
            found[one.manager_id, day] = _Line(
                one.verdict if one.scheduled else None,
                {metric: one.tallies[metric].counted for metric in METRICS},
                {code: number for code, number in opened.items() if number},
            )
    return found


def _differ(one: _Board, other: _Board) -> list[tuple[int, date]]:
    return [key for key in one if one[key] != other[key]]


def _changes(book: Book, before: _Board, after: _Board) -> list[dict[str, Any]]:
    """A line for each manager for whom anything differs, by handle."""
    differing: dict[int, list[date]] = {}
    for manager_id, day in _differ(before, after):
        differing.setdefault(manager_id, []).append(day)
    lines = []
    for manager_id in sorted(differing, key=lambda one: book.handles[one]):
        was, would = (_sums(board, manager_id) for board in (before, after))
        codes = sorted(code for code in was.opened | would.opened if was.opened[code] != would.opened[code])
        lines.append(
            {
                "manager": book.handles[manager_id],
                "name": book.names[manager_id],
                "days": {verdict.value: _both(was.days[verdict], would.days[verdict]) for verdict in VERDICTS},
                **{metric: _both(was.counted[metric], would.counted[metric]) for metric in METRICS},
                "violations": {code: _both(was.opened[code], would.opened[code]) for code in codes},
                "verdicts": [
                    {"date": day.isoformat(), "before": one or Verdict.OFF, "after": other or Verdict.OFF}
                    for day in differing[manager_id]
                    if (one := before[manager_id, day].verdict) != (other := after[manager_id, day].verdict)
                ],
            }
        )
    return lines


@dataclass(frozen=True, slots=True)
class _Sums:
    days: Counter[Verdict | None]
    counted: Counter[str]
    opened: Counter[str]


def _sums(board: _Board, manager_id: int) -> _Sums:
    sums = _Sums(Counter(), Counter(), Counter())
    for (whose, _), line in board.items():
        if whose == manager_id:
            sums.days[line.verdict] += 1
            sums.counted.update(line.counted)
            sums.opened.update(line.opened)
    return sums


def _both(before: int, after: int) -> dict[str, int]:
    return {"before": before, "after": after}


def _chunks(ids: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (ids[start : start + size] for start in range(0, len(ids), size))
