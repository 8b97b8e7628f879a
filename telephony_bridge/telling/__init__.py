"""Telling people: what is owed, what is planned and how the day goes, decided in the transaction of the facts.

Every notice is a question of the clock, the register and the board; decided twice, it is there once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Literal

from telephony_bridge import db, notices, people
from telephony_bridge.book import Book, open_book, utc_day
from telephony_bridge.model import Company, rfc3339
from telephony_bridge.notices import Decided
from telephony_bridge.telling.debts import LISTS, digest, digests, owed_by, works_today
from telephony_bridge.telling.hours import INTO
from telephony_bridge.telling.machinery import address_failed, evidence_watched
from telephony_bridge.telling.oversight import days_closed, teams_so_far
from telephony_bridge.telling.readers import DAY, is_free, quiet_until, reader_of
from telephony_bridge.telling.rounds import by_the_clock, due_now, paces

__all__ = [
    "INTO",
    "address_failed",
    "evidence_watched",
    "handed_over",
    "link_to",
    "paces",
    "preview",
    "quiet_until",
    "signed_link",
    "tell",
]


async def tell(conn: db.Connection, book: Book, ended: Collection[tuple[int, date]], *, is_whole: bool, now: datetime) -> None:
    """Decides what is to be told now; ``ended`` are the days just closed.

    ``is_whole``: everything that is due has been looked at; until then only closed days are told of, so that a digest knows all.
    """
    await notices.tidy(conn, now=now)
    everybody = await people.hearers(conn)
    if ended:
        await notices.decide(conn, await days_closed(conn, book, everybody, ended, now=now), now=now)
    if not is_whole:
        return
    away = [id_ for id_ in book.handles if is_free(book, id_, now)]
    await notices.fold(conn, away, [*LISTS, "pace", "results"])  # EC-51: also what waits since before he was away
    due = due_now(book, everybody, now=now)
    fresh = await notices.fresh_keys(conn, [one.key for one in due])
    due = [one for one in due if one.key in fresh]
    await notices.fold(conn, [one.manager_id for one in due if one.kind in LISTS], ["debts"])
    await notices.decide(conn, await by_the_clock(conn, book, due, now=now), now=now)
    decided = await digests(conn, book, everybody, now=now)  # after the lists: what they told is told
    decided += await teams_so_far(conn, book, everybody, now=now)
    await notices.decide(conn, decided, now=now)


async def handed_over(conn: db.Connection, book: Book, told: Mapping[str, Any], *, now: datetime) -> None:
    """Cards became other managers': each is told how many, from whom, and by when they are to be read (R25)."""
    if told["id"] is None or not told["cards"]:
        return
    everybody = await people.hearers(conn)
    ids = book.ids
    decided = []
    for share in told["shares"]:
        manager_id = ids[share["manager"]]
        days = book.setting("handover_read", manager_id, book.day(manager_id, now))
        if share["cards"]:
            decided.append(
                reader_of(book, everybody.managers[manager_id], now=now).notice(
                    "handover",
                    str(told["id"]),
                    {
                        "leaver": book.names[ids[told["from"]]],
                        "cards": share["cards"],
                        "planned": share["planned"],
                        "overdue": share["overdue"],
                        "until_day": book.working_days_later(manager_id, now, days) if days else None,
                    },
                    until=now + 14 * DAY,  # it is told by nothing else
                    now=now,
                    opens="owed",
                )
            )
    await notices.decide(conn, decided, now=now)


async def link_to(
    conn: db.Connection, handle: str, opens: Literal["plan", "owed"], *, address: str, company: Company, now: datetime
) -> tuple[str, datetime]:
    """A manager's link to his pages as a notice would bring it, and until when it is good: for who has no channel.

    ``address`` is the service's. Raises ``NotFound``.
    """
    manager_id = int((await people.by_handle(conn, handle))["id"])
    book = await open_book(conn, company, since=utc_day(now))
    return signed_link(book, await notices.form_secret(conn), manager_id, opens, address=address, now=now)


def signed_link(book: Book, secret: bytes, manager_id: int, opens: str, *, address: str, now: datetime) -> tuple[str, datetime]:
    """The address of a manager's form, and until when it is good (policy ``link_hours``)."""
    until = now + timedelta(hours=book.setting("link_hours", manager_id, book.day(manager_id, now)))
    return f"{address}/f/{notices.links.sign(secret, notices.links.Link(manager_id, opens, until))}", until


async def preview(conn: db.Connection, handle: str, *, company: Company, now: datetime) -> list[dict[str, Any]]:
    """What a manager would be told at a moment by what is known now, whether or not it was told: lists first, then the digest.

    Before the day's first list, and on a day off, there is only what he owes. Raises ``NotFound``.
    """
    manager_id = int((await people.by_handle(conn, handle))["id"])
    book = await open_book(conn, company, since=utc_day(now) - 3 * DAY)
    everybody = await people.hearers(conn)
    mine = people.Hearers({manager_id: everybody.managers[manager_id]}, ())
    decided: list[Decided] = await by_the_clock(conn, book, due_now(book, mine, now=now), now=now)
    owed = (await owed_by(conn, book, [manager_id], is_list=False, again=True, now=now)).get(manager_id)
    reader = reader_of(book, mine.managers[manager_id], now=now)
    if owed is not None and works_today(book, manager_id, now) and reader.quiet_until is None:
        decided.append(digest(book, reader, owed, now=now))
    return [
        {"kind": one.kind, "title": one.title, "text": one.body, "opens": one.opens, "due_at": rfc3339(one.due_at)}
        for one in decided
        if one.is_needed
    ]
