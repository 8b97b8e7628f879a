"""Rows of ``asteriskcdrdb.cdr``: whatever envelope they come in, and what its own columns prove."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge.errors import Malformed
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Via
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.engine import understand

CASES = Path(__file__).parents[2] / "fixtures" / "cdr" / "freepbx"
OFFICE = Installation(ZoneInfo("Europe/Moscow"), trunks=(("PJSIP/provider*", Via.IP), ("PJSIP/goip*", Via.MOBILE)))
UNLISTED = Installation(ZoneInfo("Europe/Moscow"))


def rows(case: str) -> list[dict[str, Any]]:
    found = json.loads((CASES / f"{case}.json").read_text())
    found = found.get("rows", found) if isinstance(found, dict) else found
    return found if isinstance(found, list) else [found]


def told(body: bytes | str, how: Installation = OFFICE) -> list[Call]:
    sent = body if isinstance(body, bytes) else body.encode()
    return understand(DIALECTS["freepbx"], [Delivery(1, datetime.now(UTC), sent)], how)


def table(found: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(found[0]), quoting=csv.QUOTE_ALL)
    writer.writeheader()
    writer.writerows(found)
    return out.getvalue()


@pytest.mark.parametrize(
    "case", ["ring_group", "attended_transfer", "follow_me_rings_the_mobile", "inbound_to_voicemail", "pickup"]
)
def test_every_envelope_tells_the_same_calls(case: str) -> None:
    found = rows(case)
    reference = told(json.dumps(found))
    assert len(reference) == 1
    assert told(json.dumps({"rows": found})) == reference
    assert told(json.dumps({"data": {"fetchAllCdrs": {"cdrs": found, "totalCount": len(found)}}})) == reference
    assert told(table(found)) == reference
    deliveries = [Delivery(n, datetime.now(UTC), urlencode(row).encode()) for n, row in enumerate(found, 1)]
    assert understand(DIALECTS["freepbx"], deliveries, OFFICE) == reference


@pytest.mark.parametrize(
    "case",
    ["outbound_answered", "outbound_no_answer", "inbound_direct", "ring_group", "ivr_only", "inbound_to_voicemail", "attended_transfer",
     "pickup", "follow_me_rings_the_mobile", "hidden_caller", "internal"],
)  # fmt: skip
def test_trunks_are_known_by_not_being_extensions(case: str) -> None:
    """An administrator who listed no trunk gets the same calls; only whether a trunk is GSM cannot be known."""
    assert told(json.dumps(rows(case)), UNLISTED) == told(json.dumps(rows(case)))


def test_the_company_number_on_an_outbound_row_is_nobodys_extension() -> None:
    (row,) = rows("outbound_answered")
    assert row["src"] != row["cnum"]
    (call,) = told(json.dumps(row))
    assert (call.direction, call.extension) == (Direction.OUTBOUND, row["cnum"])


def test_the_answer_is_counted_back_from_the_end() -> None:
    (row,) = rows("outbound_answered")
    (call,) = told(json.dumps(row))
    assert call.answered_at is not None
    assert call.ended_at is not None
    assert (call.answered_at - call.started_at).total_seconds() == row["duration"] - row["billsec"]
    assert (call.ended_at - call.answered_at).total_seconds() == row["billsec"] == call.talk_seconds


def test_numbers_and_texts_of_one_row_are_one_row() -> None:
    (row,) = rows("inbound_direct")
    texts = {key: str(value) for key, value in row.items()}
    assert told(json.dumps([row, texts])) == told(json.dumps(row))


def test_a_queue_member_talks_from_when_he_answers_not_from_when_he_rings() -> None:
    (call,) = told(json.dumps(rows("old_table_without_linkedid")))
    assert (call.extension, call.talk_seconds, call.disposition) == ("101", 50, Disposition.ANSWERED)


def test_nobody_is_credited_with_what_a_mobile_answered() -> None:
    (call,) = told(json.dumps(rows("follow_me_rings_the_mobile")))
    assert (call.extension, call.talk_seconds, call.disposition) == (None, 0, Disposition.ANSWERED)


def test_the_hour_that_a_clock_change_repeats_is_settled_by_the_id() -> None:
    berlin = Installation(ZoneInfo("Europe/Berlin"), region="DE")
    (row,) = rows("internal")
    for epoch in (1792888200, 1792891800):  # 02:30 of 2026-10-25, in summer and in winter time
        twice = row | {"calldate": "2026-10-25 02:30:00", "uniqueid": f"{epoch}.1", "linkedid": f"{epoch}.1"}
        (call,) = told(json.dumps(twice), berlin)
        assert call.started_at.timestamp() == epoch


@pytest.mark.parametrize(("change", "field"), [({"calldate": "31.12.26"}, "calldate"), ({"duration": -5}, "duration"),
                                               ({"billsec": 9999}, "billsec"), ({"calldate": "", "uniqueid": "x"}, "calldate"),
                                               ({"disposition": ""}, "disposition")])  # fmt: skip
def test_a_refusal_names_the_column_of_the_table(change: dict[str, Any], field: str) -> None:
    (row,) = rows("outbound_answered")
    with pytest.raises(Malformed) as refused:
        told(json.dumps(row | change))
    assert refused.value.field == field
    assert field in refused.value.why
