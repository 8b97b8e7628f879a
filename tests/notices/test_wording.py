"""The words of notices: a golden for each kind in each language, plain and HTML, and what no text may do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge import notices, violations
from telephony_bridge.notices import wording, words

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)  # 14:00 in Moscow
GOLDENS = Path(__file__).parent / "goldens"
TEMPLATES = Path(wording.__file__).parent / "templates"
LANGUAGES = ("ru", "en")


@dataclass(frozen=True)
class Source:
    """As a silent one or an extension is told."""

    source: str = "office"
    since: datetime | None = NOW - timedelta(minutes=45)
    minutes: int = 45
    extension: str = "109"
    calls: int = 21


SOON = [
    notices.Debt(
        (("V01", NOW + timedelta(hours=5)), ("V03", NOW + timedelta(hours=5))), at=NOW - timedelta(hours=2), who="Ромашка"
    )
]
OVER = [
    notices.Debt((("V04", None),), at=NOW - timedelta(hours=22), who="+7***12"),
    notices.Debt((("V10", None),), who="Лютик"),
    notices.Debt((("V06", None),), on=date(2026, 11, 23)),
    *[notices.Debt((("V02", None),), at=NOW - timedelta(hours=1, minutes=one), who=f"Лид {one}") for one in range(12)],
]
PLANNED = [
    notices.Planned("Лютик", NOW - timedelta(days=3), None, "no_answer", True),
    notices.Planned("Ромашка", NOW + timedelta(hours=1), "прислать прайс", "talked", False),
]
NUMBERS = (notices.Number("dials", 22, 60, 70, 33), notices.Number("connects", 9, 30, 40, 14))
IVAN = notices.DayOf("Иван Лунин", (*NUMBERS, notices.Number("new_leads", 10, 10, 10)), "not_met", 3)
OLGA = notices.DayOf("Ольга Зимина", (notices.Number("dials", 64, 60, 70), notices.Number("new_leads", 2, 0, 0)), "met", 0)
DAY = date(2026, 11, 24)

FACTS: Mapping[str, Mapping[str, object]] = {
    "debts": {"soon": SOON, "over": OVER},
    "morning": {"planned": PLANNED, "overdue": 1, "made": 0, "owed": notices.by_code([*SOON, *OVER])},
    "remainder": {"planned": PLANNED[1:], "overdue": 0, "made": 4, "owed": []},
    "pace": {"numbers": NUMBERS},
    "pace_team": {"people": [IVAN], "on": DAY, "met": 0},
    "results": {"on": DAY, "mine": IVAN, "closes_at": NOW + timedelta(hours=9, minutes=30)},
    "results_team": {"on": DAY, "people": [IVAN, OLGA], "met": 1},
    "day_team": {
        "on": DAY,
        "people": [IVAN, OLGA],
        "met": 1,
        "judged": 2,
        "owed": notices.by_code(OVER),
        "disputed": 1,
        "review": 2,
    },
    "majors": {"days": 5, "people": [("Иван Лунин", notices.by_code(OVER[:1]))]},
    "handover": {"cards": 21, "leaver": "Ольга Зимина", "planned": 3, "overdue": 1, "until_day": NOW + timedelta(days=2)},
    "silence": {"sources": [Source(), Source("north", None)]},
    "unmapped": {"extensions": [Source()]},
    "address": {"name": "Иван Лунин", "handle": "ivan", "channel": "tgram", "why": "HTTP 403", "others": True, "is_down": False},
    "trial": {},
}


def test_every_template_has_its_golden() -> None:
    for language in LANGUAGES:
        assert {path.stem for path in (TEMPLATES / language).glob("[!_]*.txt")} == set(FACTS)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", FACTS)
def test_a_notice_reads_as_its_golden(kind: str, language: str, request: pytest.FixtureRequest) -> None:
    title, body = notices.render(kind, language, MOSCOW, now=NOW, facts=FACTS[kind])
    link, reference = "https://bridge.example.com/f/TOKEN", "Telephony Bridge, №17"
    found = {
        "txt": f"{title}\n\n{notices.text_of(body, link, reference)}\n",
        "html": notices.html_of(title, body, link, reference, language).replace("><", ">\n<") + "\n",
    }
    for ending, text in found.items():
        golden = GOLDENS / language / f"{kind}.{ending}"
        if request.config.getoption("--accept"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(text, "utf-8")
        assert golden.read_text("utf-8") == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    for table in (words.ONE, words.MANY):
        assert set(violations.CODES) == set(table[language])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", FACTS)
def test_no_shaming_and_no_threats(kind: str, language: str) -> None:
    title, body = notices.render(kind, language, MOSCOW, now=NOW, facts=FACTS[kind])
    shouting = re.compile(
        r"!|штраф|накаж|увол|немедленно|стыд|плохо|ленив|fine[ds]?\b|punish|fired|immediately|shame|lazy|bad\b", re.IGNORECASE
    )
    assert shouting.search(title + body) is None
    assert len(title) <= 80


@pytest.mark.parametrize(
    ("made", "title"), [(0, "На сегодня контактов не запланировано"), (1, "Запланированное на сегодня сделано: 1 контакт")]
)
def test_r36_a_second_list_without_contacts_says_why(made: int, title: str) -> None:
    facts = {"planned": [], "overdue": 0, "made": made, "owed": []}
    assert notices.render("remainder", "ru", MOSCOW, now=NOW, facts=facts)[0] == title


def test_names_are_text_and_never_markup() -> None:
    planned = [notices.Planned('<b>"Рога & копыта"</b>\n- ещё строка {{ 7 * 7 }}', NOW, "a" * 300, None, False)]
    facts = {"planned": planned, "overdue": 0, "made": 0, "owed": []}
    title, body = notices.render("morning", "ru", MOSCOW, now=NOW, facts=facts)
    assert '- 14:00 <b>"Рога & копыта"</b> - ещё строка {{ 7 * 7 }}. Цель: aaa' in body
    assert max(len(line) for line in body.splitlines()) < 250
    page = notices.html_of(title, body, "https://x.example/f/t", "№1", "ru")
    assert "<b>" not in page
    assert "&lt;b&gt;" in page


@pytest.mark.parametrize(
    ("number", "words_"),
    [
        (1, "1 контакт"),
        (2, "2 контакта"),
        (5, "5 контактов"),
        (11, "11 контактов"),
        (21, "21 контакт"),
        (104, "104 контакта"),
        (112, "112 контактов"),
    ],
)
def test_russian_numbers_take_their_forms(number: int, words_: str) -> None:
    planned = [notices.Planned("Лютик", NOW, None, None, False)] * number
    facts = {"planned": planned, "overdue": 0, "made": 0, "owed": []}
    assert notices.render("morning", "ru", MOSCOW, now=NOW, facts=facts)[0].endswith(words_)
