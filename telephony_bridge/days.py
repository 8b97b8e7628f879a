"""The day of each manager: its three numbers a norm, whether there is evidence, the verdict, and its closing."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from telephony_bridge import db, norms, silence, violations
from telephony_bridge.book import Book, open_book, reach
from telephony_bridge.model import Company, Verdict, rfc3339
from telephony_bridge.norms import Tally, calendar, verdict
from telephony_bridge.suspects import judge_suspects
from telephony_bridge.violations import Finding

METRICS = {"dials": "V06", "connects": "V07", "new_leads": "V08"}
_JUDGED_FAIRLY = frozenset({Verdict.NOT_MET, Verdict.MET, Verdict.TARGET})
_JUDGED = (*METRICS, "segments", "scheduled", "not_counted", "verdict")  # what a correction of a closed day is about
_NONE = Tally()


@dataclass(frozen=True, slots=True)
class SegmentDay:
    """What a day holds of one client segment: numbers by metric, and its norms in proportion to hours, share and ramp."""

    segment: str
    share: int  # percent of the manager's work (EC-57)
    tallies: Mapping[str, Tally]
    bounds: Mapping[str, tuple[int, int]]  # metric -> (min, target)
    versions: Mapping[str, str]  # metric -> version of its norm


@dataclass(frozen=True, slots=True)
class ManagerDay:
    """A day as it stands now: his segments, the one with the greatest share first; evidence and verdict.

    ``provisional`` is what the verdict of a day under way would be if it ended now.
    """

    manager_id: int
    day: date
    scheduled: bool
    closed: bool
    segments: Sequence[SegmentDay]
    gaps: Sequence[tuple[datetime, datetime]]
    verdict: Verdict
    provisional: Verdict

    @property
    def tallies(self) -> dict[str, Tally]:
        """By metric, over all segments."""
        return {metric: sum((one.tallies[metric] for one in self.segments), _NONE) for metric in METRICS}

    @property
    def bounds(self) -> dict[str, tuple[int, int]]:
        """By metric, (min, target) summed over the segments that have a norm."""
        held = {metric: [one.bounds[metric] for one in self.segments if metric in one.bounds] for metric in METRICS}
        return {metric: (sum(low for low, _ in of), sum(high for _, high in of)) for metric, of in held.items() if of}


async def board(
    conn: db.Connection, day: date, manager: str | None = None, *, company: Company, now: datetime
) -> list[dict[str, Any]]:
    """CONTRACT §6.2: every manager who is scheduled that day or did something, by handle."""
    book = await open_book(conn, company, since=day)
    ids = [id_ for id_, handle in book.handles.items() if manager in (None, handle)]
    lines = await _lines(conn, book, await manager_days(conn, book, ids, day, now=now), day)
    on_record = await norms.reports(conn, [(id_, day) for id_ in lines])
    shown = []
    for id_, line in lines.items():
        is_busy = any(any(line[metric].values()) for metric in METRICS)
        if line["scheduled"] or is_busy or manager is not None:
            last = on_record[id_, day][-1] if (id_, day) in on_record else None
            shown.append(line | ({"corrected_at": rfc3339(last["at"])} if last and last["kind"] == "corrected" else {}))
    return shown


async def _lines(conn: db.Connection, book: Book, days: Sequence[ManagerDay], day: date) -> dict[int, dict[str, Any]]:
    """Manager id -> his line of the board, by handle."""
    reasons = await norms.not_counted(conn, day, [found.manager_id for found in days])
    marks = await violations.counts(conn, day)
    lines = {}
    for found in sorted(days, key=lambda one: book.handles[one.manager_id]):
        line: dict[str, Any] = {
            "manager": book.handles[found.manager_id],
            "name": book.names[found.manager_id],
            "segment": found.segments[0].segment,
            "scheduled": found.scheduled,
            **_numbers(found.tallies, found.bounds),
        }
        if len(found.segments) > 1:
            line["segments"] = {one.segment: {**_numbers(one.tallies, one.bounds), "share": one.share} for one in found.segments}
        line["not_counted"] = reasons.get(found.manager_id, {})
        line["verdict"] = found.verdict
        if found.verdict is Verdict.PENDING:
            line["provisional"] = found.provisional
        line["violations"] = marks.get(found.manager_id, {"open": 0, "fixed_late": 0})
        if found.gaps:
            line["gaps"] = [[rfc3339(start), rfc3339(end)] for start, end in found.gaps]
        lines[found.manager_id] = line
    return lines


def _numbers(tallies: Mapping[str, Tally], bounds: Mapping[str, tuple[int, int]]) -> dict[str, dict[str, int]]:
    found = {}
    for metric, tally in tallies.items():
        minimum, target = bounds.get(metric, (0, 0))
        told = {"pbx": tally.pbx, "entered" if metric == "new_leads" else "crm": tally.crm, "counted": tally.counted}
        found[metric] = {**told, "min": minimum, "target": target}
    return found


async def manager_days(
    conn: db.Connection,
    book: Book,
    managers: Collection[int],
    day: date,
    *,
    gaps: Mapping[int, Sequence[silence.Span]] | None = None,
    now: datetime,
) -> list[ManagerDay]:
    """One day of several managers, from the ledger and the CRM as they are in this transaction.

    ``gaps``: what is known of them already; they are looked for unless given.
    """
    ids = sorted(managers)
    counted = await norms.tallies(conn, [day], ids)
    entered = await _entered(conn, book, ids, day)
    gaps = await silence.gaps(conn, book, ids, day, now=now) if gaps is None else gaps
    found = []
    for manager_id in ids:
        await asyncio.sleep(0)  # a company of hundreds takes a while: a breath for who posts and asks meanwhile
        schedule = book.schedule(manager_id)
        scheduled = calendar.shift(schedule, day) is not None
        segments = _segment_days(book, manager_id, day, counted.get((manager_id, day), {}), entered.get(manager_id, {}))
        closed = (manager_id, day) in book.closed
        has_evidence = not gaps.get(manager_id)
        reached = [
            verdict.metric_verdict(one.tallies[metric].counted, low, high)
            for one in segments
            for metric, (low, high) in one.bounds.items()
        ]
        found.append(
            ManagerDay(
                manager_id=manager_id,
                day=day,
                scheduled=scheduled,
                closed=closed,
                segments=segments,
                gaps=gaps.get(manager_id, ()),
                verdict=verdict.day_verdict(reached, closed=closed, scheduled=scheduled, evidence_ok=has_evidence),
                provisional=verdict.day_verdict(reached, closed=True, scheduled=scheduled, evidence_ok=has_evidence),
            )
        )
    return found


def _segment_days(
    book: Book,
    manager_id: int,
    day: date,
    counted: Mapping[str | None, Mapping[str, Tally]],
    entered: Mapping[str, Tally],
) -> list[SegmentDay]:
    """His segments, the one with the greatest share first: what is on no lead of his segments is shown there."""
    schedule, week = book.schedule(manager_id), book.week(manager_id, day)
    share = calendar.norm_share(schedule, day, break_minutes=book.setting("break_minutes", manager_id, day))
    share *= calendar.ramp(book.word("ramp", manager_id, day), schedule.first_day, day)
    mine = dict(week.segments)
    tallies = {segment: dict.fromkeys(METRICS, _NONE) for segment in mine}
    for segment, both in counted.items():
        his = tallies[segment if segment in mine else week.segment]
        for metric, tally in both.items():
            his[metric] += tally
    for segment, tally in entered.items():
        his = tallies[segment if segment in mine else week.segment]
        his["new_leads"] += tally if segment in mine else replace(tally, counted=0)
    found = []
    for segment in sorted(mine, key=lambda one: one != week.segment):
        held = {metric: book.norm(metric, manager_id, segment, day) for metric in METRICS}
        part = share * Fraction(mine[segment], 100)
        found.append(
            SegmentDay(
                segment=segment,
                share=mine[segment],
                tallies=tallies[segment],
                bounds={
                    metric: (calendar.scaled(norm.min, part), calendar.scaled(norm.target, part))
                    for metric, norm in held.items()
                    if norm is not None
                },
                versions={metric: norm.version for metric, norm in held.items() if norm is not None},
            )
        )
    return found


async def _entered(conn: db.Connection, book: Book, managers: Iterable[int], day: date) -> dict[int, dict[str, Tally]]:
    asked: dict[bool, list[norms.NewLeads]] = {}
    for manager_id in managers:
        await asyncio.sleep(0)
        since, until = book.day_bounds(manager_id, day)
        window = norms.NewLeads(
            manager_id,
            since,
            until,
            _working_day(book, manager_id, day, -1),
            _working_day(book, manager_id, day, 1),
            closed.moves_until if (closed := book.closed.get((manager_id, day))) is not None else None,
        )
        asked.setdefault(book.flag("lead_norm_needs_call", manager_id, day), []).append(window)
    found: dict[int, dict[str, Tally]] = {}
    for needs_call, windows in asked.items():
        found |= await norms.new_leads(conn, windows, needs_call=needs_call)
    return found


def _working_day(book: Book, manager_id: int, day: date, step: int) -> date:
    """The nearest day with a shift before (-1) or after (1), within two weeks."""
    schedule = book.schedule(manager_id)
    for distance in range(1, 15):
        other = day + timedelta(days=step * distance)
        if calendar.shift(schedule, other) is not None:
            return other
    return day + timedelta(days=step)


async def days_ended(
    conn: db.Connection,
    book: Book,
    *,
    only: Collection[tuple[int, date]],
    closed_only: bool,
    reopened: tuple[str, str] | None = None,
    now: datetime,
) -> dict[str, int]:
    """Closes these days that have ended and judges their norms; days closed before are judged again where facts changed.

    ``only``: (manager, day) pairs. ``closed_only``: judge, close nothing. ``reopened``: who had these days closed anew, and why.
    Returns violations opened, by code.
    """
    if closed_only:
        judged = {pair for pair in only if pair in book.closed}
    else:
        judged = set(only)
        await norms.close_days(conn, sorted(judged - set(book.closed)), now=now)
    opened: dict[str, int] = {}
    for day in sorted({day for _, day in judged}):
        managers = sorted(manager_id for manager_id, other in judged if other == day)
        days = await manager_days(conn, book, managers, day, now=now)
        on_record = {
            id_: [one for one in reports if one["kind"] != "provisional"]
            for (id_, _), reports in (await norms.reports(conn, [(found.manager_id, day) for found in days])).items()
        }
        for found in (
            await _judge_norms(conn, book, days, on_record, day, now=now),
            await judge_suspects(conn, book, managers, day, now=now),
        ):
            for code, number in found.items():
                opened[code] = opened.get(code, 0) + number
        await _put_on_record(conn, book, days, on_record, day, reopened=reopened, now=now)
    return opened


async def _put_on_record(
    conn: db.Connection,
    book: Book,
    days: Sequence[ManagerDay],
    on_record: Mapping[int, Sequence[db.Record]],
    day: date,
    *,
    reopened: tuple[str, str] | None,
    now: datetime,
) -> None:
    """A day as it was closed, and each time late facts gave it other numbers (EC-38)."""
    lines = await _lines(conn, book, [replace(found, verdict=found.provisional) for found in days], day)
    fresh: dict[str, dict[tuple[int, date], dict[str, Any]]] = {"closed": {}, "corrected": {}, "reopened": {}}
    for id_, line in lines.items():
        last = next((one["line"] for one in reversed(on_record.get(id_, ()))), None)
        if reopened is not None:
            fresh["reopened"][id_, day] = line
        elif last is None:
            fresh["closed"][id_, day] = line
        elif any(last.get(part) != line.get(part) for part in _JUDGED):
            fresh["corrected"][id_, day] = line
    author, reason = reopened or (None, None)
    for kind, told in fresh.items():
        await norms.report(conn, told, kind, author=author, reason=reason, now=now)


async def days_under_way(conn: db.Connection, book: Book, *, now: datetime) -> None:
    """Puts the day so far on record for everybody whose hour of the provisional report has come (R5), zeros too."""
    due: dict[date, list[int]] = {}
    for id_ in book.handles:
        today = book.day(id_, now)
        for day in (today - timedelta(days=1), today):
            shift = book.shift(id_, day)
            if shift is not None and (id_, day) not in book.closed and book.reports_at(id_, day) <= now:
                due.setdefault(day, []).append(id_)
    for day, managers in due.items():
        on_record = await norms.reports(conn, [(id_, day) for id_ in managers])
        fresh = [id_ for id_ in managers if (id_, day) not in on_record and now < book.closes_at(id_, day)]
        lines = await _lines(conn, book, await manager_days(conn, book, fresh, day, now=now), day) if fresh else {}
        await norms.report(conn, {(id_, day): line for id_, line in lines.items()}, "provisional", now=now)


async def reports(conn: db.Connection, day: date, manager: str | None, *, company: Company) -> list[dict[str, Any]]:
    """What was put on record of a day, oldest first: provisional, closed, corrected, reopened, each with the line as it was."""
    book = await open_book(conn, company, since=day)
    ids = [id_ for id_, handle in book.handles.items() if manager in (None, handle)]
    found = await norms.reports(conn, [(id_, day) for id_ in ids])
    return [
        {"kind": one["kind"], "at": rfc3339(one["at"]), "author": one["author"], "reason": one["reason"], "line": one["line"]}
        for one in sorted((one for many in found.values() for one in many), key=lambda one: one["id"])
    ]


async def to_close(conn: db.Connection, book: Book, late_since: date | None, *, now: datetime) -> set[tuple[int, date]]:
    """(manager, day) pairs that have ended and are not closed yet, since the first call.

    ``late_since``: from there also days before closed ones are looked at, for they were told of too late.
    """
    first = await norms.first_call_day(conn)
    if first is None:
        return set()
    last = await norms.last_closed(conn)
    if late_since is not None:
        await reach(conn, book, [late_since])
    found = set()
    for manager_id in book.handles:
        day = max(first, last.get(manager_id, first - timedelta(days=1)) + timedelta(days=1))
        day = min(day, late_since) if late_since is not None else day
        while book.closes_at(manager_id, day) <= now:
            if (manager_id, day) not in book.closed:
                found.add((manager_id, day))
            day += timedelta(days=1)
    return found


async def _judge_norms(
    conn: db.Connection,
    book: Book,
    days: Sequence[ManagerDay],
    on_record: Mapping[int, Sequence[db.Record]],
    day: date,
    *,
    now: datetime,
) -> dict[str, int]:
    """V06, V07 and V08 of ended days. Without evidence, or without a shift, nothing is found (invariant 8)."""
    findings = []
    for found in days:
        if not found.scheduled or found.gaps:
            continue
        due_at = book.closes_at(found.manager_id, day)
        closing = next(
            (one["line"] for one in reversed(on_record.get(found.manager_id, ())) if one["kind"] in ("closed", "reopened")), None
        )
        is_fair = closing is not None and closing["verdict"] in _JUDGED_FAIRLY
        for one in found.segments:
            then = closing.get("segments", {}).get(one.segment, closing) if closing is not None else {}
            for metric, (minimum, _) in one.bounds.items():
                tally = one.tallies[metric]
                was_met = is_fair and then[metric]["counted"] >= minimum
                findings.append(
                    Finding(
                        code=METRICS[metric],
                        subject_kind="day",
                        subject_id=book.day_subject(found.manager_id, day, one.segment),
                        manager_id=found.manager_id,
                        day=day,
                        due_at=due_at,
                        met_at=due_at if tally.counted >= minimum else None,
                        met_because="corrected",
                        evidence={
                            "metric": metric,
                            "segment": one.segment,
                            "pbx": tally.pbx,
                            "crm": tally.crm,
                            "counted": tally.counted,
                            "min": minimum,
                            **({"late_evidence": True} if was_met and tally.counted < minimum else {}),  # EC-38
                        },
                        policy_version=f"{one.versions[metric]}, {book.version(found.manager_id, day)}",
                    )
                )
    known = {version.segment for version in book.rules.norms if version.segment is not None}  # his once, perhaps
    subjects = [book.day_subject(found.manager_id, day, segment) for found in days for segment in {None, *known}]
    return await violations.judge(conn, "day", subjects, findings, codes=METRICS.values(), now=now)
