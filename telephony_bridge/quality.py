"""Marks of data quality, D01 to D05 (rules.md §6): what is wrong with the evidence itself. Never a manager's fault.

D01 an extension nobody has · D02 a PBX silent in working hours · D03 a CRM silent while PBXs were heard, or a connector that
lags · D04 a PBX whose clock runs ahead · D05 calls by the extension of a manager who had left (EC-60). Each is a query over
what is there now: a mark goes away when its cause does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from telephony_bridge import crm, db, norms
from telephony_bridge.book import Book, open_book
from telephony_bridge.model import Company

SQL = db.queries("quality")
NAMES = {"D01": "EXTENSION_UNMAPPED", "D02": "SOURCE_SILENT", "D03": "CRM_SILENT", "D04": "CLOCK_AHEAD", "D05": "LEAVER_CALLS"}
AHEAD = timedelta(minutes=5)  # EC-66; a clock that runs behind looks like a late delivery and cannot be told from one


@dataclass(frozen=True, slots=True)
class Mark:
    """``calls`` are those it concerns, ``seconds`` how long the silence or how far ahead the clock; what to do in ``advice``."""

    code: str
    source: str
    extension: str | None
    calls: int
    seconds: int | None
    first_at: datetime | None
    last_at: datetime | None
    advice: str


@dataclass(frozen=True, slots=True)
class Heard:
    """A source as it stands now: ``quiet_for`` is how long it has been silent while somebody of its people was at work."""

    source: str
    is_crm: bool
    last_delivery: datetime | None
    last_call: datetime | None
    quiet_for: timedelta | None
    is_silent: bool

    @property
    def word(self) -> str:
        """For ``readyz`` and lists."""
        if self.is_silent:
            return "silent"
        if self.quiet_for is None:
            return "off hours"
        return "heard" if self.last_delivery or self.last_call else "never heard"


async def sources_heard(conn: db.Connection, *, company: Company, now: datetime) -> list[Heard]:
    """Every live source, by name."""
    book = await open_book(conn, company, since=now.astimezone(UTC).date() - timedelta(days=2))
    return await _heard(conn, book, now=now)


async def _heard(conn: db.Connection, book: Book, *, now: datetime) -> list[Heard]:
    opened = await _at_work_since(conn, book, now=now)
    found = []
    for row in await conn.fetch(SQL.heard, now.astimezone(UTC).date() - timedelta(days=31)):
        if row["id"] not in book.sources:
            continue
        since, allowed = opened.get(row["id"], (None, timedelta()))
        quiet_for = None
        if since is not None:
            last = max(
                (at for at in (row["last_delivery"], row["last_call"], since) if at is not None and at <= now), default=since
            )
            quiet_for = now - last
        found.append(
            Heard(
                row["name"],
                book.sources[row["id"]].installation.is_crm,
                row["last_delivery"],
                row["last_call"],
                quiet_for,
                is_silent=quiet_for is not None and quiet_for > allowed,
            )
        )
    return found


async def _at_work_since(conn: db.Connection, book: Book, *, now: datetime) -> dict[int, tuple[datetime, timedelta]]:
    """Source -> (since when somebody of its people is at work without a break, how long it may be quiet)."""
    day_of = {manager_id: book.day(manager_id, now) for manager_id in book.handles}
    told_by: dict[int, set[int]] = {}
    for day in set(day_of.values()):
        mine = [manager_id for manager_id, his in day_of.items() if his == day]
        told_by |= await norms.sources_of(conn, mine, day)
    found: dict[int, tuple[datetime, timedelta]] = {}
    for manager_id, sources in told_by.items():
        shift = book.shift(manager_id, day_of[manager_id])
        if shift is None or not shift[0] <= now < shift[1]:
            continue
        allowed = timedelta(minutes=book.setting("gap_minutes", manager_id, day_of[manager_id]))
        for source in sources:
            since, longest = found.get(source, (shift[0], allowed))
            found[source] = (min(since, shift[0]), max(longest, allowed))
    return found


async def marks(conn: db.Connection, first: date, last: date, *, company: Company, now: datetime) -> list[Mark]:
    """The marks of these days; silence is told of now, when now is one of them."""
    book = await open_book(conn, company, since=first)
    names = {source.id: source.name for source in book.sources.values()}
    found = [
        Mark(
            "D01",
            names[row["source_id"]],
            row["extension"],
            row["calls"],
            None,
            row["first_at"],
            row["last_at"],
            "give it to its manager: POST /api/v1/managers/HANDLE/extensions; or add him: telephony-bridge manager add HANDLE "
            f"--name NAME --extension {names[row['source_id']]}:{row['extension']}",
        )
        for row in await conn.fetch(SQL.unmapped, first, last)
        if row["source_id"] in names
    ]
    if first <= now.astimezone(company.zone).date() <= last:
        found += _silent(await _heard(conn, book, now=now))
        found += await _behind(conn, book, now=now)
    for row in await conn.fetch(SQL.ahead, first, last, int(AHEAD.total_seconds())):
        if row["source_id"] in names:
            name = names[row["source_id"]]
            ahead = int(book.sources[row["source_id"]].clock_ahead.total_seconds()) + row["ahead"]
            advice = (
                "set the PBX's clock by NTP and check the source's --timezone; for calls that are here: telephony-bridge source "
                f"change {name} --clock-ahead {ahead}, then telephony-bridge deliveries replay --source {name}; set it to 0 once "
                "the clock is right"
            )
            found.append(Mark("D04", name, None, row["calls"], row["ahead"], row["first_at"], row["last_at"], advice))
    found += [
        Mark(
            "D05",
            names[row["source_id"]],
            row["extension"],
            row["calls"],
            None,
            row["first_at"],
            row["last_at"],
            f"{row['manager']} has left: who calls by his extension? Take it away at the PBX, or give it to who has it now: "
            "POST /api/v1/managers/HANDLE/extensions",
        )
        for row in await conn.fetch(SQL.leavers, first, last)
        if row["source_id"] in names
    ]
    return sorted(found, key=lambda mark: (mark.code, mark.source, mark.extension or ""))


async def _behind(conn: db.Connection, book: Book, *, now: datetime) -> list[Mark]:
    """Connectors that have not read their CRM for longer than a gap: every deadline waits for them (EC-41)."""
    allowed = timedelta(minutes=book.setting("gap_minutes", None, book.day(None, now)))
    advice = (
        "see whether the connector runs; until it says how far it has read, no deadline passes: POST /api/v1/connectors/NAME/seen"
    )
    return [
        Mark("D03", row["name"], None, 0, int((now - row["seen_until"]).total_seconds()), None, row["seen_until"], advice)
        for row in await crm.connectors(conn)
        if row["retired_at"] is None and now - row["seen_until"] > allowed
    ]


def _silent(heard: Sequence[Heard]) -> list[Mark]:
    pbx_heard = any(not one.is_crm and one.quiet_for is not None and not one.is_silent for one in heard)
    found = []
    for one in heard:
        if not one.is_silent or one.quiet_for is None or (one.is_crm and not pbx_heard):
            continue
        code, advice = ("D03", "see whether the CRM still posts") if one.is_crm else ("D02", "see whether the PBX still posts")
        seconds = int(one.quiet_for.total_seconds())
        last = max((at for at in (one.last_delivery, one.last_call) if at is not None), default=None)
        found.append(Mark(code, one.source, None, 0, seconds, last, last, advice + ": docs/pbx, «See that it works»"))
    return found
