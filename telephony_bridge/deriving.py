"""How the rooms' answers are put together for calls: who, whose lead, what it counts for, what is owed for it.

One floor below the stories: here a call meets the book of rules and people as it stands in this transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from typing import Any

from telephony_bridge import calls, db, matcher, norms, people, violations, webhooks
from telephony_bridge.model import (
    Call,
    Company,
    DayKind,
    Direction,
    Disposition,
    LeadCandidate,
    Match,
    MatchResult,
    Schedule,
    Talk,
    Week,
    Weight,
)
from telephony_bridge.norms import calendar, rules
from telephony_bridge.violations import Finding, duties

CALL_CODES = ("V01", "V02", "V03", "V04", "V05", "V16")


@dataclass(frozen=True, slots=True)
class Closed:
    """When a manager's day was closed, and what was known then: entries of leads, versions of rules, moves of leads (R3)."""

    at: datetime
    leads_until: datetime
    policies_until: int
    norms_until: int
    moves_until: int


@dataclass(frozen=True, slots=True)
class Book:
    """Rules and people as they stand in this transaction."""

    company: Company
    sources: Mapping[int, webhooks.Source]
    rules: norms.Rules
    handles: Mapping[int, str]
    names: Mapping[int, str]
    schedules: dict[int | None, Schedule]  # None: where there is no manager
    closed: dict[tuple[int, date], Closed]
    closed_since: list[date]  # one day: closings before it are not read yet, see ``reach``
    _settings: dict[tuple[str, int | None, date], int] = field(default_factory=dict)  # asked a dozen times a call
    _days: dict[tuple[int | None, datetime], date] = field(default_factory=dict)  # as often

    def person(self, manager_id: int | None, day: date) -> norms.Person:
        """The manager as the versions of norms and policy see him on a day."""
        return _person(manager_id, self.schedules[manager_id], day) if manager_id in self.handles else _NOBODY

    def week(self, manager_id: int | None, day: date) -> Week:
        return self.schedule(manager_id).week(day)

    def schedule(self, manager_id: int | None) -> Schedule:
        """The manager's, or the company's clock with the usual hours where there is no manager."""
        return self.schedules[manager_id if manager_id in self.handles else None]

    def word(self, name: str, manager_id: int | None, day: date) -> str:
        """A setting that is a word."""
        return self.rules.value(name, self.person(manager_id, day), day, self._known(manager_id, day))

    def flag(self, name: str, manager_id: int | None, day: date) -> bool:
        return self.rules.flag(name, self.person(manager_id, day), day, self._known(manager_id, day))

    def norm(self, metric: str, manager_id: int, segment: str, day: date) -> norms.Norm | None:
        """The norm of one of his segments."""
        closed = self.closed.get((manager_id, day))
        person = replace(self.person(manager_id, day), segment=segment)
        return self.rules.norm(metric, person, day, closed.norms_until if closed is not None else None)

    def version(self, manager_id: int | None, day: date) -> str:
        """Names the state of the policy that a day is judged by."""
        return self.rules.version(self._known(manager_id, day))

    def _known(self, manager_id: int | None, day: date) -> int | None:
        """A closed day is judged by the versions that were known when it was closed (R3)."""
        closed = self.closed.get((manager_id, day)) if manager_id is not None else None
        return closed.policies_until if closed is not None else None

    def setting(self, name: str, manager_id: int | None, day: date) -> int:
        key = (name, manager_id, day)
        if key not in self._settings:
            self._settings[key] = self.rules.number(name, self.person(manager_id, day), day, self._known(manager_id, day))
        return self._settings[key]

    def min_talk(self, source_id: int, manager_id: int | None, day: date) -> int:
        """Seconds that make a conversation: the source's own number beats the policy (EC-33)."""
        source = self.sources.get(source_id)
        if source is not None and source.min_talk is not None:
            return source.min_talk
        return self.setting("min_talk", manager_id, day)

    def has_left(self, manager_id: int | None, day: date) -> bool:
        """Whether the day is after his last one: calls by his extension are then somebody else's doing (EC-60)."""
        last_day = self.schedule(manager_id).last_day
        return last_day is not None and day > last_day

    def day_subject(self, manager_id: int, day: date, segment: str | None = None) -> str:
        """How the register names a manager's day; of several segments only the one with the greatest share needs no name."""
        subject = f"{self.handles[manager_id]}/{day.isoformat()}"
        return subject if segment in (None, self.week(manager_id, day).segment) else f"{subject}/{segment}"

    def day(self, manager_id: int | None, at: datetime) -> date:
        """The shift day a moment belongs to (EC-1 to EC-4)."""
        key = (manager_id, at)
        if key not in self._days:
            self._days[key] = calendar.shift_day(self.schedule(manager_id), at)
        return self._days[key]

    def day_bounds(self, manager_id: int | None, day: date) -> tuple[datetime, datetime]:
        """When a manager's day begins and ends."""
        return calendar.day_bounds(self.schedule(manager_id), day)

    def closes_at(self, manager_id: int | None, day: date) -> datetime:
        return calendar.closes_at(self.schedule(manager_id), day, self.setting("day_close", manager_id, day))

    def reopen(self, pairs: Iterable[tuple[int, date]]) -> None:
        """From here on these days are judged as if they had not been closed."""
        for pair in pairs:
            self.closed.pop(pair, None)
        self.forget()

    def forget(self) -> None:
        """Other closings are known now: what was asked before is asked anew."""
        self._settings.clear()
        self._days.clear()

    def reports_at(self, manager_id: int, day: date) -> datetime:
        """When the day so far is put on record: the first such hour after its shift began."""
        return calendar.reports_at(self.schedule(manager_id), day, self.setting("report_at", manager_id, day))

    def working_days_later(self, manager_id: int, at: datetime, days: int) -> datetime:
        """The same time of day after so many days with a shift of his, or three weeks on if he has none."""
        return calendar.working_days_later(self.schedule(manager_id), at, days)


_NOBODY = norms.Person()
_PERSONAL = ("personal", "private")  # a mark that holds; a private number (EC-25)


def _person(manager_id: int | None, schedule: Schedule, day: date) -> norms.Person:
    week = schedule.week(day)
    return norms.Person(manager_id, week.team, week.segment)


async def person_of(conn: db.Connection, handle: str, day: date) -> norms.Person:
    """A manager as the versions of norms and policy see him on a day. Raises ``NotFound``."""
    manager_id = (await people.by_handle(conn, handle))["id"]
    return _person(manager_id, (await people.schedules(conn, [manager_id]))[manager_id], day)


def _day_kinds(
    rules: norms.Rules, manager_id: int, schedule: Schedule, company: Company, own: Mapping[date, DayKind]
) -> Callable[[date], DayKind]:
    """The production calendar of a manager: the company's own word, else the country's that his setting names (EC-54)."""

    @cache
    def kind(day: date) -> DayKind:
        country = rules.value("calendar", _person(manager_id, schedule, day), day)
        return own.get(day) or norms.day_kind(company.region if country == "company" else country.upper(), day)

    return kind


async def open_book(conn: db.Connection, company: Company, *, since: date, rules: norms.Rules | None = None) -> Book:
    """Reads the book; ``since`` is the first day whose closing matters, ``rules`` are others than those in force."""
    managers = await people.all_managers(conn)
    rules = rules or await norms.load_rules(conn)
    own = {row["day"]: DayKind(row["kind"]) for row in await people.calendar_days(conn)}
    schedules: dict[int | None, Schedule] = {None: Schedule((Week(company.zone),))}
    for id_, schedule in (await people.schedules(conn, None)).items():
        schedules[id_] = replace(schedule, kind=_day_kinds(rules, id_, schedule, company, own))
    book = Book(
        company=company,
        sources=await webhooks.load_sources(conn, company),
        rules=rules,
        handles={row["id"]: row["handle"] for row in managers},
        names={row["id"]: row["name"] for row in managers},
        schedules=schedules,
        closed=await _closings(conn, since, None),
        closed_since=[since],
    )
    for whose, schedule in schedules.items():
        schedules[whose] = replace(schedule, boundary=partial(book.setting, "day_boundary", whose))
    return book


async def _closings(conn: db.Connection, since: date, before: date | None) -> dict[tuple[int, date], Closed]:
    return {
        (row["manager_id"], row["day"]): Closed(
            row["closed_at"], row["leads_until"], row["policies_until"], row["norms_until"], row["moves_until"]
        )
        for row in await norms.closed_days(conn, since, before)
    }


async def reach(conn: db.Connection, book: Book, days: Iterable[date]) -> None:
    """Reads closings back to the first of these days: a call told of years later finds its day closed (EC-38)."""
    first = min(days, default=None)
    if first is None:
        return
    first -= timedelta(days=3)  # a call's shift day, its neighbours and a series lie within
    if first < book.closed_since[0]:
        book.closed.update(await _closings(conn, first, book.closed_since[0]))
        book.closed_since[0] = first
        book.forget()


def _manager(book: Book, mappings: Sequence[matcher.Mapping], source_id: int, at: datetime) -> int | None:
    """Who had the extension on the call's day; a mapping of this very source beats one for all (EC-58, EC-59)."""
    holding = []
    for mapping in mappings:
        day = book.day(mapping.manager_id, at)
        if (
            mapping.source_id in (None, source_id)
            and mapping.from_day <= day
            and (mapping.to_day is None or day <= mapping.to_day)
        ):
            holding.append((mapping.source_id is not None, mapping.from_day, mapping.manager_id))
    return max(holding)[2] if holding else None


def _credited(book: Book, mappings: Mapping[str, Sequence[matcher.Mapping]], call: Call, source_id: int) -> int | None:
    """Whose call it is: who started it; a robot's dial is the first one's who had a conversation in it (EC-31)."""
    extensions = [call.extension or ""]
    if call.robot:
        least = book.min_talk(source_id, None, book.day(None, call.started_at))
        extensions = [talk.extension for talk in _talkers(call) if talk.seconds >= least] or extensions
    found = (_manager(book, mappings.get(extension, ()), source_id, call.started_at) for extension in extensions)
    return next((manager_id for manager_id in found if manager_id is not None), None)


def _talkers(call: Call) -> tuple[Talk, ...]:
    if call.talked or call.extension is None or call.disposition is not Disposition.ANSWERED:
        return call.talked
    return (Talk(call.extension, call.talk_seconds),)


def _match(
    book: Book,
    call: Call,
    source_id: int,
    manager_id: int | None,
    day: date,
    leads: Sequence[LeadCandidate],
    excluded: Mapping[tuple[str, int | None], str],
) -> Match:
    if call.direction is Direction.INTERNAL:
        return Match(MatchResult.INTERNAL, reason="internal")
    if call.number is None:
        return Match(MatchResult.NONE, reason="no_number")
    source = book.sources.get(source_id)
    if source is not None and call.number in source.installation.own_numbers:
        return Match(MatchResult.EXCLUDED, reason="own")
    why = excluded.get((call.number, None)) or excluded.get((call.number, manager_id))
    if why is not None:
        return Match(MatchResult.EXCLUDED, reason=why)
    return matcher.choose([lead.as_of(call.started_at) for lead in leads], caller_id=manager_id, day=day)


def _facts(
    book: Book,
    source_id: int,
    manager_id: int | None,
    day: date,
    match: Match,
    lead: LeadCandidate | None,
    row: db.Record | None = None,
) -> rules.CallFacts:
    """What weighing needs to know beside the call. A lead, or a comment, is in time until the day is closed (R14, EC-15).

    ``row``: the call as the ledger has it; what people said of a call that is not there yet is weighed after it was judged.
    """
    closed = book.closed.get((manager_id, day)) if manager_id is not None else None
    return rules.CallFacts(
        has_manager=manager_id is not None,
        match=match.result,
        lead_segment=lead.segment_as_of(closed.moves_until if closed is not None else None) if lead is not None else None,
        lead_in_time=lead is not None and (closed is None or lead.entered_at <= closed.leads_until),
        norm_segments=frozenset(segment for segment, _ in book.week(manager_id, day).segments),
        repeat_cap=book.setting("repeat_cap", manager_id, day),
        min_talk=book.min_talk(source_id, manager_id, day),
        needs_crm_match=book.flag("norm_needs_crm_match", manager_id, day),
        personal=match.reason in _PERSONAL,
        accepted=row is not None and row["claim"] == "accepted",
        said_machine=row is not None and row["said_machine"],
        lacks_comment=(
            row is not None
            and row["comment"] != "not_needed"
            and book.flag("norm_needs_comment", manager_id, day)
            and (row["commented_at"] is None or (closed is not None and row["commented_at"] > closed.leads_until))
        ),
    )


async def entries(
    conn: db.Connection, book: Book, source_id: int, told: Sequence[tuple[Call, tuple[int, ...]]]
) -> list[calls.Entry]:
    """Calls of one source with who, whose lead, and what they would count for if no other call were there."""
    mappings = await matcher.mappings(conn, {ext for call, _ in told for ext in _extensions(call)})
    numbers = {call.number for call, _ in told if call.number is not None}
    leads = await matcher.candidates(conn, numbers, book.company.zone)
    excluded = await matcher.excluded(conn, numbers)
    made = []
    for call, delivery_ids in told:
        manager_id = _credited(book, mappings, call, source_id)
        day = book.day(manager_id, call.started_at)
        duty_id = manager_id
        for talk in _talkers(call):  # who talked last long enough owes the comment and the date (EC-27)
            if talk.seconds >= book.min_talk(source_id, manager_id, day):
                duty_id = _manager(book, mappings.get(talk.extension, ()), source_id, call.started_at) or duty_id
        found = leads.get(call.number, []) if call.number is not None else []
        match = _match(book, call, source_id, manager_id, day, found, excluded)
        lead = next((lead for lead in found if lead.lead_id == match.lead_id), None)
        facts = _facts(book, source_id, manager_id, day, match, lead)
        weight = rules.weigh(call, facts)
        on_lead = rules.on_norm_lead(call, facts)
        made.append(calls.Entry(call, delivery_ids, manager_id, duty_id, day, match, weight, on_lead, facts.lead_segment))
    return made


async def find_twins(conn: db.Connection, book: Book, units: Iterable[tuple[date, str]]) -> list[db.Record]:
    """Which calls of these (day, number) repeat another source's (EC-37). Returns the rows for which that changed."""
    if len(book.sources) < 2:
        return []
    near = {(day + timedelta(days=shift), number) for day, number in units for shift in (-1, 0, 1)}
    around = near | {(day + timedelta(days=shift), number) for day, number in near for shift in (-1, 1)}
    rows = {row["id"]: row for row in await calls.by_number(conn, around)}
    told = [
        matcher.Told(
            id=row["id"],
            key=row["call_key"],
            source_id=row["source_id"],
            is_crm=row["source_id"] in book.sources and book.sources[row["source_id"]].installation.is_crm,
            direction=row["direction"],
            number=row["number"],
            manager_id=row["manager_id"],
            extension=row["extension"],
            started_at=row["started_at"],
            talk_seconds=row["talk_seconds"],
            final=row["final"],
        )
        for row in rows.values()
    ]
    found = matcher.twins(told)
    # of the outermost days the other side of midnight is not seen: they only tell whose twin is whose within
    changed = [row for id_, row in rows.items() if (row["day"], row["number"]) in near and row["twin_of"] != found.get(id_)]
    await calls.point(conn, {row["id"]: found.get(row["id"]) for row in changed})
    return changed


def _extensions(call: Call) -> set[str]:
    return {talk.extension for talk in call.talked} | ({call.extension} if call.extension else set())


async def reweigh(conn: db.Connection, book: Book, units: Iterable[tuple[date, str, int]]) -> None:
    """Weighs anew all calls of each (day, number, manager): only there one call's weight depends on another's (EC-34)."""
    rows = await calls.alike(conn, units)
    if not rows:
        return
    leads = await matcher.candidates(conn, {row["number"] for row in rows}, book.company.zone)
    kept = await matcher.by_ids(conn, {row["lead_id"] for row in rows if row["lead_id"] is not None})
    groups: dict[tuple[date, str, int], list[Any]] = {}
    for row in rows:
        groups.setdefault((row["day"], row["number"], row["manager_id"]), []).append(row)
    changed: list[tuple[int, Weight, bool, str | None]] = []
    for (day, number, manager_id), group in groups.items():
        series = []
        on_lead, segments = {}, {}
        for row in group:
            call = calls.read_call(row)
            match = Match(MatchResult(row["match"]), row["lead_id"], reason=row["match_reason"])
            lead = next((lead for lead in leads.get(number, ()) if lead.lead_id == row["lead_id"]), kept.get(row["lead_id"]))
            facts = _facts(book, row["source_id"], manager_id, day, match, lead, row)
            series.append(((row["source_id"], row["call_key"]), call, facts))
            on_lead[row["source_id"], row["call_key"]] = rules.on_norm_lead(call, facts)
            segments[row["source_id"], row["call_key"]] = facts.lead_segment
        weights = rules.weigh_series(series)
        for row in group:
            key = (row["source_id"], row["call_key"])
            weight = weights[key]
            if (row["why_not_dial"], row["why_not_connect"], row["on_norm_lead"], row["segment"]) != (
                weight.why_not_dial,
                weight.why_not_connect,
                on_lead[key],
                segments[key],
            ):
                changed.append((row["id"], weight, on_lead[key], segments[key]))
    await calls.weigh(conn, changed)


async def judge_calls(
    conn: db.Connection,
    book: Book,
    *,
    call_ids: Iterable[int],
    lead_ids: Iterable[int],
    gone: Iterable[int] = (),
    since: datetime | None = None,
    judged_at: datetime,
    now: datetime,
) -> dict[str, int]:
    """Comment, next date and lead of these calls, and of all calls on their leads and on these; ``gone`` calls owe nothing.

    ``since``: how far back, the first of these calls if not given.

    Returns how many violations opened, by code.
    """
    asked = list(await calls.whole(conn, call_ids))
    await reach(conn, book, (row["day"] for row in asked))
    leads = set(lead_ids) | {row["lead_id"] for row in asked if row["lead_id"] is not None}
    first = min([row["started_at"] for row in asked] + ([since] if since is not None else []), default=None)
    if first is None:
        return await violations.judge(conn, "call", [str(id_) for id_ in gone], [], codes=CALL_CODES, now=judged_at, at=now)
    since = first - timedelta(days=2)  # a series and what was said of it lie within
    rows = {row["id"]: row for row in [*asked, *await calls.of_leads(conn, leads, since)]}
    chosen = {row["lead_id"] for row in rows.values() if row["lead_id"] is not None}
    if chosen - leads:  # a number of several leads: the others' calls share the comments
        rows |= {row["id"]: row for row in await calls.of_leads(conn, chosen - leads, since)}
    leads |= chosen | {lead_id for row in rows.values() for lead_id in row["candidates"]}
    subjects = [_duty(book, row) for row in rows.values()]
    comments = await violations.comments_on(conn, leads, rows, since)
    planned = await violations.planned_for(conn, leads, since)
    commented = duties.comment_states(subjects, comments, now=judged_at)
    contacts = duties.next_contact_states(subjects, planned, now=judged_at)
    numbers = {row["number"] for row in rows.values() if row["number"] is not None and row["match"] != MatchResult.EXCLUDED}
    entered = await matcher.candidates(conn, numbers, book.company.zone)
    kept = await matcher.by_ids(conn, chosen)
    findings: list[Finding] = []
    changed: list[tuple[int, str, str, datetime | None]] = []
    for duty in subjects:
        row = rows[duty.id]
        comment, contact = commented[duty.id], contacts[duty.id]
        if (row["comment"], row["next_contact"], row["commented_at"]) != (comment.word, contact.word, comment.met_at):
            changed.append((duty.id, comment.word, contact.word, comment.met_at))
        found = entered.get(row["number"]) or ([kept[row["lead_id"]]] if row["lead_id"] in kept else [])
        findings += _findings(book, row, duty, comment, contact, found, comments)
    await calls.judge(conn, changed)
    claimed = duties.claimed(subjects, comments)
    await calls.claim(conn, {id_: id_ in claimed for id_, row in rows.items() if row["claimed"] != (id_ in claimed)})
    said = await _machines_said(conn, rows, duties.said_to_be_machines(subjects, comments))
    await reweigh(conn, book, _weighing(book, rows, said, {id_ for id_, *_ in changed}))
    subjects_ids = [str(id_) for id_ in (*rows, *gone)]
    return await violations.judge(conn, "call", subjects_ids, findings, codes=CALL_CODES, now=judged_at, at=now)


async def _machines_said(conn: db.Connection, rows: Mapping[int, db.Record], said: set[int]) -> set[int]:
    """Keeps what people said of answering machines; returns the calls for which that changed."""
    changed = {id_: id_ in said for id_, row in rows.items() if row["said_machine"] != (id_ in said)}
    await calls.say_machine(conn, changed)
    return set(changed)


def _weighing(
    book: Book, rows: Mapping[int, db.Record], said: Iterable[int], commented: Iterable[int]
) -> set[tuple[date, str, int]]:
    """What to weigh again: calls with other word of a machine, and with another comment where only that makes a dial count."""
    counts = book.rules.ever("norm_needs_comment", "true")
    heavy = {
        id_ for id_ in (commented if counts else ()) if book.flag("norm_needs_comment", rows[id_]["manager_id"], rows[id_]["day"])
    }
    return {
        (row["day"], row["number"], row["manager_id"])
        for row in (rows[id_] for id_ in heavy.union(said))
        if row["number"] is not None and row["manager_id"] is not None
    }


def _duty(book: Book, row: db.Record) -> duties.CallForDuty:
    manager_id = row["duty_manager_id"]
    day = book.day(manager_id, row["started_at"])
    ended_at = row["ended_at"] or row["started_at"] + timedelta(seconds=row["talk_seconds"])
    soft = book.setting("soft_comment", manager_id, day)
    least = book.min_talk(row["source_id"], manager_id, day)
    conversation = row["disposition"] == Disposition.ANSWERED and row["talk_seconds"] >= least
    due_at = calendar.hard_deadline(
        book.schedule(manager_id),
        ended_at,
        day,
        hard_minutes=book.setting("hard", manager_id, day),
        hard_min_minutes=book.setting("hard_min", manager_id, day),
    )
    is_free = (
        row["match"] in (MatchResult.INTERNAL, MatchResult.EXCLUDED)
        or not row["final"]
        or row["twin_of"] is not None
        or (row["robot"] and not conversation)
        or book.has_left(manager_id, day)
    )
    return duties.CallForDuty(
        id=row["id"],
        lead_id=row["lead_id"],
        candidates=tuple(row["candidates"]),
        manager_id=row["manager_id"],
        duty_manager=None if is_free else manager_id,
        direction=Direction(row["direction"]),
        started_at=row["started_at"],
        ended_at=ended_at,
        talk_seconds=row["talk_seconds"],
        disposition=Disposition(row["disposition"]),
        conversation=conversation,
        due_at=due_at,
        comment_due_at=due_at if conversation else _by_day_close(book, manager_id, day, ended_at),
        needs=book.word("unanswered_needs", manager_id, day),  # type: ignore[arg-type]
        soft_at=ended_at + timedelta(minutes=soft),
        series=timedelta(minutes=book.setting("series", manager_id, day)),
        drop_merge=timedelta(minutes=book.setting("drop_merge", manager_id, day)),
        set_anew=book.word("next_date_mode", manager_id, day) == "touched",
    )


def _by_day_close(book: Book, manager_id: int | None, day: date, ended_at: datetime) -> datetime:
    """Day close, but as EC-7 never less than two hours after the call: who calls at night owes no more than others."""
    least = timedelta(minutes=book.setting("hard_min", manager_id, day))
    return max(book.closes_at(manager_id, day), ended_at + least)


def _findings(
    book: Book,
    row: db.Record,
    duty: duties.CallForDuty,
    comment: duties.State,
    contact: duties.State,
    leads: Sequence[LeadCandidate],
    comments: Sequence[duties.CommentFact],
) -> list[Finding]:
    """What one call owes: V01 to V05, and V16 where it has its comment."""
    if duty.duty_manager is None:
        return []
    day = book.day(duty.duty_manager, duty.started_at)
    version = book.version(duty.duty_manager, day)
    evidence = {
        "call": row["id"],
        "deliveries": list(row["delivery_ids"]),
        "lead": row["lead_id"],
        "talk_seconds": row["talk_seconds"],
    }
    found = []

    def owes(code: str, manager_id: int, on: date, due_at: datetime, met_at: datetime | None, remind_at: datetime | None) -> None:
        found.append(Finding(code, "call", str(row["id"]), manager_id, on, due_at, met_at, evidence, version, remind_at))

    if comment.word != "not_needed" and duty.conversation:
        owes("V01", duty.duty_manager, day, duty.comment_due_at, comment.met_at, duty.soft_at)
        if comment.met_at is not None:
            well_at = duties.said_well_at(duty, comments, book.setting("comment_min", duty.duty_manager, day))
            if well_at != comment.met_at:  # the comment that came first says nothing
                owes("V16", duty.duty_manager, day, duty.comment_due_at, well_at, None)
    elif comment.word != "not_needed" and duty.direction is Direction.OUTBOUND:
        owes("V02", duty.duty_manager, day, duty.comment_due_at, comment.met_at, None)
    if row["lead_id"] is not None and contact.word != "not_needed":
        owes("V03", duty.duty_manager, day, duty.due_at, contact.met_at, duty.soft_at)
    if row["number"] is not None:
        entered = min((lead.entered_at for lead in leads), default=None)
        if (
            duty.direction is Direction.OUTBOUND
            and row["manager_id"] is not None
            and not book.has_left(row["manager_id"], row["day"])
        ):
            due_at = _by_day_close(book, row["manager_id"], row["day"], duty.ended_at)
            owes("V04", row["manager_id"], row["day"], due_at, entered, None)
        if duty.direction is Direction.INBOUND and duty.conversation:
            owes("V05", duty.duty_manager, day, _by_day_close(book, duty.duty_manager, day, duty.ended_at), entered, None)
    return found


def keep_match(row: db.Record, entry: calls.Entry) -> calls.Entry:
    """A match is stored with the call (EC-16): it is found anew when other leads have the number, not when leads merely changed.

    A lead whose number was changed or removed later keeps its calls; so does one of several that is no longer the most active.
    """
    match = entry.match
    is_stored = row["lead_id"] is not None and entry.call.number is not None and entry.call.number == row["number"]
    is_same = match.candidates == tuple(row["candidates"]) and entry.manager_id == row["manager_id"]
    if is_stored and (match.result is MatchResult.NONE or (is_same and match.lead_id is not None)):
        return as_matched(row, entry)
    return entry


def as_matched(row: db.Record, entry: calls.Entry) -> calls.Entry:
    """The call on the lead it was on, and counting for what it did."""
    kept = Match(MatchResult(row["match"]), row["lead_id"], tuple(row["candidates"]), row["match_reason"])
    weight = Weight(row["why_not_dial"], row["why_not_connect"])
    return replace(entry, match=kept, weight=weight, on_norm_lead=row["on_norm_lead"], segment=row["segment"])


def utc_day(at: datetime) -> date:
    return at.astimezone(UTC).date()
