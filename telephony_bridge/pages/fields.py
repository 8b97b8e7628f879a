"""What a person typed into a form, read and checked: every field is kept, every mistake has its sentence. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast, get_args

from telephony_bridge.crm import Basis, Buys, Outcome
from telephony_bridge.pages.times import Times, own_date
from telephony_bridge.pages.words import Words
from telephony_bridge.violations.duties import CommentFact, is_poor

Typed = Mapping[str, str]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
QUICK: tuple[Outcome, ...] = ("no_answer", "busy", "hung_up", "wrong_number")  # one tap for a dial nobody talked in (R18)
_ORDER = ("name", "company", "outcome", "text", "when", "reason", "goal", "basis", "buys")  # as the form has them
LONGEST = {"text": 10_000, "goal": 10_000, "reason": 10_000, "name": 300, "company": 300}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a form asks for.

    ``words``: a text is needed (a conversation, R20), an outcome or a text is (a dial, R18), or nothing is (a date alone).
    ``kept_at``: the open date that may be kept, ``kept_goal`` its goal; ``horizon``: days beyond which a date needs a reason.
    """

    words: str  # text | any | none
    lead: bool = False
    date: bool = True
    kept_at: datetime | None = None
    kept_goal: str | None = None
    least_letters: int = 15
    previous: str | None = None
    horizon: int = 100


@dataclass(frozen=True, slots=True)
class Filled:
    """What is to be saved. ``at`` is a new date, ``keeps`` leaves the open one; without both there is none."""

    outcome: Outcome | None
    text: str
    goal: str | None
    at: datetime | None
    keeps: bool
    basis: Basis
    reason: str | None
    buys: Buys | None
    name: str
    company: str | None


def read(typed: Typed, asked: Asked, times: Times, words: Words) -> tuple[Filled, dict[str, str]]:
    """(what was typed, field -> what is wrong with it); with no mistakes it can be saved."""
    wrong = {
        name: words["err_long"].format(letters=longest) for name, longest in LONGEST.items() if len(typed.get(name, "")) > longest
    }
    outcome = cast("Outcome | None", _choice(typed, "outcome", OUTCOMES, words, wrong))
    text, goal = typed.get("text", "").strip(), typed.get("goal", "").strip() or None
    at, keeps = _date(typed, asked, times, words, wrong)
    filled = Filled(
        outcome=outcome,
        text=text,
        goal=goal,
        at=at,
        keeps=keeps,
        basis=cast("Basis", _choice(typed, "basis", get_args(Basis), words, wrong) or "own"),
        reason=typed.get("reason", "").strip() or None,
        buys=cast("Buys | None", _choice(typed, "buys", ("yes", "no"), words, wrong)),
        name=typed.get("name", "").strip(),
        company=typed.get("company", "").strip() or None,
    )
    _check(filled, asked, times, words, wrong)
    return filled, {name: wrong[name] for name in _ORDER if name in wrong}


def _choice(typed: Typed, name: str, known: tuple[str, ...], words: Words, wrong: dict[str, str]) -> str | None:
    chosen = typed.get(name, "")
    if chosen and chosen not in known:
        wrong[name] = words["err_choice"]
    return chosen if chosen in known else None


def _date(typed: Typed, asked: Asked, times: Times, words: Words, wrong: dict[str, str]) -> tuple[datetime | None, bool]:
    """(the new date, whether the open one is kept). A date that was typed counts also where its button was not pressed."""
    chosen = typed.get("when", "")
    if not chosen and typed.get("date"):
        chosen = "own"
    if not chosen or (chosen == "keep" and asked.kept_at is not None):
        return None, bool(chosen)
    at = times.read(own_date(typed.get("date", ""), typed.get("time", "")) if chosen == "own" else chosen)
    if at is None:
        wrong["when"] = words["err_date"]
    elif at <= times.now:
        wrong["when"] = words["err_past"]
    return at, False


def _check(filled: Filled, asked: Asked, times: Times, words: Words, wrong: dict[str, str]) -> None:
    if asked.lead and not (filled.name or filled.company):
        wrong.setdefault("name", words["err_name"])
    # a machine answered: what is owed is what a dial without a talk owes (EC-32)
    needs_text = asked.words == "text" and filled.outcome != "voicemail"
    if needs_text and not filled.text:
        wrong.setdefault("text", words["err_text"])
    elif needs_text and is_poor(_as_fact(filled, asked, times.now), asked.least_letters):
        wrong.setdefault("text", words["err_poor"].format(letters=asked.least_letters))
    elif asked.words != "none" and not filled.text and filled.outcome is None:
        wrong.setdefault("outcome", words["err_said"])
    dated = filled.at is not None or filled.keeps or "when" in wrong
    if not dated and filled.outcome == "will_call_himself":
        wrong["when"] = words["err_himself"]  # R29
    elif not dated and asked.date and filled.outcome != "wrong_number":
        wrong["when"] = words["err_when"]  # R27: there is no «no date»
    if needs_text and dated and not filled.goal and not (filled.keeps and asked.kept_goal):
        wrong.setdefault("goal", words["err_goal"])  # R20: how it ended, and what the next contact is for
    ahead = (filled.at.astimezone(times.zone).date() - times.today).days if filled.at is not None else 0
    if ahead > asked.horizon and not filled.reason:
        wrong.setdefault("reason", words["err_far"].format(days=asked.horizon))


def _as_fact(filled: Filled, asked: Asked, now: datetime) -> CommentFact:
    """The comment as the register will weigh it (V16), before it is one."""
    return CommentFact(0, 0, None, True, now, filled.outcome, True, filled.text, asked.previous)
