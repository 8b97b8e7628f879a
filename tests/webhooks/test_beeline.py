"""What fixtures of Beeline cannot show: the answer, and rules that hold for any road or time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Via
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from telephony_bridge.webhooks.dialects.reading import Answer
from tests.webhooks.test_fixtures import NOW, bodies, installation

DIALECT = DIALECTS["beeline"]
HOW = installation("beeline", "outbound_answered")


def case(name: str) -> list[Delivery]:
    return [delivery_from_file(path, number, NOW) for number, path in enumerate(bodies("beeline", name), 1)]


def statistics(**changed: Any) -> Delivery:
    row = {"direction": "OUTBOUND", "status": "PLACED", "duration": 53000, "phone_to": "+79990000027", **changed}
    row.setdefault("startDate", "2026-11-23T14:00:00+03:00")
    row.setdefault("abonent", {"extension": "101", "phone": "9990000101"})
    return Delivery(1, NOW, json.dumps(row).encode())


def test_the_answer_is_empty_and_no_error_is_ever_shown() -> None:
    assert DIALECT.answer is not None
    assert DIALECT.answer(case("outbound_answered")[0]) == Answer()
    assert DIALECT.patient
    assert DIALECT.prove is None


@pytest.mark.parametrize(
    ("pattern", "via"), [("9990000101", Via.IP), ("*.3gppnetwork.org", Via.IP), ("*", Via.IP), ("104", Via.MOBILE)]
)
def test_a_pattern_overrules_the_mobile_road(pattern: str, via: Via) -> None:
    (call,) = understand(DIALECT, case("outbound_answered"), replace(HOW, trunks=((pattern, Via.IP),)))
    assert call.via is via


@pytest.mark.parametrize(("seconds", "calls"), [(0, 1), (5, 1), (7, 1), (-4, 1), (-6, 2), (30, 2)])
def test_statistics_of_the_same_moment_add_no_call(seconds: int, calls: int) -> None:
    """It began at 14:00:00.3 and was answered at 14:00:07: which of them a row tells, nobody describes."""
    events = [one for one in case("statistics_and_events") if one.body.startswith(b"<")]
    at = (NOW.replace(hour=11) + timedelta(seconds=seconds)).isoformat()
    assert len(understand(DIALECT, [*events, statistics(startDate=at)], HOW)) == calls


def test_statistics_of_another_employee_or_number_are_another_call() -> None:
    events = [one for one in case("statistics_and_events") if one.body.startswith(b"<")]
    for other in (statistics(abonent={"extension": "102"}), statistics(phone_to="+79990000028"), statistics(direction="INBOUND")):
        assert len(understand(DIALECT, [*events, other], HOW)) == 2


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"duration": None}, "duration"), ({"duration": "x"}, "duration"), ({"duration": "NaN"}, "duration"),
     ({"duration": 10**9}, "duration"), ({"startDate": ""}, "startDate"), ({"startDate": 1795417200}, "startDate"),
     ({"direction": "", "status": "NEW"}, "direction"), ({"externalId": "5100101:1"}, "id")],
)  # fmt: skip
def test_a_broken_row_is_refused_by_its_field(changed: dict[str, Any], field: str) -> None:
    with pytest.raises(Malformed) as said:
        DIALECT.read(statistics(**changed), HOW)
    assert said.value.field == field


def test_a_recording_alone_is_no_call_and_other_bodies_are_not_ours() -> None:
    recording = Delivery(1, NOW, json.dumps({"id": "9", "externalId": "5100101:1", "date": 1795417200000}).encode())
    assert understand(DIALECT, [recording], HOW) == []
    for body, word in ((b"<cdr><a/></cdr>", Misdirected), (b'{"entry_id": "1"}', Misdirected), (b"[]", NotACall)):
        with pytest.raises(word):
            DIALECT.read(Delivery(1, NOW, body), HOW)
