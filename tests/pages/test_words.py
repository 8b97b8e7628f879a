"""The words of the pages: both languages complete, and none unused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import telephony_bridge.pages as pages
from telephony_bridge import violations
from telephony_bridge.pages.fields import OUTCOMES
from telephony_bridge.pages.words import WORDS

HOUSE = Path(pages.__file__).parent
TEXT = "\n".join(path.read_text() for path in [*HOUSE.rglob("*.py"), *HOUSE.rglob("*.html")] if path.name != "words.py")


def places(text: str) -> list[str]:
    return sorted(re.findall(r"{\w+}", text))


def test_both_languages_say_the_same_things() -> None:
    assert set(WORDS["ru"]) == set(WORDS["en"])
    for key, text in WORDS["ru"].items():
        assert places(text) == places(WORDS["en"][key]), key
        assert text.strip()
        assert "!" not in text + WORDS["en"][key], key


def test_every_outcome_and_every_code_has_its_word() -> None:
    assert set(OUTCOMES) <= set(WORDS["ru"])
    assert set(violations.CODES) - {"V13"} <= set(WORDS["ru"])


@pytest.mark.parametrize("key", sorted(WORDS["ru"]))
def test_every_word_is_used(key: str) -> None:
    made = re.compile(r"V\d\d|is_\w+|in_[dwm]|basis_\w+|told_\w+|inbound|outbound|(gone|none|left|away)(_title)?")
    assert key in OUTCOMES or made.fullmatch(key) or re.search(rf"""(w\.{key}\b|["']{key}["'])""", TEXT)
