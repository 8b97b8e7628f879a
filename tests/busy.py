"""Two busy days that end now: what views and dashboards are held against, since a view knows no other now than Postgres's."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import asyncpg

from telephony_bridge import worker
from telephony_bridge.verbs.reader import statements
from tests.street import Street, ami_row

READER = f"reader_of_tests_{os.getpid()}"
TEAM = {"ivan": "север", "olga": "юг", "pavel": "юг"}


@dataclass(frozen=True)
class Busy:
    """``zone`` is one where it is evening now: the day's work is done, and the day is not closed."""

    now: datetime
    zone: str
    today: date

    def at(self, hours: int, minutes: int, *, days_ago: int = 0) -> datetime:
        """A local time of today or before, as UTC."""
        ahead = timezone(-timedelta(hours=int(self.zone.removeprefix("Etc/GMT"))))
        day = self.today - timedelta(days=days_ago)
        return datetime(day.year, day.month, day.day, hours, minutes, tzinfo=ahead).astimezone(UTC)


def evening() -> Busy:
    now = datetime.now(UTC)
    ahead = 20 - now.hour
    if ahead > 14:
        ahead -= 24
    return Busy(now, f"Etc/GMT{-ahead:+d}", (now + timedelta(hours=ahead)).date())


async def busy_days(street: Street) -> Busy:
    """Yesterday closed, today under way: dials that count and that do not, comments, dates, gaps, what cannot be read."""
    busy = evening()
    street.clock.now = busy.now
    begun = str(busy.today - timedelta(days=40))
    for days_ago in range(4):  # no holiday of the country and no weekend
        await street.ask("POST", "/calendar", {"date": str(busy.today - timedelta(days=days_ago)), "kind": "usual"})
    await street.source()
    numbers: dict[str, list[str]] = {}
    leads: dict[str, int] = {}
    for place, (handle, team) in enumerate(TEAM.items(), 1):
        week = {"team": team, "timezone": busy.zone, "days": "mon,tue,wed,thu,fri,sat,sun", "from": begun}
        await street.manager(handle, f"10{place}", **week)
        numbers[handle] = [f"+79990001{place}{n:02d}" for n in range(8)]
        for number in numbers[handle]:
            told = {"manager": handle, "at": busy.at(9, 0, days_ago=30).isoformat(), "name": f"Ромашка {number[-3:]}"}
            leads[number] = await street.lead(number, **told)
    await street.ask("PATCH", f"/leads/{leads[numbers['ivan'][7]]}", {"stage": "client"})
    await street.lead("+79990001999", name="Ничья, тел. +7 999 000-19-99")
    for days_ago in (1, 0):
        for place, handle in enumerate(TEAM, 1):
            entered = f"+7999000{days_ago + 2}{place}00"
            new = {"author": handle, "manager": handle, "at": busy.at(10, 5, days_ago=days_ago).isoformat()}
            leads[entered] = await street.lead(entered, **new)
            dials: list[tuple[str, dict[str, Any]]] = [
                (number, {"talk": 20 * (n % 3)}) for n, number in enumerate(numbers[handle])
            ]
            dials += [
                (entered, {"talk": 40}),
                ("+79990009900", {"talk": 30}),
                (numbers[handle][0], {"trunk": "PJSIP/gsm", "talk": 25}),
            ]
            for n, (number, row) in enumerate(dials):
                started = busy.at(10 + n * 15 // 60, n * 15 % 60 + place, days_ago=days_ago)
                row = ami_row(started, extension=f"10{place}", number=number, **row)
                assert (await street.post(row)).status == 200
            incoming = ami_row(
                busy.at(16, place, days_ago=days_ago), extension=f"10{place}", number=numbers[handle][1], talk=50, inbound=True
            )
            assert (await street.post(incoming)).status == 200
    await street.understand()
    for days_ago in (1, 0):
        for place, handle in enumerate(TEAM):
            for n, number in enumerate(numbers[handle][: 6 - place]):
                talked = n % 3 != 0
                note = {
                    "author": handle,
                    "at": busy.at(13, n * 5, days_ago=days_ago).isoformat(),
                    "outcome": "talked" if talked else "no_answer",
                    "next_contact": {
                        "at": busy.at(11, 0, days_ago=days_ago - 1 - n).isoformat(),
                        "basis": "agreed" if talked else "own",
                        "goal": "перезвонить на +7 999 000-77-77",
                    },
                } | ({"text": "Рассказал о поставке, попросил прайс и срок.", "goal": "выслать расчёт"} if talked else {})
                await street.ask("POST", f"/leads/{leads[number]}/comments", note)
    for number, due in (("+79990001801", busy.at(19, 0)), ("+79990001802", busy.at(12, 0, days_ago=1))):  # nobody keeps these
        lead = await street.lead(number, manager="olga")
        planned = {"author": "olga", "set_at": busy.at(17, 0, days_ago=2).isoformat(), "at": due.isoformat(), "basis": "agreed"}
        await street.ask("POST", f"/leads/{lead}/next-contacts", planned)
    pause = {"source": "office", "settled_as": "pause", "reason": "Планёрка."}
    await street.ask(
        "POST", "/silences", pause | {"from": busy.at(8, 0, days_ago=1).isoformat(), "to": busy.at(19, 0, days_ago=1).isoformat()}
    )
    assert (await street.post({"Event": "Cdr", "UniqueID": "1"})).status == 422
    await worker.work_once(street.database, street.company, now=busy.at(2, 0))
    await worker.work_once(street.database, street.company, now=busy.now)
    return busy


@asynccontextmanager
async def reader_of(street: Street, busy: Busy) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the role that `telephony-bridge reader` makes, by its own login; the role is gone afterwards."""
    url = street.database.url
    async with street.database.begin() as conn:
        for one in await statements(conn, READER, timezone=busy.zone, address="https://bridge.example.com"):
            await conn.execute(one)
        await conn.execute(f"alter role {READER} login password 'of-the-tests'")
    reading = await asyncpg.connect(url, user=READER, password="of-the-tests")
    try:
        yield reading
    finally:
        await reading.close()
        async with street.database.begin() as conn:
            await conn.execute(f"drop owned by {READER}")
            await conn.execute(f"drop role {READER}")
