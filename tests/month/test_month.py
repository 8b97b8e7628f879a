"""A month of a department, told to the product and to an independent reference: every day's numbers, verdicts and violations agree."""

from __future__ import annotations

import asyncio
import os
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.month.reference import Reference
from tests.month.telling import Teller
from tests.month.tiny import tiny, tiny_worlds
from tests.month.world import FIRST, Month, World, days_of
from tests.street import Street

FULL = os.environ.get("MONTH") == "full"  # sixty calls a manager and day instead of five
Told = tuple[dict[tuple[str, str], dict[str, Any]], set[tuple[Any, ...]]]
APART = {"V10", "V11", "V12", "V13", "V18", "V19"}  # the reference does not judge them; their own stories do


def differences(world: World, lines: dict[tuple[str, str], dict[str, Any]], found: set[tuple[Any, ...]]) -> list[str]:
    """What product and reference do not agree on, a line each."""
    reference = Reference(world)
    wrong = []
    for one in world["managers"]:
        for day in world["days"]:
            expected, line = reference.line(one, day), lines.get((one["handle"], day.isoformat()))
            if line is None:  # who was free and did nothing is not shown
                wrong += (
                    [f"{one['handle']} {day} is not on the board"] if expected["scheduled"] or expected["dials"]["pbx"] else []
                )
                continue
            wrong += [
                f"{one['handle']} {day} {name}: expected {value}, the board has {line[name]}"
                for name, value in expected.items()
                if line[name] != value
            ]
    mine = {one for one in reference.violations() if one[0] not in APART}
    found = {one for one in found if one[0] not in APART}
    wrong += [f"missing: {one}" for one in sorted(mine - found, key=str)]
    wrong += [f"unexpected: {one}" for one in sorted(found - mine, key=str)]
    return wrong


async def told(street: Street, world: World, dice: random.Random | None = None, *, again: bool = False) -> Told:
    """What the product says of a world; ``again``: after everything was replayed."""
    teller = Teller(street, world, dice)
    await teller.settle_in()
    await teller.tell()
    if again:
        await teller.replay()
    return await teller.lines(), await teller.violations()


async def test_a_month_agrees_with_the_reference(street: Street) -> None:
    world = Month(1, managers=30, calls=60 if FULL else 5, days=days_of(FIRST, 28)).world()
    lines, found = await told(street, world)
    assert {line["verdict"] for line in lines.values()} == {"not_met", "met", "target", "not_evaluated", "off"}
    assert {code for code, *_ in found} >= {f"V{code:02}" for code in (*range(1, 10), *range(14, 18))}
    wrong = differences(world, lines, found)
    assert not wrong, f"{len(wrong)} differences\n" + "\n".join(wrong[:40])


@pytest.mark.parametrize("seed", range(8 if FULL else 2))
async def test_a_week_agrees_in_any_order_and_any_batches_and_after_a_replay(street: Street, seed: int) -> None:
    world = Month(100 + seed, managers=6, calls=8, days=days_of(FIRST, 7)).world()
    wrong = differences(world, *await told(street, world, random.Random(seed), again=True))
    assert not wrong, f"{len(wrong)} differences\n" + "\n".join(wrong[:40])


async def test_hypothesis_finds_no_small_world_that_differs(street: Street) -> None:
    """As it came and then by dice with everything replayed; what differs shrinks to a few facts."""
    await Teller(street, tiny([])).settle_in()
    loop = asyncio.get_running_loop()

    async def agree(world: World, seed: int) -> None:
        for teller in (Teller(street, world, as_it_came=True), Teller(street, world, random.Random(seed))):
            await teller.forget()
            await teller.tell()
            if teller.dice is not None:
                await teller.replay()
            wrong = differences(world, await teller.lines(), await teller.violations())
            assert not wrong, f"{teller.as_it_came=}\n" + "\n".join(wrong)

    @settings(
        max_examples=150 if FULL else 15,
        deadline=None,
        database=None,
        derandomize=not FULL,
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(tiny_worlds(), st.integers(0, 99))
    def property_(world: World, seed: int) -> None:
        asyncio.run_coroutine_threadsafe(agree(world, seed), loop).result()

    await asyncio.to_thread(property_)
