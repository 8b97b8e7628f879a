"""Nothing about a manager is decided on silence: of a PBX (EC-40) or of a CRM that lags behind (EC-41)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.street import MONDAY, Street, at

FRIDAY_BEFORE = MONDAY - timedelta(days=3)
TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def seen(office: Street, clock: str, day: date = MONDAY) -> None:
    await office.ask("POST", "/connectors/amocrm/seen", {"seen_until": at(clock, day).isoformat()})


async def statuses(office: Street, code: str) -> list[str]:
    return sorted(one["status"] for one in (await office.ask("GET", f"/violations?code={code}"))["items"])


async def test_ec_41_no_deadline_passes_before_the_crm_has_been_read_that_far(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await seen(office, "15:00")
    await office.work("23:59")
    assert await office.violations() == [("V01", "reminded"), ("V03", "reminded")]
    assert (await office.line())["verdict"] == "pending"
    await office.ask(
        "POST", "/leads/1/comments",
        {"author": "ivan", "at": at("16:00").isoformat(), "text": "Говорили о поставке, просит прайс.",
         "next_contact": {"at": at("10:00", WEDNESDAY).isoformat()}},
    )  # fmt: skip
    await seen(office, "23:50")
    await office.work("23:59")
    assert await statuses(office, "V01") == ["closed"]
    assert (await office.line())["verdict"] in ("not_evaluated", "not_met")


async def test_ec_41_violations_are_delayed_and_not_lost(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await seen(office, "15:00")
    await office.work("23:59")
    assert "open" not in await statuses(office, "V01")
    await seen(office, "14:00")  # a word that goes back changes nothing
    await seen(office, "19:30")
    await office.work("23:59")
    assert await statuses(office, "V01") == ["open"]


async def test_ec_41_a_connector_that_is_retired_is_waited_for_no_more(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await seen(office, "15:00")
    await office.ask("POST", "/connectors/amocrm/retire")
    await office.work("23:59")
    assert await statuses(office, "V01") == ["open"]
    await office.ask("POST", "/connectors/amocrm/retire", expect=404)


async def test_ec_41_a_connector_says_nothing_of_the_future_and_a_manager_nothing_at_all(office: Street) -> None:
    ahead = {"seen_until": (office.clock.now + timedelta(minutes=1)).isoformat()}
    await office.ask("POST", "/connectors/amocrm/seen", ahead, expect=422)
    await office.ask("POST", "/connectors/amocrm/seen", ahead, token=await office.token_of("ivan"), expect=403)


async def busy_friday(office: Street) -> None:
    """The PBX tells of forty calls on the Friday before: it is expected to be heard."""
    for minute in range(0, 480, 12):
        clock = f"{9 + minute // 60:02}:{minute % 60:02}"
        row = {"number": f"+7999000{4000 + minute}", "extension": "102"}
        await office.dial(clock, day=FRIDAY_BEFORE, **row)


async def plan(office: Street) -> None:
    body = {"author": "ivan", "set_at": at("10:00", FRIDAY_BEFORE).isoformat(), "at": at("11:00").isoformat(), "basis": "agreed"}
    await office.ask("POST", "/leads/1/next-contacts", body)


async def test_ec_40_a_contact_is_not_missed_on_a_day_the_pbx_was_not_heard(office: Street) -> None:
    await busy_friday(office)
    await plan(office)
    await office.work("23:59")
    found = (await office.ask("GET", "/violations?code=V09"))["items"]
    assert [(one["status"], one["date"]) for one in found] == [("watching", str(TUESDAY)), ("closed", str(MONDAY))]
    pause = {"source": "office", "from": at("09:00").isoformat(), "to": at("18:00").isoformat(), "settled_as": "pause"}
    await office.ask("POST", "/silences", pause | {"reason": "Все были на выставке."})
    assert await statuses(office, "V09") == ["closed", "open"]


async def test_ec_40_an_outage_on_record_moves_the_contact_and_a_quiet_office_is_not_silent(office: Street) -> None:
    await plan(office)
    await office.work("23:59")
    assert await statuses(office, "V09") == ["open"]  # this PBX never told much: that nobody called proves that nobody called
    outage = {"source": "office", "from": at("10:00").isoformat(), "to": at("12:00").isoformat(), "settled_as": "outage"}
    await office.ask("POST", "/silences", outage | {"reason": "Провайдер."})
    assert await statuses(office, "V09") == ["closed", "watching"]


async def test_ec_40_a_lead_is_not_left_uncalled_on_a_day_the_pbx_was_not_heard(office: Street) -> None:
    await busy_friday(office)
    await office.lead("+79990000008", author="ivan", at=at("10:00", FRIDAY_BEFORE).isoformat())
    await office.work("23:59")
    assert await statuses(office, "V14") == ["watching"]
    await office.dial("10:00", day=TUESDAY, number="+79990000008")
    assert await statuses(office, "V14") == ["closed"]


async def test_d03_a_connector_that_lags_is_a_mark_of_the_data_and_nobodys_violation(office: Street) -> None:
    await seen(office, "11:45", WEDNESDAY)
    await office.ask("POST", "/connectors/bitrix24/seen", {"seen_until": at("11:00", WEDNESDAY).isoformat()})
    marks = (await office.ask("GET", f"/data-quality?date={WEDNESDAY}"))["items"]
    assert [(one["source"], one["seconds"]) for one in marks if one["code"] == "D03"] == [("bitrix24", 3600)]
