"""What a form of a call or a lead writes, through the stories the API tells too: what it cures is cured at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from telephony_bridge import crm, entering, pipeline
from telephony_bridge.errors import Conflict
from telephony_bridge.pages import fields
from telephony_bridge.pages.card import Card
from telephony_bridge.pages.fields import Filled, Typed
from telephony_bridge.pages.visit import Visit, Wrong


async def save(visit: Visit, card: Card, typed: Typed) -> str:
    """Writes what was typed, and what follows is judged at once; returns the word that names it in ``?saved=``.

    Raises ``Wrong`` with what is to be put right.
    """
    if card.asked is None:
        raise Wrong({"form": visit.words["nothing_asked"]})
    filled, wrong = fields.read(typed, card.asked, visit.times, visit.words)
    if wrong:
        raise Wrong(wrong)
    lead = card.lead or await _enter(visit, card, filled)
    if filled.buys is not None and lead["buys_analog"] == "unknown":
        await _change(visit, lead["id"], {"buys_analog": filled.buys})
    contact = _contact(visit, card, lead, filled)
    if filled.outcome == "wrong_number" and contact is None and not filled.keeps and lead["exemption"] is None:
        await entering.ask_exemption(
            visit.conn,
            lead["id"],
            "wrong_number",
            filled.text or visit.words["wrong_number"],
            by=visit.handle,
            is_approved=False,
            company=visit.company,
            now=visit.now,
        )
    if not filled.text and filled.outcome is None:
        if contact is not None:
            await entering.set_contact(visit.conn, lead["id"], contact, visit.writing)
        return f"l{lead['id']}"
    call_id = card.call["id"] if card.call is not None else None
    note = crm.Note(filled.text, filled.outcome, filled.goal, call_id, contact)
    return f"c{await entering.comment(visit.conn, lead['id'], note, visit.writing)}"


def _contact(visit: Visit, card: Card, lead: Mapping[str, Any], filled: Filled) -> crm.Plan | None:
    """The date to be set. A kept one is set anew where that is asked for, or where its goal is another after this call (R37)."""
    if filled.at is not None:
        return crm.Plan(filled.at, filled.basis, filled.goal, filled.reason)
    if not filled.keeps or card.asked is None or card.asked.kept_at is None:
        return None
    day = visit.book.day(visit.manager_id, visit.now)
    is_anew = (
        filled.outcome == "will_call_himself"
        or visit.book.word("next_date_mode", visit.manager_id, day) == "touched"
        or (card.call is not None and filled.goal not in (None, card.asked.kept_goal))
    )
    goal = filled.goal or card.asked.kept_goal
    return crm.Plan(card.asked.kept_at, lead["next_contact"]["basis"], goal, filled.reason) if is_anew else None


async def _enter(visit: Visit, card: Card, filled: Filled) -> Mapping[str, Any]:
    """The lead of a call without one: a new one of his, or the one that has the number by now if it is his or nobody's (R9)."""
    assert card.call is not None
    segment = visit.book.week(visit.manager_id, visit.book.day(visit.manager_id, visit.now)).segment
    number, buys = card.call["number"], filled.buys or "unknown"
    new = crm.NewLead(filled.name, [number], segment, filled.company, visit.manager_id, buys_analog=buys)
    try:
        lead_id = await entering.enter_lead(visit.conn, new, visit.writing)
    except Conflict as taken:
        lead_id = int(str(taken.existing))
        there = await crm.lead_seen_by(visit.conn, lead_id, None)
        if there["manager"] not in (None, visit.handle):
            raise Wrong({"name": visit.words["err_taken"].format(who=visit.who(there["manager"]))}) from None
        if there["manager"] is None:
            await _change(visit, lead_id, {"manager_id": visit.manager_id})
        else:
            await pipeline.leads_changed(visit.conn, [lead_id], at=visit.now, company=visit.company, now=visit.now)
    return await crm.lead_seen_by(visit.conn, lead_id, visit.manager_id)


async def _change(visit: Visit, lead_id: int, changes: Mapping[str, Any]) -> None:
    await entering.change_lead(
        visit.conn,
        lead_id,
        crm.Changes(changes),
        author=visit.handle,
        by=visit.manager_id,
        company=visit.company,
        now=visit.now,
    )


async def answer_buys(visit: Visit, lead_id: int, buys: str) -> None:
    """Whether he buys a similar product (R11, V19). Raises ``Wrong``."""
    if buys not in ("yes", "no"):
        raise Wrong({"form": visit.words["err_choice"]})
    await crm.lead_seen_by(visit.conn, lead_id, visit.manager_id)
    await _change(visit, lead_id, {"buys_analog": buys})


async def take_up(visit: Visit, lead_id: int) -> None:
    """A lost lead is in work again (V17, R12)."""
    lead = await crm.lead_seen_by(visit.conn, lead_id, visit.manager_id)
    if lead["stage"] == "lost":
        await _change(visit, lead_id, {"stage": "potential" if lead["buys_analog"] == "yes" else "new"})
