"""The form of one call or one lead: what it shows and what it asks for (R18, R20, R26 to R29)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge import calls, crm, db, norms
from telephony_bridge.errors import NotFound
from telephony_bridge.model import Disposition, MatchResult
from telephony_bridge.pages import fields
from telephony_bridge.pages.fields import Asked, Typed
from telephony_bridge.pages.visit import Visit
from telephony_bridge.planning import offered

_SHOWN = 2  # comments
_LOOKED_AT = 20  # calls of a lead, to find the one that waits for words
_NO_CLIENT = frozenset({MatchResult.INTERNAL, MatchResult.EXCLUDED})
_BASIS: crm.Basis = "own"


@dataclass(frozen=True, slots=True)
class Card:
    """A call, a lead, or a lead with the call on it that waits for words. ``asked`` is None where nothing is to be recorded."""

    page: str
    call: db.Record | None
    lead: Mapping[str, Any] | None
    asked: Asked | None
    said: tuple[Mapping[str, Any], ...] = ()  # the last comments of people, the newest first

    @property
    def is_done(self) -> bool:
        """Nothing is owed for the call any more."""
        owed = ("due", "late")
        return self.call is not None and self.call["comment"] not in owed and self.call["next_contact"] not in owed


async def open_card(visit: Visit, page: str, *, date_alone: bool = False) -> Card:
    """``page`` is ``call/<id>`` or ``lead/<id>``; ``date_alone`` asks for no words. Raises ``NotFound``, of a colleague's too."""
    kind, _, number = page.partition("/")
    if kind == "call":
        return await _of_call(visit, page, int(number))
    lead = await crm.lead_seen_by(visit.conn, int(number), visit.manager_id)
    last = await calls.listed(visit.conn, lead_id=lead["id"], seen_by=visit.manager_id, limit=_LOOKED_AT)
    waits = next((row for row in last if row["comment"] in ("due", "late") and row["duty_manager_id"] == visit.manager_id), None)
    said = await _said(visit, lead["id"])
    call = None if date_alone else waits
    words = "none" if call is None else _words(visit, call)
    return Card(page, call, lead, _asked(visit, words, call, lead, said), said)


async def _of_call(visit: Visit, page: str, call_id: int) -> Card:
    found = await calls.listed(visit.conn, call_id=call_id, seen_by=visit.manager_id, limit=1)
    if not found:
        raise NotFound(f"there is no call {call_id}")
    call = found[0]
    if call["lead_id"] is None and (call["number"] is None or call["match"] in _NO_CLIENT):
        return Card(page, call, None, None)
    if call["match"] in _NO_CLIENT:
        return Card(page, call, None, None)
    lead = await crm.lead_seen_by(visit.conn, call["lead_id"], visit.manager_id) if call["lead_id"] is not None else None
    said = await _said(visit, lead["id"]) if lead is not None else ()
    return Card(page, call, lead, _asked(visit, _words(visit, call), call, lead, said), said)


async def _said(visit: Visit, lead_id: int) -> tuple[Mapping[str, Any], ...]:
    history = await crm.history(visit.conn, lead_id)
    words = [one for one in history if one["kind"] == "comment" and one["author_kind"] == "person"]
    return tuple(reversed(words[-_SHOWN:]))


def _words(visit: Visit, call: db.Record) -> str:
    """A conversation needs a text; an attempt what the policy says (R18)."""
    day = visit.book.day(visit.manager_id, call["started_at"])
    talked = (
        call["disposition"] == Disposition.ANSWERED
        and not call["said_machine"]
        and call["talk_seconds"] >= visit.book.min_talk(call["source_id"], visit.manager_id, day)
    )
    return "text" if talked or visit.book.word("unanswered_needs", visit.manager_id, day) == "comment" else "any"


def _asked(
    visit: Visit, words: str, call: db.Record | None, lead: Mapping[str, Any] | None, said: tuple[Mapping[str, Any], ...]
) -> Asked:
    day = visit.book.day(visit.manager_id, visit.now)
    planned = lead["next_contact"] if lead is not None else None
    exempt = lead is not None and lead["exemption"] is not None
    return Asked(
        words=words,
        lead=lead is None,
        date=not exempt and (lead is None or lead["stage"] != "lost"),
        kept_at=kept(visit, lead, call),
        kept_goal=planned["goal"] if planned is not None else None,
        least_letters=visit.book.setting("comment_min", visit.manager_id, day),
        previous=next((one["text"] for one in said if one["text"]), None),
        horizon=visit.book.setting("max_horizon", visit.manager_id, day),
    )


def ended(call: db.Record) -> datetime:
    found: datetime = call["ended_at"] or call["started_at"] + timedelta(seconds=call["talk_seconds"])
    return found


def talked(call: db.Record) -> int:
    """Seconds of conversation; what a machine took is none."""
    return int(call["talk_seconds"]) if call["disposition"] == Disposition.ANSWERED else 0


Choice = tuple[str, str, str]  # (what the form sends, what it is, the date in words)


def choices(visit: Visit) -> list[Choice]:
    """The next dates that are offered to this person now, the nearest first (R29, EC-12)."""
    times, words = visit.times, visit.words
    proposed = [(words["soon"], norms.presets.dates(visit.book.schedule(visit.manager_id), visit.now, ["1d"])[0][1])]
    if (later := times.later_today()) is not None:
        proposed.insert(0, (words["later"], later))
    proposed += [
        (words[f"in_{span[-1]}"].format(number=span[:-1]), at)
        for span, at in offered(visit.book, visit.manager_id, now=visit.now)
    ]
    return [(times.typed(at), what, times.moment(at)) for what, at in proposed]


def kept(visit: Visit, lead: Mapping[str, Any] | None, call: db.Record | None) -> datetime | None:
    """The lead's open date where it may be kept: it lies ahead, and after the call (R37)."""
    if lead is None or lead["next_contact"] is None:
        return None
    at = datetime.fromisoformat(lead["next_contact"]["at"])
    return at if at > max(visit.now, ended(call) if call is not None else visit.now) else None


def keeping(visit: Visit, at: datetime | None) -> list[Choice]:
    """The offer to keep an open date, if there is one."""
    return [("keep", visit.words["keep"], visit.times.moment(at))] if at is not None else []


def shown(visit: Visit, card: Card, typed: Typed, wrong: Mapping[str, str]) -> dict[str, Any]:
    """What the template of the form needs."""
    asked, call, lead, times = card.asked, card.call, card.lead, visit.times
    offers = [*keeping(visit, asked.kept_at), *choices(visit)] if asked is not None else []
    chosen = typed.get("when", "own" if typed.get("date") else "")
    if not chosen and not typed and asked is not None and asked.kept_at is not None:
        is_ahead = asked.kept_at.astimezone(times.zone).date() > times.today
        chosen = "keep" if is_ahead else ""
    if chosen and chosen not in ("own", *(value for value, _, _ in offers)):  # offered a while ago, and still what he chose
        at = times.read(chosen)
        offers += [(chosen, visit.words["date"], times.moment(at))] if at is not None else []
    return {
        "label": label(visit, lead),
        "number": visit.shown_number(call["number"]) if call is not None else None,
        "direction": visit.words.get(call["direction"], visit.words["call"]) if call is not None else None,
        "at": times.moment(call["started_at"]) if call is not None else None,
        "talk": times.talk(talked(call)) if call is not None else None,
        "goal_now": _goal_now(card),
        "said": [
            {
                "at": times.moment(datetime.fromisoformat(one["at"])),
                "who": visit.who(one["author"]) if one["author"] in visit.book.handles.values() else one["author"],
                "outcome": visit.words[one["outcome"]] if one["outcome"] else None,
                "text": one["text"],
                "goal": one["goal"],
            }
            for one in card.said
        ],
        "is_done": card.is_done,
        "asks": asked is not None,
        "asks_lead": asked is not None and asked.lead,
        "asks_date": asked is not None and asked.date,
        "asks_buys": lead is None or lead["buys_analog"] == "unknown",
        "is_talk": asked is not None and asked.words == "text",
        "letters": asked.least_letters if asked is not None else 0,
        "horizon": asked.horizon if asked is not None else 0,
        "why_no_date": _why_no_date(visit, lead),
        "outcomes": fields.OUTCOMES,
        "choices": offers,
        "chosen": chosen,
        "basis": typed.get("basis", _BASIS),
        "typed": typed,
        "wrong": wrong,
        "today": times.today.isoformat(),
        "action": visit.address(card.page),
    }


def _goal_now(card: Card) -> str | None:
    """What this contact is for: the open date's goal, else what was said last."""
    if card.lead is not None and card.lead["next_contact"] is not None and card.lead["next_contact"]["goal"]:
        return str(card.lead["next_contact"]["goal"])
    return next((str(one["goal"]) for one in card.said if one["goal"]), None)


def _why_no_date(visit: Visit, lead: Mapping[str, Any] | None) -> str | None:
    if lead is not None and lead["stage"] == "lost":
        return visit.words["lost"]
    if lead is not None and lead["exemption"] is not None:
        return visit.words["exempt" if lead["exemption"]["status"] == "approved" else "exempt_asked"]
    return None


def label(visit: Visit, lead: Mapping[str, Any] | None) -> str:
    """A lead as people call it."""
    if lead is None:
        return visit.words["no_lead"]
    return ", ".join(part for part in (lead["name"], lead["company"]) if part)
