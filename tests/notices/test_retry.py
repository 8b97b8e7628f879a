"""What becomes of a notice after a try, as a function of what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge import notices

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def after(outcome: str, **told: Any) -> notices.Next:
    facts: dict[str, Any] = {
        "place": 0,
        "tries": 1,
        "alive": [0],
        "fallback_after": 3,
        "retry_after": None,
        "good_until": NOW + 8 * HOUR,
        "luck": 0.5,
        "now": NOW,
    }
    return notices.after(outcome, **facts | told)  # type: ignore[arg-type]


def test_sent_is_sent() -> None:
    assert after("sent").status == "sent"


def test_a_failure_is_tried_again_later_and_later() -> None:
    waits = [after("later", tries=tries, fallback_after=99).at - NOW for tries in range(1, 12)]
    assert waits[0] == timedelta(seconds=30)
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(minutes=15)


def test_retry_after_is_kept() -> None:
    assert after("later", retry_after=timedelta(minutes=40)).at == NOW + timedelta(minutes=40)


def test_after_three_tries_in_vain_the_next_channel_is_taken_at_once() -> None:
    assert after("later", tries=2, alive=[0, 1]) == notices.Next("waiting", 0, 2, after("later", tries=2).at)
    assert after("later", tries=3, alive=[0, 1]) == notices.Next("waiting", 1, 0, NOW)


def test_a_refusal_turns_to_the_next_channel_and_then_gives_up() -> None:
    assert after("refused", alive=[0, 2]) == notices.Next("waiting", 2, 0, NOW)
    assert after("refused", alive=[0]).status == "undeliverable"


def test_having_been_round_all_channels_it_waits() -> None:
    step = after("later", place=1, tries=3, alive=[0, 1])
    assert (step.status, step.place, step.tries) == ("waiting", 0, 0)
    assert step.at > NOW


def test_what_cannot_be_sent_in_time_expires() -> None:
    assert after("later", good_until=NOW + timedelta(seconds=10)).status == "expired"
    assert after("later", retry_after=9 * HOUR).status == "expired"


@given(
    outcome=st.sampled_from(["sent", "later", "refused"]),
    place=st.integers(0, 3),
    tries=st.integers(1, 200),
    alive=st.lists(st.integers(0, 3), unique=True).map(sorted),
    fallback_after=st.integers(1, 5),
    luck=st.floats(0, 1),
)
def test_every_step_ends_or_goes_on_in_time(
    outcome: str, place: int, tries: int, alive: list[int], fallback_after: int, luck: float
) -> None:
    step = after(outcome, place=place, tries=tries, alive=alive, fallback_after=fallback_after, luck=luck)
    assert NOW <= step.at <= NOW + 8 * HOUR
    if step.status == "waiting":
        assert step.place in {*alive, place}
        assert outcome != "refused" or step.place != place
