"""The words of notices, in the company's language (R36). Pure. A phone number is never part of one (rules.md A8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned contact of the day; ``overdue`` when its day is over."""

    lead_name: str
    due_at: datetime
    goal: str | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed for a call or a day: the code of its violation, and until when."""

    code: str
    due_at: datetime
    is_open: bool


WORDS: Mapping[str, Mapping[str, str]] = {
    "ru": {
        "hello": "{name}, план на {day:%d.%m.%Y}",
        "nothing": "На сегодня ничего не запланировано.",
        "planned": "Запланировано контактов: {number}",
        "overdue": "просрочено",
        "owed": "За вами",
        "until": "до {at:%H:%M %d.%m}",
        "V01": "звонки и встречи без комментария",
        "V02": "наборы без результата",
        "V03": "звонки и встречи без даты следующего контакта",
        "V04": "наборы на номера без лида",
        "V05": "входящие разговоры без лида",
        "V06": "норма наборов не выполнена",
        "V07": "норма дозвонов не выполнена",
        "V08": "норма новых лидов не выполнена",
        "V09": "запланированный контакт пропущен",
        "V10": "лиды без даты следующего контакта",
        "V11": "пропущенные звонки, на которые не перезвонили",
        "V12": "звонки в CRM, которых не видела АТС",
        "V13": "наборы, которые посмотрит супервайзер",
        "V14": "внесённые лиды без звонка",
        "V15": "дата переносится без звонка",
        "V16": "комментарии удалены или ничего не говорят",
        "V17": "лид закрыт слишком рано",
        "V18": "переданные карточки не прочитаны",
        "V19": "после первого разговора не отмечено, покупают ли аналог",
    },
    "en": {
        "hello": "{name}, plan for {day:%Y-%m-%d}",
        "nothing": "Nothing is planned for today.",
        "planned": "Planned contacts: {number}",
        "overdue": "overdue",
        "owed": "You owe",
        "until": "until {at:%H:%M %d %b}",
        "V01": "calls and meetings without a comment",
        "V02": "dials without an outcome",
        "V03": "calls and meetings without a next-contact date",
        "V04": "dials to numbers without a lead",
        "V05": "incoming talks without a lead",
        "V06": "the norm of dials is not met",
        "V07": "the norm of connects is not met",
        "V08": "the norm of new leads is not met",
        "V09": "a planned contact was missed",
        "V10": "leads without a next-contact date",
        "V11": "missed calls that were not returned",
        "V12": "calls in the CRM that the PBX did not see",
        "V13": "dials for a supervisor to review",
        "V14": "entered leads without a call",
        "V15": "a date is pushed without a call",
        "V16": "comments removed or saying nothing",
        "V17": "a lead was given up too early",
        "V18": "cards handed over and not read",
        "V19": "no word after the first talk on whether they buy alike",
    },
}


def digest(name: str, planned: Sequence[Planned], owed: Sequence[Owed], *, language: str, zone: ZoneInfo, now: datetime) -> str:
    """A manager's morning list: planned contacts, overdue first, then what he owes. With nothing planned it says so (R36)."""
    words = WORDS[language]
    local = now.astimezone(zone)
    lines = [words["hello"].format(name=name, day=local)]
    lines.append(words["planned"].format(number=len(planned)) if planned else words["nothing"])
    for one in sorted(planned, key=lambda contact: (not contact.overdue, contact.due_at)):
        at = one.due_at.astimezone(zone)
        mark = f" ({words['overdue']})" if one.overdue else ""
        lines.append(f"- {at:%H:%M} {one.lead_name}{mark}" + (f": {one.goal}" if one.goal else ""))
    codes: dict[str, list[Owed]] = {}
    for debt in owed:
        codes.setdefault(debt.code, []).append(debt)
    if codes:
        lines.append(words["owed"] + ":")
    for code, debts in sorted(codes.items()):
        waiting = [debt.due_at for debt in debts if not debt.is_open]
        until = ", " + words["until"].format(at=min(waiting).astimezone(zone)) if waiting else ""
        lines.append(f"- {words[code]}: {len(debts)}{until}")
    return "\n".join(lines)
