"""Passing a leaver's cards on: who gets what, what is told of it, and that each card is read in time (R23 to R25, V18).

A lead, its open planned contact and its open deals go together; what the leaver has on a colleague's lead goes to him.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from telephony_bridge import crm, db, people, violations, webhooks
from telephony_bridge.book import Book, open_book, utc_day
from telephony_bridge.errors import Refused
from telephony_bridge.model import Company
from telephony_bridge.owed import judge_leads
from telephony_bridge.violations import Finding

OWED_REACH = timedelta(days=120)  # how old a call may be whose comment is still asked for
READ_REACH = timedelta(days=40)  # a hand-over so long ago is due, whatever absence is entered now


@dataclass(frozen=True, slots=True)
class _Shared:
    """A hand-over that could be made: ``cards`` become an owner's, of ``others`` only what the leaver has on them."""

    leaver_id: int
    owners: tuple[int, ...]
    held: Mapping[int, crm.Held]
    cards: Mapping[int, int]
    others: Mapping[int, int]
    owed: Sequence[Mapping[str, Any]]
    today: datetime

    def counts(self, owner_id: int | None = None) -> dict[str, int]:
        """How many cards, leads (open ones), lost ones, deals, planned contacts and overdue ones, of all or for one owner."""
        cards = [self.held[lead] for lead, owner in self.cards.items() if owner_id in (None, owner)]
        moved = cards + [self.held[lead] for lead, owner in self.others.items() if owner_id in (None, owner)]
        return {
            "cards": len(cards),
            "leads": sum(one.is_open for one in cards),
            "lost": sum(not one.is_open for one in cards),
            "deals": sum(one.deals for one in moved),
            "planned": sum(one.planned_id is not None for one in moved),
            "overdue": sum(one.is_overdue(self.today) for one in moved),
        }

    def gaps(self) -> list[crm.Held]:
        return [self.held[lead] for lead in sorted(self.cards) if self.held[lead].is_gap]

    def told(self, book: Book, handover_id: int | None, *, preview: bool) -> dict[str, Any]:
        """JSON-ready; everybody by handle."""
        gets = Counter([*self.cards.values(), *self.others.values()])
        return {
            "id": handover_id,
            "preview": preview,
            "from": book.handles[self.leaver_id],
            "to": [book.handles[owner] for owner in self.owners],
            **self.counts(),
            "owed_comments": list(self.owed),
            "gaps": [{"lead": one.lead_id, "name": one.name, "calls": one.calls} for one in self.gaps()],
            "shares": [
                {"manager": book.handles[owner], **self.counts(owner)} for owner in dict.fromkeys((*self.owners, *sorted(gets)))
            ],
        }


async def preview_handover(
    conn: db.Connection, leaver: str, owners: Sequence[str], *, company: Company, now: datetime
) -> dict[str, Any]:
    """What ``hand_over`` would do, and what is missing before it: nothing is written. Raises like it."""
    book = await open_book(conn, company, since=utc_day(now))
    return (await _shared(conn, book, leaver, owners, now=now)).told(book, None, preview=True)


async def hand_over(
    conn: db.Connection,
    book: Book,
    leaver: str,
    owners: Sequence[str],
    *,
    author: str,
    judged_at: datetime,
    now: datetime,
) -> dict[str, Any]:
    """A leaver's cards become others'; with nothing left to pass on it tells of the last hand-over and 0 cards.

    Raises ``NotFound`` of somebody unknown, ``Refused`` where the leaver himself or who has left would get cards.
    """
    shared = await _shared(conn, book, leaver, owners, now=now)
    if not shared.held:
        return shared.told(book, await crm.last_handover(conn, shared.leaver_id), preview=False)
    handover_id = await crm.pass_on(
        conn,
        shared.leaver_id,
        shared.owners,
        shared.cards,
        shared.others,
        shared.held,
        report=shared.counts() | {"owed_comments": len(shared.owed), "gaps": len(shared.gaps())},
        author=author,
        now=now,
    )
    await judge_leads(conn, book, shared.held, judged_at=judged_at, now=now)
    await judge_cards(conn, book, shared.cards, judged_at=judged_at, now=now)
    return shared.told(book, handover_id, preview=False)


async def _shared(conn: db.Connection, book: Book, leaver: str, owners: Sequence[str], *, now: datetime) -> _Shared:
    leaver_id = int((await people.by_handle(conn, leaver))["id"])
    ids = tuple(dict.fromkeys([int((await people.by_handle(conn, owner))["id"]) for owner in owners]))
    if not ids:
        raise Refused("to: name who gets the cards, one manager at least")
    if leaver_id in ids:
        raise Refused(f"to: {leaver} passes his cards on and cannot get them; name another manager")
    for owner in ids:
        if _has_left(book, owner, now):
            raise Refused(
                f"to: {book.handles[owner]} worked here until {book.schedule(owner).last_day}; name somebody who works here now"
            )
    held = {one.lead_id: one for one in await crm.held(conn, leaver_id)}
    others = {
        one.lead_id: one.owner_id
        for one in held.values()
        if one.owner_id not in (None, leaver_id) and not _has_left(book, one.owner_id, now)
    }
    today = book.day(leaver_id, now)
    begins = book.day_bounds(leaver_id, today)[0]
    cards = crm.shares([one for lead, one in held.items() if lead not in others], ids, today=begins)
    owed = await crm.owed_comments(conn, leaver_id, today - OWED_REACH)
    return _Shared(leaver_id, ids, held, cards, others, owed, begins)


def _has_left(book: Book, manager_id: int, now: datetime) -> bool:
    last = book.schedule(manager_id).last_day
    return last is not None and last < book.day(manager_id, now)


async def card_read(
    conn: db.Connection, handover_id: int, lead_id: int, *, by: str, seen_by: int | None, company: Company, now: datetime
) -> dict[str, Any]:
    """A card was read by its new owner or a supervisor; returns it. Raises ``NotFound``, also of a colleague's card."""
    judged_at = await webhooks.inbox.take_pen(conn)
    await crm.one_card(conn, handover_id, lead_id, seen_by)
    await crm.read_card(conn, handover_id, lead_id, by=by, now=now)
    book = await open_book(conn, company, since=utc_day(now))
    await judge_cards(conn, book, [lead_id], judged_at=judged_at, now=now)
    return await crm.one_card(conn, handover_id, lead_id, seen_by)


async def judge_cards(
    conn: db.Connection, book: Book, lead_ids: Iterable[int], *, judged_at: datetime, now: datetime
) -> dict[str, int]:
    """V18 of the cards these leads were in hand-overs; returns how many opened, by code."""
    leads = sorted(set(lead_ids))
    if not leads:
        return {}
    findings = [found for card in await crm.cards_to_read(conn, leads) if (found := _unread(book, card)) is not None]
    subjects = [str(lead_id) for lead_id in leads]
    return await violations.judge(conn, "lead", subjects, findings, codes=("V18",), now=judged_at, at=now)


def _unread(book: Book, card: crm.CardToRead) -> Finding | None:
    """What is to be read of one card: nothing where the lead was given to another before the time was up."""
    day = book.day(card.owner_id, card.at)
    days = book.setting("handover_read", card.owner_id, day)
    if not days:
        return None
    due_at = book.working_days_later(card.owner_id, card.at, days).astimezone(UTC)
    if not card.is_owner or (card.passed_at is not None and card.passed_at < due_at):
        return None
    return Finding(
        code="V18",
        subject_kind="lead",
        subject_id=str(card.lead_id),
        manager_id=card.owner_id,
        day=day,
        due_at=due_at,
        met_at=card.read_at,
        evidence={"lead": card.lead_id, "handover": card.handover_id, "from": card.leaver},
        policy_version=book.rules.version(),
    )
