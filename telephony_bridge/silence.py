"""Stretches of a shift for which no PBX gives evidence (EC-40): nothing about a manager is decided on them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from telephony_bridge import db, norms
from telephony_bridge.book import Book
from telephony_bridge.norms import evidence

Span = tuple[datetime, datetime]
_USUAL_DAYS = timedelta(days=7)  # how far back a source's usual day is looked for


@dataclass(frozen=True, slots=True)
class _Looked:
    """What a manager's sources leave unproved of a shift, and whether somebody has recorded it as an outage."""

    sources: tuple[int, ...]
    spans: Sequence[Span]
    is_outage: bool


async def gaps(
    conn: db.Connection, book: Book, managers: Collection[int], day: date, *, now: datetime
) -> dict[int, Sequence[Span]]:
    """Stretches of each shift for which there is no evidence. A shift under way is looked at up to now."""
    return {manager_id: looked.spans for manager_id, looked in (await _look(conn, book, managers, day, now=now)).items()}


async def _look(conn: db.Connection, book: Book, managers: Collection[int], day: date, *, now: datetime) -> Mapping[int, _Looked]:
    shifts = {manager_id: book.shift(manager_id, day) for manager_id in managers}
    working = {manager_id: shift for manager_id, shift in shifts.items() if shift is not None}
    if not working:
        return {}
    told_by = await norms.sources_of(conn, list(working), day)
    sources = set().union(*told_by.values()) if told_by else set()
    since, until = min(start for start, _ in working.values()), max(end for _, end in working.values())
    heard = await norms.heard(conn, sources, since, until)
    found: dict[int, _Looked] = {}
    alike: dict[tuple[object, ...], _Looked] = {}  # a team on one source shares its evidence
    for manager_id, (start, end) in working.items():
        if start >= now:
            continue
        limits = {name: book.setting(name, manager_id, day) for name in ("gap_minutes", "break_minutes")}
        mine = tuple(sorted(told_by.get(manager_id, ())))
        asked = (mine, start, end, *limits.values())
        if asked not in alike:
            await asyncio.sleep(0)  # a breath for who waits: a day has thousands of calls
            alike[asked] = _silent(mine, [heard[source] for source in mine], (start, min(end, now)), **limits)
        found[manager_id] = alike[asked]
    return found


def _silent(sources: tuple[int, ...], told: Sequence[norms.Heard], shift: Span, **limits: int) -> _Looked:
    """A recorded outage always is a gap; a settled pause is as good as a call."""
    settled = [silence for source in told for silence in source.settled]
    outages = [(begun, over) for begun, over, word in settled if word == "outage" and begun < shift[1] and over > shift[0]]
    if outages:
        return _Looked(sources, outages, is_outage=True)
    heard = [span for source in told for span in source.calls]
    heard += [(begun, over) for begun, over, word in settled if word == "pause"]
    return _Looked(sources, evidence.evidence_gaps(heard, shift, **limits), is_outage=False)


async def unheard(conn: db.Connection, book: Book, pairs: Iterable[tuple[int, date]], *, now: datetime) -> set[tuple[int, date]]:
    """Of these (manager, day) those on which a missing call proves nothing.

    An outage lies in the shift; or it has gaps, and the manager's sources are expected to be heard: on their usual day of
    the week before they told ``expected_calls``. An office that calls twice a day is not silent when it does not call.
    """
    found: set[tuple[int, date]] = set()
    asked = set(pairs)
    for day in sorted({day for _, day in asked}):
        managers = [manager_id for manager_id, other in asked if other == day]
        looked = {id_: one for id_, one in (await _look(conn, book, managers, day, now=now)).items() if one.spans}
        sources = {source for one in looked.values() if not one.is_outage for source in one.sources}
        usual = await norms.usual_calls(conn, sources, day - _USUAL_DAYS, day - timedelta(days=1)) if sources else {}
        for manager_id, one in looked.items():
            told = [number for source in one.sources for number in usual.get(source, ())]
            if one.is_outage or (told and median(told) >= book.setting("expected_calls", manager_id, day)):
                found.add((manager_id, day))
    return found
