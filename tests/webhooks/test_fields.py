"""Bodies taken apart, local times and seconds: every refusal says what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.errors import Malformed, Misdirected, NotACall, Unreadable
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.bodies import records_of, text_of
from telephony_bridge.webhooks.dialects.fields import moment, seconds

COLUMNS = {3: ("src", "dst", "uniqueid")}
MOSCOW = Installation(ZoneInfo("Europe/Moscow"))


def records(body: bytes | str, query: str = "") -> list[dict[str, str]]:
    sent = body if isinstance(body, bytes) else body.encode()
    return records_of(Delivery(1, datetime(2026, 11, 23, tzinfo=UTC), sent, {}, query), COLUMNS)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"src": "101"}', [{"src": "101"}]),
        ('\ufeff [{"src": "101"}, {"src": "102"}] ', [{"src": "101"}, {"src": "102"}]),
        ('{"rows": [{"src": "101"}]}', [{"src": "101"}]),
        ('{"data": {"fetchAllCdrs": {"cdrs": [{"src": "101"}]}}}', [{"src": "101"}]),
        ('{"uniqueid": 1483463468.20, "n": 123456789012345678901234567890}',
         [{"uniqueid": "1483463468.20", "n": "123456789012345678901234567890"}]),
        ('{"a": null, "b": true, "c": [1, "x"], "d": {"e": 1e999}}', [{"a": "", "b": "1", "c": '["1", "x"]', "d": '{"e": "1e999"}'}]),
        ('{"a": "x\\u0000y\\ud800z", "a\\u0000b": ""}', [{"a": "xy?z", "ab": ""}]),
        ("src=101&dst=%2B79990001234&dst2=+79990001234&empty=", [{"src": "101", "dst": "+79990001234", "dst2": " 79990001234", "empty": ""}]),
        ("a=%00b&c=%ED%A0%80", [{"a": "b", "c": "\ufffd" * 3}]),
        ('101,"O""Neill, 102",1.1\n', [{"src": "101", "dst": 'O"Neill, 102', "uniqueid": "1.1"}]),
        ("Dst,UniqueID\n102,1.1\n103,1.2\n", [{"Dst": "102", "UniqueID": "1.1"}, {"Dst": "103", "UniqueID": "1.2"}]),
    ],
)  # fmt: skip
def test_every_shape_of_a_body(body: str, expected: list[dict[str, str]]) -> None:
    assert records(body) == expected


def test_a_query_speaks_for_an_empty_body() -> None:
    assert records(b"", "src=101&uniqueid=1.1") == [{"src": "101", "uniqueid": "1.1"}]


@pytest.mark.parametrize(
    ("body", "error", "syntax", "words"),
    [
        ("", Malformed, True, "empty"),
        ("\0\0", Malformed, True, "empty"),
        ('{"clid":""Anna" <101>"}', Malformed, True, "field clid"),
        ('{"src": "101"', Malformed, True, "JSON is broken"),
        ("[" * 5000, Malformed, True, "nested too deep"),
        ('{"a":' + "[" * 5000 + "]" * 5000 + "}", Malformed, True, "nested too deep"),
        ("[1, 2]", Malformed, False, "no object"),
        ('"text"', Malformed, False, "no object"),
        ("42", Malformed, False, "no object"),
        ("null", Malformed, False, "no object"),
        ("[]", NotACall, None, "empty"),
        ('{"rows": []}', NotACall, None, "empty"),
        ("<event><id>1</id></event>", Misdirected, None, "XML"),
        ("<", Malformed, True, "neither"),
        ("a,b\n", Malformed, True, "Master.csv"),
        ("Dst,UniqueID\n", Malformed, True, "no row"),
        ("hello", Malformed, True, "neither"),
    ],
)
def test_what_cannot_be_taken_apart(body: str, error: type[Unreadable], syntax: bool | None, words: str) -> None:
    with pytest.raises(Unreadable) as refused:
        records(body)
    assert type(refused.value) is error
    assert words in refused.value.why
    assert getattr(refused.value, "syntax", None) == syntax


def test_what_stood_near_the_break_is_not_told() -> None:
    with pytest.raises(Malformed) as refused:
        records('{"clid":""Анна Смирнова" <79990001234>"}')
    assert "Смирнова" not in refused.value.why
    assert "7999" not in refused.value.why


def test_what_is_no_utf8_is_cp1251() -> None:
    assert text_of("Анна".encode("cp1251")) == "Анна"
    assert text_of("Анна".encode()) == "Анна"


@given(st.binary(max_size=300))
def test_any_bytes_are_records_or_a_refusal(body: bytes) -> None:
    try:
        found = records(body)
    except Unreadable as refused:
        assert refused.why
        return
    for record in found:
        for text in (*record, *record.values()):
            assert "\0" not in text
            text.encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-23 10:00:05", datetime(2026, 11, 23, 7, 0, 5, tzinfo=UTC)),
        ("2026-11-23T10:00:05+05:00", datetime(2026, 11, 23, 5, 0, 5, tzinfo=UTC)),
        ("1795417205.123456", datetime(2026, 11, 23, 7, 0, 5, 123456, tzinfo=UTC)),
        ("", None),
        ("0000-00-00 00:00:00", None),
        ("0", None),
    ],
)
def test_times(value: str, expected: datetime | None) -> None:
    assert moment(value, "start", MOSCOW) == expected


@pytest.mark.parametrize(
    "value", ["tomorrow", "10:00", "1926-11-23 10:00:00", "2926-11-23 10:00:00", "9" * 40, "1e400", "nan", "2026-02-30 10:00:00"]
)
def test_what_is_no_time(value: str) -> None:
    with pytest.raises(Malformed, match=r"^start: ") as refused:
        moment(value, "start", MOSCOW)
    assert refused.value.field == "start"


@pytest.mark.parametrize(("value", "expected"), [("58", 58), ("58.9", 58), (" 0 ", 0), ("", None)])
def test_seconds(value: str, expected: int | None) -> None:
    assert seconds(value, "billsec") == expected


@pytest.mark.parametrize("value", ["-1", "-0.5", "nan", "inf", "1e400", "9" * 400, "x", "[1]", "56000000"])
def test_what_is_no_number_of_seconds(value: str) -> None:
    with pytest.raises(Malformed, match=r"^billsec: "):
        seconds(value, "billsec")
