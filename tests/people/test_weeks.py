"""Weeks of managers: from which day a change holds (pure), and what the migration makes of managers that were there."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge import db, people
from telephony_bridge.errors import Refused
from telephony_bridge.model import Schedule, Week

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 11, 25, 9, tzinfo=UTC)
WEEKS = tuple(Week(MOSCOW, from_day=day) for day in (None, date(2026, 11, 10), date(2026, 12, 1)))


@pytest.mark.parametrize(
    ("weeks", "asked", "closed", "found"),
    [
        (1, None, None, None),
        (1, None, date(2026, 11, 24), date(2026, 11, 25)),
        (1, None, date(2026, 11, 25), date(2026, 11, 26)),  # today is closed
        (1, date(2026, 1, 1), None, date(2026, 1, 1)),
        (1, date(2026, 11, 25), date(2026, 11, 24), date(2026, 11, 25)),
        (3, None, None, date(2026, 11, 10)),
        (3, None, date(2026, 11, 9), date(2026, 11, 10)),
        (3, None, date(2026, 11, 10), date(2026, 11, 11)),
        (3, date(2027, 1, 1), date(2026, 11, 24), date(2027, 1, 1)),
    ],
)
def test_from_which_day_a_change_holds(weeks: int, asked: date | None, closed: date | None, found: date | None) -> None:
    assert people.version_day(Schedule(WEEKS[:weeks]), asked, closed, NOON) == found


def test_a_closed_day_is_not_changed_any_more() -> None:
    with pytest.raises(Refused, match="up to 2026-11-24 are closed and keep what they were judged by; pick a later day"):
        people.version_day(Schedule(WEEKS), date(2026, 11, 24), date(2026, 11, 24), NOON)


@pytest.mark.parametrize(
    ("told", "segment"), [([("cold", 50), ("warm", 50)], "cold"), ([("warm", 50), ("cold", 50)], "warm"), ([("cold", 30), ("warm", 40)], "warm")]
)  # fmt: skip
def test_ec_57_the_segment_of_a_week_has_the_greatest_share_or_comes_first(told: list[tuple[str, int]], segment: str) -> None:
    assert Week(MOSCOW, segments=people.read_segments(told)).segment == segment


async def test_managers_keep_what_held_when_weeks_came(database: db.Database) -> None:
    async with database.pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        try:
            await conn.execute("create schema before_weeks")
            await conn.execute("set local search_path to before_weeks")
            for version, _, statements in db.migrations():
                if version == 13:
                    await conn.execute(
                        "insert into managers (handle, name, timezone, team, segment, opens, closes, days, first_day, created_at) "
                        "values ('ivan', 'Иван', 'Asia/Omsk', 'north', 'warm', 540, 780, '{1,6}', '2026-03-02', '2026-03-01Z')"
                    )
                for statement in statements:
                    await conn.execute(statement)
            (schedule,) = (await people.schedules(conn, None)).values()
        finally:
            await transaction.rollback()
    week = Week(ZoneInfo("Asia/Omsk"), 540, 780, frozenset({1, 6}), "north", (("warm", 100),))
    assert schedule == Schedule((week,), first_day=date(2026, 3, 2))
