"""Rows of Asterisk: what ties them, what a hook alone proves, and refusals in the sender's own words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Via
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.engine import understand

CASES = Path(__file__).parents[2] / "fixtures" / "cdr" / "asterisk"
OFFICE = Installation(ZoneInfo("Europe/Moscow"), trunks=(("PJSIP/trunk*", Via.IP), ("PJSIP/gsm*", Via.MOBILE)))
ASTERISK = DIALECTS["asterisk"]


def bodies(case: str) -> list[dict[str, Any]]:
    names = sorted(path for path in CASES.glob(f"{case}.*json") if path.name.removeprefix(case).count(".") <= 2)
    return [json.loads(path.read_text()) for path in names if not path.name.endswith((".options.json", ".understood.json"))]


def told(*records: dict[str, Any], how: Installation = OFFICE) -> list[Call]:
    deliveries = [Delivery(number, datetime.now(UTC), json.dumps(record).encode()) for number, record in enumerate(records, 1)]
    return understand(ASTERISK, deliveries, how)


@pytest.mark.parametrize(
    "case",
    ["outbound_answered", "inbound_ring_group", "queue_second_member_answers", "attended_transfer", "blind_transfer_inbound",
     "blind_transfer_outbound", "originate_through_local", "failover_to_second_trunk", "pickup", "queue_member_behind_local",
     "phone_redirects_to_mobile", "attended_transfer_to_mobile"],
)  # fmt: skip
def test_ami_as_it_comes_by_default_tells_the_same_calls(case: str) -> None:
    """Without ``[mappings]`` in cdr_manager.conf there is neither LinkedID nor Sequence."""
    rows = bodies(case)
    bare = [{key: value for key, value in row.items() if key not in ("LinkedID", "Sequence")} for row in rows]
    assert len(told(*rows)) == 1
    assert told(*bare) == told(*rows)


def test_ids_of_one_second_are_ordered_as_numbers() -> None:
    consult, main = [dict(row) for row in bodies("blind_transfer_outbound")]
    consult |= {"UniqueID": "1795420000.99", "LinkedID": "1795420000.99"}
    main |= {"UniqueID": "1795420000.100", "LinkedID": "1795420000.99"}
    (call,) = told(main, consult)
    assert call.call_key == "1795420000.99"
    assert call.direction is Direction.OUTBOUND
    del consult["LinkedID"], main["LinkedID"]
    (bare,) = told(main, consult)
    assert bare == call


def test_a_channel_name_that_a_restart_repeats_joins_no_strangers() -> None:
    (row,) = bodies("outbound_answered")
    later = row | {
        "UniqueID": "1795424405.1", "LinkedID": "1795424405.1", "Sequence": "0",
        "StartTime": "2026-11-23 12:00:05", "AnswerTime": "2026-11-23 12:00:14", "EndTime": "2026-11-23 12:01:01",
    }  # fmt: skip
    assert len(told(row, later)) == 2
    minutes_later = later | {
        "StartTime": "2026-11-23 10:05:05", "AnswerTime": "2026-11-23 10:05:14", "EndTime": "2026-11-23 10:06:01",
    }  # fmt: skip
    assert len(told(row, minutes_later)) == 2


def test_the_hook_names_who_of_a_ring_group_answered_only_where_it_was_told_the_peer() -> None:
    (row,) = bodies("hook_ring_group_names_the_peer")
    (call,) = told(row)
    assert (call.extension, call.talk_seconds, call.disposition) == ("102", 40, Disposition.ANSWERED)
    (call,) = told({key: value for key, value in row.items() if key != "dialedpeername"})
    assert (call.extension, call.talk_seconds, call.disposition) == (None, 40, Disposition.ANSWERED)


def test_a_hooks_own_command_is_no_extension() -> None:
    (call,) = told(*bodies("hook_with_endbeforehexten_off"))
    assert call.extension is None
    assert (call.started_at, call.answered_at, call.ended_at) == tuple(
        datetime(2026, 11, 23, 10, 2, second, tzinfo=UTC) for second in (0, 5, 30)
    )


def test_seconds_of_the_hook_yield_to_what_ami_says_of_every_row() -> None:
    hook, row = bodies("hook_and_ami_of_one_row")
    (both,) = told(hook, row)
    (alone,) = told(row)
    assert (both.talk_seconds, both.extension, both.number) == (alone.talk_seconds, alone.extension, alone.number)


def test_an_unlisted_name_is_a_trunk_unless_an_extension_stands_beside_it() -> None:
    """A short outside number over a trunk nobody listed: what it calls is the company's number, and its context says so."""
    unlisted = Installation(ZoneInfo("Europe/Moscow"))
    (row,) = bodies("caller_id_like_an_extension")
    (call,) = told(row, how=unlisted)
    assert (call.direction, call.extension, call.number_raw) == (Direction.INBOUND, "103", "101")
    (call,) = told(row | {"Destination": "103"}, how=unlisted)
    assert call.direction is Direction.INBOUND
    outbound, internal = told(*bodies("phones_with_names"), how=unlisted)
    assert (outbound.direction, outbound.extension, outbound.number) == (Direction.OUTBOUND, "101", "+79990000305")
    assert (internal.direction, internal.extension, internal.talk_seconds) == (Direction.INTERNAL, "101", 16)


def test_what_a_trunk_was_dialled_through_is_no_phone_whatever_its_rows_say() -> None:
    first, second = bodies("blind_transfer_outbound")
    unlisted = Installation(ZoneInfo("Europe/Moscow"))
    (call,) = told(first, second | {"Source": "101", "Destination": "102"}, how=unlisted)
    assert (call.direction, call.extension) == (Direction.OUTBOUND, "101")


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"BillableSeconds": "a minute"}, "BillableSeconds", "BillableSeconds: 'x x' is no number of seconds"),
        ({"BillableSeconds": "570"}, "BillableSeconds", "BillableSeconds: 570 seconds of talk in a call of 56"),
        ({"Duration": "-1"}, "Duration", "a duration is never negative"),
        ({"Duration": "56000000"}, "Duration", "milliseconds perhaps"),
        ({"Duration": None, "EndTime": ""}, "Duration", "Duration and EndTime are both missing"),
        ({"BillableSeconds": None, "AnswerTime": ""}, "BillableSeconds", "BillableSeconds and AnswerTime are both missing"),
        ({"StartTime": "1926-11-23 10:00:05"}, "StartTime", "the year 1926 cannot be"),
        ({"StartTime": "soon"}, "StartTime", "expected YYYY-MM-DD HH:MM:SS"),
        ({"EndTime": "2026-11-23 09:00:00"}, "EndTime", "EndTime is before StartTime"),
        ({"AnswerTime": "2026-11-23 09:00:00"}, "AnswerTime", "AnswerTime is before StartTime"),
        ({"AnswerTime": "2026-11-23 20:00:00"}, "AnswerTime", "AnswerTime is after the call's EndTime"),
        ({"Disposition": "SPLENDID"}, "Disposition", "Disposition: 'SPLENDID' is none of Asterisk's words"),
        ({"Disposition": None}, "Disposition", "Disposition is missing; a CDR row needs UniqueID, Channel, Disposition and StartTime"),
        ({"UniqueID": None}, "UniqueID", "UniqueID is missing"),
        ({"Channel": " "}, "Channel", "Channel is missing"),
        ({"DestinationChannel": "PJSIP/" + "x" * 300}, "DestinationChannel", "characters are too many"),
        ({"UniqueID": "tb-call", "StartTime": ""}, "StartTime", "StartTime is missing"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_field_as_it_was_sent(change: dict[str, str | None], field: str, words: str) -> None:
    (row,) = bodies("outbound_answered")
    sent = {key: value for key, value in (row | change).items() if value is not None}
    with pytest.raises(Malformed) as refused:
        told(sent)
    assert refused.value.field == field
    assert words in refused.value.why
    assert not refused.value.syntax


def test_database_columns_are_named_as_columns() -> None:
    (row,) = bodies("hook_json")
    with pytest.raises(Malformed, match="billsec: 9999 seconds"):
        told(row | {"billsec": 9999})
    with pytest.raises(Malformed, match="answer is before start"):
        told(row | {"answer": "2020-01-01 00:00:00"})


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ({"Event": "Newchannel", "Channel": "PJSIP/101-1", "Uniqueid": "1.1"}, NotACall, "only Cdr events"),
        ({"Event": "79990001234", "Channel": "PJSIP/101-1"}, NotACall, "'###########'"),
        ({"EventName": "ANSWER", "ChanName": "SIP/1-1", "LinkedID": "1.1"}, NotACall, "CEL"),
        ({"EventType": "dial-in", "CallID": "7", "CallerIDNum": "79990001234"}, Misdirected, "another system"),
        ({"type": "StasisEnd", "application": "x", "channel": {"id": "1"}}, NotACall, "ARI"),
        ({"billsec": "21", "disposition": "ANSWER", "externalNumber": "0990000315"}, Misdirected, "another system"),
        ({}, Misdirected, "another system"),
        ([], NotACall, "empty"),
    ],
)
def test_another_event_and_another_vendor_are_told_apart(body: object, error: type[NotACall], words: str) -> None:
    with pytest.raises(NotACall) as refused:
        ASTERISK.read(Delivery(1, datetime.now(UTC), json.dumps(body).encode()), OFFICE)
    assert type(refused.value) is error
    assert words in refused.value.why


def test_nothing_that_postgres_cannot_hold_comes_through() -> None:
    (row,) = bodies("short_number")
    (call,) = told(row | {"Source": "9\0\ud8000", "Destination": "9\0\ud8000", "UniqueID": "17954\0.\udfff7", "LinkedID": ""})
    for text in (call.call_key, call.number_raw, call.extension):
        assert "\0" not in (text or "")
        (text or "").encode()


@pytest.mark.parametrize("sequence", ["²", "9" * 100, "-1", "1e5", "１２"])
def test_a_sequence_of_any_spelling_orders_rows_and_breaks_nothing(sequence: str) -> None:
    (row,) = bodies("outbound_answered")
    assert told(row | {"Sequence": sequence}) == told(row)


def test_a_number_of_any_length_is_cut_where_no_number_is_that_long() -> None:
    (row,) = bodies("inbound_missed_by_one")
    (call,) = told(row | {"Source": "х" * 5000})
    assert call.number is None
    assert call.number_raw == "х" * 200
