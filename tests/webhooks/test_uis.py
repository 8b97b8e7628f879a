"""UIS: the templates we ship are what the dialect understands."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from telephony_bridge import webhooks
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.engine import understand
from telephony_bridge.webhooks.dialects.uis import DIALECT

NOW = datetime(2026, 11, 23, 20, tzinfo=UTC)
HOW = Installation(ZoneInfo("Europe/Moscow"))
TEMPLATES = Path(__file__).parents[2] / "deploy" / "pbx" / "uis"
VALUES = {
    "call_session_id": 990000501,
    "notification_time": "2026-11-23 10:01:00.500",
    "notification_timestamp": 1795417260,
    "start_time": "2026-11-23 10:00:00",
    "direction": "in",
    "is_internal": False,
    "virtual_phone_number": "74950000001",
    "contact_phone_number": "79990000501",
    "employee_id": 700101,
    "last_talked_employee_id": 700101,
    "employee_ids": [700101],
    "employee_phone_number": "0160078",
    "talk_time_duration": 40,
    "wait_time_duration": 20,
    "total_time_duration": 60,
    "file_link": "https://media.example/1.mp3",
}


def filled(name: str, **other: object) -> Delivery:
    """As UIS fills a template: a JSON literal in the place of each variable."""
    text = (TEMPLATES / f"{name}.json").read_text()
    return Delivery(1, NOW, re.sub(r"\{\{(\w+)\}\}", lambda found: json.dumps((VALUES | other)[found[1]]), text).encode())


@pytest.mark.parametrize("name", sorted(path.stem for path in TEMPLATES.glob("*.json")))
def test_every_template_is_understood_and_carries_its_own_name(name: str) -> None:
    delivery = filled(name)
    assert json.loads(delivery.body)["event"] == name
    assert len(DIALECT.read(delivery, HOW)) == 1


def test_a_lost_call_that_is_told_as_finished_too_is_one_call() -> None:
    lost, finished = filled("call_lost"), filled("call_finished", talk_time_duration=0, employee_id=None)
    (call,) = understand(DIALECT, [finished, lost], HOW)
    assert (call.disposition, call.extension, call.talk_seconds, call.final) == ("no_answer", "700101", 0, True)


def test_an_extension_told_once_is_the_employees_in_every_event() -> None:
    told = json.loads(filled("talk_started").body) | {"extension": "101"}
    (call,) = understand(DIALECT, [Delivery(1, NOW, json.dumps(told).encode()), filled("call_finished")], HOW)
    assert call.extension == "101"


def test_a_conversation_without_a_told_beginning_has_no_ringing() -> None:
    (call,) = understand(DIALECT, [filled("talk_started")], HOW)
    assert (call.answered_at, call.ring_seconds, call.final) == (None, None, False)


def test_source_add_prints_the_templates() -> None:
    told = webhooks.snippet("uis", "https://bridge.example/webhooks/office/token")
    assert "https://bridge.example/webhooks/office/token" in told
    assert '"event": "call_finished"' in told
