"""Who made a call, whose lead it is, and what it counts for: the rooms' answers put together.

One floor below the stories: here a call meets the book.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from telephony_bridge import calls, db, matcher
from telephony_bridge.book import Book
from telephony_bridge.model import (
    Call,
    Direction,
    Disposition,
    LeadCandidate,
    Match,
    MatchResult,
    Talk,
    Weight,
    WhyNot,
)
from telephony_bridge.norms import rules

_FOUND = (MatchResult.MATCHED, MatchResult.AMBIGUOUS, MatchResult.NONE)
_PERSONAL = ("personal", "private")  # a mark that holds; a private number (EC-25)


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


def _was_in_time(row: db.Record | None, lead: LeadCandidate) -> bool:
    """On a closed day a call stays on the lead it was on, also where the number was taken away and given back."""
    return row is not None and row["lead_id"] == lead.lead_id and row["why_not_dial"] != WhyNot.NO_LEAD


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
        lead_in_time=lead is not None and (closed is None or lead.entered_at <= closed.leads_until or _was_in_time(row, lead)),
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
        entered_at = min((one.entered_at for one in found), default=None)
        made.append(
            calls.Entry(call, delivery_ids, manager_id, duty_id, day, match, weight, on_lead, facts.lead_segment, entered_at)
        )
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


def units_of(units: Iterable[tuple[date, str | None, int | None]]) -> set[tuple[date, str, int]]:
    """Where weights hang together: a day, a number and a manager; what lacks one of them weighs alone."""
    return {(day, number, manager) for day, number, manager in units if number is not None and manager is not None}


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


def keep_match(book: Book, row: db.Record, entry: calls.Entry) -> calls.Entry:
    """A match is stored with the call and not undone (EC-16): who has the number now, or is the most active, moves no call.

    Another caller finds its lead anew (EC-59). What was nobody's when a lead came too late for it stays so when it is told
    again (EC-15).
    """
    match = entry.match
    if entry.call.number is None or entry.call.number != row["number"] or match.result not in _FOUND:
        return entry
    if row["lead_id"] is not None and entry.manager_id == row["manager_id"]:
        return as_matched(row, entry)
    if row["lead_id"] is not None and match.result is MatchResult.NONE:
        return as_matched(row, entry)
    if row["match"] == MatchResult.NONE and entry.entered_at is not None:
        entered_on = book.day(None, entry.entered_at)
        if row["day"] < entered_on - timedelta(days=book.setting("match_backfill", None, entered_on)):
            return as_matched(row, entry)
    return entry


def as_matched(row: db.Record, entry: calls.Entry) -> calls.Entry:
    """The call on the lead it was on, and counting for what it did."""
    candidates = tuple(sorted({*row["candidates"], *entry.match.candidates})) if row["lead_id"] is not None else ()
    kept = Match(MatchResult(row["match"]), row["lead_id"], candidates, row["match_reason"])
    weight = Weight(row["why_not_dial"], row["why_not_connect"])
    return replace(entry, match=kept, weight=weight, on_norm_lead=row["on_norm_lead"], segment=row["segment"])
