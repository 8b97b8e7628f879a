"""All that one person owes, soonest deadline first, a row for each call, lead or day; short things are done in the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge import calls, crm, db, pipeline, violations
from telephony_bridge.errors import NotFound, Refused
from telephony_bridge.pages import card, saving
from telephony_bridge.pages.fields import LONGEST, QUICK, Typed
from telephony_bridge.pages.visit import Visit, Wrong
from telephony_bridge.violations import DISPUTE_DAYS, Debt

SHOWN = 100  # rows: the rest comes when these are done
_RECENT = timedelta(days=14)
_BY_DIAL = frozenset({"V09", "V14", "V15"})  # what the PBX proves cannot be typed away
_DAY_CODES = frozenset({"V06", "V07", "V08"})


@dataclass(slots=True)
class Row:
    """One call, lead or day with all that is owed for it."""

    kind: str
    subject: int | str
    debts: list[Debt] = field(default_factory=list)

    @property
    def codes(self) -> set[str]:
        return {debt.code for debt in self.debts if debt.is_owed}


def rows_of(debts: Sequence[Debt]) -> list[Row]:
    """In the order of their soonest deadline. Meetings and planned contacts stand with their lead."""
    found: dict[tuple[str, int | str], Row] = {}
    for debt in debts:
        kind: str = debt.subject_kind
        subject: int | str = debt.subject_id if kind == "day" else int(debt.subject_id)
        if kind in ("planned", "meeting"):
            kind, subject = "lead", int(debt.evidence["lead"])
        found.setdefault((kind, subject), Row(kind, subject)).debts.append(debt)
    return sorted(found.values(), key=lambda row: (min(debt.due_at for debt in row.debts), row.kind, row.subject))


async def shown(visit: Visit, typed: Typed, wrong: Mapping[str, str]) -> dict[str, Any]:
    """What the template needs: ``rows`` still owed, and ``recent`` ones that were fixed late or on which people spoke."""
    debts = await violations.debts_of(visit.conn, visit.manager_id, since=visit.times.today - _RECENT)
    owed = rows_of([debt for debt in debts if debt.is_owed])
    recent = rows_of([debt for debt in debts if not debt.is_owed and (debt.said or _in_time(visit, debt))])
    page = owed[:SHOWN]
    every = [*page, *recent]
    known = await _subjects(visit, every)
    cards = await _cards(visit, page)
    choices = card.choices(visit)
    return {
        "rows": [_told(visit, row, known, cards, choices) for row in page],
        "recent": [_told(visit, row, known, {}, []) for row in recent],
        "count": len(owed),
        "rest": len(owed) > SHOWN,
        "shown": SHOWN,
        "quick": QUICK,
        "typed": typed,
        "wrong": wrong,
        "action": visit.address("owed"),
    }


@dataclass(frozen=True, slots=True)
class _Known:
    calls: Mapping[int, db.Record]
    leads: Mapping[int, Mapping[str, Any]]


async def _subjects(visit: Visit, rows: Sequence[Row]) -> _Known:
    """The calls and leads that rows are about, in two questions."""
    about = {kind: [int(row.subject) for row in rows if row.kind == kind] for kind in ("call", "lead")}
    found = {row["id"]: row for row in await calls.whole(visit.conn, about["call"])}
    leads = {*about["lead"], *(one["lead_id"] for one in found.values() if one["lead_id"] is not None)}
    return _Known(found, {one["id"]: one for one in await crm.shown(visit.conn, leads)})


async def _cards(visit: Visit, rows: Sequence[Row]) -> dict[int, Mapping[str, Any]]:
    """Lead -> the digest of its card where that is to be read (R25)."""
    return {
        debt.evidence["lead"]: await crm.one_card(visit.conn, debt.evidence["handover"], debt.evidence["lead"], visit.manager_id)
        for row in rows
        for debt in row.debts
        if debt.code == "V18"
    }


def _in_time(visit: Visit, debt: Debt) -> bool:
    """May it still be disputed (EC-68)?"""
    if not debt.may_be_disputed or debt.opened_at is None:
        return False
    return visit.now <= visit.book.working_days_later(visit.manager_id, debt.opened_at, DISPUTE_DAYS)


def _told(
    visit: Visit, row: Row, known: _Known, cards: Mapping[int, Mapping[str, Any]], choices: Sequence[card.Choice]
) -> dict[str, Any]:
    call = known.calls.get(int(row.subject)) if row.kind == "call" else None
    lead_id = call["lead_id"] if call is not None else row.subject if row.kind == "lead" else None
    lead = known.leads.get(int(lead_id)) if lead_id is not None else None
    digest = cards.get(int(row.subject)) if row.kind == "lead" else None
    handed = next((debt.evidence for debt in row.debts if debt.code == "V18"), None)
    offers = [*card.keeping(visit, card.kept(visit, lead, call)), *choices]
    return {
        "kind": row.kind,
        "id": row.subject,
        "label": _label(visit, row, lead),
        "facts": _facts(visit, call),
        "numbers": [debt.evidence for debt in row.debts if debt.code in _DAY_CODES],
        "debts": [_debt(visit, debt) for debt in row.debts],
        "notes": _notes(visit, row.codes),
        "does": _does(row, call, lead),
        "offers": offers,
        "chosen": next((value for value, what, _ in offers if value == "keep" or what == visit.words["soon"]), None),  # EC-11
        "digest": _digest(visit, digest, handed["from"]) if digest is not None and handed is not None else None,
        "handover": handed["handover"] if handed is not None else None,
        "lead": lead["id"] if lead is not None else None,
    }


def _label(visit: Visit, row: Row, lead: Mapping[str, Any] | None) -> str:
    if row.kind == "day":
        return visit.words["day"].format(day=visit.times.day(row.debts[0].day))
    return card.label(visit, lead)


def _facts(visit: Visit, call: db.Record | None) -> str:
    """When, which way and how long, in a line."""
    if call is None:
        return ""
    told = [visit.words.get(call["direction"], visit.words["call"]), visit.times.moment(call["started_at"])]
    if call["lead_id"] is None and (number := visit.shown_number(call["number"])) is not None:
        told.append(number)
    return " · ".join([*told, visit.times.talk(card.talked(call))])


def _debt(visit: Visit, debt: Debt) -> dict[str, Any]:
    late = debt.status not in ("watching", "reminded")
    at = visit.times.moment(debt.due_at)
    return {
        "id": debt.id,
        "what": visit.words[debt.code],
        "when": visit.words["since" if late else "until"].format(at=at),
        "is_late": late,
        "state": visit.words[f"is_{debt.status}"] if late else None,
        "disputable": _in_time(visit, debt),
        "said": [
            {"who": visit.who(one["author"]), "reason": one["reason"], "state": visit.words[f"is_{one['to']}"]}
            for one in debt.said
        ],
    }


def _notes(visit: Visit, codes: set[str]) -> list[str]:
    notes = {
        "call_back": "V11" in codes,
        "dial_it": bool(codes & _BY_DIAL),
        "not_in_pbx": "V12" in codes,
        "day_proved": bool(codes & _DAY_CODES),
    }
    return [visit.words[name] for name, is_said in notes.items() if is_said]


def _does(row: Row, call: db.Record | None, lead: Mapping[str, Any] | None) -> set[str]:
    """What can be done in the row, and where its full form is."""
    codes = row.codes
    does: set[str] = set()
    if call is not None and codes - {"V11", "V12"}:
        does.add("call_form" if lead is not None else "make_lead")
        if lead is not None and "V02" in codes and not codes & {"V01", "V16"}:
            does.add("outcome")
        elif lead is not None and codes == {"V03"}:
            does.add("date")
    elif lead is not None:
        does.add("lead_form")
        if codes & {"V03", "V10"} and not codes & {"V01", "V16"}:
            does.add("date")
    for code, what in (("V17", "reopen"), ("V18", "read"), ("V19", "buys")):
        if code in codes:
            does.add(what)
    return does


def _digest(visit: Visit, told: Mapping[str, Any], leaver: str) -> dict[str, Any]:
    """A card handed over, as its new owner reads it (R25)."""
    said, planned = told["last_comment"], told["next_contact"]
    return {
        "outcome": visit.words[told["last_outcome"]] if told["last_outcome"] else None,
        "said": said["text"] if said else None,
        "leaver": visit.who(leaver),
        "who": visit.who(said["author"]) if said else None,
        "goal": told["next_goal"],
        "calls": told["calls"],
        "next": visit.times.moment(datetime.fromisoformat(planned["at"])) if planned else None,
    }


async def act(visit: Visit, typed: Typed) -> str:
    """Does what a button of the list says; returns the word for ``?saved=``. Raises ``Wrong``, ``NotFound``."""
    does = typed.get("do", "")
    if does == "dispute":
        await _dispute(visit, _id(typed, "violation"), typed.get("reason", "").strip())
        return "ok"
    lead_id = _id(typed, "lead")
    if does == "read":
        await pipeline.card_read(
            visit.conn,
            _id(typed, "handover"),
            lead_id,
            by=visit.handle,
            seen_by=visit.manager_id,
            company=visit.company,
            now=visit.now,
        )
    elif does == "buys":
        await saving.answer_buys(visit, lead_id, typed.get("buys", ""))
    elif does == "reopen":
        await saving.take_up(visit, lead_id)
    else:
        raise NotFound("no such button")
    return f"l{lead_id}"


async def _dispute(visit: Visit, violation_id: int, reason: str) -> None:
    mine = await violations.listed(visit.conn, violation_id=violation_id, manager_id=visit.manager_id, limit=1)
    if not mine or mine[0]["code"] == "V13":
        raise NotFound(f"there is no violation {violation_id}")
    if not reason:
        raise Wrong({f"reason{violation_id}": visit.words["err_reason"]})
    if len(reason) > LONGEST["reason"]:
        raise Wrong({f"reason{violation_id}": visit.words["err_long"].format(letters=LONGEST["reason"])})
    try:
        await pipeline.dispute(visit.conn, violation_id, author=visit.handle, reason=reason, company=visit.company, now=visit.now)
    except NotFound:
        raise
    except Refused:
        raise Wrong({f"reason{violation_id}": visit.words["err_late"]}) from None


def _id(typed: Typed, name: str) -> int:
    value = typed.get(name, "")
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        raise NotFound(f"no {name}")
    return int(value)
