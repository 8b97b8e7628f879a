"""What a manager owes, told as a digest: reminders and violations of half an hour in one notice, never one a call."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from telephony_bridge import db, notices
from telephony_bridge.book import Book, utc_day
from telephony_bridge.notices import Debt, Decided
from telephony_bridge.people import Hearers
from telephony_bridge.telling.hours import hours_of
from telephony_bridge.telling.readers import DAY, Reader, good_until, reader_of

SQL = db.queries("telling")
LISTS = ("debts", "morning", "remainder")  # each of them tells what is owed
STANDING = ("reminded", "open")
_NOT_TOLD = ["V13"]  # for a supervisor's review: the manager hears of it once it is confirmed, from a person
_ONCE_OPEN = ("V09",)  # every planned contact is watched: until its day it stands in his plan
_REACH = timedelta(days=31)  # what opened before has been told, or nobody was there to tell it
_WORKED = 5  # working days since which a debt is told: a history that is imported tells nobody of last month
_HOURS = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Owed:
    """A manager's debts, by what they are about, and how the register names what would be told of them."""

    debts: tuple[Debt, ...]
    subjects: tuple[tuple[str, int], ...]  # (kind, id) of each debt that is about something
    tells: tuple[tuple[str, str], ...]

    @property
    def opens(self) -> str:
        """The form that settles it: that of the one call or lead, else the list."""
        if len(self.debts) == 1 and len(self.subjects) == 1 and self.subjects[0][0] in ("call", "lead"):
            return f"{self.subjects[0][0]}/{self.subjects[0][1]}"
        return "owed"


NOTHING = Owed((), (), ())


async def owed_by(
    conn: db.Connection, book: Book, managers: Collection[int], *, is_list: bool, again: bool = False, now: datetime
) -> dict[int, Owed]:
    """Manager id -> what he owes. A list has everything, also what is not due for a reminder yet.

    A digest (not ``is_list``) has the calls and leads of which something is due to be told, each with all that is owed for it,
    so that a call is told of once; what has been told only ``again``.
    """
    since = {id_: working_days_back(book, id_, book.day(id_, now), _WORKED) for id_ in managers}
    rows = await conn.fetch(SQL.owed, list(since), list(since.values()), _NOT_TOLD, [*STANDING, "watching"])
    grouped: dict[int, dict[tuple[str, str], list[db.Record]]] = {}
    for row in rows:
        is_plan = row["status"] == "watching" and row["code"] in _ONCE_OPEN
        if not is_plan and (is_list or again or not row["told"]):
            grouped.setdefault(row["manager_id"], {}).setdefault((row["subject_kind"], row["subject_id"]), []).append(row)
    found = {}
    for manager_id, all_of_it in grouped.items():
        shows = book.word("notice_numbers", manager_id, book.day(manager_id, now))
        subjects = {
            subject: mine for subject, mine in all_of_it.items() if is_list or any(row["status"] in STANDING for row in mine)
        }
        told = [row for mine in subjects.values() for row in mine if not is_list or row["status"] in STANDING]
        if subjects:
            found[manager_id] = Owed(
                tuple(_debt(mine, shows) for mine in subjects.values()),
                tuple((kind, int(subject)) for kind, subject in subjects if kind != "day"),
                tuple((row["stage"], row["telling"]) for row in told if row["telling"] is not None),
            )
    return found


def _debt(rows: list[db.Record], shows: str) -> Debt:
    return Debt(
        owed=tuple((row["code"], None if row["status"] == "open" else row["due_at"]) for row in rows),
        at=rows[0]["at"],
        on=rows[0]["day"] if rows[0]["subject_kind"] == "day" else None,
        who=rows[0]["lead_name"] or notices.shown_number(rows[0]["number"], shows),
    )


async def digests(conn: db.Connection, book: Book, hearers: Hearers, *, now: datetime) -> list[Decided]:
    """Who owes something new is told, at most every ``digest`` minutes, on his working days and out of his quiet hours."""
    fresh = {row["manager_id"] for row in await conn.fetch(SQL.untold, utc_day(now) - _REACH, _NOT_TOLD)}
    readers = {id_: reader_of(book, hearers.managers[id_], now=now) for id_ in fresh if _may_be_told(book, id_, now)}
    last = await notices.last_told(conn, readers, LISTS, since=now - DAY) if readers else {}
    due = {
        id_: reader for id_, reader in readers.items() if reader.quiet_until is None and _is_time(book, id_, last.get(id_), now)
    }
    if not due:
        return []
    await notices.fold(conn, due, ["debts"])
    owed = await owed_by(conn, book, due, is_list=False, now=now)
    return [digest(book, due[id_], mine, now=now) for id_, mine in owed.items()]


def digest(book: Book, reader: Reader, owed: Owed, *, now: datetime) -> Decided:
    """One manager's digest."""
    manager_id = reader.person.manager_id
    assert manager_id is not None
    return reader.notice(
        "debts",
        now.isoformat(),
        {
            "soon": [debt for debt in owed.debts if not debt.is_open],
            "over": [debt for debt in owed.debts if debt.is_open],
        },
        until=good_until(book, manager_id, now + _HOURS, now=now),
        now=now,
        opens=owed.opens,
        tells=owed.tells,
    )


def _may_be_told(book: Book, manager_id: int, now: datetime) -> bool:
    """On a working day, and not before its first list, which tells all that is owed."""
    if not works_today(book, manager_id, now):
        return False
    hours = hours_of(book, manager_id, book.day(manager_id, now))
    return "morning" not in hours or hours["morning"][0] <= now


def working_days_back(book: Book, manager_id: int, day: date, days: int) -> date:
    """The first of so many days with a shift of his that end with this one, a month back at the most."""
    found = day
    for back in range(31):
        on = day - back * DAY
        if book.shift(manager_id, on) is not None:
            found = on
            days -= 1
            if days <= 0:
                break
    return found


def works_today(book: Book, manager_id: int, now: datetime) -> bool:
    """Whether this is a day with a shift of his: on others nobody is disturbed (EC-51, EC-55)."""
    return book.shift(manager_id, book.day(manager_id, now)) is not None


def _is_time(book: Book, manager_id: int, last: datetime | None, now: datetime) -> bool:
    minutes = book.setting("digest", manager_id, book.day(manager_id, now))
    return last is None or last + timedelta(minutes=minutes) <= now
