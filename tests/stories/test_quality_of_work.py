"""Comments that say nothing (V16), leads entered for the norm alone (V14) or given up too early (V17) (R12, R16, R20, EC-62)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from telephony_bridge.violations.duties import CommentFact, is_poor
from tests.street import MONDAY, Street, at

TUESDAY = MONDAY + timedelta(days=1)


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    await street.manager()
    await street.lead()
    return street


async def say(office: Street, clock: str, text: str, **more: Any) -> None:
    await office.ask("POST", "/leads/1/comments", {"author": "ivan", "at": at(clock).isoformat(), "text": text} | more)


async def statuses(office: Street, code: str) -> list[str]:
    return [one["status"] for one in (await office.ask("GET", f"/violations?code={code}"))["items"]]


@pytest.mark.parametrize(
    ("text", "previous", "poor"),
    [
        ("Просит прайс на сталь, перезвонить в среду", None, False),
        ("ок", None, True),
        ("Звонил.", None, True),
        ("- 12345 67890 12345 67890", None, True),
        ("Просит прайс на сталь.", "просит  прайс на сталь", True),
        ("Просит прайс на медь.", "просит прайс на сталь", False),
    ],
)
def test_r20_what_is_poor(text: str, previous: str | None, poor: bool) -> None:
    comment = CommentFact(1, 1, None, True, at("10:00"), None, has_text=True, text=text, previous=previous)
    assert is_poor(comment, 15) is poor


async def test_v16_a_poor_comment_is_a_comment_and_is_made_good(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await say(office, "10:05", "ок")
    await office.work("20:00")
    assert ("V01", "open") not in await office.violations()
    assert await statuses(office, "V16") == ["open"]
    await say(office, "20:30", "Просит прайс на сталь, перезвонить в среду.")
    assert await statuses(office, "V16") == ["fixed_late"]


async def test_v16_the_same_words_again(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await say(office, "10:05", "Просит прайс на сталь, думает.")
    await office.dial("12:00", talk=45)
    await say(office, "12:05", "Просит прайс на сталь, думает.")
    await office.work("20:00")
    assert sorted(await statuses(office, "V16")) == ["open"]


async def test_v16_asks_nothing_of_an_outcome_for_an_unanswered_dial(office: Street) -> None:
    await office.dial("10:00")
    await say(office, "10:05", "", outcome="no_answer")
    await office.work("20:00")
    assert await statuses(office, "V16") == []


@pytest.fixture
async def entered(office: Street) -> int:
    """A lead that Ivan entered himself on Monday."""
    body = {"name": "Астра", "phones": ["+79990000009"], "author": "ivan", "at": at("11:00").isoformat()}
    return int((await office.ask("POST", "/leads", body))["id"])


async def test_v14_r16_entered_and_never_called(office: Street, entered: int) -> None:
    await office.work("23:00", TUESDAY)
    assert await statuses(office, "V14") == ["watching"]
    await office.work("23:31", TUESDAY)
    (one,) = (await office.ask("GET", "/violations?code=V14"))["items"]
    assert (one["status"], one["name"], one["subject"]) == ("open", "LEADS_NEVER_CALLED", {"kind": "lead", "id": entered})
    await office.dial("10:00", day=TUESDAY + timedelta(days=1), number="+79990000009")
    assert await statuses(office, "V14") == ["fixed_late"]


async def test_v14_is_met_by_a_dial(office: Street, entered: int) -> None:
    await office.dial("17:00", number="+79990000009")
    await office.work("23:59", TUESDAY)
    assert await statuses(office, "V14") == ["closed"]


async def test_v14_is_no_debt_of_who_called_first_and_entered_then(office: Street) -> None:
    await office.dial("10:00", number="+79990000008")
    body = {"name": "Астра", "phones": ["+79990000008"], "author": "ivan", "at": at("10:10").isoformat()}
    await office.ask("POST", "/leads", body)
    await office.work("23:59", TUESDAY)
    assert await statuses(office, "V14") in ([], ["closed"])


async def give_up(office: Street, token: str | None = None, **more: Any) -> None:
    body = {"stage": "lost", "reason": "Не заинтересовало."} | more
    await office.ask("PATCH", "/leads/1", body, token=token)


async def test_r12_v17_given_up_after_too_few_conversations(office: Street) -> None:
    await office.dial("10:00", talk=45)
    await give_up(office, await office.token_of("ivan"))
    await office.work("23:59", MONDAY + timedelta(days=3))
    (one,) = (await office.ask("GET", "/violations?code=V17"))["items"]
    assert (one["status"], one["name"], one["severity"], one["evidence"]["conversations"]) == (
        "open",
        "LEAD_CLOSED_EARLY",
        "major",
        1,
    )
    await give_up(office, stage="potential")
    assert await statuses(office, "V17") == ["closed"]


async def test_r12_three_conversations_or_a_supervisors_word_are_enough(office: Street) -> None:
    await give_up(office)
    assert await statuses(office, "V17") == []
    await give_up(office, stage="new")
    for clock in ("10:00", "11:00", "12:00"):
        await office.dial(clock, talk=45)
    await give_up(office, await office.token_of("ivan"))
    await office.work("23:59", MONDAY + timedelta(days=3))
    assert await statuses(office, "V17") == []


async def test_what_is_older_than_promises_are_read_back_stays_as_it_stands(office: Street) -> None:
    entered = MONDAY - timedelta(days=140)
    office.clock.now = at("12:00", entered)
    lead = await office.lead("+79990000008", author="ivan", at=at("11:00", entered).isoformat())
    await office.dial("11:00", day=entered)
    await office.work("23:59", entered + timedelta(days=3))
    assert await statuses(office, "V14") == ["open"]
    office.clock.now = at("12:00", MONDAY)
    await office.dial("11:00", number="+79990000008")
    await office.ask("POST", f"/leads/{lead}/comments", {"author": "ivan", "text": "Спустя время дозвонились."})
    assert await statuses(office, "V14") == ["open"]
