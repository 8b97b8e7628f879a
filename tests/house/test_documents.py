"""What is public is documented: every setting, verb and dialect stands in the README; no file names a machine or a registry."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer.main

from telephony_bridge.cli import app
from telephony_bridge.norms import SETTINGS
from telephony_bridge.settings import NAMES, PREFIX
from telephony_bridge.webhooks import DIALECTS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
POLICY = (ROOT / "docs" / "policy.md").read_text("utf-8")


def verbs(group: Any, path: str = "") -> list[str]:
    found = []
    for name, command in group.commands.items():
        found += verbs(command, f"{path}{name} ") if hasattr(command, "commands") else [path + name]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name.removeprefix(PREFIX)}`" in README


@pytest.mark.parametrize("verb", verbs(typer.main.get_command(app)))
def test_every_verb_is_documented(verb: str) -> None:
    assert re.search(rf"`{verb}[` ]", README), f"README.md has no row for {verb}"


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_every_setting_of_the_policy_has_a_row_with_its_default(name: str) -> None:
    row = next(line for line in POLICY.splitlines() if line.startswith(f"| `{name}` |"))
    assert row.split("|")[2].strip().startswith(SETTINGS[name].default)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_every_dialect_has_a_row(dialect: str) -> None:
    assert f"| `{dialect}` |" in README


def test_no_file_names_a_registry_or_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: there is no list of files to look through")
    banned = re.compile(
        "|".join(("files." + "pythonhosted", "pypi" + r"\.org", "--extra-" + "index", "/wo" + "rk/", "/ro" + "ot/"))
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file():
            found = banned.search(path.read_text("utf-8", "replace"))
            assert found is None, f"{name} says {found.group()}" if found else ""
