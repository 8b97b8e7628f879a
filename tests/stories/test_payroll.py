"""The month for who pays (R7): the same numbers as the days, and no fines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from telephony_bridge import payroll
from tests.street import MONDAY, Street, at


async def test_r7_the_month_adds_up_to_its_days(street: Street) -> None:
    await street.source()
    await street.manager(**{"from": "2026-11-23"})
    await street.manager("olga", "102", **{"from": "2026-11-23"})
    await street.lead()
    for shift in range(3):
        day = MONDAY + timedelta(days=shift)
        for minutes in range(0, 540, 25):
            clock = f"{9 + (minutes + 10) // 60}:{(minutes + 10) % 60:02}"
            await street.dial(clock, day=day, talk=30 if minutes < 100 else 0, number=f"+7999000{shift}{minutes:03}"[:12])
    await street.work("12:00", MONDAY + timedelta(days=3))
    now = at("12:00", MONDAY + timedelta(days=3))
    async with street.database.begin() as conn:
        lines = await payroll.payroll(conn, payroll.month_days("2026-11"), company=street.company, now=now)
    assert [line["manager"] for line in lines] == ["ivan", "olga"]
    board = [await street.line(day=MONDAY + timedelta(days=shift)) for shift in range(3)]
    ivan = lines[0]
    for metric in ("dials", "connects", "new_leads"):
        assert ivan[metric] == sum(line[metric]["counted"] for line in board)
    assert (ivan["days_on_shift"], ivan["days_met"], ivan["days_not_met"]) == (3, 0, 3)
    assert ivan["violations"]["V06"] == {"open": 3, "fixed_late": 0, "excused": 0}
    assert lines[1]["dials"] == 0
    head, first, *_ = payroll.as_csv(lines).splitlines()
    told = dict(zip(head.split(","), first.split(","), strict=True))
    assert (told["manager"], told["days_on_shift"], told["V06_open"]) == ("ivan", "3", "3")


async def test_r7_days_that_are_not_over_are_left_out(street: Street) -> None:
    await street.source()
    await street.manager()
    async with street.database.begin() as conn:
        days = [datetime.now(UTC).astimezone(street.company.zone).date()]
        assert await payroll.payroll(conn, days, company=street.company, now=datetime.now(UTC)) == []
    await street.ask("GET", "/payroll/2026-13", expect=422)
    assert (await street.ask("GET", "/payroll/2027-01"))["managers"] == []


def test_r7_an_empty_month_has_a_header() -> None:
    assert payroll.as_csv([]) == "manager\n"
