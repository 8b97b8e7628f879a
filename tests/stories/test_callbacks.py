"""Missed calls and who returned them: V11 (EC-13)."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.violations.callbacks import RUN, Missed, owed
from tests.street import MONDAY, Street, ami_row, at

TUESDAY, FRIDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=4)
NEXT_MONDAY = MONDAY + timedelta(days=7)
STRANGER = "+79990000009"


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.manager("olga", "102")
    await street.lead(manager="ivan")
    return street


async def miss(office: Street, clock: str, day: date = MONDAY, **row: Any) -> None:
    await office.dial(clock, day=day, **({"inbound": True} | row))


async def found(office: Street) -> list[dict[str, Any]]:
    items = (await office.ask("GET", "/violations?code=V11"))["items"]
    return sorted(items, key=lambda one: one["id"])


def everywhere(number: str, started: Any, **more: Any) -> dict[str, str]:
    """A missed call of a queue that rang two phones: nobody's extension alone."""
    return ami_row(started, number=number, inbound=True, **more) | {
        "LastApplication": "Queue",
        "LastData": "sales,t,,,30",
        "DestinationChannel": "",
    }


async def test_v11_ec_13_missed_and_not_returned_in_half_an_hour(office: Street) -> None:
    await miss(office, "10:00")
    await office.work("10:29")
    (one,) = await found(office)
    assert (one["status"], one["name"], one["severity"]) == ("watching", "MISSED_NOT_RETURNED", "major")
    assert (one["manager"], one["due_at"], one["subject"]) == ("ivan", "2026-11-23T07:30:00Z", {"kind": "call", "id": 1})
    await office.work("10:31")
    assert (await found(office))[0]["status"] == "open"
    await office.dial("11:00")
    (one,) = await found(office)
    assert (one["status"], one["fixed_at"]) == ("fixed_late", "2026-11-23T08:00:00Z")


@pytest.mark.parametrize("call", [{}, {"talk": 30}, {"extension": "102"}, {"extension": "105"}, {"inbound": True, "talk": 30}])
async def test_ec_13_a_dial_of_anyone_or_the_clients_next_call_returns_it(office: Street, call: dict[str, Any]) -> None:
    await miss(office, "10:00")
    await office.dial("10:20", **call)
    await office.work("23:59")
    assert [(one["status"], one["closed_because"]) for one in await found(office)] in ([], [("closed", "done")])


@pytest.mark.parametrize("row", [{"inbound": True}, {"number": STRANGER}, {"inbound": True, "number": STRANGER, "talk": 30}])
async def test_ec_13_another_number_or_another_missed_call_returns_nothing(office: Street, row: dict[str, Any]) -> None:
    await miss(office, "10:00")
    await office.dial("10:20", **row)
    await office.work("18:00")
    assert [(one["status"], one["subject"]["id"]) for one in await found(office)] == [("open", 1)]


async def test_ec_13_a_dial_before_the_missed_call_returns_it_not(office: Street) -> None:
    await office.dial("09:50")
    await miss(office, "10:00")
    await office.work("18:00")
    assert [one["status"] for one in await found(office)] == ["open"]


@pytest.mark.parametrize(
    ("clock", "day", "due"),
    [
        ("17:50", MONDAY, "2026-11-24T06:20:00Z"),
        ("17:50", FRIDAY, "2026-11-30T06:20:00Z"),
        ("20:00", MONDAY, "2026-11-24T06:30:00Z"),
        ("06:00", MONDAY, "2026-11-23T06:30:00Z"),
        ("12:00", FRIDAY + timedelta(days=1), "2026-11-30T06:30:00Z"),
    ],
)
async def test_ec_13_only_minutes_of_the_shift_count(office: Street, clock: str, day: date, due: str) -> None:
    await miss(office, clock, day)
    assert [(one["status"], one["due_at"]) for one in await found(office)] == [("watching", due)]


async def test_ec_13_several_missed_calls_of_a_number_are_one_debt_until_it_is_returned(office: Street) -> None:
    for clock in ("10:00", "10:10", "10:40"):
        await miss(office, clock)
    await office.work("12:00")
    assert [(one["status"], one["subject"]["id"]) for one in await found(office)] == [("open", 1)]
    await office.dial("12:10")
    await miss(office, "13:00")
    await office.work("14:00")
    assert [(one["status"], one["subject"]["id"]) for one in await found(office)] == [("fixed_late", 1), ("open", 5)]


async def test_ec_13_where_no_phone_alone_rang_the_owner_of_the_lead_owes(office: Street) -> None:
    assert (await office.post(everywhere("+79990000001", at("10:00")))).status == 200
    assert (await office.post(everywhere(STRANGER, at("10:05")))).status == 200
    await office.understand()
    await office.work("12:00")
    assert sorted(call["manager"] or "nobody" for call in await office.calls()) == ["nobody", "nobody"]
    assert [(one["manager"], one["status"]) for one in await found(office)] == [("ivan", "open")]


async def test_ec_13_what_has_opened_stays_whose_it_is_what_is_watched_goes_with_the_lead(office: Street) -> None:
    await office.post(everywhere("+79990000001", at("10:00")))
    await office.understand()
    await office.work("10:10")
    await office.ask("PATCH", "/leads/1", {"manager": "olga"})
    assert [(one["manager"], one["status"]) for one in await found(office)] == [("ivan", "closed"), ("olga", "watching")]
    await office.work("12:00")
    await office.ask("PATCH", "/leads/1", {"manager": "ivan"})
    assert [(one["manager"], one["status"]) for one in await found(office)] == [("ivan", "closed"), ("olga", "open")]


async def test_ec_13_an_absence_entered_afterwards_moves_the_deadline_behind_it(office: Street) -> None:
    await miss(office, "10:00")
    await office.work("12:00")
    assert [one["status"] for one in await found(office)] == ["open"]
    await office.ask("POST", "/managers/ivan/absences", {"from": str(MONDAY), "to": str(FRIDAY), "kind": "sick"})
    assert [(one["status"], one["due_at"]) for one in await found(office)] == [("watching", "2026-11-30T06:30:00Z")]


async def test_ec_54_a_day_that_became_free_moves_the_deadline_behind_it(office: Street) -> None:
    await miss(office, "18:30")
    await office.ask("POST", "/calendar", {"date": str(TUESDAY), "kind": "off"})
    assert [(one["status"], one["due_at"]) for one in await found(office)] == [("watching", "2026-11-25T06:30:00Z")]


async def test_ec_23_a_colleagues_missed_call_is_no_clients(office: Street) -> None:
    await miss(office, "10:00")
    await office.work("12:00")
    await office.ask("POST", "/excluded-numbers", {"number": "+79990000001", "kind": "staff"})
    assert [(one["status"], one["closed_because"]) for one in await found(office)] == [("closed", "corrected")]


async def test_ec_40_where_the_pbx_fell_silent_nobody_is_told_that_he_did_not_call_back(office: Street) -> None:
    await office.ask("POST", "/policy", {"name": "expected_calls", "value": "1", "from": str(MONDAY)})
    await office.dial("10:00", day=FRIDAY - timedelta(days=7), number=STRANGER, extension="105")
    await miss(office, "10:00")
    await office.work("18:00")
    assert [one["status"] for one in await found(office)] == ["closed"]
    span = {"source": "office", "from": at("09:00").isoformat(), "to": at("18:00").isoformat(), "reason": "Тихий день"}
    await office.ask("POST", "/silences", span | {"settled_as": "pause"})
    assert [one["status"] for one in await found(office)] == ["open"]
    await office.ask("POST", "/silences", span | {"to": at("10:20").isoformat(), "settled_as": "outage"})
    assert [one["status"] for one in await found(office)] == ["closed"]


async def test_ec_40_an_outage_of_another_hour_excuses_no_one(office: Street) -> None:
    outage = {
        "source": "office",
        "from": at("12:00").isoformat(),
        "to": at("13:00").isoformat(),
        "settled_as": "outage",
        "reason": "Авария",
    }
    await office.ask("POST", "/silences", outage)
    await miss(office, "10:00")
    await office.work("18:00")
    assert [one["status"] for one in await found(office)] == ["open"]


async def test_r3_the_minutes_are_a_setting(office: Street) -> None:
    await office.ask("POST", "/policy", {"name": "callback", "value": "90", "from": str(MONDAY)})
    await miss(office, "10:00")
    assert [one["due_at"] for one in await found(office)] == ["2026-11-23T08:30:00Z"]


async def test_a_crms_word_neither_misses_a_call_nor_returns_one(office: Street) -> None:
    await office.source("crm", dialect="generic", trunks=[], crm=True)
    told = {"id": "e-1", "direction": "inbound", "extension": "101", "number": STRANGER, "started_at": at("10:00").isoformat(),
            "ended_at": at("10:01").isoformat(), "talk_seconds": 0, "disposition": "no_answer"}  # fmt: skip
    await office.post(told, "crm")
    await miss(office, "11:00")
    await office.post(told | {"id": "e-2", "direction": "outbound", "number": "+79990000001", "started_at": at("11:10").isoformat(),
                              "ended_at": at("11:11").isoformat()}, "crm")  # fmt: skip
    await office.understand()
    await office.work("12:00")
    assert [(one["status"], one["evidence"]["lead"]) for one in await found(office)] == [("open", 1)]


@pytest.mark.parametrize("seed", range(3))
async def test_order_and_repeats_change_nothing(office: Street, seed: int) -> None:
    rows = [ami_row(at("10:00"), inbound=True), ami_row(at("10:20"), inbound=True), ami_row(at("11:00"), extension="102"),
            ami_row(at("12:00"), inbound=True, number=STRANGER), ami_row(at("12:10"), number=STRANGER), ami_row(at("15:00"), inbound=True)]  # fmt: skip
    random.Random(seed).shuffle(rows)
    for row in (*rows, *rows[:3]):
        await office.post(row)
        if seed:
            await office.understand()
    await office.work("18:00")
    await office.work("18:00")
    standing = [one for one in await found(office) if one["closed_because"] != "corrected"]
    assert sorted((one["due_at"], one["status"]) for one in standing if one["status"] != "closed") == [
        ("2026-11-23T07:30:00Z", "fixed_late"),
        ("2026-11-23T12:30:00Z", "open"),
    ]


MINUTES = st.integers(0, 90 * 24 * 60).map(lambda minutes: at("10:00") + timedelta(minutes=minutes))


@given(missed=st.lists(MINUTES, unique=True, max_size=12), returned=st.lists(MINUTES, max_size=6), seed=st.randoms())
def test_every_missed_call_is_in_one_run_and_the_order_does_not_matter(missed: Any, returned: Any, seed: Any) -> None:
    calls = [Missed(index, 1, moment) for index, moment in enumerate(missed)]
    found = owed(calls, returned)
    shuffled = list(calls)
    seed.shuffle(shuffled)
    assert owed(shuffled, returned) == found
    firsts = [one.first for one in found]
    assert len(set(firsts)) == len(firsts)
    assert bool(firsts) == bool(calls)
    for one in found:
        assert one.returned_at is None or one.returned_at >= one.first.at
    for call in calls:  # what nobody returned is some run's that nobody returned
        if not any(moment >= call.at for moment in returned):
            assert any(one.returned_at is None and one.first.at <= call.at for one in found)


def test_a_call_after_a_month_of_silence_is_missed_anew() -> None:
    first, second = Missed(1, 1, at("10:00")), Missed(2, 1, at("10:00") + RUN + timedelta(minutes=1))
    assert [one.first for one in owed([first, second], [])] == [first, second]
