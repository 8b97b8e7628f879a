"""What Grafana does to a panel's query before it asks a data source, as far as our panels need it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

DEPLOY = Path(__file__).parents[1] / "deploy" / "grafana"
BOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted((DEPLOY / "dashboards").glob("*.json"))
}
PANELS = [(name, panel) for name, board in BOARDS.items() for panel in board["panels"]]
PANEL_IDS = [f"{name}-{panel['id']}" for name, panel in PANELS]


def variables(board: str) -> Iterator[dict[str, Any]]:
    yield from BOARDS[board]["templating"]["list"]


def sql(text: str, since: datetime, until: datetime, chosen: Mapping[str, Sequence[str]]) -> str:
    """A query of the Postgres data source: its macros, and variables as ``sqlstring``."""
    begins, ends = (f"'{at:%Y-%m-%dT%H:%M:%SZ}'" for at in (since, until))
    text = re.sub(r"\$__timeFilter\((\w+)\)", rf"\1 between {begins} and {ends}", text)
    text = text.replace("$__timeFrom()", begins).replace("$__timeTo()", ends)
    for name, values in chosen.items():
        text = text.replace(f"${{{name}:sqlstring}}", ", ".join("'" + value.replace("'", "''") + "'" for value in values))
    assert "$" not in text, text
    return text


def promql(text: str, chosen: Mapping[str, Sequence[str]]) -> str:
    """A query of the Prometheus data source: variables as ``regex`` or plain, the rate interval as four scrapes of 15 seconds."""
    for name, values in chosen.items():
        text = text.replace(f"${{{name}:regex}}", f"({'|'.join(values)})").replace(f"${{{name}}}", values[0])
    text = text.replace("$__rate_interval", "1m")
    assert "$" not in text, text
    return text
