"""A captured delivery keeps its shape and names nobody."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from urllib.parse import parse_qsl, quote, unquote, urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from telephony_bridge.errors import Unreadable
from telephony_bridge.model import Call, Delivery
from telephony_bridge.webhooks import DIALECTS, scrub
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from telephony_bridge.webhooks.scrub import scrub_headers, scrub_query, scrub_tail
from tests.webhooks.test_fixtures import CASES, NOW, bodies, installation


@pytest.mark.parametrize(
    "number",
    ["79161230001", "+79161230001", "89161230001", "9161230001", "442071230001", "+7 916 123-00-01", "8 (916) 123-00-01"],
)
def test_a_number_becomes_an_invented_one(number: str) -> None:
    for body in (
        f'{{"src": "{number}"}}',
        f"a,{number},b",
        f"src={quote(number)}&dst=101",
        f"src={number.replace(' ', '+')}&x=1",
    ):
        found = scrub(body.encode()).decode()
        assert "1230001" not in re.sub(r"\D", "", found.replace("%20", "").replace("%28", "")), body
        assert "999000" in found


SPELLINGS = [
    "{0}{1}{2}{3}", "7{0}{1}{2}{3}", "+7{0}{1}{2}{3}", "8{0}{1}{2}{3}", "810{0}{1}{2}{3}", "+7 ({0}) {1}-{2}-{3}", "8({0}){1}{2}{3}",
    "+7\u00a0{0}\u00a0{1}-{2}-{3}", "8–{0}–{1}–{2}–{3}", "+7.{0}.{1}.{2}.{3}", "tel:+7{0}{1}{2}{3}", "sip:7{0}{1}{2}{3}@pbx.example",
    "PJSIP/7{0}{1}{2}{3}@trunk", "Local/8{0}{1}{2}{3}@from-internal-00000001;1", "out-8{0}{1}{2}{3}-101-20261123-100005-1795450430.17.wav",
    "rec/7{0}{1}{2}{3}.wav", "7{0}{1}{2}{3}_rec", "<sip:7{0}{1}{2}{3}@h>;tag=1", "7{0}{1}{2}{3}, 101", "n7{0}{1}{2}{3}x",
]  # fmt: skip
NOTATIONS = [
    '{{"x": {json}}}', '{{"x": {json}, "broken', '{{"Body": "{text}" <101>"}}', "x={quoted}&y=1", '"a","{csv}",5', "<a><b>{xml}</b></a>",
    '<a b="{xml}"/>', "{text}",
]  # fmt: skip
PERSONS = [
    "Анна",
    "анна",
    "Анна Кузнецова",
    "КУЗНЕЦОВА АННА",
    "Кузнецова А. П.",
    "Кузнецова, Анна",
    "ООО «Анна»",
    "Кузнецова_Анна",
]


def in_notation(notation: str, text: str) -> bytes:
    xml = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    told = notation.format(json=json.dumps(text), quoted=quote(text), csv=text.replace('"', '""'), xml=xml, text=text)
    return told.encode()


def readable(scrubbed: bytes) -> str:
    """What anybody could read out of it."""
    text = unquote(scrubbed.decode())
    return re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found.group(1), 16)), text)


@example("3000000000", SPELLINGS[7], NOTATIONS[1])  # the escape of a hard space has digits of its own
@given(st.from_regex(r"[3489][0-9]{9}", fullmatch=True), st.sampled_from(SPELLINGS), st.sampled_from(NOTATIONS))
def test_no_number_is_left_however_it_is_spelled_and_wherever_it_stands(ten: str, spelling: str, notation: str) -> None:
    if ten.startswith("999000"):
        return
    number = spelling.format(ten[:3], ten[3:6], ten[6:8], ten[8:])
    found = readable(scrub(in_notation(notation, number)))
    assert ten not in re.sub(r"[^\da-z/@]", "", found)


@given(st.sampled_from(PERSONS), st.sampled_from(NOTATIONS))
def test_no_russian_name_is_left_under_any_key(person: str, notation: str) -> None:
    found = readable(scrub(in_notation(notation, person))).lower()
    assert "анна" not in found
    assert "кузнецова" not in found


@pytest.mark.parametrize("name", ["Anna", "anna", "Anna Smirnova"])
def test_the_name_of_a_caller_id_goes(name: str) -> None:
    for body in (f'"","101","7","from","""{name}"" <101>","PJSIP/1"', f'"{name}" <101>', f"{name} <101>"):
        assert name.split()[-1] not in scrub(body.encode()).decode()


def test_broken_json_gives_nothing_away_either() -> None:
    body = b'{"crm_token": "hunter2", "first_name": "anna", "who": "\\u0410\\u043d\\u043d\\u0430", "clid": ""Anna" <101>"'
    found = scrub(body).decode()
    assert found.startswith('{"crm_token": "scrubbed"')
    for gone in ("hunter2", "anna", "Anna", "Анна", "u0410"):
        assert gone not in found
    assert scrub('"Анна","Иван"'.encode()).decode() == '"Пример Примеров","Пример Примеров"'
    assert scrub_tail("lookup/79161230001\nX-Query: a").startswith("lookup/7999000")
    assert "\n" not in scrub_tail("a\nb")


def test_spellings_of_one_number_stay_one_number() -> None:
    tails = {
        scrub(number)[-4:] for number in (b"79161230001", b"+79161230001", b"89161230001", b"9161230001", b"8 916 123-00-01")
    }
    assert len(tails) == 1
    assert scrub(b"79161230001") != scrub(b"79161230002")


@pytest.mark.parametrize(
    "kept",
    ["1795450430.0", "1795450430", "1795450430123", "asterisk-1795450430.17", "2026-11-23 10:00:05", "PJSIP/101-0000001a",
     "6f7d2a10-1234-4567-8901-234567890123", "20261123-100005-101-1795450430.17.wav", "101@pbx.example.com", "PJSIP/101-00000055"],
)  # fmt: skip
def test_ids_times_and_devices_stay(kept: str) -> None:
    assert scrub(kept.encode()).decode() == kept
    assert json.loads(scrub(json.dumps({"x": kept}).encode())) == {"x": kept}


@pytest.mark.parametrize("name", ["Анна Смирнова", "Anna Smirnova", "Анна", "Смирнова А.", "anna"])
def test_names_go_in_every_notation_and_encoding(name: str) -> None:
    for body in (
        json.dumps({"caller_name": name}, ensure_ascii=False).encode(),
        json.dumps({"caller_name": name}).encode(),
        json.dumps({"caller_name": name}, ensure_ascii=False).encode("cp1251"),
        urlencode({"CallerIDName": name, "x": "1"}).encode(),
        f'"{name}" <101>'.encode(),
    ):
        found = scrub(body)
        for spelling in (name.encode(), name.encode("cp1251"), quote(name).encode(), json.dumps(name)[1:-1].encode()):
            assert spelling not in found


def test_xml_keeps_its_words_and_schemas_and_loses_its_people() -> None:
    body = (
        '<e:Event xmlns:e="http://schema.example.com/xsi"><e:name>Anna Smirnova</e:name><e:cause>Translation Failure</e:cause>'
        '<e:address countryCode="7">tel:+79161230001</e:address><e:userId>anna@firma.ru</e:userId></e:Event>'
    )
    found = scrub(body.encode()).decode()
    assert 'xmlns:e="http://schema.example.com/xsi"' in found
    assert "<e:cause>Translation Failure</e:cause>" in found
    assert "tel:+7999000" in found
    for gone in ("Anna", "1230001", "anna", "firma"):
        assert gone not in found


def test_links_mail_and_tokens_go() -> None:
    body = {
        "link": "https://crm.example.ru/rec/17.wav?who=anna&t=1",
        "employee_email": "anna@firma.ru",
        "crm_token": "hunter2",
        "note": "anna@firma.ru",
    }
    for found in (scrub(json.dumps(body).encode()), scrub(urlencode(body).encode())):
        for secret in (b"17.wav", b"anna", b"hunter2", b"firma"):
            assert secret not in found
    assert scrub_query("token=hunter2&uuid=5") == "token=scrubbed&uuid=5"
    assert scrub_headers({"content-type": "text/xml", "x-twilio-signature": "s", "x-real-ip": "192.0.2.1"}) == {
        "content-type": "text/xml"
    }


def test_shapes_survive() -> None:
    body = b'{"id": 1483463468.20, "n": {"a": [1, null, true, "x"]}, "json": "{\\"entry_id\\":\\"q\\",\\"from\\":{\\"number\\":\\"79161230001\\"}}"}'
    found = scrub(body).decode()
    assert '"id":1483463468.20' in found
    assert json.loads(json.loads(found)["json"])["from"]["number"].startswith("7999000")
    assert json.loads(found)["n"] == {"a": [1, None, True, "x"]}
    assert scrub(b'{"src": "79161230001", "name": ""Anna" <101>"}').startswith(b'{"src": "7999000')
    encoded = scrub(b"cdr=" + base64.b64encode(b'{"variables":{"caller_id_number":"79161230001"}}'))
    assert b"7999000" in base64.b64decode(encoded.removeprefix(b"cdr="))
    assert dict(parse_qsl(scrub(b"a=1&b=&c=x%20y").decode(), keep_blank_values=True)) == {"a": "1", "b": "", "c": "x y"}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_a_scrubbed_fixture_tells_the_same_calls(dialect: str) -> None:
    """All but whom it was with, where the recording is, and what was a name."""
    compared = 0
    for name, case in CASES:
        if name != dialect:
            continue
        how = installation(dialect, case)
        told = []
        scrubbed = replace(how, own_numbers=frozenset(scrub(own.encode()).decode() for own in how.own_numbers))
        for clean in (False, True):
            deliveries: list[Delivery] = []
            for number, path in enumerate(bodies(dialect, case), 1):
                one = delivery_from_file(path, number, NOW)
                body = one.body if how.own_numbers else one.body.replace(b"999000", b"916123")  # numbers that are somebody's
                body = scrub(body) if clean else body
                one = Delivery(
                    number,
                    one.received_at,
                    body,
                    one.headers,
                    scrub_query(one.query) if clean else one.query,
                    one.tail,
                    one.method,
                )
                try:
                    DIALECTS[dialect].read(one, scrubbed if clean else how)
                except Unreadable:
                    continue
                deliveries.append(one)
            told.append(understand(DIALECTS[dialect], deliveries, scrubbed if clean else how))
        before, after = (sorted(facts(call) for call in calls) for calls in told)
        assert before == after, case
        compared += len(before)
    assert compared > 3


def facts(call: Call) -> tuple[str, ...]:
    """Without the key: some vendors tell no id, and a hash of the number stands for it."""
    told = (call.direction, call.started_at, call.answered_at, call.ended_at, call.talk_seconds, call.disposition, call.final)
    return (*map(str, told), str(call.number is None), str(call.recording_url is None))
