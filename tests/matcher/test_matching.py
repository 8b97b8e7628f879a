"""Whose number it is: EC-16 to EC-26 on the real street, and EC-17's order as a property of a pure function."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge.matcher import choose
from telephony_bridge.model import LeadCandidate, MatchResult
from tests.street import MONDAY, Street, at

NUMBER = "+79990000001"
CANDIDATES = st.lists(
    st.builds(
        LeadCandidate,
        lead_id=st.integers(1, 50),
        segment=st.sampled_from(["cold", "warm"]),
        manager_id=st.sampled_from([None, 1, 2]),
        is_open=st.booleans(),
        entered_at=st.just(datetime(2026, 11, 1, tzinfo=UTC)),
        planned_on=st.sampled_from([None, MONDAY, MONDAY + timedelta(days=1)]),
        last_activity_at=st.none() | st.datetimes(datetime(2026, 10, 1), datetime(2026, 11, 20), timezones=st.just(UTC)),  # noqa: DTZ001
    ),
    max_size=6,
    unique_by=lambda lead: lead.lead_id,
)


@given(leads=CANDIDATES, caller=st.sampled_from([None, 1, 2]), data=st.data())
def test_ec_17_the_choice_depends_on_the_set_alone_and_keeps_every_candidate(leads: Any, caller: int | None, data: Any) -> None:
    match = choose(leads, caller_id=caller, day=MONDAY)
    assert match == choose(data.draw(st.permutations(leads)), caller_id=caller, day=MONDAY)
    assert match.candidates == tuple(sorted(lead.lead_id for lead in leads))
    assert (match.result is MatchResult.NONE) == (not leads)
    mine = [lead for lead in leads if caller is not None and lead.is_open and lead.manager_id == caller]
    if mine:
        assert match.lead_id in {lead.lead_id for lead in mine}


def lead(
    number: int, manager: int | None = None, *, is_open: bool = True, planned: date | None = None, active: int | None = None
) -> LeadCandidate:
    activity = datetime(2026, 11, active, tzinfo=UTC) if active else None
    return LeadCandidate(number, "cold", manager, is_open, datetime(2026, 10, 1, tzinfo=UTC), planned, activity)


def test_ec_17_the_order_of_reasons() -> None:
    own, planned, closed, active = lead(1, 7), lead(2, planned=MONDAY), lead(3, 7, is_open=False), lead(4, active=20)
    asked = {"caller_id": 7, "day": MONDAY}
    assert choose([own, planned, closed, active], **asked).lead_id == 1
    assert choose([planned, closed, active], **asked).lead_id == 2
    assert choose([closed, active], **asked).lead_id == 3
    match = choose([active, lead(5, active=10)], **asked)
    assert (match.lead_id, match.result) == (4, MatchResult.AMBIGUOUS)


async def office(street: Street, **options: Any) -> None:
    await street.source(**options)
    await street.manager()


async def test_ec_17_a_comment_on_any_candidate_satisfies(street: Street) -> None:
    await office(street)
    await street.lead()
    other = await street.lead(allow_duplicate=True, manager="ivan")
    await street.dial("10:00", talk=30)
    (call,) = await street.calls()
    assert (call["lead"], call["match"], call["candidates"]) == (other, "matched", [1, 2])
    note = {"author": "ivan", "at": at("10:05").isoformat(), "text": "Просит прайс.",
            "next_contact": {"at": at("11:00", MONDAY + timedelta(days=1)).isoformat()}}  # fmt: skip
    await street.ask("POST", "/leads/1/comments", note)
    (call,) = await street.calls()
    assert (call["comment"], call["next_contact"]) == ("done", "done")


async def test_ec_16_a_number_removed_later_leaves_the_match(street: Street) -> None:
    await office(street)
    lead_id = await street.lead()
    await street.dial("10:00", talk=30)
    await street.ask("PATCH", f"/leads/{lead_id}", {"phones": ["+79990000099"]})
    (call,) = await street.calls()
    assert (call["lead"], call["counts"]) == (lead_id, {"dial": True, "connect": True})


async def test_ec_21_a_hidden_caller_owes_nothing(street: Street) -> None:
    await office(street)
    row = {"inbound": True, "talk": 30}
    from tests.street import ami_row

    answer = await street.post(ami_row(at("10:00"), **row) | {"Source": "anonymous"})
    assert answer.status == 200
    await street.work("23:59")
    (call,) = await street.calls()
    assert (call["number"], call["number_raw"], call["match"]) == (None, "anonymous", "none")
    assert "V03" not in {code for code, _ in await street.violations()}


async def test_ec_22_a_number_of_our_own_is_excluded_and_keeps_its_number(street: Street) -> None:
    await office(street, own_numbers=[NUMBER])
    await street.lead()
    await street.dial("10:00", talk=30)
    (call,) = await street.calls()
    assert (call["match"], call["number"], call["lead"]) == ("excluded", NUMBER, None)
    assert call["why_not"]["dial"] == "excluded_number"
    await street.work("23:59")
    assert {code for code, _ in await street.violations()} & {"V01", "V03", "V04"} == set()


async def test_ec_23_24_a_staff_mobile_is_excluded_also_afterwards(street: Street) -> None:
    await office(street)
    await street.lead()
    await street.dial("10:00", talk=30)
    assert (await street.calls())[0]["counts"]["dial"] is True
    await street.ask("POST", "/excluded-numbers", {"number": "8 (999) 000-00-01", "kind": "staff"})
    (call,) = await street.calls()
    assert (call["match"], call["match_reason"], call["counts"]["dial"]) == ("excluded", "staff", False)
    assert {status for _, status in await street.violations()} <= {"closed"}
    await street.ask("POST", "/excluded-numbers/readmit", {"number": NUMBER})
    assert (await street.calls())[0]["counts"]["dial"] is True


async def test_ec_23_an_internal_call_is_excluded_from_everything(street: Street) -> None:
    await office(street)
    from tests.street import ami_row

    row = ami_row(at("10:00"), talk=30)
    await street.post(row | {"DestinationChannel": "PJSIP/102-0000aaaa", "Destination": "102", "LastData": "PJSIP/102,20"})
    await street.work("23:59")
    (call,) = await street.calls()
    assert (call["direction"], call["match"], call["why_not"]["dial"]) == ("internal", "internal", "internal")
    assert (await street.line())["dials"]["pbx"] == 0
    assert {code for code, _ in await street.violations()} & {"V01", "V03", "V04"} == set()
