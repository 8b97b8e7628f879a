"""What calls and meetings owe, and what became of it: comments and next dates meet the book and the register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from telephony_bridge import calls, db, matcher, violations
from telephony_bridge.book import Book, reach
from telephony_bridge.deriving import reweigh
from telephony_bridge.model import (
    Direction,
    Disposition,
    LeadCandidate,
    MatchResult,
    WhyNot,
)
from telephony_bridge.norms import calendar
from telephony_bridge.violations import Exemption, Finding, Meeting, Spared, duties, removals

CALL_CODES = ("V01", "V02", "V03", "V04", "V05", "V16")
MEETING_CODES = ("V01", "V03", "V16")


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

    Meetings on these leads are judged with them: they share the comments (R8).
    ``since``: how far back, the first of these calls if not given.

    Returns how many violations opened, by code.
    """
    asked = list(await calls.whole(conn, call_ids))
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
    await reach(conn, book, (row["day"] for row in rows.values()))
    exempt = await violations.exemptions_of(conn, leads)
    told = [_duty(book, row, exempt.get(row["lead_id"], ())) for row in rows.values()]
    meetings = {one.duty_id: one for one in await violations.meetings_on(conn, leads, since)}
    written = await violations.comments_on(conn, leads, rows, since)
    said = [fact for one in written for fact in removals.as_said(one)]
    present = [removals.as_it_stands(one, _kept(book, one)) for one in written]
    facts = [one.fact for one in present]
    said_machine = duties.said_to_be_machines(told, facts)
    told = [_without_talk(book, one) if one.id in said_machine else one for one in told]
    subjects = told + [_meeting_duty(book, one, exempt.get(one.lead_id, ())) for one in meetings.values()]
    planned = await violations.planned_for(conn, leads, since)
    commented = duties.comment_states(subjects, said, now=judged_at)
    contacts = duties.next_contact_states(subjects, planned, now=judged_at)
    least = {
        one.id: book.setting("comment_min", one.duty_manager, book.day(one.duty_manager, one.started_at)) for one in subjects
    }
    lapses = removals.lapses(subjects, said, present, least)
    numbers = {row["number"] for row in rows.values() if row["number"] is not None and row["match"] != MatchResult.EXCLUDED}
    entered = await matcher.candidates(conn, numbers, book.company.zone)
    kept = await matcher.by_ids(conn, chosen)
    findings: list[Finding] = []
    changed: list[tuple[int, str, str, datetime | None]] = []
    for duty in told:
        row = rows[duty.id]
        comment, contact = commented[duty.id], contacts[duty.id]
        if (row["comment"], row["next_contact"], row["commented_at"]) != (comment.word, contact.word, comment.met_at):
            changed.append((duty.id, comment.word, contact.word, comment.met_at))
        found = list(entered.get(row["number"], ()))
        if row["lead_id"] in kept and (not found or _dial_had_its_lead(row)):
            found.append(kept[row["lead_id"]])
        findings += _findings(book, row, duty, comment, contact, found, lapses.get(duty.id))
    await calls.judge(conn, changed)
    claimed = duties.claimed(told, facts)
    await calls.claim(conn, {id_: id_ in claimed for id_, row in rows.items() if row["claimed"] != (id_ in claimed)})
    machines = await _machines_said(conn, rows, said_machine)
    await reweigh(conn, book, _weighing(book, rows, machines, {id_ for id_, *_ in changed}))
    subjects_ids = [str(id_) for id_ in (*rows, *gone)]
    opened = Counter(await violations.judge(conn, "call", subjects_ids, findings, codes=CALL_CODES, now=judged_at, at=now))
    met = [
        found
        for duty in subjects
        if duty.id in meetings and duty.duty_manager is not None
        for found in violations.owed_for_meeting(
            meetings[duty.id],
            duty,
            book.day(duty.duty_manager, duty.started_at),
            commented[duty.id],
            contacts[duty.id],
            lapses.get(duty.id),
            book.version(duty.duty_manager, book.day(duty.duty_manager, duty.started_at)),
        )
    ]
    ids = [str(one.id) for one in meetings.values()]
    opened.update(await violations.judge(conn, "meeting", ids, met, codes=MEETING_CODES, now=judged_at, at=now))
    return dict(opened)


def _kept(book: Book, comment: removals.Comment) -> timedelta:
    return timedelta(days=book.setting("comment_kept", comment.author_id, book.day(comment.author_id, comment.first.at)))


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


def _due_at(book: Book, manager_id: int | None, day: date, at: datetime) -> datetime:
    """EC-7, for what ended at a moment of that day."""
    return calendar.hard_deadline(
        book.schedule(manager_id),
        at,
        day,
        hard_minutes=book.setting("hard", manager_id, day),
        hard_min_minutes=book.setting("hard_min", manager_id, day),
    )


def _spared(book: Book, manager_id: int | None, exemptions: Sequence[Exemption]) -> tuple[Spared, ...]:
    """After a withdrawal a date is due as after a call of that moment (R27)."""
    return tuple(
        Spared(one.since, _due_at(book, manager_id, book.day(manager_id, one.until), one.until) if one.until else None)
        for one in exemptions
    )


def _meeting_duty(book: Book, meeting: Meeting, exemptions: Sequence[Exemption]) -> duties.CallForDuty:
    manager_id = meeting.manager_id if meeting.by_person else None
    day = book.day(manager_id, meeting.started_at)
    return meeting.as_conversation(
        manager_id,
        due_at=_due_at(book, manager_id, day, meeting.ended_at),
        soft_minutes=book.setting("soft_comment", manager_id, day),
        spared=_spared(book, manager_id, exemptions),
    )


def _duty(book: Book, row: db.Record, exemptions: Sequence[Exemption]) -> duties.CallForDuty:
    manager_id = row["duty_manager_id"]
    day = book.day(manager_id, row["started_at"])
    ended_at = row["ended_at"] or row["started_at"] + timedelta(seconds=row["talk_seconds"])
    soft = book.setting("soft_comment", manager_id, day)
    least = book.min_talk(row["source_id"], manager_id, day)
    conversation = row["disposition"] == Disposition.ANSWERED and row["talk_seconds"] >= least
    due_at = _due_at(book, manager_id, day, ended_at)
    is_free = (
        row["match"] in (MatchResult.INTERNAL, MatchResult.EXCLUDED)
        or not row["final"]
        or row["twin_of"] is not None
        or (row["robot"] and not conversation)
        or (row["direction"] == Direction.INBOUND and row["number"] is None)  # nobody's card to write on (EC-21)
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
        spared=_spared(book, manager_id, exemptions),
    )


def _without_talk(book: Book, duty: duties.CallForDuty) -> duties.CallForDuty:
    """A machine answered: it is owed what an unanswered dial is (EC-32, R18)."""
    day = book.day(duty.duty_manager, duty.started_at)
    return replace(duty, conversation=False, comment_due_at=_by_day_close(book, duty.duty_manager, day, duty.ended_at))


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
    lapse: removals.Lapse | None,
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
        **({"late_evidence": True} if book.is_late(duty.duty_manager, day, row["id"]) else {}),
    }
    found = []
    if comment.word != "not_needed" and duty.conversation:
        found += violations.owed_for_conversation(duty, "call", day, comment, lapse, evidence, version)

    def owes(code: str, manager_id: int, on: date, due_at: datetime, met_at: datetime | None, remind_at: datetime | None) -> None:
        found.append(Finding(code, "call", str(row["id"]), manager_id, on, due_at, met_at, evidence, version, remind_at))

    if comment.word != "not_needed" and not duty.conversation and duty.direction is Direction.OUTBOUND:
        owes("V02", duty.duty_manager, day, duty.comment_due_at, comment.met_at, None)
    date_due_at = duty.date_due_at(contact.met_at)
    if row["lead_id"] is not None and contact.word != "not_needed" and date_due_at is not None:
        owes("V03", duty.duty_manager, day, date_due_at, contact.met_at, duty.soft_at)
    if row["number"] is not None:
        entered = min((lead.entered_at for lead in leads), default=None)
        remind_at = duty.ended_at + timedelta(minutes=book.setting("soft_lead", duty.duty_manager, day))  # EC-14
        if (
            duty.direction is Direction.OUTBOUND
            and row["manager_id"] is not None
            and not book.has_left(row["manager_id"], row["day"])
        ):
            due_at = _by_day_close(book, row["manager_id"], row["day"], duty.ended_at)
            met_at = _met_in_time(book, row["manager_id"], row["day"], entered, due_at)
            owes("V04", row["manager_id"], row["day"], due_at, met_at, remind_at)
        if duty.direction is Direction.INBOUND and duty.disposition is Disposition.ANSWERED:
            due_at = _by_day_close(book, duty.duty_manager, day, duty.ended_at)
            owes("V05", duty.duty_manager, day, due_at, _met_in_time(book, duty.duty_manager, day, entered, due_at), remind_at)
    return found


def _dial_had_its_lead(row: db.Record) -> bool:
    """A dial that was on its lead in time had one, whoever has the number now (EC-16)."""
    return bool(row["direction"] == Direction.OUTBOUND and row["why_not_dial"] != WhyNot.NO_LEAD)


def _met_in_time(book: Book, manager_id: int, day: date, entered_at: datetime | None, due_at: datetime) -> datetime | None:
    """When the lead was there. What the closing of a day still saw was in time, whenever the worker came (R14)."""
    if entered_at is None:
        return None
    closed = book.closed.get((manager_id, day))
    return min(entered_at, due_at) if closed is None or entered_at <= closed.leads_until else entered_at
