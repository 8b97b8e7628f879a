"""What the administrator is told: sources that are not heard, extensions that are nobody's, channels that refuse (D01 to D03)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from telephony_bridge import db, notices
from telephony_bridge.book import Book, open_book, utc_day
from telephony_bridge.model import Company
from telephony_bridge.notices import Decided
from telephony_bridge.people import Hearer, Hearers, hearers
from telephony_bridge.quality import Mark, marks
from telephony_bridge.telling.readers import reader_of

_GOOD_FOR = timedelta(hours=36)
_AGAIN = timedelta(hours=18)  # what lasts is told again the next day


@dataclass(frozen=True, slots=True)
class Silent:
    """A source that is not heard: since when, and for how many minutes of work."""

    source: str
    since: datetime | None
    minutes: int


async def evidence_watched(conn: db.Connection, *, company: Company, now: datetime) -> None:
    """Tells the administrator of silent sources and of extensions that are nobody's, each once a day."""
    everybody = await hearers(conn)
    if not everybody.of("machinery"):
        return
    book = await open_book(conn, company, since=utc_day(now) - timedelta(days=2))
    today = now.astimezone(company.zone).date()
    found = await marks(conn, today, today, company=company, now=now)
    for stage, codes in (("silence", ("D02", "D03")), ("unmapped", ("D01",))):
        mine = {f"{one.source}/{one.extension or one.code}": one for one in found if one.code in codes}
        if mine:
            await notices.decide(conn, await _fresh(conn, book, everybody, stage, mine, now=now), now=now)


async def _fresh(
    conn: db.Connection, book: Book, everybody: Hearers, stage: str, found: dict[str, Mark], *, now: datetime
) -> list[Decided]:
    decided = []
    for person in everybody.of("machinery"):
        subjects = {f"{person.login}/{subject}": mark for subject, mark in found.items()}
        untold = await notices.untold(conn, stage, subjects, since=now - _AGAIN)
        told = [mark for subject, mark in subjects.items() if subject in untold]
        if told:
            facts: dict[str, object] = (
                {"sources": [Silent(one.source, one.last_at, (one.seconds or 0) // 60) for one in told]}
                if stage == "silence"
                else {"extensions": told}
            )
            tells = tuple((stage, subject) for subject in sorted(untold))
            decided.append(
                reader_of(book, person, now=now).notice(
                    stage, now.isoformat(), facts, until=now + _GOOD_FOR, now=now, tells=tells
                )
            )
    return decided


async def address_failed(
    conn: db.Connection,
    hearer: Hearer,
    handle: str,
    channel: str,
    why: str,
    *,
    what: str,
    is_down: bool,
    company: Company,
    now: datetime,
) -> None:
    """A channel takes no notices: his supervisors are told, of a user's the administrator, once a day for each ``what`` (R36).

    ``what`` is the address as it is kept, or its target where the receiver is down for all (``is_down``); ``handle`` is how
    ``notify test`` names him, ``why`` the receiver's answer.
    """
    book = await open_book(conn, company, since=utc_day(now))
    everybody = await hearers(conn)
    if hearer.manager_id is not None:
        told = everybody.of_team(book.week(hearer.manager_id, book.day(hearer.manager_id, now)).team)
    else:
        told = [one for one in everybody.of("machinery") if one.login != hearer.login]
    key = f"{now.astimezone(company.zone).date()}/{hashlib.sha256(what.encode()).hexdigest()[:16]}"
    facts = {
        "name": hearer.name,
        "handle": handle,
        "channel": channel,
        "why": why,
        "others": len(hearer.channels) > 1,
        "is_down": is_down,
    }
    decided = [reader_of(book, one, now=now).notice("address", key, facts, until=now + _GOOD_FOR, now=now) for one in told]
    await notices.decide(conn, decided, now=now)
