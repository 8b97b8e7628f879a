"""Links of notices: what is signed is read again, what is not is nobody's, and what is over says so."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.errors import NotFound, Refused
from telephony_bridge.notices.links import Link, read, sign

SECRET = b"a secret of the tests, 32 bytes."
NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(days=7)
IDS = st.integers(min_value=1, max_value=10**18 - 1)
PAGES = st.one_of(st.sampled_from(["plan", "owed"]), st.builds("{}/{}".format, st.sampled_from(["call", "lead"]), IDS))
LINKS = st.builds(
    Link,
    IDS,
    PAGES,
    st.integers(min_value=1, max_value=60 * 60 * 24 * 365).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)


@given(LINKS)
def test_what_was_signed_is_read_again(link: Link) -> None:
    assert read(SECRET, sign(SECRET, link), now=NOW) == link


@given(LINKS, st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_a_token_with_any_byte_changed_is_nobodys(link: Link, place: int, change: int) -> None:
    token = sign(SECRET, link)
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[place % len(raw)] ^= change
    with pytest.raises(NotFound):
        read(SECRET, base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode(), now=NOW)


@given(LINKS)
def test_a_token_has_one_spelling(link: Link) -> None:
    token = sign(SECRET, link)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for last in letters:
        if last != token[-1]:
            with pytest.raises(NotFound):
                read(SECRET, token[:-1] + last, now=NOW)


@pytest.mark.parametrize("token", ["", "x", "plan", "a" * 33, "=" * 8, "ф" * 33, "!" * 20, "A" * 5000])
def test_what_is_no_token_is_nobodys(token: str) -> None:
    with pytest.raises(NotFound):
        read(SECRET, token, now=NOW)


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(NotFound):
        read(b"another secret of the same length", sign(SECRET, Link(1, "plan", UNTIL)), now=NOW)


def test_a_link_ends_on_the_second() -> None:
    token = sign(SECRET, Link(1, "plan", UNTIL))
    assert read(SECRET, token, now=UNTIL - timedelta(seconds=1)).opens == "plan"
    with pytest.raises(Refused, match="the next notice brings it") as refused:
        read(SECRET, token, now=UNTIL)
    assert not isinstance(refused.value, NotFound)


@pytest.mark.parametrize("opens", ["", "calls", "call/", "call/0", "call/01", "call/x", "lead/1/2", "plan/1", "call/" + "9" * 19])
def test_only_pages_are_signed(opens: str) -> None:
    with pytest.raises(Refused, match="opens: read"):
        sign(SECRET, Link(1, opens, UNTIL))


def test_a_link_to_one_page_opens_that_page_alone_and_a_list_all_of_them() -> None:
    one, many = Link(1, "call/17", UNTIL), Link(1, "owed", UNTIL)
    assert [one.allows(page) for page in ("call/17", "call/18", "lead/17", "plan", "owed")] == [True, False, False, False, False]
    assert all(many.allows(page) for page in ("call/17", "lead/17", "plan", "owed"))


def test_a_token_is_short_enough_for_a_chat_message() -> None:
    assert len(sign(SECRET, Link(4_000, "call/40000000", UNTIL))) <= 40
