"""Where the month and its reference did not agree once: each a small scenario."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, at

SATURDAY, TUESDAY = MONDAY - timedelta(days=2), MONDAY + timedelta(days=1)


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.manager("olga", "102")
    for metric in ("dials", "connects", "new_leads"):
        await street.ask("POST", "/norms", {"metric": metric, "segment": "cold", "min": 1, "target": 1, "from": "2026-10-01"})
    return street


async def pause(office: Street, day: date = MONDAY) -> None:
    """Nobody called and that was all right: the day has its verdict."""
    span = {"from": at("00:00", day).isoformat(), "to": at("23:59", day).isoformat()}
    await office.ask("POST", "/silences", {"source": "office", "settled_as": "pause", "reason": "quiet", **span})


async def write(office: Street, what: str, moment: datetime, **body: Any) -> None:
    await office.ask("POST", f"/leads/1/{what}", {"author": "ivan", "at": moment.isoformat(), **body})


async def standing(office: Street, handle: str = "ivan") -> set[tuple[str, str]]:
    """What is or was a violation."""
    items = (await office.ask("GET", f"/violations?manager={handle}"))["items"]
    return {(one["code"], one["status"]) for one in items if one["status"] in ("open", "fixed_late")}


async def test_ec_62_a_lead_dialled_the_next_day_clears_the_norm_of_the_day_it_was_entered(office: Street) -> None:
    await pause(office)
    await office.dial("10:00", number="+79990000009")
    await office.lead(at=at("15:00").isoformat(), author="ivan")
    await office.work("23:30")
    assert (await office.line())["new_leads"]["counted"] == 0
    assert ("V08", "open") in await standing(office)
    await office.dial("10:00", day=TUESDAY)
    assert (await office.line())["new_leads"]["counted"] == 1
    assert ("V08", "open") not in await standing(office)


async def test_ec_52_an_absence_entered_afterwards_excuses_a_day_without_calls(office: Street) -> None:
    await pause(office)
    await office.dial("10:00", extension="102")
    await office.work("23:30")
    assert ("V06", "open") in await standing(office)
    day = MONDAY.isoformat()
    await office.ask("POST", "/managers/ivan/absences", {"from": day, "to": day, "kind": "sick"})
    assert (await office.line())["verdict"] == "off"
    assert await standing(office) == set()


async def test_ec_15_a_lead_entered_after_the_closing_raises_nothing(office: Street) -> None:
    await pause(office)
    await office.dial("10:00")
    await office.work("23:30")
    await office.lead(at=at("23:45").isoformat(), author="ivan")
    await office.work("00:30", TUESDAY)
    assert (await office.line())["dials"]["counted"] == 0
    assert ("V04", "fixed_late") in await standing(office)


async def test_ec_32_an_answering_machine_owes_an_outcome_and_no_words(office: Street) -> None:
    await office.lead()
    await office.dial("10:00", talk=12)
    await write(office, "comments", at("10:05"), call=1, outcome="voicemail")
    await write(office, "next-contacts", at("11:00", TUESDAY), set_at=at("10:05").isoformat(), basis="own")
    await office.work("20:00")
    (call,) = await office.calls()
    assert call["why_not"] == {"connect": "voicemail"}
    assert await standing(office) == set()


@pytest.mark.parametrize("part", [1, 2])
async def test_ec_9_one_comment_after_a_dropped_line_answers_for_both_parts(office: Street, part: int) -> None:
    await office.lead()
    await office.dial("10:00", talk=60)
    await office.dial("10:03", talk=60)
    await write(office, "comments", at("10:10"), call=part, text="Связь оборвалась, договорились о поставке труб")
    await office.work("20:00")
    assert ("V01", "open") not in await standing(office)


async def test_ec_40_evidence_told_late_judges_the_days_of_colleagues_too(office: Street) -> None:
    """Olga's day had no evidence when it closed; Ivan's calls, told the next day, are hers too."""
    await office.dial("09:10", extension="102")
    await office.work("23:30")
    assert (await office.line("olga"))["verdict"] == "not_evaluated"
    for minutes in range(0, 540, 20):
        await office.dial(f"{9 + minutes // 60}:{minutes % 60:02}")
    await office.work("12:00", TUESDAY)
    assert (await office.line("olga"))["verdict"] == "not_met"
    assert ("V06", "open") in await standing(office, "olga")


async def test_r19_a_machines_date_does_not_end_a_managers(office: Street) -> None:
    await office.lead()
    await write(office, "next-contacts", at("15:00", TUESDAY), set_at=at("09:00").isoformat(), basis="own")
    await office.ask(
        "POST", "/leads/1/next-contacts", {"at": at("16:00", TUESDAY).isoformat(), "set_at": at("09:30").isoformat()}
    )
    await office.dial("10:00")
    await office.work("20:00")
    assert ("V03", "open") not in await standing(office)


async def test_ec_10_a_comment_on_the_lead_answers_for_the_latest_conversation_without_one(office: Street) -> None:
    await office.lead()
    await office.dial("10:00", talk=60)
    await office.dial("11:30")
    await write(office, "comments", at("11:40"), text="Договорились о поставке труб, прислать прайс", outcome="talked")
    await office.work("20:00")
    assert ("V01", "open") not in await standing(office)


async def test_v05_a_short_answered_call_of_a_stranger_owes_a_lead(office: Street) -> None:
    await office.dial("10:00", talk=6, inbound=True)
    await office.work("23:30")
    assert ("V05", "open") in await standing(office)


async def test_v16_a_good_comment_on_the_second_part_of_a_dropped_line_is_good_for_the_first(office: Street) -> None:
    await office.lead()
    await office.dial("10:00", talk=60)
    await office.dial("10:03", talk=60)
    await write(office, "comments", at("10:10"), call=2, text="Связь оборвалась, договорились о поставке труб")
    await office.work("20:00")
    assert {code for code, _ in await standing(office)} == {"V03"}


async def test_ec_49_a_word_of_six_seconds_is_no_conversation_and_keeps_no_date(office: Street) -> None:
    await office.lead()
    await write(office, "next-contacts", at("15:00"), set_at=at("09:00").isoformat(), basis="own")
    await office.dial("12:00", talk=6, inbound=True)
    await office.work("23:30")
    assert ("V09", "open") in await standing(office)


@pytest.mark.parametrize("due", [at("12:00", SATURDAY), at("01:00")], ids=["kept_after_the_weekend", "by_night"])
async def test_ec_51_a_date_that_fell_on_an_absence_moves_on_whenever_it_was_entered(office: Street, due: datetime) -> None:
    await office.lead()
    await write(office, "next-contacts", due, set_at=at("09:00", MONDAY - timedelta(days=5)).isoformat(), basis="own")
    day = MONDAY.isoformat()
    await office.ask("POST", "/managers/ivan/absences", {"from": day, "to": day, "kind": "sick"})
    await office.work("23:30")
    assert ("V09", "open") not in await standing(office)


async def test_contract_8_a_day_told_after_a_later_one_was_closed_is_judged_at_the_next_pass(office: Street) -> None:
    await pause(office)
    await office.dial("10:00", day=TUESDAY)
    await office.work("23:30", TUESDAY)
    await office.dial("10:00")
    await office.work("23:30", TUESDAY + timedelta(days=1))
    assert (await office.line())["verdict"] == "not_met"
    assert ("V06", "open") in await standing(office)


async def test_r12_a_date_told_after_its_lead_was_lost_does_not_stand(office: Street) -> None:
    await office.lead()
    await office.ask("PATCH", "/leads/1", {"stage": "lost", "reason": "closed down"})
    await write(office, "next-contacts", office.clock.now + timedelta(days=1), set_at=at("09:00").isoformat(), basis="own")
    assert (await office.ask("GET", "/leads/1"))["next_contact"] is None


async def test_ec_15_a_replay_finds_no_lead_that_came_too_late(office: Street) -> None:
    await office.dial("10:00", talk=60, day=MONDAY - timedelta(days=11))
    await office.lead(at=at("10:00").isoformat(), author="ivan")
    (before,) = await office.calls()
    await office.ask("POST", f"/deliveries/{before['deliveries'][0]}/replay", {})
    await office.understand()
    (after,) = await office.calls()
    assert (before["match"], after["match"]) == ("none", "none")
