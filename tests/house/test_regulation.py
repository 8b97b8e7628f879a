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
    named = re.findall(r"`(test_\w+)`", tests)
    if rule in PAGES:
        assert place.startswith("not built:")
        assert not named, f"{rule} is not built and names a test"
        return
    paths = re.findall(r"`([\w/]+\.(?:py|sql|md))`", place)
    assert paths, f"{rule} names no file that decides it"
    for path in paths:
        assert _file(path).exists(), f"{rule}: there is no {path}"
    for path, name in re.findall(r"`([\w/]+\.py)` `(\w+)`", place):
        assert re.search(rf"^\s*(?:async )?def {name}\b", _file(path).read_text("utf-8"), re.MULTILINE), f"{path} has no {name}"
    assert 1 <= len(named) <= 3, f"{rule} names {len(named)} tests, one to three tell enough"
    token = re.compile(rf"_{rule.lower().replace('-', '_')}(?:_|$)")
    for name in named:
        assert name in TESTS, f"{rule}: there is no {name}"
        assert token.search(name), f"{name} does not bear {rule}"


def _file(path: str) -> Path:
    """A path of the table, below the package, or as it stands in the repository."""
    return next((base / path for base in (ROOT / "telephony_bridge", ROOT) if (base / path).exists()), ROOT / path)
