"""What managers are told: the morning list in words, and a channel that takes it or does not."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge import notices, violations
from telephony_bridge.notices import wording

NINE = datetime(2026, 11, 24, 6, tzinfo=UTC)
MOSCOW = ZoneInfo("Europe/Moscow")


def test_r36_overdue_contacts_come_first_and_what_is_owed_follows() -> None:
    planned = [
        notices.Planned("Ромашка", datetime(2026, 11, 24, 8, tzinfo=UTC), "прайс", overdue=False),
        notices.Planned("Лютик", datetime(2026, 11, 20, 8, tzinfo=UTC), None, overdue=True),
    ]
    owed = [notices.Owed("V01", datetime(2026, 11, 24, 16, tzinfo=UTC), is_open=False), notices.Owed("V01", NINE, is_open=True)]
    text = notices.digest("Иван", planned, owed, language="ru", zone=MOSCOW, now=NINE)
    assert text.splitlines() == [
        "Иван, план на 24.11.2026",
        "Запланировано контактов: 2",
        "- 11:00 Лютик (просрочено)",
        "- 11:00 Ромашка: прайс",
        "За вами:",
        "- звонки и встречи без комментария: 2, до 19:00 24.11",
    ]


def test_r36_nothing_planned_is_said() -> None:
    assert "Nothing is planned" in notices.digest("Ivan", [], [], language="en", zone=MOSCOW, now=NINE)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_code_has_words(language: str) -> None:
    assert set(violations.CODES) <= set(wording.WORDS[language])
