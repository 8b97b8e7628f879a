"""The alert rules: they ask for metrics there are, lead to the runbook, and do what their own tests say (promtool)."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from telephony_bridge import metrics
from tests.street import Street, ami_row, at

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"] for rule in group["rules"]
]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def labels_by_name() -> dict[str, set[str]]:
    """Each series there can be, without the prefix -> its own labels."""
    found = {name: set(labels) for name, (_, labels) in metrics.GAUGES.items()}
    for family in metrics.REGISTRY.collect():
        for suffix in SUFFIXES.get(family.type, ()):
            metric = metrics.REGISTRY._names_to_collectors.get(family.name)  # names of labels, also before any is used
            labels = set(getattr(metric, "_labelnames", ()))
            found[family.name.removeprefix("telephony_bridge_") + suffix] = labels | ({"le"} if suffix == "_bucket" else set())
    return found


def promtool(*asked: str, stdin: bytes | None = None, tool: str = "promtool") -> None:
    if shutil.which(tool) is None:
        pytest.skip(f"NO {tool}: apt-get install prometheus prometheus-alertmanager, and the rules are tried as well as read")
    ran = subprocess.run([tool, *asked], cwd=PROMETHEUS, capture_output=True, input=stdin, check=False)
    assert ran.returncode == 0, (ran.stdout + ran.stderr).decode()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_asks_for_metrics_and_labels_there_are(rule: dict[str, Any]) -> None:
    there = labels_by_name()
    names = re.findall(r"telephony_bridge_(\w+)(?:\{([^}]*)\})?", rule["expr"])
    assert names or "up{" in rule["expr"]
    known = {"instance", "job"}
    for name, selected in names:
        assert name in there, name
        assert set(re.findall(r"(\w+)\s*[=!]", selected)) <= there[name]
        known |= there[name]
    for grouped in re.findall(r"by \(([^)]*)\)", rule["expr"]):
        assert {label.strip() for label in grouped.split(",")} <= known
    text = " ".join(rule["annotations"].values())
    assert set(re.findall(r"\$labels\.(\w+)", text)) <= known


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_says_how_grave_it_is_and_leads_to_its_section_of_the_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert rule["labels"]["audience"] in ("administrator", "supervisor")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    path, _, anchor = rule["annotations"]["runbook_url"].partition("#")
    assert path == "docs/runbook.md"
    assert anchor in {title.lower() for title in re.findall(r"^## (.+)$", RUNBOOK, re.MULTILINE)}
    assert rule["alert"] in RUNBOOK


def test_what_alertmanager_names_is_a_rule() -> None:
    told = (PROMETHEUS / "alertmanager.yml").read_text("utf-8")
    named = {name for one in re.findall(r'alertname=~?"([^"]+)"', told) for name in one.split("|")}
    assert named <= {rule["alert"] for rule in RULES}
    assert "password:" not in told


def test_every_rule_is_tried_by_promtool() -> None:
    tests = (PROMETHEUS / "alerts_test.yml").read_text("utf-8")
    assert [rule["alert"] for rule in RULES if rule["alert"] not in tests] == []


def test_promtool_takes_the_configuration_and_the_rules() -> None:
    promtool("check", "config", "prometheus.yml")
    promtool("check", "rules", "alerts.yml")
    promtool("check-config", "alertmanager.yml", tool="amtool")


def test_the_rules_do_what_their_tests_say() -> None:
    promtool("test", "rules", "alerts_test.yml")


async def test_promtool_finds_nothing_wrong_with_what_is_scraped(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.lead()
    await street.dial("10:00", talk=45)
    assert (await street.post(ami_row(at("10:07")) | {"BillableSeconds": "-5"})).status == 422
    await street.work("23:59")
    street.clock.now = at("17:00")
    promtool("check", "metrics", stdin=await (await street.client.get("/metrics")).read())
