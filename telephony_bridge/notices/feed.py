"""A manager's planned contacts as an iCalendar (RFC 5545) that his own calendar subscribes to. Pure.

It lies on other people's servers from then on: no phone number is part of it (rules.md A8).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from telephony_bridge.notices.words import OUTCOME
from telephony_bridge.phones import veiled

_LASTS = timedelta(minutes=15)
_REFRESH = timedelta(hours=1)
_CONTROL = re.compile(r"[^\S\n]|[\x00-\x08\x0e-\x1f\x7f-\x9f]")  # invisible, or the end of a line for some readers

WORDS: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "name": "План: {name}",
        "goal": "Цель: {goal}",
        "last": "Прошлый раз: {outcome}",
    },
    "en": {
        "name": "Plan: {name}",
        "goal": "Goal: {goal}",
        "last": "Last time: {outcome}",
    },
}


@dataclass(frozen=True, slots=True)
class Entry:
    """An open planned contact; ``last_outcome`` is the word of the lead's last comment, ``due_at`` and ``set_at`` are in UTC."""

    planned_id: int
    lead_name: str
    due_at: datetime
    set_at: datetime
    goal: str | None
    last_outcome: str | None


def calendar(name: str, entries: Sequence[Entry], *, language: str, host: str) -> bytes:
    """The feed of the manager called ``name``; the same entries give the same bytes. ``host`` is part of its ids."""
    import icalendar  # a tenth of a second that only who asks should pay

    words = WORDS[language]
    feed = icalendar.Calendar()
    feed.add("VERSION", "2.0")
    feed.add("PRODID", "-//Telephony Bridge//Planned contacts//RU")
    feed.add("METHOD", "PUBLISH")
    # the library escapes no value of a property that it does not know
    feed["X-WR-CALNAME"] = icalendar.vText(_line(words["name"].format(name=name)))
    feed.add("REFRESH-INTERVAL", _REFRESH, parameters={"VALUE": "DURATION"})
    feed["X-PUBLISHED-TTL"] = icalendar.vDuration(_REFRESH)
    for one in entries:
        event = icalendar.Event()
        event.add("UID", f"planned-{one.planned_id}@{host}")
        event.add("DTSTAMP", one.set_at)
        event.add("DTSTART", one.due_at)
        event.add("DURATION", _LASTS)
        event.add("SUMMARY", _line(one.lead_name))
        described = _described(one, language)
        if described:
            event.add("DESCRIPTION", described)
        event.add("TRANSP", "TRANSPARENT")  # a plan to call is no time in which he is busy
        feed.add_component(event)
    told: bytes = feed.to_ical()
    return told


def _described(one: Entry, language: str) -> str:
    words = WORDS[language]
    lines = [words["goal"].format(goal=_text(one.goal))] if one.goal and one.goal.strip() else []
    if one.last_outcome is not None:
        lines.append(words["last"].format(outcome=OUTCOME[language][one.last_outcome]))
    return "\n".join(lines)


def _line(typed: str) -> str:
    return " ".join(_text(typed).split())


def _text(typed: str) -> str:
    return _CONTROL.sub(" ", veiled(typed.replace("\r\n", "\n"))).strip()
