"""Passing a leaver's cards on: R23 to R25, V18, and V09 of planned contacts that changed hands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony_bridge import crm, pipeline
from telephony_bridge.crm import Held, shares
from tests.street import MONDAY, Street, at

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=shift) for shift in range(1, 5))
NEXT_MONDAY = MONDAY + timedelta(days=7)
LONG_AGO = MONDAY - timedelta(days=20)


@pytest.fixture
async def office(street: Street) -> Street:
    """Ivan, whose cards they are, and Olga and Petr, who stay; the API's clock stands at Wednesday noon."""
    await street.source()
    await street.manager()
    await street.manager("olga", "102")
    await street.manager("petr", "103")
    return street


async def lead(office: Street, number: int = 1, **more: Any) -> int:
    return await office.lead(f"+7999000{number:04}", manager="ivan", **more)


async def plan(office: Street, lead_id: int, due: datetime, **more: Any) -> None:
    body = {"author": "ivan", "set_at": at("10:00", LONG_AGO).isoformat(), "at": due.isoformat()}
    await office.ask("POST", f"/leads/{lead_id}/next-contacts", body | more)


async def say(office: Street, lead_id: int, text: str = "Просит прайс на сталь.", clock: str = "10:05", **more: Any) -> None:
    body = {"author": "ivan", "at": at(clock).isoformat(), "text": text}
    await office.ask("POST", f"/leads/{lead_id}/comments", body | more)


async def hand_over(office: Street, *to: str, leaver: str = "ivan", **more: Any) -> dict[str, Any]:
    return dict(await office.ask("POST", "/handovers", {"from": leaver, "to": list(to or ("olga",))} | more))


async def found(office: Street, code: str) -> list[tuple[str, str, str]]:
    """(manager, status, day), in order."""
    items = (await office.ask("GET", f"/violations?code={code}"))["items"]
    return sorted((one["manager"], one["status"], one["date"]) for one in items)


async def everything(office: Street) -> list[Any]:
    paths = ("/leads", "/deals", "/planned?date=2027-12-31", "/violations", "/calls", "/handovers", f"/days/{MONDAY}")
    return [await office.ask("GET", path) for path in paths]


async def test_r23_the_preview_tells_what_there_is_and_writes_nothing(office: Street) -> None:
    overdue, ahead, silent, lost = [await lead(office, number) for number in range(1, 5)]
    await plan(office, overdue, at("11:00", TUESDAY))
    await plan(office, ahead, at("11:00", FRIDAY))
    await office.ask("PATCH", f"/leads/{lost}", {"stage": "lost", "reason": "Ликвидирована."})
    await office.ask("POST", "/deals", {"lead": ahead, "title": "Партия", "manager": "ivan"})
    await office.ask("POST", "/deals", {"lead": ahead, "title": "Прошлая", "manager": "ivan", "stage": "won"})
    await office.dial("10:00", talk=45, number="+79990000003")
    await office.dial("11:00", talk=45, number="+79990000001")
    await say(office, overdue, clock="11:05")
    await office.work("23:59", TUESDAY)
    before = await everything(office)
    told = await hand_over(office, "olga", "petr", preview=True)
    assert await everything(office) == before
    assert {name: told[name] for name in ("id", "preview", "from", "to")} == {
        "id": None, "preview": True, "from": "ivan", "to": ["olga", "petr"],
    }  # fmt: skip
    counts = {"cards": 4, "leads": 3, "lost": 1, "deals": 1, "planned": 2, "overdue": 1}
    assert {name: told[name] for name in counts} == counts
    assert told["owed_comments"] == [{"call": 1, "lead": silent, "comment": "late"}]
    assert told["gaps"] == [{"lead": silent, "name": "Ромашка", "calls": 1}]
    assert sum(share["leads"] for share in told["shares"]) == 3
    done = await hand_over(office, "olga", "petr")
    assert done == told | {"id": 1, "preview": False}


async def test_r23_nothing_open_stays_on_the_leaver_and_what_was_said_stays_his(office: Street) -> None:
    first, second = await lead(office, 1), await lead(office, 2)
    due = at("11:00", FRIDAY)
    await plan(office, first, due, basis="agreed", goal="новый прайс")
    await office.ask("POST", "/deals", {"lead": first, "title": "Партия", "manager": "ivan"})
    await office.ask("POST", "/deals", {"lead": second, "title": "Прошлая", "manager": "ivan", "stage": "won"})
    await office.dial("10:00", talk=45)
    await say(office, first)
    history = await office.ask("GET", f"/leads/{first}/history")
    await office.ask("POST", "/managers/ivan/leave", {"on": str(WEDNESDAY)})
    await hand_over(office)
    assert await office.ask("GET", f"/leads/{first}/history") == history
    assert (await office.ask("GET", "/leads?manager=ivan"))["items"] == []
    assert len((await office.ask("GET", "/leads?manager=olga"))["items"]) == 2
    assert {(one["title"], one["manager"]) for one in (await office.ask("GET", "/deals"))["items"]} == {
        ("Партия", "olga"),
        ("Прошлая", "ivan"),
    }
    assert (await office.ask("GET", f"/planned?manager=ivan&date={FRIDAY}"))["items"] == []
    (contact,) = (await office.ask("GET", f"/planned?manager=olga&date={FRIDAY}"))["items"]
    assert (contact["lead"], contact["basis"], contact["goal"]) == (first, "agreed", "новый прайс")
    assert datetime.fromisoformat(contact["at"]) == due


async def test_r23_told_twice_moves_nothing_more(office: Street) -> None:
    await lead(office)
    await plan(office, 1, at("11:00", FRIDAY))
    first = await hand_over(office, "olga")
    before = await everything(office)
    again = await hand_over(office, "olga")
    assert await everything(office) == before
    assert (first["cards"], again["cards"], again["leads"], again["planned"]) == (1, 0, 0, 0)
    assert again["id"] == first["id"]
    assert (await hand_over(office, "olga", leaver="petr"))["id"] is None


HELD = st.builds(
    Held,
    lead_id=st.integers(1, 500),
    name=st.just("Ромашка"),
    owner_id=st.just(1),
    is_open=st.booleans(),
    planned_id=st.none(),
    due_at=st.sampled_from([None, at("11:00", TUESDAY), at("11:00", FRIDAY)]),
    deals=st.just(0),
    calls=st.just(0),
    is_commented=st.just(False),
)
WEDNESDAYS_START = at("00:00", WEDNESDAY)


@given(cards=st.lists(HELD, max_size=40, unique_by=lambda one: one.lead_id), number=st.integers(1, 5), data=st.data())
def test_r23_everybody_gets_as_many_leads_and_as_many_overdue_ones(cards: list[Held], number: int, data: Any) -> None:
    owners = list(range(1, number + 1))
    dealt = shares(cards, owners, today=WEDNESDAYS_START)
    assert set(dealt) == {one.lead_id for one in cards}
    assert dealt == shares(data.draw(st.permutations(cards)), owners, today=WEDNESDAYS_START)
    for kind in (
        [one for one in cards if one.is_open],
        [one for one in cards if one.is_open and one.is_overdue(WEDNESDAYS_START)],
        [one for one in cards if one.is_open and one.due_at is not None],
        [one for one in cards if not one.is_open],
        cards,
    ):
        got = {owner: sum(dealt[one.lead_id] == owner for one in kind) for owner in owners}
        assert max(got.values()) - min(got.values()) <= 1


async def test_r23_several_new_owners_get_even_shares(office: Street) -> None:
    for number in range(1, 9):
        await lead(office, number)
        if number <= 4:
            await plan(office, number, at("11:00", TUESDAY))
    told = await hand_over(office, "olga", "petr", "olga")
    assert [(one["manager"], one["leads"], one["overdue"]) for one in told["shares"]] == [("olga", 4, 2), ("petr", 4, 2)]
    for handle in ("olga", "petr"):
        assert len((await office.ask("GET", f"/planned?manager={handle}&date={WEDNESDAY}"))["items"]) == 2
        assert len((await office.ask("GET", f"/leads?manager={handle}"))["items"]) == 4


async def test_r23_what_he_has_on_a_colleagues_lead_goes_to_that_colleague(office: Street) -> None:
    hers = await office.lead("+79990000009", manager="petr")
    nobodys = await office.lead("+79990000008")
    for lead_id in (hers, nobodys):
        await plan(office, lead_id, at("11:00", FRIDAY))
        await office.ask("POST", "/deals", {"lead": lead_id, "title": "Партия", "manager": "ivan"})
    told = await hand_over(office, "olga")
    assert (told["cards"], told["planned"], told["deals"]) == (1, 2, 2)
    assert [(one["manager"], one["cards"], one["planned"]) for one in told["shares"]] == [("olga", 1, 1), ("petr", 0, 1)]
    assert (await office.ask("GET", f"/leads/{hers}"))["manager"] == "petr"
    assert (await office.ask("GET", f"/leads/{nobodys}"))["manager"] == "olga"
    (contact,) = (await office.ask("GET", f"/planned?manager=petr&date={FRIDAY}"))["items"]
    assert contact["lead"] == hers
    assert {one["manager"] for one in (await office.ask("GET", "/deals"))["items"]} == {"olga", "petr"}


async def test_r12_lost_leads_move_counted_apart_and_need_no_reading(office: Street) -> None:
    await lead(office)
    await office.ask("PATCH", "/leads/1", {"stage": "lost", "reason": "Ликвидирована."})
    told = await hand_over(office)
    assert (told["cards"], told["leads"], told["lost"]) == (1, 0, 1)
    assert (await office.ask("GET", "/leads/1"))["manager"] == "olga"
    await office.work("23:59", NEXT_MONDAY)
    assert await found(office, "V18") == []


@pytest.mark.parametrize(
    ("leaver", "to", "status", "says"),
    [
        ("nobody", ["olga"], 404, "nobody"),
        ("ivan", ["nobody"], 404, "nobody"),
        ("ivan", ["olga", "ivan"], 422, "to: ivan"),
        ("ivan", ["gone"], 422, "gone worked here until"),
        ("ivan", [], 422, "to"),
    ],
)
async def test_r23_what_is_refused(office: Street, leaver: str, to: list[str], status: int, says: str) -> None:
    await office.manager("gone", None)
    await office.ask("POST", "/managers/gone/leave", {"on": str(WEDNESDAY)})
    await lead(office)
    for preview in (True, False):
        body = {"from": leaver, "to": to, "preview": preview}
        problem = await office.ask("POST", "/handovers", body, expect=status)
        assert says in problem["title"]
    assert (await office.ask("GET", "/leads/1"))["manager"] == "ivan"


async def test_r23_who_leaves_tomorrow_may_still_get_cards_and_who_has_left_passes_his_on(office: Street) -> None:
    await lead(office)
    await office.ask("POST", "/managers/ivan/leave", {"on": str(TUESDAY)})
    await office.ask("POST", "/managers/olga/leave", {"on": str(THURSDAY)})
    assert (await hand_over(office))["cards"] == 1


async def test_v09_an_overdue_contact_is_the_new_owners_from_his_next_working_day(office: Street) -> None:
    await lead(office)
    await plan(office, 1, at("11:00", TUESDAY))
    await office.work("11:00", WEDNESDAY)
    leavers = ("ivan", "open", str(TUESDAY))
    assert await found(office, "V09") == [leavers]
    await hand_over(office)
    (contact,) = (await office.ask("GET", f"/planned?manager=olga&date={WEDNESDAY}"))["items"]
    assert contact["overdue"] is True
    await office.work("23:59", WEDNESDAY)
    await office.work("23:00", THURSDAY)
    assert await found(office, "V09") == [leavers, ("olga", "watching", str(THURSDAY))]
    await office.work("23:31", THURSDAY)
    assert await found(office, "V09") == [leavers, ("olga", "open", str(THURSDAY))]
    await office.dial("10:00", day=FRIDAY, extension="102")
    assert {status for _, status, _ in await found(office, "V09")} == {"fixed_late"}


async def test_v09_the_new_owner_keeps_it_in_his_grace(office: Street) -> None:
    await lead(office)
    await plan(office, 1, at("11:00", TUESDAY))
    await hand_over(office)
    await office.dial("10:00", day=THURSDAY, extension="102")
    await office.work("23:59", THURSDAY)
    assert [one for one in await found(office, "V09") if one[0] == "olga"] == [("olga", "closed", str(THURSDAY))]


@pytest.mark.parametrize(("due", "judged"), [(WEDNESDAY, THURSDAY), (FRIDAY, FRIDAY), (NEXT_MONDAY, NEXT_MONDAY)])
async def test_v09_a_contact_that_was_not_due_yet_is_no_longer_the_leavers(office: Street, due: Any, judged: Any) -> None:
    await lead(office)
    await plan(office, 1, at("17:00", due))
    await office.work("11:00", WEDNESDAY)
    await hand_over(office)
    await office.work("23:59", judged)
    assert [one for one in await found(office, "V09") if one[1] != "closed"] == [("olga", "open", str(judged))]


async def test_v09_an_absence_of_the_new_owner_moves_his_grace_behind_it(office: Street) -> None:
    await lead(office)
    await plan(office, 1, at("11:00", TUESDAY))
    await hand_over(office)
    await office.ask("POST", "/managers/olga/absences", {"from": str(THURSDAY), "to": str(FRIDAY), "kind": "sick"})
    assert ("olga", "watching", str(NEXT_MONDAY)) in await found(office, "V09")
    await office.work("23:59", FRIDAY)
    assert "open" not in {status for manager, status, _ in await found(office, "V09") if manager == "olga"}


async def test_v09_a_contact_handed_over_twice_is_each_ones_for_his_time(office: Street) -> None:
    await lead(office)
    await plan(office, 1, at("11:00", TUESDAY))
    await office.work("11:00", WEDNESDAY)
    await hand_over(office, "olga")
    office.clock.now = at("12:00", FRIDAY)
    await office.work("11:00", FRIDAY)
    await hand_over(office, "petr", leaver="olga")
    await office.work("23:59", NEXT_MONDAY)
    assert await found(office, "V09") == [
        ("ivan", "open", str(TUESDAY)),
        ("olga", "open", str(THURSDAY)),
        ("petr", "open", str(NEXT_MONDAY)),
    ]


async def test_v15_a_hand_over_is_no_push(office: Street) -> None:
    await lead(office)
    for number, clock in enumerate(("10:00", "10:10", "10:20")):
        set_at = at(clock, TUESDAY).isoformat()
        await plan(office, 1, at("11:00", FRIDAY) + timedelta(days=number), set_at=set_at)
    await hand_over(office)
    await office.work("12:01", WEDNESDAY)
    assert await found(office, "V15") == []


async def read(office: Street, token: str | None = None, **how: Any) -> dict[str, Any]:
    return dict(await office.ask("POST", "/handovers/1/cards/1/read", token=token, **how))


async def test_v18_a_card_unread_after_two_working_days(office: Street) -> None:
    await lead(office)
    await hand_over(office)
    (one,) = (await office.ask("GET", "/violations?code=HANDOVER_GAP"))["items"]
    assert (one["code"], one["severity"], one["status"], one["manager"]) == ("V18", "minor", "watching", "olga")
    assert (one["subject"], one["due_at"]) == ({"kind": "lead", "id": 1}, "2026-11-27T09:00:00Z")
    await office.work("11:59", FRIDAY)
    assert await found(office, "V18") == [("olga", "watching", str(WEDNESDAY))]
    await office.work("12:01", FRIDAY)
    assert await found(office, "V18") == [("olga", "open", str(WEDNESDAY))]
    office.clock.now = at("15:00", FRIDAY)
    card = await read(office, await office.token_of("olga"))
    assert (card["read_at"], card["read_by"]) == ("2026-11-27T12:00:00Z", "olga")
    assert await found(office, "V18") == [("olga", "fixed_late", str(WEDNESDAY))]


async def test_v18_read_in_time_is_done_and_the_first_reading_stays(office: Street) -> None:
    await lead(office)
    await hand_over(office)
    first = await read(office)
    office.clock.now = at("15:00", THURSDAY)
    assert await read(office, await office.token_of("olga")) == first
    await office.work("23:59", FRIDAY)
    assert await found(office, "V18") == [("olga", "closed", str(WEDNESDAY))]


async def test_v18_an_absence_entered_afterwards_gives_more_time(office: Street) -> None:
    await lead(office)
    await hand_over(office)
    await office.work("12:01", FRIDAY)
    assert await found(office, "V18") == [("olga", "open", str(WEDNESDAY))]
    await office.ask("POST", "/managers/olga/absences", {"from": str(THURSDAY), "to": str(FRIDAY), "kind": "sick"})
    (one,) = (await office.ask("GET", "/violations?code=V18"))["items"]
    assert (one["status"], one["due_at"]) == ("watching", "2026-12-01T09:00:00Z")


@pytest.mark.parametrize(("value", "statuses"), [("1", ["open"]), ("3", ["watching"]), ("0", ["closed"])])
async def test_v18_how_long_is_a_setting(office: Street, value: str, statuses: list[str]) -> None:
    await lead(office)
    await hand_over(office)
    await office.work("12:01", THURSDAY)
    await office.ask("POST", "/policy", {"name": "handover_read", "value": value, "from": str(MONDAY), "reason": "пробуем"})
    await office.work("12:02", THURSDAY)
    assert [status for _, status, _ in await found(office, "V18")] == statuses


async def test_v18_a_day_off_in_the_companys_calendar_gives_more_time(office: Street) -> None:
    await lead(office)
    await hand_over(office)
    await office.ask("POST", "/calendar", {"date": str(THURSDAY), "kind": "off", "note": "переезд"})
    (one,) = (await office.ask("GET", "/violations?code=V18"))["items"]
    assert one["due_at"] == "2026-11-30T09:00:00Z"


async def test_v18_a_card_passed_on_in_time_is_the_next_owners(office: Street) -> None:
    await lead(office)
    await hand_over(office, "olga")
    office.clock.now = at("12:00", THURSDAY)
    await hand_over(office, "petr", leaver="olga")
    await office.work("23:59", NEXT_MONDAY)
    assert await found(office, "V18") == [("olga", "closed", str(WEDNESDAY)), ("petr", "open", str(THURSDAY))]


async def test_v18_a_violation_stays_with_who_passes_the_card_on_afterwards(office: Street) -> None:
    await lead(office)
    await hand_over(office, "olga")
    await office.work("12:01", FRIDAY)
    office.clock.now = at("13:00", FRIDAY)
    await hand_over(office, "petr", leaver="olga")
    assert [(manager, status) for manager, status, _ in await found(office, "V18")] == [("olga", "open"), ("petr", "watching")]


async def test_v18_a_lead_taken_from_the_new_owner_need_not_be_read_by_him(office: Street) -> None:
    await lead(office)
    await hand_over(office)
    await office.ask("PATCH", "/leads/1", {"manager": "petr"})
    await office.work("23:59", FRIDAY)
    assert await found(office, "V18") == [("olga", "closed", str(WEDNESDAY))]
    office.clock.now = at("12:00", NEXT_MONDAY)
    await hand_over(office, "ivan", leaver="petr")
    assert ("olga", "closed", str(WEDNESDAY)) in await found(office, "V18")


async def test_r24_a_card_without_comments_is_marked_and_is_not_the_new_owners_fault(office: Street) -> None:
    first, second = await lead(office, 1), await lead(office, 2)
    await office.dial("10:00", talk=45)
    await office.dial("11:00", talk=45, number="+79990000002")
    await say(office, second, clock="11:05")
    await office.work("23:59")
    told = await hand_over(office)
    assert [one["lead"] for one in told["gaps"]] == [first]
    shown = await office.ask("GET", "/handovers/1")
    assert (shown["report"]["gaps"], shown["report"]["owed_comments"]) == (1, 1)
    assert {one["lead"]: one["without_comments"] for one in shown["items"]} == {first: True, second: False}
    for lead_id in (first, second):
        await office.ask("POST", f"/handovers/1/cards/{lead_id}/read")
    await office.work("23:59", FRIDAY)
    items = (await office.ask("GET", "/violations?manager=olga"))["items"]
    assert {one["status"] for one in items if one["subject"]["kind"] == "lead"} == {"closed"}


async def test_r25_the_digest_of_a_card(office: Street) -> None:
    await lead(office, company="ООО «Ромашка»")
    await office.dial("10:00", talk=45)
    await office.dial("12:00")
    await say(
        office, 1, outcome="agreed", next_contact={"at": at("11:00", FRIDAY).isoformat(), "basis": "agreed", "goal": "прайс"}
    )
    await say(office, 1, text="", clock="12:05", outcome="no_answer")
    await office.work("23:59")
    await hand_over(office)
    (card,) = (await office.ask("GET", "/handovers/1"))["items"]
    assert card == {
        "lead": 1,
        "name": "Ромашка",
        "company": "ООО «Ромашка»",
        "stage": "new",
        "manager": "olga",
        "calls": 2,
        "owed_comments": 0,
        "without_comments": False,
        "last_outcome": "no_answer",
        "last_comment": {"text": "Просит прайс на сталь.", "author": "ivan", "at": "2026-11-23T07:05:00Z"},
        "next_goal": "прайс",
        "next_contact": {"at": "2026-11-27T08:00:00Z", "basis": "agreed", "goal": "прайс"},
        "read_at": None,
        "read_by": None,
    }


async def test_r25_cards_come_in_pages(office: Street) -> None:
    for number in range(1, 6):
        await lead(office, number)
    await hand_over(office)
    seen: list[int] = []
    cursor = ""
    while True:
        page = await office.ask("GET", f"/handovers/1?limit=2{cursor}")
        seen += [one["lead"] for one in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [5, 4, 3, 2, 1]


async def test_r25_a_manager_sees_and_reads_his_own_cards_alone(office: Street) -> None:
    first, second = await lead(office, 1), await lead(office, 2)
    await hand_over(office, "olga", "petr")
    olga, ivan = await office.token_of("olga"), await office.token_of("ivan")
    shown = await office.ask("GET", "/handovers/1", token=olga)
    assert ([one["lead"] for one in shown["items"]], shown["cards"], shown["unread"], shown["report"]) == ([first], 1, 1, None)
    await office.ask("POST", f"/handovers/1/cards/{second}/read", token=olga, expect=404)
    await office.ask("POST", f"/handovers/1/cards/{first}/read", token=olga)
    (line,) = (await office.ask("GET", "/handovers", token=olga))["items"]
    assert (line["id"], line["unread"]) == (1, 0)
    (line,) = (await office.ask("GET", "/handovers"))["items"]
    assert (line["cards"], line["unread"], line["report"]["leads"]) == (2, 1, 2)
    await office.ask("GET", "/handovers/1", token=ivan, expect=404)
    assert (await office.ask("GET", "/handovers", token=ivan))["items"] == []
    await office.ask("GET", "/handovers/2", expect=404)
    await office.ask("POST", "/handovers/1/cards/99/read", expect=404)
    await office.ask("POST", "/handovers", {"from": "ivan", "to": ["olga"]}, token=olga, expect=403)


async def test_ec_17_calls_made_before_the_hand_over_stay_where_they_are_and_closed_numbers_do_not_move(office: Street) -> None:
    mine = await lead(office)
    other = await office.lead("+79990000001", allow_duplicate=True, manager="petr", segment="warm")
    await say(office, other, clock="09:00", author="petr")  # the last activity would choose this one
    for clock in ("10:00", "11:00"):
        await office.dial(clock, talk=45)
    await office.work("23:59", TUESDAY)
    board = await office.ask("GET", f"/days/{MONDAY}")
    assert (await office.line())["dials"]["counted"] == 2
    await hand_over(office)
    assert await office.ask("GET", f"/days/{MONDAY}") == board
    await office.ask("PATCH", f"/leads/{mine}", {"stage": "potential"})
    await office.dial("12:00", talk=45)  # told after the hand-over, made before it
    calls = await office.calls(f"date={MONDAY}")
    assert {(call["lead"], call["manager"]) for call in calls} == {(mine, "ivan")}
    assert (await office.line())["dials"]["counted"] == 3
    await office.dial("14:00", day=WEDNESDAY, extension="102", talk=45)
    assert (await office.calls(f"date={WEDNESDAY}"))[0]["lead"] == mine


class Counting:
    """A connection that counts its statements."""

    def __init__(self, conn: Any) -> None:
        self._conn = conn
        self.statements = 0

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._conn, name)
        if name in ("fetch", "fetchrow", "fetchval", "execute"):
            self.statements += 1
        return found


@pytest.mark.parametrize("number", [3, 3000])
async def test_a_big_one_takes_as_many_statements_as_a_small_one(office: Street, number: int) -> None:
    lines = [{"phone": f"+7999{place:07}", "name": "Ромашка", "manager": "ivan"} for place in range(number)]
    now = office.clock.now
    async with office.database.begin() as conn:
        ids = (await crm.import_leads(conn, lines, managers={"ivan": 1}, now=now, region="RU")).added
        for lead_id in ids[:3]:
            contact = crm.Plan(now + timedelta(days=1))
            await crm.plan(conn, lead_id, contact, author=crm.Author("person", "ivan", 1), manager_id=1, at=now)
    async with office.database.begin() as conn:
        counted = Counting(conn)
        told = await pipeline.hand_over(
            counted, "ivan", ["olga", "petr"], author="x", company=office.company, now=now.astimezone(UTC)  # type: ignore[arg-type]
        )  # fmt: skip
    assert (told["cards"], told["planned"]) == (number, 3)
    assert counted.statements <= 40
    assert len(await found(office, "V18")) == min(number, 100)
