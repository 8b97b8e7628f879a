"""The words of codes, metrics, verdicts and outcomes in notices, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, str]

ONE: Mapping[str, Words] = {  # what one row owes, in a line about one call or lead
    "ru": {
        "V01": "комментарий",
        "V02": "результат набора",
        "V03": "дата следующего контакта",
        "V04": "лид по этому номеру",
        "V05": "лид по этому номеру",
        "V06": "норма наборов не выполнена",
        "V07": "норма дозвонов не выполнена",
        "V08": "норма новых лидов не выполнена",
        "V09": "запланированный контакт не состоялся",
        "V10": "дата следующего контакта",
        "V11": "перезвонить",
        "V12": "этого звонка не видела АТС",
        "V13": "наборы, которые посмотрит супервайзер",
        "V14": "внесён, звонка не было",
        "V15": "дата перенесена несколько раз без звонка",
        "V16": "комментарий удалён или ничего не говорит",
        "V17": "лид закрыт раньше срока",
        "V18": "прочитать переданную карточку",
        "V19": "отметить, покупают ли аналог",
    },
    "en": {
        "V01": "a comment",
        "V02": "the outcome of the dial",
        "V03": "a next-contact date",
        "V04": "a lead for this number",
        "V05": "a lead for this number",
        "V06": "the norm of dials was not met",
        "V07": "the norm of connects was not met",
        "V08": "the norm of new leads was not met",
        "V09": "the planned contact was not made",
        "V10": "a next-contact date",
        "V11": "a call back",
        "V12": "no PBX saw this call",
        "V13": "dials for a supervisor to review",
        "V14": "entered and not called",
        "V15": "the date was moved several times without a call",
        "V16": "the comment was removed or says nothing",
        "V17": "the lead was given up early",
        "V18": "a handed-over card to read",
        "V19": "whether they buy alike",
    },
}

MANY: Mapping[str, Words] = {  # before a number, in a list by code
    "ru": {
        "V01": "звонки и встречи без комментария",
        "V02": "наборы без результата",
        "V03": "звонки и встречи без даты следующего контакта",
        "V04": "наборы на номера без лида",
        "V05": "входящие разговоры без лида",
        "V06": "дни без нормы наборов",
        "V07": "дни без нормы дозвонов",
        "V08": "дни без нормы новых лидов",
        "V09": "несостоявшиеся запланированные контакты",
        "V10": "лиды без даты следующего контакта",
        "V11": "пропущенные звонки, на которые не перезвонили",
        "V12": "звонки в CRM, которых не видела АТС",
        "V13": "наборы, которые посмотрит супервайзер",
        "V14": "внесённые лиды без звонка",
        "V15": "даты, перенесённые без звонка",
        "V16": "комментарии, которые удалены или ничего не говорят",
        "V17": "лиды, закрытые раньше срока",
        "V18": "непрочитанные переданные карточки",
        "V19": "лиды, где не отмечено, покупают ли аналог",
    },
    "en": {
        "V01": "calls and meetings without a comment",
        "V02": "dials without an outcome",
        "V03": "calls and meetings without a next-contact date",
        "V04": "dials to numbers without a lead",
        "V05": "incoming talks without a lead",
        "V06": "days without the norm of dials",
        "V07": "days without the norm of connects",
        "V08": "days without the norm of new leads",
        "V09": "planned contacts that were not made",
        "V10": "leads without a next-contact date",
        "V11": "missed calls that were not returned",
        "V12": "calls in the CRM that no PBX saw",
        "V13": "dials for a supervisor to review",
        "V14": "entered leads without a call",
        "V15": "dates moved without a call",
        "V16": "comments removed or saying nothing",
        "V17": "leads given up early",
        "V18": "handed-over cards not read",
        "V19": "leads without a word on whether they buy alike",
    },
}

METRIC: Mapping[str, Words] = {
    "ru": {"dials": "наборы", "connects": "дозвоны", "new_leads": "новые лиды"},
    "en": {"dials": "dials", "connects": "connects", "new_leads": "new leads"},
}

VERDICT: Mapping[str, Words] = {
    "ru": {
        "not_met": "норма не выполнена",
        "met": "норма выполнена",
        "target": "цель достигнута",
        "pending": "день идёт",
        "ahead": "смена не началась",
        "not_evaluated": "не оценивается: АТС не было слышно",
        "off": "выходной",
    },
    "en": {
        "not_met": "the norm is not met",
        "met": "the norm is met",
        "target": "the goal is reached",
        "pending": "under way",
        "ahead": "the shift has not begun",
        "not_evaluated": "not evaluated: the PBX was not heard",
        "off": "day off",
    },
}

OUTCOME: Mapping[str, Words] = {
    "ru": {
        "talked": "поговорили",
        "agreed": "договорились",
        "not_interested": "не заинтересован",
        "will_call_himself": "сам наберёт",
        "no_answer": "не ответил",
        "busy": "занято",
        "voicemail": "автоответчик",
        "wrong_number": "неверный номер",
        "hung_up": "сбросил",
    },
    "en": {
        "talked": "talked",
        "agreed": "agreed",
        "not_interested": "not interested",
        "will_call_himself": "will call himself",
        "no_answer": "no answer",
        "busy": "busy",
        "voicemail": "voicemail",
        "wrong_number": "wrong number",
        "hung_up": "hung up",
    },
}
