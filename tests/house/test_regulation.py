"""docs/regulation.md is complete: each rule once, where it is decided, and tests that bear its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs" / "regulation.md").read_text("utf-8").splitlines()
    if re.match(r"\| (R|EC-|V|D)\d+ \|", line)
]
TESTS = {
    name
    for path in (ROOT / "tests").rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
}
RULES = [
    *(f"R{number}" for number in range(1, 44)),
    *(f"EC-{number}" for number in range(1, 69)),
    *(f"V{number:02}" for number in range(1, 20)),
    *(f"D{number:02}" for number in range(1, 6)),
]
PAGES = {"R1", "R2", "R21", "R22"}  # not built, and the table says so


def test_every_rule_has_one_row() -> None:
    assert [row[0] for row in ROWS] == RULES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_names_its_place_and_its_tests(row: list[str]) -> None:
    rule, words, place, tests = row
    assert words
    if rule in PAGES:
        assert place.startswith("not built:")
        return
    for path in re.findall(r"`([\w/]+\.(?:py|sql))`", place):
        assert any((ROOT / base / path).exists() for base in ("telephony_bridge", ".")), f"{rule}: there is no {path}"
    named = re.findall(r"`(test_\w+)`", tests)
    assert named, f"{rule} has no test"
    token = re.compile(rf"_{rule.lower().replace('-', '_')}(?:_|$)")
    for name in named:
        assert name in TESTS, f"{rule}: there is no {name}"
        assert token.search(name), f"{name} does not bear {rule}"
