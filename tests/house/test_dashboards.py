"""Dashboards are held to Grafana's own schema, to our metrics and views, and to the API that their links open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from telephony_bridge import metrics
from telephony_bridge.model import Direction, Disposition, Verdict, WhyNot
from telephony_bridge.violations import CODES
from tests.busy import TEAM, busy_days, reader_of
from tests.grafana import BOARDS, DEPLOY, PANEL_IDS, PANELS, sql, variables
from tests.street import Street

SOURCES = {
    source["uid"]: source["type"]
    for source in yaml.safe_load((DEPLOY / "provisioning" / "datasources" / "bridge.yml").read_text())["datasources"]
}
DOCUMENT = (DEPLOY.parents[1] / "docs" / "dashboards.md").read_text()


def unknown(told: Any, understood: Any, path: str = "") -> Iterator[str]:
    """What the SDK did not take over: it leaves out words that its types have not."""
    if isinstance(told, dict):
        for word, value in told.items():
            if not isinstance(understood, dict) or word not in understood:
                yield f"{path}.{word}"
            else:
                yield from unknown(value, understood[word], f"{path}.{word}")
    elif isinstance(told, list):
        for place, value in enumerate(told):
            yield from unknown(value, understood[place], f"{path}[{place}]")
    elif told != understood:
        yield path


def read_by_grafana(board: dict[str, Any]) -> Any:
    register_default_plugins()
    return json.loads(JSONEncoder().encode(Dashboard.from_json(deepcopy(board))))


@pytest.mark.parametrize("name", BOARDS)
def test_grafanas_own_types_know_every_word(name: str) -> None:
    assert list(unknown(BOARDS[name], read_by_grafana(BOARDS[name]))) == []


def test_a_misspelt_word_would_be_seen() -> None:
    board = deepcopy(BOARDS["team"])
    board["panels"][0]["options"]["colourMode"] = "value"
    board["panels"][1]["targets"][0]["legend"] = "x"
    board["panels"][6]["fieldConfig"]["defaults"]["units"] = "s"
    assert list(unknown(board, read_by_grafana(board))) == [
        ".panels[0].options.colourMode",
        ".panels[1].targets[0].legend",
        ".panels[6].fieldConfig.defaults.units",
    ]


def test_boards_and_panels_are_told_apart() -> None:
    assert len({board["uid"] for board in BOARDS.values()}) == len(BOARDS) == 5
    for board in BOARDS.values():
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids) > 8
        assert len({panel["title"] for panel in board["panels"]}) == len(ids)


@pytest.mark.parametrize("name", BOARDS)
def test_no_panel_lies_on_another(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in BOARDS[name]["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


@pytest.mark.parametrize(("name", "panel"), PANELS, ids=PANEL_IDS)
def test_a_panel_says_what_it_is_and_asks_a_source_of_ours(name: str, panel: dict[str, Any]) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["targets"]
    assert f"| {panel['title']} |" in DOCUMENT, f"docs/dashboards.md has no row for it on {name}"
    refs = [target["refId"] for target in panel["targets"]]
    assert len(set(refs)) == len(refs)
    for target in panel["targets"]:
        assert SOURCES[target["datasource"]["uid"]] == target["datasource"]["type"]
        assert target.get("expr") or target.get("rawSql")


def test_every_metric_and_label_of_a_panel_is_exposed() -> None:
    exposed = {f"telephony_bridge_{name}": set(labels) for name, (_, labels) in metrics.GAUGES.items()}
    for family in metrics.REGISTRY.collect():
        labels = getattr(metrics.REGISTRY._names_to_collectors.get(family.name), "_labelnames", ())
        exposed |= {family.name + end: {*labels, "le"} for end in ("", "_total", "_bucket")}
    asked = 0
    for _, panel in PANELS:
        for expr in (target["expr"] for target in panel["targets"] if "expr" in target):
            for metric, matchers in re.findall(r"(telephony_bridge_\w+)(?:\{([^}]*(?:\$\{[^}]*\}[^}]*)*)\})?", expr):
                assert metric in exposed, metric
                labels = set(re.findall(r"(\w+)=", matchers))
                assert labels <= exposed[metric], expr
                asked += 1
    assert asked > 50


async def test_links_open_what_the_api_has(street: Street) -> None:
    paths = (await street.ask("GET", "/openapi.json"))["paths"]
    links = re.findall(r'"url": "((?:[^"\\]|\\.)*)"', json.dumps(PANELS))
    assert len(links) > 20
    for link in links:
        assert link.startswith("${bridge:raw}/api/v1/"), link
        path, _, query = re.sub(r"\$\{(?!bridge)[^}]*\}", "1", link.removeprefix("${bridge:raw}")).partition("?")
        found = [one for one in paths if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", one), path) and "get" in paths[one]]
        assert found, link
        known = {parameter["name"] for parameter in paths[found[0]]["get"]["parameters"]}
        assert {part.partition("=")[0] for part in query.split("&") if part} <= known, link


@pytest.mark.parametrize(
    ("boards", "words"),
    [
        (["discipline", "manager"], list(CODES)),
        (
            ["team", "manager"],
            [word for word in WhyNot if word not in ("inbound", "internal", "not_answered", "too_short", "voicemail")],
        ),
        (["team", "manager"], list(Verdict)),
        (["manager"], [*Direction, *Disposition]),
    ],
)
def test_every_word_of_ours_has_a_russian_one(boards: list[str], words: list[str]) -> None:
    for name in boards:
        assert [word for word in words if f'"{word}": {{"text"' not in json.dumps(BOARDS[name])] == []


def test_provisioning_holds_no_address_and_no_password() -> None:
    for source in yaml.safe_load((DEPLOY / "provisioning" / "datasources" / "bridge.yml").read_text())["datasources"]:
        assert re.fullmatch(r"\$\{GRAFANA_\w+\}", source["url"])
        for secret in source.get("secureJsonData", {}).values():
            assert re.fullmatch(r"\$\{GRAFANA_\w+\}", secret)


async def test_every_sql_panel_gives_rows_to_the_reader(street: Street) -> None:
    busy = await busy_days(street)
    empty, asked = [], 0
    async with reader_of(street, busy) as reading:
        for name in BOARDS:
            chosen = {"team": sorted(set(TEAM.values())), "manager": ["olga"] if name == "manager" else list(TEAM)}
            since, until = busy.now - timedelta(days=14), busy.now + timedelta(minutes=5)
            for variable in variables(name):
                found = await reading.fetch(sql(variable["query"], since, until, chosen))
                if variable["name"] != "bridge":
                    assert {row[-1] for row in found} >= set(chosen[variable["name"]])
            for panel in BOARDS[name]["panels"]:
                for target in (one for one in panel["targets"] if "rawSql" in one):
                    rows = await reading.fetch(sql(target["rawSql"], since, until, chosen))
                    asked += 1
                    if not rows or all(value is None for row in rows for value in row.values()):
                        empty.append((name, panel["title"]))
                    if target["format"] == "time_series":
                        assert rows[0]["time"] is not None
    assert empty == []
    assert asked > 30
