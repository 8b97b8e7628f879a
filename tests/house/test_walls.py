"""The drawing of DESIGN.md, held by the syntax trees: who may import whom, and which modules do no I/O."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import telephony_bridge

HOUSE = Path(telephony_bridge.__file__).parent
ROOMS = {"webhooks", "calls", "matcher", "norms", "violations", "crm", "people", "notices"}
FLOORS: list[set[str]] = [
    {"model", "errors", "phones"},
    {"settings"},
    {"db", "logs", "metrics"},
    ROOMS,
    {"book"},
    {"deriving", "silence", "suspects"},
    {"judging"},
    {"callbacks", "claims", "days", "first_calls", "marks", "planning", "promises", "quality", "stock", "sweep"},
    {"owed"},
    {"anew", "payroll", "passing", "whatif"},
    {"telling"},
    {"hearing"},
    {"pipeline"},
    {"sending", "entering", "gauges"},
    {"worker", "api", "pages"},
    {"app"},
    {"verbs"},
    {"demo"},
    {"cli"},
    {"__main__"},
]
PURE = [
    "model.py",
    "errors.py",
    "phones.py",
    "webhooks/dialects/reading.py",
    "webhooks/dialects/engine.py",
    "webhooks/dialects/bodies.py",
    "webhooks/dialects/fields.py",
    "webhooks/dialects/telling.py",
    "webhooks/dialects/asterisk.py",
    "webhooks/dialects/asterisk_calls.py",
    "webhooks/dialects/asterisk_channels.py",
    "webhooks/dialects/asterisk_fields.py",
    "webhooks/dialects/asterisk_rows.py",
    "webhooks/dialects/beeline.py",
    "webhooks/dialects/beeline_events.py",
    "webhooks/dialects/beeline_statistics.py",
    "webhooks/dialects/binotel.py",
    "webhooks/dialects/binotel_calls.py",
    "webhooks/dialects/freepbx.py",
    "webhooks/dialects/freeswitch.py",
    "webhooks/dialects/freeswitch_bodies.py",
    "webhooks/dialects/freeswitch_calls.py",
    "webhooks/dialects/freeswitch_legs.py",
    "webhooks/dialects/freeswitch_sides.py",
    "webhooks/dialects/legs.py",
    "webhooks/dialects/legs_calls.py",
    "webhooks/dialects/plivo.py",
    "webhooks/dialects/telnyx.py",
    "webhooks/dialects/twilio.py",
    "webhooks/dialects/generic.py",
    "webhooks/dialects/mango.py",
    "webhooks/dialects/megafon.py",
    "webhooks/dialects/megafon_calls.py",
    "webhooks/dialects/megafon_rows.py",
    "webhooks/dialects/mts.py",
    "webhooks/dialects/onlinepbx.py",
    "webhooks/dialects/ringostat.py",
    "webhooks/dialects/rostelecom.py",
    "webhooks/dialects/sipuni.py",
    "webhooks/dialects/telphin.py",
    "webhooks/dialects/telphin_history.py",
    "webhooks/dialects/threecx.py",
    "webhooks/dialects/threecx_calls.py",
    "webhooks/dialects/uis.py",
    "webhooks/dialects/zadarma.py",
    "webhooks/proofs.py",
    "webhooks/dialects/vonage.py",
    "webhooks/dialects/vonage_calls.py",
    "webhooks/dialects/aircall.py",
    "webhooks/dialects/zoom_phone.py",
    "webhooks/dialects/zoom_phone_calls.py",
    "webhooks/dialects/ringcentral.py",
    "webhooks/dialects/ringcentral_calls.py",
    "webhooks/dialects/ringcentral_parties.py",
    "webhooks/scrub.py",
    "matcher/choose.py",
    "crm/shares.py",
    "notices/feed.py",
    "notices/answers.py",
    "norms/rules.py",
    "norms/calendar.py",
    "norms/presets.py",
    "norms/production.py",
    "norms/verdict.py",
    "norms/evidence.py",
    "norms/words.py",
    "notices/retry.py",
    "notices/words.py",
    "notices/wording.py",
    "notices/links.py",
    "pages/fields.py",
    "pages/times.py",
    "pages/words.py",
    "violations/duties.py",
    "violations/promises.py",
    "violations/suspects.py",
    "violations/callbacks.py",
    "violations/claims.py",
    "violations/dateless.py",
    "violations/exemptions.py",
    "violations/meetings.py",
    "violations/removals.py",
]
IO = {"asyncio", "asyncpg", "aiohttp", "os", "structlog", "prometheus_client", "time", "telephony_bridge.db"}
MODULES = sorted(path.relative_to(HOUSE) for path in HOUSE.rglob("*.py"))


def floor(top: str) -> int:
    return next(level for level, names in enumerate(FLOORS) if top in names)


def imports(path: Path) -> Iterator[str]:
    """Full dotted names this module imports; names out of our own packages are resolved to modules where they are."""
    for node in ast.walk(ast.parse((HOUSE / path).read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by the full name"
            assert node.module is not None
            if node.module == "telephony_bridge":
                yield from (f"telephony_bridge.{alias.name}" for alias in node.names)
            else:
                yield node.module


def ours(path: Path) -> Iterator[list[str]]:
    for name in imports(path):
        if name.startswith("telephony_bridge.") and name != "telephony_bridge.__version__":
            yield name.split(".")[1:]


def top(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] != "__init__.py"], ids=str)
def test_imports_go_down_and_rooms_are_entered_by_the_door(path: Path) -> None:
    mine = top(path)
    for parts in ours(path):
        other = parts[0]
        if other == mine:
            continue
        assert floor(other) < floor(mine), f"{path} ({mine}) may not import {'.'.join(parts)}"
        may_enter = {
            "errors",
            "dialects",
            "duties",
            "promises",
            "callbacks",
            "claims",
            "dateless",
            "evidence",
        }  # vocabularies of pure values, part of the door
        if other in ROOMS and len(parts) > 1:
            assert parts[1] in may_enter, f"{path} enters {other} by {parts[1]}, not by its door"


@pytest.mark.parametrize("name", PURE)
def test_pure_modules_do_no_io(name: str) -> None:
    for found in imports(Path(name)):
        assert not any(found == banned or found.startswith(banned + ".") for banned in IO), f"{name} imports {found}"


def test_every_module_has_a_floor() -> None:
    for path in MODULES:
        if path.parts[0] != "__init__.py":
            floor(top(path))


def test_dialects_do_not_import_each_other() -> None:
    from telephony_bridge.webhooks.dialects import DIALECTS

    for name in DIALECTS:
        for found in imports(Path("webhooks/dialects") / f"{name}.py"):
            others = {f"telephony_bridge.webhooks.dialects.{other}" for other in DIALECTS if other != name}
            assert found not in others


def test_every_module_says_what_it_is() -> None:
    for path in MODULES:
        assert ast.get_docstring(ast.parse((HOUSE / path).read_text())), f"{path} has no docstring"


def test_forbidden_names() -> None:
    banned = {
        "utils",
        "util",
        "helpers",
        "helper",
        "common",
        "base",
        "core",
        "manager",
        "service",
        "handler",
        "processor",
        "impl",
    }
    for path in MODULES:
        assert not banned & {part.removesuffix(".py") for part in path.parts}, path
