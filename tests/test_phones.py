"""Any spelling of one number is one key (EC-19)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.phones import e164, masked, split_extension, veiled, zones


@pytest.mark.parametrize(
    "raw", ["8 (999) 000-12-34", "+7 999 0001234", "89990001234", "9990001234", " 79990001234", "tel:+79990001234"]
)
def test_ec_19_spellings_of_one_number(raw: str) -> None:
    assert e164(raw) == "+79990001234"


@pytest.mark.parametrize("raw", ["112", "anonymous", "", "s", "1234567"])
def test_ec_21_hidden_and_short_numbers_are_none(raw: str) -> None:
    assert e164(raw) is None


def test_ec_19_a_local_number_becomes_no_other_countrys() -> None:
    assert e164("901230001") is None  # and no +90 123 0001
    assert e164("901230001", "UZ") == "+998901230001"


def test_ec_18_extension_is_split_off() -> None:
    assert split_extension("8 (999) 000-12-34 доб. 123") == ("8 (999) 000-12-34", "123")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("8 (999) 000-12-34, доб. 5", "+79990001234"),
        ("+7 999 000-12-34 ext. 12", "+79990001234"),
        ("sip:79990001234@pbx.example:5060", "+79990001234"),
        ("810442071230001", "+442071230001"),
        ("00442071230001", "+442071230001"),
        ("+442071230001", "+442071230001"),
        ("88001230001", "+78001230001"),
        ("tel:8-999-000-12-34", "+79990001234"),
        ("998900000001", "+998900000001"),
        ("996555000001", "+996555000001"),
    ],
)
def test_ec_19_the_ways_a_pbx_dials_out(raw: str, expected: str) -> None:
    assert e164(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "s",
        "h",
        "*97",
        "vmu101",
        "Restricted",
        "скрытый номер",
        "101",
        "+7",
        "79990001234x",
        "1" * 40,
        "0555000001",  # Kyrgyz or Ukrainian, in its national form: no number of +7 begins with 0
        "12345678",  # without a city
        "950000001",  # without a country
        "+12345678",
        "²²²²²²²²²²²",
        "\0",
        "+" * 50,
    ],
)
def test_ec_21_what_a_pbx_puts_where_a_number_should_be(raw: str) -> None:
    assert e164(raw) is None


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_none(raw: str) -> None:
    found = e164(raw)
    assert found is None or (found[0] == "+" and found[1:].isascii() and found[1:].isdigit() and 8 <= len(found[1:]) <= 18)


@given(st.from_regex(r"\+7(495|999)\d{7}", fullmatch=True))
def test_a_number_in_e164_is_itself_and_is_never_shown_whole(number: str) -> None:
    assert e164(number) == number
    assert number[3:10] not in masked(number)


def test_ec_65_zones_of_a_number_are_all_that_it_may_be_in() -> None:
    assert zones("+74951234567") == ("Europe/Moscow",)
    assert {"Europe/Moscow", "Asia/Kamchatka"} < set(zones("+79990000001"))
    assert zones("+99999") == ()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Иван +79990000001", "Иван +7***01"),
        ("8 (999) 000-00-01, после 18:00", "8***01, после 18:00"),
        ("9990000001", "9***01"),
        ("(999) 000 00 01 и 79990000002", "9***01 и 7***02"),
        ("+44 20 7123 0001", "+4***01"),
        ("договор 2026-11-25 10:00, 25.11.2026", "договор 2026-11-25 10:00, 25.11.2026"),
        ("сумма 1 500 000.00, ИНН 770000000001, доб. 101", "сумма 1 500 000.00, ИНН 770000000001, доб. 101"),
        ("Пётр 8.999.000.00.01", "Пётр 8***01"),
    ],
)
def test_numbers_in_a_text_are_masked_and_nothing_else_is(text: str, shown: str) -> None:
    assert veiled(text) == shown
