"""A day of ten managers, lived in coarse steps: who is told how often, and never at night."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from tests.street import MONDAY, MOSCOW, Street
from tests.telling.day_of_fifty import live, team

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")  # apprise's own import


async def test_ten_people_are_told_of_their_day_and_nobody_at_night(street: Street) -> None:
    box = await live(street, 10, timedelta(minutes=90), per_manager=2, dials=5)
    got = Counter(who for who, when, *_ in box.got if when.astimezone(MOSCOW).date() == MONDAY)
    members = {one.handle: one for one in team(10)}
    assert {who for who in got if not who.startswith("u-")} == {
        one.handle for one in members.values() if not one.away and one.channel != "none"
    }
    assert max(got.values()) <= 16
    by_day = [one for one in box.got if one[0] in members and members[one[0]].hours != "20:00-08:00"]
    assert all(8 <= when.astimezone(members[who].zone).hour < 21 for who, when, *_ in by_day)
    assert all(
        sum(1 for who, _, title, _ in box.got if who == one and title.startswith(("План на 23", "Plan for 23"))) == 1
        for one in got
        if one in members
    )
