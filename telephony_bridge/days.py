"""The day of each manager: its three numbers a norm, whether there is evidence, the verdict, and its closing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from telephony_bridge import crm, db, norms, violations
from telephony_bridge.deriving import Book, open_book
from telephony_bridge.model import Company, Verdict, rfc3339
from telephony_bridge.norms import Tally, calendar, evidence, verdict
from telephony_bridge.violations import Finding

METRICS = {"dials": "V06", "connects": "V07", "new_leads": "V08"}
_NONE = Tally()


@dataclass(frozen=True, slots=True)
class ManagerDay:
    """A day as it stands now: numbers by metric, the norm in proportion to the hours, evidence and verdict."""

    manager_id: int
    day: date
    scheduled: bool
    closed: bool
    tallies: Mapping[str, Tally]
    bounds: Mapping[str, tuple[int, int]]  # metric -> (min, target)
    versions: Mapping[str, str]  # metric -> version of its norm
    gaps: Sequence[tuple[datetime, datetime]]
    verdict: Verdict


async def board(
    conn: db.Connection, day: date, manager: str | None = None, *, company: Company, now: datetime
) -> list[dict[str, Any]]:
    """CONTRACT §6.2: every manager who is scheduled that day or did something, by handle."""
    book = await open_book(conn, company, since=day)
    ids = [id_ for id_, handle in book.handles.items() if manager in (None, handle)]
    days = await manager_days(conn, book, ids, day, now=now)
    reasons = await norms.not_counted(conn, day, ids)
    marks = await violations.counts(conn, day)
    lines = []
    for found in sorted(days, key=lambda one: book.handles[one.manager_id]):
        busy = any(tally.pbx or tally.crm for tally in found.tallies.values())
        if not (found.scheduled or busy or manager is not None):
            continue
        line: dict[str, Any] = {
            "manager": book.handles[found.manager_id],
            "name": book.names[found.manager_id],
            "segment": book.person(found.manager_id).segment,
            "scheduled": found.scheduled,
        }
        for metric, tally in found.tallies.items():
            minimum, target = found.bounds.get(metric, (0, 0))
            numbers = {"pbx": tally.pbx, "entered" if metric == "new_leads" else "crm": tally.crm}
            line[metric] = {**numbers, "counted": tally.counted, "min": minimum, "target": target}
        line["not_counted"] = reasons.get(found.manager_id, {})
        line["verdict"] = found.verdict
        line["violations"] = marks.get(found.manager_id, {"open": 0, "fixed_late": 0})
        if found.gaps:
            line["gaps"] = [[rfc3339(start), rfc3339(end)] for start, end in found.gaps]
        lines.append(line)
    return lines


async def planned_contacts(conn: db.Connection, *, company: Company, now: datetime) -> list[tuple[str, dict[str, int]]]:
    """(handle, {"due", "overdue", "done"}) of everybody's planned contacts on his own local today."""
    book = await open_book(conn, company, since=now.date())
    asked = []
    for manager_id in book.handles:
        day = book.day(manager_id, now)
        asked.append((manager_id, day, *book.day_bounds(manager_id, day)))
    return await crm.planned_today(conn, asked)


async def manager_days(
    conn: db.Connection, book: Book, managers: Collection[int], day: date, *, now: datetime
) -> list[ManagerDay]:
    """One day of several managers, from the ledger and the CRM as they are in this transaction."""
    ids = sorted(managers)
    counted = await norms.tallies(conn, [day], ids)
    entered = await _entered(conn, book, ids, day)
    gaps = await _gaps(conn, book, ids, day, now=now)
    found = []
    for manager_id in ids:
        schedule, person = book.schedule(manager_id), book.person(manager_id)
        scheduled = calendar.shift(schedule, day) is not None
        share = calendar.norm_share(schedule, day, break_minutes=book.setting("break_minutes", manager_id, day))
        both = counted.get((manager_id, day), {})
        tallies = {
            "dials": both.get("dials", _NONE),
            "connects": both.get("connects", _NONE),
            "new_leads": entered.get(manager_id, _NONE),
        }
        held = {metric: book.rules.norm(metric, person, day) for metric in METRICS}
        bounds = {
            metric: (calendar.scaled(norm.min, share), calendar.scaled(norm.target, share)) if scheduled else (0, 0)
            for metric, norm in held.items()
            if norm is not None
        }
        closed = (manager_id, day) in book.closed
        reached = {metric: verdict.metric_verdict(tallies[metric].counted, low, high) for metric, (low, high) in bounds.items()}
        found.append(
            ManagerDay(
                manager_id=manager_id,
                day=day,
                scheduled=scheduled,
                closed=closed,
                tallies=tallies,
                bounds=bounds,
                versions={metric: norm.version for metric, norm in held.items() if norm is not None},
                gaps=gaps.get(manager_id, ()),
                verdict=verdict.day_verdict(reached, closed=closed, scheduled=scheduled, evidence_ok=not gaps.get(manager_id)),
            )
        )
    return found


async def _entered(conn: db.Connection, book: Book, managers: Iterable[int], day: date) -> dict[int, Tally]:
    asked: dict[bool, list[norms.NewLeads]] = {}
    for manager_id in managers:
        person = book.person(manager_id)
        since, until = book.day_bounds(manager_id, day)
        window = norms.NewLeads(
            manager_id,
            since,
            until,
            _working_day(book, manager_id, day, -1),
            _working_day(book, manager_id, day, 1),
            person.segment,
        )
        asked.setdefault(book.rules.flag("lead_norm_needs_call", person, day), []).append(window)
    found: dict[int, Tally] = {}
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


async def _gaps(
    conn: db.Connection, book: Book, managers: Sequence[int], day: date, *, now: datetime
) -> dict[int, Sequence[tuple[datetime, datetime]]]:
    """Stretches of each shift for which there is no evidence (EC-40). A shift under way is looked at up to now."""
    shifts = {manager_id: calendar.shift(book.schedule(manager_id), day) for manager_id in managers}
    working = {manager_id: shift for manager_id, shift in shifts.items() if shift is not None}
    if not working:
        return {}
    told_by = await norms.sources_of(conn, list(working), day)
    sources = set().union(*told_by.values()) if told_by else set()
    since, until = min(start for start, _ in working.values()), max(end for _, end in working.values())
    heard = await norms.heard(conn, sources, since, until)
    found: dict[int, Sequence[tuple[datetime, datetime]]] = {}
    alike: dict[tuple[object, ...], Sequence[tuple[datetime, datetime]]] = {}  # a team on one source shares its evidence
    for manager_id, (start, end) in working.items():
        if start >= now:
            continue
        limits = {name: book.setting(name, manager_id, day) for name in ("gap_minutes", "break_minutes")}
        mine = tuple(sorted(told_by.get(manager_id, ())))
        asked = (mine, start, end, *limits.values())
        if asked not in alike:
            alike[asked] = _silent([heard[source] for source in mine], (start, min(end, now)), **limits)
        found[manager_id] = alike[asked]
    return found


def _silent(told: Sequence[norms.Heard], shift: tuple[datetime, datetime], **limits: int) -> Sequence[tuple[datetime, datetime]]:
    """A recorded outage always is a gap; a settled pause is as good as a call."""
    settled = [silence for source in told for silence in source.settled]
    outages = [(begun, over) for begun, over, word in settled if word == "outage" and begun < shift[1] and over > shift[0]]
    heard = [span for source in told for span in source.calls] + [
        (begun, over) for begun, over, word in settled if word == "pause"
    ]
    return outages or evidence.evidence_gaps(heard, shift, **limits)


async def days_ended(
    conn: db.Connection, book: Book, *, only: Collection[tuple[int, date]], closed_only: bool, now: datetime
) -> dict[str, int]:
    """Closes these days that have ended and judges their norms; days closed before are judged again where facts changed.

    ``only``: (manager, day) pairs. ``closed_only``: judge, close nothing. Returns violations opened, by code.
    """
    if closed_only:
        judged = {pair for pair in only if pair in book.closed}
    else:
        judged = set(only)
        await norms.close_days(conn, sorted(judged - set(book.closed)), now=now)
    opened: dict[str, int] = {}
    for day in sorted({day for _, day in judged}):
        managers = [manager_id for manager_id, other in judged if other == day]
        for code, number in (await _judge_norms(conn, book, managers, day, now=now)).items():
            opened[code] = opened.get(code, 0) + number
    return opened


async def to_close(conn: db.Connection, book: Book, *, now: datetime) -> set[tuple[int, date]]:
    """(manager, day) pairs that have ended and are not closed yet, since the first call."""
    first = await norms.first_call_day(conn)
    if first is None:
        return set()
    last = await norms.last_closed(conn)
    found = set()
    for manager_id in book.handles:
        day = max(first, last.get(manager_id, first - timedelta(days=1)) + timedelta(days=1))
        while book.closes_at(manager_id, day) <= now:
            found.add((manager_id, day))
            day += timedelta(days=1)
    return found


async def _judge_norms(conn: db.Connection, book: Book, managers: Sequence[int], day: date, *, now: datetime) -> dict[str, int]:
    """V06, V07 and V08 of ended days. Without evidence, or without a shift, nothing is found (invariant 8)."""
    findings = []
    for found in await manager_days(conn, book, managers, day, now=now):
        if not found.scheduled or found.gaps:
            continue
        due_at = book.closes_at(found.manager_id, day)
        closed = book.closed.get((found.manager_id, day))
        for metric, (minimum, _) in found.bounds.items():
            tally = found.tallies[metric]
            findings.append(
                Finding(
                    code=METRICS[metric],
                    subject_kind="day",
                    subject_id=_subject(book, found.manager_id, day),
                    manager_id=found.manager_id,
                    day=day,
                    due_at=due_at,
                    met_at=due_at if tally.counted >= minimum else None,
                    met_because="corrected",
                    evidence={
                        "metric": metric,
                        "pbx": tally.pbx,
                        "crm": tally.crm,
                        "counted": tally.counted,
                        "min": minimum,
                        **({"late_evidence": True} if closed is not None and now > closed.at else {}),
                    },
                    policy_version=f"{found.versions[metric]}, {book.rules.version()}",
                )
            )
    subjects = [_subject(book, manager_id, day) for manager_id in managers]
    return await violations.judge(conn, "day", subjects, findings, codes=METRICS.values(), now=now)


def _subject(book: Book, manager_id: int, day: date) -> str:
    return f"{book.handles[manager_id]}/{day.isoformat()}"
