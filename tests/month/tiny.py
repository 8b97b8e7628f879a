"""Worlds of two colleagues, two numbers and three days, for hypothesis to shrink: a Monday, a short Tuesday, a holiday."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from tests.month.world import DAY, FIRST, HOUR, MINUTE, Fact, World, call, days_of, passes_of, person

MOSCOW = ZoneInfo("Europe/Moscow")
NUMBERS = ("+79990000001", "+79990000002")
CLOCKS = ("07:30", "09:00", "09:20", "09:45", "10:20", "12:00", "17:55", "18:20", "21:50", "23:10", "23:45")
COLLEAGUES = [person(0, "Europe/Moscow"), person(1, "Europe/Moscow", closes="13:00")]
GOOD = "Договорились о поставке труб, прислать прайс"
Drawn = dict[str, Any]

_WHEN = {"day": st.integers(0, 2), "clock": st.sampled_from(CLOCKS)}
_WHO = {"number": st.sampled_from(NUMBERS), "who": st.integers(0, 1)}
_LATE = {"late": st.sampled_from([0, 0, 0, 1])}
_TALK = st.sampled_from([0, 0, 9, 10, 60])
DRAWN: list[st.SearchStrategy[Drawn]] = [
    st.fixed_dictionaries(
        {"kind": st.just("dial"), **_WHEN, **_WHO, **_LATE, "talk": _TALK, "via": st.sampled_from(["ip", "ip", "mobile"]),
         "passed_on": st.sampled_from([False, False, True]), "corrected": st.sampled_from([False, False, False, True])}
    ),
    st.fixed_dictionaries({"kind": st.just("inbound"), **_WHEN, **_WHO, **_LATE, "talk": st.sampled_from([0, 10, 60])}),
    st.fixed_dictionaries(
        {"kind": st.just("lead"), **_WHEN, **_WHO, "segment": st.sampled_from(["cold", "cold", "warm"]),
         "by": st.sampled_from(["hand", "hand", "robot", "import"])}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("comment"), **_WHEN, **_WHO, "bound": st.booleans(), "machine": st.sampled_from([False, False, True]),
         "text": st.sampled_from([GOOD, "ок", ""])}
    ),
    st.fixed_dictionaries(
        {"kind": st.just("plan"), **_WHEN, **_WHO, "ahead": st.sampled_from([1, 3, 22, 46]), "basis": st.sampled_from(["own", "agreed"])}
    ),
]  # fmt: skip


def tiny(facts: Sequence[Fact]) -> World:
    days = days_of(FIRST, 3)
    pause = datetime.combine(FIRST - DAY, time(), UTC)
    silence = {"kind": "silence", "ref": 0, "settled_as": "pause", "from": pause, "to": pause + 6 * DAY, "known": pause}
    # days are judged since the first call there is: test_found.py, CONTRACT 8
    first = call("first", COLLEAGUES[0]["extension"], None, datetime.combine(FIRST, time(4), UTC), direction="internal")
    return {
        "managers": COLLEAGUES,
        "norms": {"dials": (2, 4), "connects": (1, 2), "new_leads": (1, 1)},
        "calendar": {},
        "days": days,
        "facts": sorted([silence, first, *facts], key=lambda fact: (fact["known"], fact["kind"])),
        "passes": [at for at in passes_of(days, more=4) if at.hour == 20],
    }


def world_of(drawn: Sequence[Drawn]) -> World:
    """Each drawn thing at its own second; what cannot have been (a comment where there is no lead yet) did not happen."""
    facts: list[Fact] = []
    leads: set[str] = set()
    called: set[tuple[str, int, str]] = set()
    for ref, one in enumerate(sorted(drawn, key=lambda one: (one["day"], one["clock"])), 1):
        number, handle = one["number"], COLLEAGUES[one["who"]]["handle"]
        at = datetime.combine(FIRST + one["day"] * DAY, time.fromisoformat(one["clock"]), MOSCOW).astimezone(UTC) + timedelta(
            seconds=7 * ref
        )
        if one["kind"] in ("dial", "inbound"):
            if (number, one["day"], one["clock"]) in called:
                continue  # no dropped lines: test_found.py, EC-9
            called.add((number, one["day"], one["clock"]))
            facts += calls_of(one, f"c{ref}", at)
        elif one["kind"] == "lead" and number not in leads:
            leads.add(number)
            facts.append(
                {"kind": "lead", "ref": ref, "number": number, "segment": one["segment"], "author": None if one["by"] == "robot" else handle,
                 "source": "import" if one["by"] == "import" else None, "at": at, "known": at}
            )  # fmt: skip
        elif one["kind"] == "comment" and number in leads:
            bound = (
                next((fact for fact in reversed(facts) if fact["kind"] == "call" and fact["number"] == number), None)
                if one["bound"]
                else None
            )
            facts.append(
                {"kind": "comment", "ref": ref, "number": number, "call": bound["key"] if bound else None,
                 "author": None if one["machine"] else handle, "text": one["text"], "outcome": "no_answer", "at": at,
                 "known": max(at, bound["known"]) if bound else at}
            )  # fmt: skip
        elif one["kind"] == "plan" and number in leads:
            facts.append(
                {"kind": "plan", "ref": ref, "number": number, "author": handle, "due": at + one["ahead"] * HOUR, "basis": one["basis"],
                 "at": at, "known": at}
            )  # fmt: skip
    return tiny(facts)


def calls_of(one: Drawn, key: str, at: datetime) -> list[Fact]:
    """A call, told late perhaps; passed on to the colleague; corrected an hour after it was told."""
    mine, other = (COLLEAGUES[place]["extension"] for place in (one["who"], 1 - one["who"]))
    fact = call(key, mine, one["number"], at, one["talk"], direction="outbound" if one["kind"] == "dial" else "inbound")
    fact["via"] = one.get("via", "ip")
    fact["known"] += one["late"] * DAY
    if one.get("passed_on") and one["talk"] == 60:
        fact["talked"] = [{"extension": mine, "seconds": 20}, {"extension": other, "seconds": 40}]
    if one.get("corrected"):
        right = call(key, mine, one["number"], at, 0 if one["talk"] else 30, revision=1, via=fact["via"])
        return [fact, right | {"known": fact["known"] + 60 * MINUTE}]
    return [fact]


def tiny_worlds() -> st.SearchStrategy[World]:
    return st.lists(st.one_of(DRAWN), max_size=12).map(world_of)
