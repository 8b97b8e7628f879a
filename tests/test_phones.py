"""Any spelling of one number is one key (EC-19)."""

from __future__ import annotations

import pytest

from telephony_bridge.phones import e164, split_extension


@pytest.mark.parametrize(
    "raw", ["8 (999) 000-12-34", "+7 999 0001234", "89990001234", "9990001234", " 79990001234", "tel:+79990001234"]
)
def test_ec_19_spellings_of_one_number(raw: str) -> None:
    assert e164(raw) == "+79990001234"


@pytest.mark.parametrize("raw", ["112", "anonymous", "", "s", "1234567"])
def test_ec_21_hidden_and_short_numbers_are_none(raw: str) -> None:
    assert e164(raw) is None


def test_ec_18_extension_is_split_off() -> None:
    assert split_extension("8 (999) 000-12-34 доб. 123") == ("8 (999) 000-12-34", "123")
