"""Comments over their life against conversations: a pure function of the sets (R24, EC-45, V16)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from telephony_bridge.model import Direction, Disposition
from telephony_bridge.violations import duties, removals
from telephony_bridge.violations.exemptions import Spared, date_due

NINE = datetime(2026, 11, 23, 6, tzinfo=UTC)
GOOD, POOR = "Просит прайс на трубу, решает в пятницу.", "ок"
KEPT = timedelta(days=30)


def minutes(number: int) -> datetime:
    return NINE + timedelta(minutes=number)


def conversation(id_: int, start: int) -> duties.CallForDuty:
    return duties.CallForDuty(
        id=id_,
        lead_id=1,
        candidates=(1,),
        manager_id=1,
        duty_manager=1,
        direction=Direction.OUTBOUND,
        started_at=minutes(start),
        ended_at=minutes(start + 1),
        talk_seconds=60,
        disposition=Disposition.ANSWERED,
        conversation=True,
        due_at=minutes(600),
        comment_due_at=minutes(600),
        soft_at=minutes(start + 31),
    )


def comment(id_: int, at: int, *texts: tuple[int, str]) -> removals.Comment:
    """Texts by when they came; the first comes with the comment."""
    words = tuple(removals.Words(minutes(since), text, None) for since, text in texts)
    first = duties.CommentFact(id_, 1, None, True, minutes(at), "talked", words[0].has_text, words[0].text)
    return removals.Comment(first, 1, words)


CALLS = st.lists(st.integers(0, 300), min_size=1, max_size=5, unique=True).map(
    lambda starts: [conversation(index + 1, start) for index, start in enumerate(starts)]
)
LIVES = st.lists(
    st.tuples(st.integers(0, 400), st.lists(st.tuples(st.integers(1, 700), st.sampled_from([GOOD, POOR, ""])), max_size=3)),
    max_size=6,
)


def lives(told: list[tuple[int, list[tuple[int, str]]]]) -> list[removals.Comment]:
    found = []
    for index, (at, edits) in enumerate(told):
        later = sorted(at + step for step, _ in edits)
        texts = [(at, GOOD), *zip(later, (text for _, text in edits), strict=True)]
        found.append(comment(index + 1, at, *texts))
    return found


def judged(calls: list[duties.CallForDuty], comments: list[removals.Comment]) -> dict[int, object]:
    said = [fact for one in comments for fact in removals.as_said(one)]
    present = [removals.as_it_stands(one, KEPT) for one in comments]
    met, now = duties.covering(calls, said), duties.covering(calls, [one.fact for one in present])
    return {call.id: (met[call.id].id, removals.lapse(call, met[call.id], present, now, 15)) for call in calls if call.id in met}


@settings(max_examples=300, deadline=None)
@given(CALLS, LIVES, st.integers())
def test_order_changes_nothing(calls: list[duties.CallForDuty], told: list[tuple[int, list[tuple[int, str]]]], seed: int) -> None:
    comments = lives(told)
    dice = random.Random(seed)
    assert judged(calls, comments) == judged(dice.sample(calls, len(calls)), dice.sample(comments, len(comments)))


@settings(max_examples=300, deadline=None)
@given(CALLS, LIVES)
def test_what_is_changed_later_leaves_what_was_met_as_it_was(
    calls: list[duties.CallForDuty], told: list[tuple[int, list[tuple[int, str]]]]
) -> None:
    before = [comment(one.first.id, round((one.first.at - NINE).total_seconds() / 60), (0, GOOD)) for one in lives(told)]

    def states(comments: list[removals.Comment]) -> dict[int, duties.State]:
        return duties.comment_states(calls, [fact for one in comments for fact in removals.as_said(one)], now=minutes(900))

    assert states(lives(told)) == states(before)


@settings(max_examples=300, deadline=None)
@given(CALLS, LIVES)
def test_unchanged_good_comments_owe_nothing(
    calls: list[duties.CallForDuty], told: list[tuple[int, list[tuple[int, str]]]]
) -> None:
    comments = lives([(at, []) for at, _ in told])
    assert all(lapse is None or lapse.met_at is not None for _, lapse in judged(calls, comments).values())  # type: ignore[misc]


def test_a_text_removed_put_back_and_removed_again_is_gone_since_the_last_time() -> None:
    call, one = conversation(1, 0), comment(1, 5, (5, GOOD), (700, ""), (710, GOOD), (720, ""))
    assert judged([call], [one]) == {1: (1, removals.Lapse(minutes(720), None, removed=1))}


def test_an_exemption_spares_what_was_not_met_before_it() -> None:
    standing, over = Spared(minutes(60), None), Spared(minutes(60), minutes(900))
    assert date_due(minutes(600), [standing], None) is None
    assert date_due(minutes(600), [standing], minutes(59)) == minutes(600)
    assert date_due(minutes(600), [over], None) == minutes(900)
    assert date_due(minutes(1000), [over], None) == minutes(1000)
    assert date_due(minutes(600), [over, standing], minutes(700)) is None
