"""Whatever strangers send, the service answers as documented and never with a 5xx."""

from __future__ import annotations

import json
import random
import re
from typing import Any

from tests.street import Street, ami_row, at

ODD: list[Any] = [
    None, True, 0, -1, 2**31, 2**63, 2**70, 1.5, 1e308, "", " ", "x" * 400, "\x00", "a\x00b", "\U0001f600", "2026-11-23", "2026-02-30",
    "2026-11-23T10:00:00Z", "2026-11-23T10:00:00+99:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "0001-01-01", "9999-12-31",
    "+79990000001", "8 999 000 00 01", "ivan", "office", "cold", "1", "-1", "99999999999999999999", "NaN", [], [None], ["+79990000001"], {}, {"at": None},
    {"at": "2027-01-01T00:00:00Z"}, "09:00-18:00", "25:00-26:00", "mon-fri", "lost", "dials", "open", "V01", "(", "asterisk",
]  # fmt: skip


def body_of(schema: dict[str, Any], components: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """A body with most fields of the schema, each perhaps odd, perhaps plausible."""
    found: dict[str, Any] = {}
    for name, kind in schema.get("properties", {}).items():
        if dice.random() < 0.75 or name in schema.get("required", ()):
            choices = kind.get("enum") or [option for one in kind.get("anyOf", []) for option in one.get("enum", [])]
            found[name] = dice.choice(choices) if choices and dice.random() < 0.7 else dice.choice(ODD)
    return found


async def test_no_request_gets_a_5xx(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.lead()
    await street.dial("10:00", talk=30)
    await street.work("23:59")
    document = await street.ask("GET", "/openapi.json")
    headers = {"Authorization": f"Bearer {street.token}"}
    seen: dict[int, int] = {}
    for seed in range(12):
        dice = random.Random(seed)
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                address = re.sub(
                    r"{(\w+)}",
                    lambda _, dice=dice: str(dice.choice(["1", "ivan", "2026-11-23", "0", "x", "9" * 30, "%00", "ё"])),
                    path,
                )
                query = {
                    parameter["name"]: str(dice.choice(ODD))
                    for parameter in operation["parameters"]
                    if parameter["in"] == "query" and dice.random() < 0.5
                }
                schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
                body = json.dumps(body_of(schema, document["components"], dice)) if schema else None
                async with street.client.request(method.upper(), address, params=query, data=body, headers=headers) as answer:
                    text = await answer.text()
                    assert answer.status < 500, (method, address, query, body, answer.status, text)
                    assert str(answer.status) in operation["responses"], (method, address, query, body, answer.status, text)
                    seen[answer.status] = seen.get(answer.status, 0) + 1
    assert seen.get(200, 0) + seen.get(201, 0) > 50, seen


async def test_no_delivery_gets_a_5xx_or_is_stuck(street: Street) -> None:
    await street.source()
    await street.manager()
    plain = ami_row(at("10:00"), talk=30)
    keys = list(plain)
    odd = ["", "\x00", "\ud800", "x" * 3000, "-1", "1e400", "NaN", "9" * 30, "2026-11-23 10:00:00", "2099-12-31 23:59:59", "1795450430.20", "ANSWERED",
           "PJSIP/101-0000000a", "Local/1@x;1", "; drop table calls", '"', "8", "+", "０１２", "s", "h"]  # fmt: skip
    for seed in range(250):
        dice = random.Random(seed)
        row = dict(plain)
        for key in dice.sample(keys, dice.randint(1, 5)):
            row[key] = dice.choice(odd)
        answer = await street.client.post(street.urls["office"], data=json.dumps([row] * dice.choice([1, 1, 1, 3])).encode())
        assert answer.status in (200, 400, 422), (row, answer.status)
    await street.understand()
    left = [
        one for outcome in ("waiting", "failed") for one in (await street.ask("GET", f"/deliveries?outcome={outcome}"))["items"]
    ]
    assert left == []
