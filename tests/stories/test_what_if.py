"""Other settings over a past period, tried and not set (R3): what they say comes is what would have come."""

from __future__ import annotations

import asyncio
import random
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from telephony_bridge import db, webhooks
from telephony_bridge.norms import SETTINGS
from telephony_bridge.whatif import NOT_TRIED
from tests.conftest import TABLES, empty
from tests.street import MONDAY, Street, ami_row, at

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
PERIOD = {"from": str(MONDAY), "to": str(TUESDAY)}
NORMS = [
    {"metric": "dials", "segment": "cold", "min": 9, "target": 11},
    {"metric": "connects", "segment": "cold", "min": 3, "target": 7},
    {"metric": "new_leads", "segment": "cold", "min": 0, "target": 1},
]


async def live(street: Street, seed: int = 1, policy: Any = (), norms: Any = ()) -> None:
    """Two days of two managers, with what comes late: comments, calls and leads that are told after the close.

    ``policy`` and ``norms`` are in force since before.
    """
    dice = random.Random(seed)
    before = str(MONDAY - timedelta(days=60))
    for one in (*NORMS, *norms):
        await street.ask("POST", "/norms", one | {"from": before})
    await street.source()
    await street.manager("ivan", "101", team="north")
    await street.manager("olga", "102")
    for one in policy:
        await street.ask("POST", "/policy", one | {"value": str(one["value"]).lower(), "from": before})
    for index in range(1, 9):
        await street.lead(
            f"+7999000000{index}", manager="ivan" if index % 2 else "olga", segment="warm" if index == 8 else "cold"
        )
    late = []
    for day in (MONDAY, TUESDAY):
        notes: list[tuple[int, dict[str, Any]]] = []
        for handle, extension, first in (("ivan", "101", "09:05"), ("olga", "102", "09:21")):
            await street.lead(f"+799900{extension}{day.day}", author=handle, at=at("15:00", day).isoformat())
            for index in range(16):
                lead = dice.choice([1, 1, 1, 2, 3, 4, 5, 6, 7, 8])
                number = f"+7999000000{lead}" if dice.random() < 0.8 else f"+79990001{extension}"
                if index == 12:
                    number = f"+799900{extension}{day.day}"
                talk = dice.choice([0, 0, 5, 12, 15, 40, 70, 90])
                started = at(first, day) + timedelta(minutes=33 * index, seconds=dice.randint(0, 50))
                trunk = dice.choice(["PJSIP/trunk"] * 4 + ["PJSIP/gsm"])
                row = ami_row(started, extension=extension, number=number, talk=talk, trunk=trunk)
                if index == 5:
                    late.append(row)
                elif day == MONDAY or index not in (6, 7, 8):  # on Tuesday the PBX is silent for two hours
                    await street.post(row)
                if number.startswith("+7999000000") and index != 5 and dice.random() < 0.7:
                    text = dice.choice(["Говорили о поставке, просит прайс.", "Ждёт расчёт к пятнице.", "ок"]) if talk else ""
                    note: dict[str, Any] = {"author": handle, "outcome": "talked" if talk else "no_answer", "text": text}
                    note["at"] = (started + timedelta(minutes=dice.choice([3, 20, 400]))).isoformat()
                    if dice.random() < 0.7:
                        due = at("11:00", day + timedelta(days=dice.choice([1, 1, 7])))
                        note["next_contact"] = {"at": due.isoformat(), "basis": "agreed"}
                    notes.append((lead, note))
        await street.understand()
        for lead, note in notes:
            await street.ask("POST", f"/leads/{lead}/comments", note)
        for clock in ("18:30", "20:05", "23:59"):
            await street.work(clock, day)
    for row in late:
        await street.post(row)
    await street.understand()
    await street.lead("+79990001101", author="ivan", at=at("10:00", WEDNESDAY).isoformat())
    await street.work("12:00", WEDNESDAY)
    street.clock.now = at("12:00", WEDNESDAY)


async def speak(street: Street) -> None:
    """A supervisor excuses a norm that was not met, a manager contests a missing date."""
    for code, word in (("V06", "excuse"), ("V03", "dispute")):
        items = (await street.ask("GET", f"/violations?status=open&code={code}"))["items"]
        for one in items[:1]:
            await street.ask("POST", f"/violations/{one['id']}/{word}", {"reason": "Авария у провайдера"})


async def attempt(street: Street, policy: Any = (), norms: Any = (), **period: Any) -> dict[str, Any]:
    told = await street.ask("POST", "/policy/try", {"policy": list(policy), "norms": list(norms)} | PERIOD | period)
    return dict(told)


async def everything(database: db.Database) -> dict[str, Any]:
    async with database.begin() as conn:
        tables = [row["name"] for row in await conn.fetch(TABLES, database.schema)]
        return {table: sorted(map(repr, await conn.fetch(f"select * from {table}"))) for table in tables}


async def sums(street: Street) -> dict[str, dict[str, Any]]:
    """What the boards and the register say of the period, in the shape of a try."""
    found: dict[str, dict[str, Any]] = {}
    for handle in ("ivan", "olga"):
        lines = [await street.line(handle, day) for day in (MONDAY, TUESDAY)]
        opened: dict[str, int] = {}
        for day in (MONDAY, TUESDAY):
            for one in (await street.ask("GET", f"/violations?manager={handle}&date={day}&limit=1000"))["items"]:
                if one["status"] in ("open", "fixed_late", "disputed"):
                    opened[one["code"]] = opened.get(one["code"], 0) + 1
        found[handle] = {
            "verdicts": [line["verdict"] for line in lines],
            **{metric: sum(line[metric]["counted"] for line in lines) for metric in ("dials", "connects", "new_leads")},
            "violations": opened,
        }
    return found


AS_THEY_ARE = [{"name": name, "value": setting.default} for name, setting in SETTINGS.items() if name not in NOT_TRIED]


@pytest.mark.parametrize("seed", [1, 2])
async def test_r3_nothing_tried_and_everything_tried_as_it_is_change_nothing(street: Street, seed: int) -> None:
    await live(street, seed)
    await speak(street)
    nothing = PERIOD | {"managers": [], "differing": []}
    assert await attempt(street) == nothing
    assert await attempt(street, AS_THEY_ARE, NORMS) == nothing


TRIALS: list[tuple[list[dict[str, Any]], list[dict[str, Any]]]] = [
    ([{"name": "repeat_cap", "value": 1}], []),
    ([{"name": "min_talk", "value": 30}], []),
    ([{"name": "norm_needs_crm_match", "value": False}], []),
    ([{"name": "unanswered_needs", "value": "comment"}, {"name": "comment_min", "value": "25"}], []),
    ([{"name": "series", "value": 400}, {"name": "hard", "value": 240}], []),
    ([{"name": "day_close", "value": "20:00"}], []),
    ([{"name": "day_boundary", "value": "09:30"}], []),
    ([{"name": "break_minutes", "value": 150}], []),
    (
        [],
        [
            {"metric": "dials", "segment": "cold", "min": 5, "target": 6},
            {"metric": "connects", "segment": "cold", "min": 9, "target": 9},
        ],
    ),
    ([{"name": "repeat_cap", "value": 9, "manager": "ivan"}, {"name": "min_talk", "value": 0, "team": "north"}], []),
]


@pytest.mark.parametrize(
    ("policy", "norms"), TRIALS, ids=lambda tried: "-".join(one.get("name", "norm") for one in tried) or "none"
)
async def test_r3_what_a_try_says_is_what_would_have_come(street: Street, policy: Any, norms: Any) -> None:
    await live(street, policy=policy, norms=norms)
    would = await sums(street)
    await empty(street.database)
    await live(street)
    was = await sums(street)
    told = await attempt(street, policy, norms)
    assert told["differing"] == []
    changed = {line["manager"]: line for line in told["managers"]}
    assert set(changed) == {handle for handle in was if was[handle] != would[handle]} != set()
    for handle, line in changed.items():
        before, after = was[handle], would[handle]
        for metric in ("dials", "connects", "new_leads"):
            assert line[metric] == {"before": before[metric], "after": after[metric]}, (handle, metric)
        codes = {*before["violations"], *after["violations"]}
        pairs = {code: {"before": before["violations"].get(code, 0), "after": after["violations"].get(code, 0)} for code in codes}
        assert line["violations"] == {code: pair for code, pair in pairs.items() if pair["before"] != pair["after"]}
        assert line["verdicts"] == [
            {"date": str(day), "before": one, "after": other}
            for day, one, other in zip((MONDAY, TUESDAY), before["verdicts"], after["verdicts"], strict=True)
            if one != other
        ]


@pytest.fixture
async def monday(street: Street) -> Street:
    """A Monday of one manager that is closed: twenty dials, four to one lead and the others to as many."""
    await street.source()
    await street.manager(team="north")
    for index in range(17):
        await street.lead(f"+79990000{index:03}")
    for index in range(20):
        started = at("09:05") + timedelta(minutes=26 * index)
        await street.post(ami_row(started, number=f"+79990000{max(index - 3, 0):03}", talk=12))
    await street.work("23:59")
    return street


def dials(told: dict[str, Any]) -> tuple[int, int] | None:
    """Counted dials of the only manager, before and after; None where nothing would change."""
    lines = [(line["dials"]["before"], line["dials"]["after"]) for line in told["managers"]]
    return lines[0] if lines else None


async def test_r3_a_try_writes_nothing_and_waits_for_nobody(monday: Street) -> None:
    was = await everything(monday.database)
    async with monday.database.begin() as other:
        await webhooks.inbox.take_pen(other)
        policy = [
            {"name": name, "value": value} for name, value in (("repeat_cap", 1), ("min_talk", 30), ("day_boundary", "04:00"))
        ]
        told = await asyncio.wait_for(
            attempt(monday, policy, [{"metric": "dials", "segment": "cold", "min": 1, "target": 2}]), 30
        )
        assert await everything(monday.database) == was
    (line,) = told["managers"]
    assert (line["dials"], line["connects"]) == ({"before": 19, "after": 17}, {"before": 19, "after": 0})
    assert line["days"]["not_met"] == {"before": 1, "after": 1}
    assert line["violations"] == {
        "V01": {"before": 20, "after": 0},
        "V02": {"before": 0, "after": 20},
        "V06": {"before": 1, "after": 0},
    }
    assert await attempt(monday, policy) == await attempt(monday, policy)
    assert await everything(monday.database) == was


async def test_r3_a_story_that_strays_from_the_copies_fails_and_writes_nothing(monday: Street) -> None:
    async with monday.database.apart({"norms": ("select * from norms", [])}) as conn:
        await conn.execute("delete from norms")
        assert await conn.fetchval("select count(*) from norms") == 0
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await conn.execute("delete from policies")
    async with monday.database.begin() as conn:
        assert await conn.fetchval("select count(*) from norms") == 3


async def test_r3_a_narrower_version_still_wins_and_what_is_tried_holds_throughout(monday: Street) -> None:
    assert dials(await attempt(monday, [{"name": "repeat_cap", "value": 1}])) == (19, 17)
    await monday.ask("POST", "/policy", {"name": "repeat_cap", "value": "2", "from": str(MONDAY), "team": "north"})
    assert dials(await attempt(monday, [{"name": "repeat_cap", "value": 1}])) == (19, 17)  # it came after the day was closed
    await monday.ask("POST", f"/days/{MONDAY}/reopen", {"reason": "Правило забыли внести"})
    assert dials(await attempt(monday, [{"name": "repeat_cap", "value": 1}])) is None
    now = (await monday.line())["dials"]["counted"]
    for sunday in (MONDAY - timedelta(days=1), MONDAY):  # the version of Monday is set aside when Sunday is tried with it
        told = await attempt(
            monday, [{"name": "repeat_cap", "value": 1, "team": "north"}], **{"from": str(sunday), "to": str(MONDAY)}
        )
        assert dials(told) == (now, 17)
    assert dials(await attempt(monday, [{"name": "repeat_cap", "value": 4, "manager": "ivan"}])) == (now, 20)


async def test_r3_what_would_come_out_otherwise_anyway_is_told_and_not_the_settings_doing(monday: Street) -> None:
    lead = (await monday.ask("GET", "/leads?phone=%2B79990000000"))["items"][0]["id"]
    async with monday.database.begin() as conn:  # as if long ago, out of reach of what a change of today judges again
        await conn.execute("update leads set segment = 'warm' where id = $1", lead)
    told = await attempt(monday, [{"name": "min_talk", "value": 30}])
    assert told["differing"] == [{"manager": "ivan", "date": str(MONDAY)}]
    assert told["managers"][0]["dials"] == {"before": 16, "after": 16}
    assert told["managers"][0]["connects"] == {"before": 16, "after": 0}


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"policy": [{"name": "colour", "value": "red"}]}, 422, "colour"),
        ({"policy": [{"name": "min_talk", "value": "ten"}]}, 422, "min_talk"),
        ({"policy": [{"name": "min_talk", "value": True}]}, 422, "min_talk"),
        ({"policy": [{"name": "match_backfill", "value": 3}]}, 422, "match_backfill"),
        ({"policy": [{"name": "min_talk", "value": 5, "manager": "nobody"}]}, 404, "nobody"),
        ({"policy": [{"name": "min_talk", "value": 5, "from": "2026-11-23"}]}, 422, "policy.0.from"),
        ({"norms": [{"metric": "smiles", "segment": "cold", "min": 1, "target": 2}]}, 422, "norms.0.metric"),
        ({"norms": [{"metric": "dials", "segment": "cold", "min": 3, "target": 2}]}, 422, "target 2"),
        ({"from": "2026-11-24", "to": "2026-11-23"}, 422, "2026-11-23"),
        ({"to": "2026-11-25"}, 422, "before 2026-11-25"),
        ({"from": "2026-09-01"}, 422, "62 days"),
    ],
)
async def test_r3_what_cannot_be_tried_is_refused_by_name(monday: Street, body: dict[str, Any], status: int, says: str) -> None:
    told = await monday.ask("POST", "/policy/try", PERIOD | body, expect=status)
    assert says in told["title"]


async def test_r3_a_manager_may_not_try(monday: Street) -> None:
    await monday.ask("POST", "/policy/try", PERIOD, token=await monday.token_of("ivan"), expect=403)


async def test_r3_the_policy_says_what_holds_for_whom_and_since_when(monday: Street) -> None:
    async def held(query: str) -> tuple[str, str, str | None]:
        items = (await monday.ask("GET", f"/policy?{query}"))["items"]
        return next((one["value"], one["for"], one["from"]) for one in items if one["name"] == "repeat_cap")

    for value, scope, since in (
        ("4", {}, TUESDAY),
        ("5", {"team": "north"}, WEDNESDAY),
        ("6", {"manager": "ivan"}, date(2026, 12, 1)),
    ):
        await monday.ask("POST", "/policy", {"name": "repeat_cap", "value": value, "from": str(since)} | scope)
    assert await held(f"on={MONDAY}") == ("3", "default", None)
    assert await held(f"manager=ivan&on={TUESDAY}") == ("4", "company", str(TUESDAY))
    assert await held("manager=ivan") == ("5", "team", str(WEDNESDAY))
    assert await held("") == ("4", "company", str(TUESDAY))
    assert await held("team=north") == ("5", "team", str(WEDNESDAY))
    assert await held("manager=ivan&on=2026-12-01") == ("6", "manager", "2026-12-01")
    await monday.ask("POST", "/policy", {"name": "repeat_cap", "value": "7", "from": str(TUESDAY), "segment": "warm"})
    assert await held("segment=warm") == ("7", "segment", str(TUESDAY))
    await monday.ask("GET", "/policy?manager=nobody", expect=404)
