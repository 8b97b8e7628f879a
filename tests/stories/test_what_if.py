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
        await street.lead(f"+7999000000{index}", manager="ivan" if index % 2 else "olga", segment="warm" if index == 8 else "cold")
    late = []
    for day in (MONDAY, TUESDAY):
        for handle, extension in (("ivan", "101"), ("olga", "102")):
            for index in range(16):
                lead = dice.choice([1, 1, 1, 2, 3, 4, 5, 6, 7, 8])
                number = f"+7999000000{lead}" if dice.random() < 0.8 else f"+79990001{extension}"
                if index == 12:
                    number = f"+799900{extension}{day.day}"
                talk = dice.choice([0, 0, 5, 12, 15, 40, 70, 90])
                started = at("09:05" if handle == "ivan" else "09:21", day) + timedelta(minutes=33 * index, seconds=dice.randint(0, 50))
                row = ami_row(started, extension=extension, number=number, talk=talk, trunk=dice.choice(["PJSIP/trunk"] * 4 + ["PJSIP/gsm"]))
                if index == 5:
                    late.append(row)
                    continue
                await street.post(row)
                if number.startswith("+7999000000") and dice.random() < 0.7:
                    text = dice.choice(["Говорили о поставке, просит прайс.", "Ждёт расчёт к пятнице.", "ок"])
                    note: dict[str, Any] = {"author": handle, "outcome": "talked" if talk else "no_answer", "text": text if talk else ""}
                    note["at"] = (started + timedelta(minutes=dice.choice([3, 20, 400]))).isoformat()
                    if dice.random() < 0.7:
                        due = at("11:00", day + timedelta(days=dice.choice([1, 1, 7])))
                        note["next_contact"] = {"at": due.isoformat(), "basis": "agreed"}
                    await street.understand()
                    await street.ask("POST", f"/leads/{lead}/comments", note)
            await street.lead(f"+799900{extension}{day.day}", author=handle, at=at("15:00", day).isoformat())
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
        await street.ask("POST", f"/violations/{items[0]['id']}/{word}", {"reason": "Авария у провайдера"})


async def attempt(street: Street, policy: Any = (), norms: Any = (), **period: Any) -> dict[str, Any]:
    told = await street.ask("POST", "/policy/try", {"policy": list(policy), "norms": list(norms)} | PERIOD | period)
    return dict(told)


async def everything(database: db.Database) -> dict[str, Any]:
    async with database.begin() as conn:
        return {table: sorted(map(repr, await conn.fetch(f"select * from {table}"))) for table in TABLES}


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


AS_THEY_ARE = [{"name": name, "value": setting.default} for name, setting in SETTINGS.items() if name != "match_backfill"]


@pytest.mark.parametrize("seed", [1, 2, 3])
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
    ([{"name": "gap_minutes", "value": 1}, {"name": "break_minutes", "value": 0}], []),
    ([], [{"metric": "dials", "segment": "cold", "min": 5, "target": 6}, {"metric": "connects", "segment": "cold", "min": 9, "target": 9}]),
    ([{"name": "repeat_cap", "value": 9, "manager": "ivan"}, {"name": "min_talk", "value": 0, "team": "north"}], []),
]


@pytest.mark.parametrize(("policy", "norms"), TRIALS, ids=lambda tried: "-".join(one.get("name", "norm") for one in tried) or "none")
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
