"""The same call told by two sources: a PBX and the CRM it posts to, or a PBX and the provider behind its trunk (EC-37). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

START = timedelta(seconds=10)
TALK = 5  # seconds


@dataclass(frozen=True, slots=True)
class Told:
    """What one source says of a call to or from a number. ``is_crm``: second-hand, a PBX that saw it wins."""

    id: int
    key: str
    source_id: int
    is_crm: bool
    direction: str
    number: str
    manager_id: int | None
    extension: str | None
    started_at: datetime
    talk_seconds: int
    final: bool


def twins(told: Iterable[Told]) -> dict[int, int]:
    """Call id -> id of the call it repeats. A PBX wins over a CRM, else the source that was registered first.

    Of one source at most one call is another call's twin: two dials within ten seconds stay two.
    """
    standing: list[Told] = []
    found: dict[int, int] = {}
    taken: set[tuple[int, int]] = set()  # (the call that stands, the source that repeats it)
    for call in sorted(told, key=lambda one: (one.is_crm, one.source_id, one.started_at, one.key, one.id)):
        near = [other for other in standing if _alike(other, call) and (other.id, call.source_id) not in taken]
        if near:
            other = min(
                near, key=lambda one: (abs(one.started_at - call.started_at), one.source_id, one.started_at, one.key, one.id)
            )
            found[call.id] = other.id
            taken.add((other.id, call.source_id))
        else:
            standing.append(call)
    return found


def _alike(one: Told, other: Told) -> bool:
    return (
        one.source_id != other.source_id
        and (one.number, one.direction) == (other.number, other.direction)
        and abs(one.started_at - other.started_at) <= START
        # while one of them goes on, its talk is not told yet
        and (abs(one.talk_seconds - other.talk_seconds) <= TALK or not (one.final and other.final))
        and _same_person(one, other)
    )


def _same_person(one: Told, other: Told) -> bool:
    """By the manager, whatever each source calls his extension; nobody named contradicts nobody."""
    if one.manager_id is not None and other.manager_id is not None:
        return one.manager_id == other.manager_id
    return one.extension is None or other.extension is None or one.extension == other.extension
