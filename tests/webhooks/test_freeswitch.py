"""FreeSWITCH: what its fixtures cannot show. One document in every wrapping is one row; a refusal says what to set."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.freeswitch import DIALECT
from tests.webhooks.test_fixtures import FIXTURES, bodies, installation

NOW = datetime(2026, 11, 23, 15, tzinfo=UTC)
HOW: Installation = installation("freeswitch", "outbound_answered")
RAW = (FIXTURES / "freeswitch" / "outbound_answered.2.json").read_text("utf-8")
UUID = json.loads(RAW)["variables"]["uuid"]
AT = Delivery(1, NOW, b"", query=f"uuid=a_{UUID}")


def percent(text: str, *, twice: bool = True) -> str:
    """As switch_url_encode does; not twice: what looks encoded already is left alone."""
    return quote(text, safe="/!$'()*,-._~" + ("" if twice else "%"))


def encoded() -> str:
    told = json.loads(RAW)
    told["variables"] = {name: percent(value) for name, value in told["variables"].items()}
    return json.dumps(told)


def repeated() -> str:
    """As releases before 1.6: the key ``callflow`` once a profile."""
    told = json.loads(RAW)
    first = told.pop("callflow")[0]
    older = first | {"times": first["times"] | {"bridged_time": "0", "hangup_time": "0"}, "profile_index": "0"}
    return f'{json.dumps(told)[:-1]}, "callflow": {json.dumps(first)}, "callflow": {json.dumps(older)}}}'


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


WRAPPINGS = {
    "raw": RAW,
    "values encoded": encoded(),
    "form": "cdr=" + percent(RAW),
    "form, values encoded, as mod_format_cdr": "cdr=" + percent(encoded()),
    "plaintext": "cdr=" + RAW,
    "base64": "cdr=" + base64_of(RAW),
    "base64 without its pluses": "cdr=" + base64_of(encoded()).replace("+", " "),
    "base64 encoded": "cdr=" + quote(base64_of(RAW), safe=""),
    "a list": f"[{RAW}]",
    "a BOM": "\ufeff" + RAW,
}


@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_one_document_in_every_wrapping_is_one_row(wrapping: str) -> None:
    assert DIALECT.read(replace(AT, body=WRAPPINGS[wrapping].encode()), HOW) == DIALECT.read(replace(AT, body=RAW.encode()), HOW)


def test_of_a_repeated_callflow_the_newest_profile_is_not_lost() -> None:
    (call,) = understand(DIALECT, [replace(AT, body=repeated().encode())], HOW)
    assert (call.talk_seconds, call.disposition) == (50, "answered")


def test_what_is_encoded_twice_is_refused_with_the_leg_and_what_to_set() -> None:
    body = ("cdr=" + percent(encoded(), twice=False)).encode()
    with pytest.raises(Malformed, match=f"encode-values=false or encode=false .leg {UUID}") as said:
        DIALECT.read(replace(AT, body=body), HOW)
    assert said.value.syntax
    with pytest.raises(Malformed, match="leg unknown"):
        DIALECT.read(Delivery(1, NOW, body), HOW)
    with pytest.raises(Malformed, match="send it whole"):
        DIALECT.read(replace(AT, body=body[: len(body) // 2]), HOW)


def test_a_call_is_final_when_the_leg_that_began_it_is_told() -> None:
    told = [Delivery(number, NOW, path.read_bytes()) for number, path in enumerate(bodies("freeswitch", "outbound_answered"))]
    (owed,), (whole,) = understand(DIALECT, told[:1], HOW), understand(DIALECT, told, HOW)
    assert (owed.final, owed.ended_at, owed.talk_seconds) == (False, None, 0)
    assert (whole.final, whole.talk_seconds) == (True, 50)
    assert owed.call_key == whole.call_key == UUID


def test_the_good_lines_of_a_master_csv_go_with_the_refusal() -> None:
    body = (FIXTURES / "freeswitch" / "master_csv_with_a_broken_line.csv").read_bytes()
    with pytest.raises(Malformed, match="Row 2 of 2: start_stamp") as said:
        DIALECT.read(Delivery(1, NOW, body), HOW)
    assert len(said.value.rows) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"Event-Name": "HEARTBEAT", "Core-UUID": "x"}', NotACall),
        (b"section=directory&tag_name=domain&key_name=name", NotACall),
        (b"<document type='freeswitch/xml'></document>", Misdirected),
        (b'{"event": "call.completed"}', Misdirected),
        (b"cdr=", Malformed),
        (b"cdr=!!!", Malformed),
        (b'{"core-uuid": "x", "channel_data": {}}', Malformed),
        (b"", Malformed),
    ],
)
def test_what_is_no_leg_is_refused_by_its_kind(body: bytes, said: type[Exception]) -> None:
    with pytest.raises(said):
        DIALECT.read(Delivery(1, NOW, body), HOW)
