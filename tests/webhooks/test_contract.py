"""What every dialect owes (CONTRACT §5, DESIGN invariant 2), run over all of them and their fixtures alike."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony_bridge.errors import Malformed, NotACall, Unreadable
from telephony_bridge.model import Call, Delivery, Installation
from telephony_bridge.webhooks import DIALECTS
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.files import delivery_from_file
from tests.webhooks.test_fixtures import CASES, FIXTURES, NOW, bodies, installation, understood

KIN = {frozenset({"asterisk", "freepbx"}), frozenset({"twilio", "telnyx"})}  # the same rows, or made alike on purpose
DAY = 86_400


def of(dialect: str) -> Iterator[tuple[str, list[Path]]]:
    for name, case in CASES:
        if name == dialect:
            yield case, bodies(name, case)


def told(dialect: str, deliveries: list[Delivery], how: Installation) -> list[Call]:
    """The calls of what can be read."""
    readable = []
    for delivery in deliveries:
        try:
            DIALECTS[dialect].read(delivery, how)
        except Unreadable as said:
            assert said.why
            continue
        readable.append(delivery)
    return understand(DIALECTS[dialect], readable, how)


def is_sane(call: Call) -> None:
    """No talk without an answer, none longer than the call."""
    assert 0 <= call.talk_seconds <= 2 * DAY
    assert call.disposition == "answered" or (call.talk_seconds == 0 and call.answered_at is None and not call.talked)
    if call.ended_at is not None:
        assert call.ended_at >= call.started_at
        assert call.talk_seconds <= (call.ended_at - call.started_at).total_seconds() + 2
    for text in (call.call_key, call.number_raw, call.extension, call.recording_url, call.hangup_cause):
        assert text is None or (text and "\0" not in text)
        (text or "").encode()


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_six_cases_at_least_and_the_ones_everybody_has(dialect: str) -> None:
    cases = {case for case, _ in of(dialect)}
    assert len(cases) >= 6
    assert "outbound_answered" in cases
    words = {line.get("refused") for case in cases for line in understood(dialect, case)}
    assert {"malformed", "not_a_call"} <= words


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_truncated_body_crashes_nothing_and_invents_no_talk(dialect: str, share: float) -> None:
    for case, paths in of(dialect):
        how = installation(dialect, case)
        whole = [delivery_from_file(path, number, NOW) for number, path in enumerate(paths, 1)]
        longest = max((call.talk_seconds for call in told(dialect, whole, how)), default=0)
        cut = [replace(one, body=one.body[: int(len(one.body) * share)]) for one in whole]
        for call in told(dialect, cut, how):
            is_sane(call)
            # a number that ends at the cut (45 of 450) may be shorter, never longer
            assert call.talk_seconds <= max(longest, 0), (case, call)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_another_vendors_body_is_never_a_call(dialect: str) -> None:
    how = installation(dialect, "outbound_answered")
    for other in DIALECTS:
        if other == dialect or frozenset({dialect, other}) in KIN:
            continue
        for case, paths in of(other):
            if case.startswith("not_a_call_of_a"):  # a third vendor's on purpose, perhaps this one's
                continue
            for number, path in enumerate(paths, 1):
                delivery = delivery_from_file(path, number, NOW)
                with pytest.raises(Unreadable) as said:
                    DIALECTS[dialect].read(delivery, how)
                syntax = isinstance(said.value, Malformed) and said.value.syntax
                assert syntax or isinstance(said.value, NotACall), (other, case, said.value.why)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_order_and_every_part_of_a_case_is_sane(dialect: str) -> None:
    dice = random.Random(20261123)
    for case, paths in of(dialect):
        how = installation(dialect, case)
        whole = [delivery_from_file(path, number, NOW) for number, path in enumerate(paths, 1)]
        reference = told(dialect, whole, how)
        for _ in range(5):
            shuffled = [*whole, *dice.sample(whole, len(whole) // 2)]
            dice.shuffle(shuffled)
            assert told(dialect, shuffled, how) == reference, case
        for number in range(1, len(whole)):
            for call in told(dialect, whole[:number], how) + told(dialect, whole[number:], how):
                is_sane(call)


VALUES = ["", "0", "-1", "null", "1e400", "NaN", "999999999999999999999", "2026-11-23 10:00:00", "1795417200", "abc", "²", "\x00",
          "\ud800", "+79990000001", "101", "answered", "ANSWER", "sip:x@y", "[]", "{}", "'", "true", "Вася", "1795417200000"]  # fmt: skip


def mutated(body: bytes, dice: random.Random) -> bytes:
    """The body with one or a few of its values dropped, swapped or replaced, in its own notation where it has one."""
    text = body.decode("utf-8", "replace").strip()
    if text[:1] == "{":
        try:
            value = json.loads(text)
        except ValueError:
            return body[: dice.randrange(len(body))]
        for _ in range(dice.randint(1, 3)):
            change(value, dice)
        return json.dumps(value).encode()
    pairs = parse_qsl(text, keep_blank_values=True)
    if pairs and text[:1] != "<":
        for _ in range(dice.randint(1, 3)):
            place = dice.randrange(len(pairs))
            pairs[place] = (pairs[place][0], dice.choice(VALUES))
            if dice.random() < 0.3 and len(pairs) > 1:
                del pairs[place]
        return urlencode(pairs, errors="surrogatepass").encode()
    spot = dice.randrange(len(body) or 1)
    return body[:spot] + dice.choice(VALUES).encode("utf-8", "surrogatepass") + body[spot + dice.randint(0, 12) :]


def change(value: object, dice: random.Random) -> None:
    """Somewhere inside."""
    while isinstance(value, dict | list) and value:
        place = dice.choice(list(value)) if isinstance(value, dict) else dice.randrange(len(value))
        inner = value[place]  # type: ignore[index]
        if isinstance(inner, dict | list) and inner and dice.random() < 0.8:
            value = inner
            continue
        if dice.random() < 0.3:
            del value[place]  # type: ignore[arg-type]
        else:
            value[place] = dice.choice([None, True, [], {}, 5, -7, 1.5, 10**30, *VALUES])  # type: ignore[index]
        return


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@given(seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_whatever_a_body_is_turned_into_no_talk_is_invented(dialect: str, seed: int) -> None:
    dice = random.Random(seed)
    case, paths = dice.choice(CASES_OF[dialect])
    how = installation(dialect, case)
    whole = [delivery_from_file(path, number, NOW) for number, path in enumerate(paths, 1)]
    for call in told(dialect, [replace(one, body=mutated(one.body, dice)) for one in whole], how):
        is_sane(call)


CASES_OF = {dialect: list(of(dialect)) for dialect in DIALECTS}


def test_every_folder_of_fixtures_is_a_dialects() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == set(DIALECTS)
