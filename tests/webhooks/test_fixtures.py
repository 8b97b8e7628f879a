"""Every fixture is understood as its golden says, in any order and with any repeats (invariant 2)."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony_bridge.errors import Unreadable
from telephony_bridge.model import Company, Delivery, Installation
from telephony_bridge.webhooks import DIALECTS, installation_from, options_from
from telephony_bridge.webhooks.dialects.engine import connected, understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file, understand_files

FIXTURES = Path(__file__).parents[2] / "fixtures" / "cdr"
COMPANY = Company(ZoneInfo("Europe/Moscow"))
NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
BESIDE = (".options.json", ".understood.json", ".headers")
CASES = sorted(
    {
        (path.parent.name, path.name.partition(".")[0])
        for path in FIXTURES.glob("*/*")
        if path.name != "options.json" and not path.name.endswith(BESIDE)
    }
)


def bodies(dialect: str, case: str) -> list[Path]:
    """A case's deliveries in the order of their numbers; headers, options and the golden stand beside them."""
    found = [path for path in (FIXTURES / dialect).glob(f"{case}.*") if not path.name.endswith(BESIDE)]
    return sorted(found, key=lambda path: (len(path.name), path.name))


def installation(dialect: str, case: str) -> Installation:
    """As ``case.options.json`` says, else as ``options.json`` says for every case of the dialect."""
    own = FIXTURES / dialect / f"{case}.options.json"
    told = json.loads((own if own.is_file() else FIXTURES / dialect / "options.json").read_text("utf-8"))
    return installation_from(options_from(company=COMPANY, **told), COMPANY)


def understood(dialect: str, case: str) -> list[dict[str, Any]]:
    lines = understand_files(
        DIALECTS[dialect], bodies(dialect, case), installation(dialect, case), received_at=NOW, source="office"
    )
    for line in lines:
        if "file" in line:
            line["file"] = Path(line["file"]).name
    return lines


@pytest.mark.parametrize(("dialect", "case"), CASES, ids=[f"{dialect}/{case}" for dialect, case in CASES])
def test_a_fixture_is_understood_as_its_golden_says(dialect: str, case: str, pytestconfig: pytest.Config) -> None:
    golden = FIXTURES / dialect / f"{case}.understood.json"
    found = understood(dialect, case)
    if pytestconfig.getoption("--accept"):
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert found == json.loads(golden.read_text("utf-8"))


def deliveries(dialect: str) -> tuple[list[Delivery], Installation]:
    """What the readable cases of a dialect delivered; their installations agree but for the prefix."""
    found = []
    for name, case in CASES:
        if name != dialect or installation(name, case) != installation(dialect, "outbound_answered"):
            continue
        for path in bodies(name, case):
            delivery = delivery_from_file(path, len(found) + 1, NOW)
            try:
                DIALECTS[dialect].read(delivery, installation(name, case))
            except Unreadable:
                continue
            found.append(delivery)
    return found, installation(dialect, "outbound_answered")


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_a_call_is_a_function_of_the_set_of_its_deliveries(dialect: str, seed: int) -> None:
    told, how = deliveries(dialect)
    reference = understand(DIALECTS[dialect], told, how)
    dice = random.Random(seed)
    shuffled = told + dice.sample(told, len(told) // 2)
    dice.shuffle(shuffled)
    assert understand(DIALECTS[dialect], shuffled, how) == reference


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_calls_key_is_an_identity_of_one_of_its_rows(dialect: str) -> None:
    told, how = deliveries(dialect)
    rows = [row for delivery in told for row in DIALECTS[dialect].read(delivery, how)]
    for found in connected(rows):
        identities = {tie.removeprefix("id:") for row in found for tie in row.ties if tie.startswith("id:")}
        for call in DIALECTS[dialect].tell(found, how):
            assert call.call_key in identities
            assert call.talk_seconds >= 0
            assert call.disposition == "answered" or (call.answered_at is None and call.talk_seconds == 0)
            assert call.ended_at is None or call.ended_at >= call.started_at


FIELDS = st.sampled_from(
    ["Event", "UniqueID", "LinkedID", "Channel", "DestinationChannel", "Source", "Destination", "LastApplication", "LastData",
     "StartTime", "AnswerTime", "EndTime", "Duration", "BillableSeconds", "Disposition", "Sequence", "answeredtime", "dialstatus",
     "calldate", "src_num", "dst_num", "cnum", "did"]
)  # fmt: skip
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40), st.lists(st.integers(), max_size=3),
    st.sampled_from(["Cdr", "ANSWERED", "8", "2026-11-23 10:00:00", "1795417205.101", "9999999999.1", "PJSIP/101-0000001a",
                     "PJSIP/79990000001@trunk,30", "Dial", "0000-00-00 00:00:00", "\x00", "\ud800", "Local/1@x;2", "1e400", "NaN"]),
)  # fmt: skip


@pytest.mark.parametrize("dialect", ["asterisk", "freepbx"])
@given(body=st.one_of(
    st.binary(max_size=200),
    st.dictionaries(FIELDS, VALUES, max_size=23).map(lambda told: json.dumps(told).encode()),
    st.lists(st.dictionaries(FIELDS, VALUES, min_size=8, max_size=23), max_size=3).map(lambda told: json.dumps(told).encode()),
))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_whatever_is_sent_only_clear_refusals_come_back(dialect: str, body: bytes) -> None:
    how = installation(dialect, "outbound_answered")
    try:
        calls = understand(DIALECTS[dialect], [Delivery(1, NOW, body)], how)
    except Unreadable as said:
        assert said.why
        return
    for call in calls:
        for text in (call.call_key, call.number_raw, call.extension, call.recording_url):
            assert text is None or "\0" not in text
            (text or "").encode()
