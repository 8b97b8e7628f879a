"""The document tells the truth: every answer of every endpoint keeps to its schema."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from telephony_bridge.api import ENDPOINTS
from tests.street import MONDAY, Street, at


@pytest.fixture
async def busy(street: Street) -> Street:
    """A company with something behind every address."""
    await street.source()
    await street.manager()
    lead = await street.lead(manager="ivan")
    await street.dial("10:00", talk=45)
    await street.dial("10:30", number="+79990000009")
    await street.dial("10:31", extension="109", number="+79990000009")
    assert (await street.client.post(street.urls["office"], data=b"nothing")).status == 400
    await street.ask("POST", "/managers/ivan/absences", {"from": "2026-12-01", "to": "2026-12-05", "kind": "vacation"})
    comment = {"author": "ivan", "at": at("10:05").isoformat(), "text": "Просит прайс.", "outcome": "agreed", "call": 1}
    contact = {"at": "2027-01-11T07:00:00Z", "basis": "agreed", "goal": "прайс"}
    await street.ask("POST", f"/leads/{lead}/comments", comment | {"next_contact": contact})
    await street.dial("11:00", talk=6)
    short = {"author": "ivan", "at": at("11:01").isoformat(), "text": "Не надо.", "outcome": "not_interested"}
    await street.ask("POST", f"/leads/{lead}/comments", short)
    await street.ask("POST", "/deals", {"lead": lead, "title": "Партия", "amount": "150000.50"})
    token = await street.token_of("ivan")
    for kind in ("wrong_number", "competitor"):
        await street.ask("POST", f"/leads/{lead}/exemptions", {"kind": kind, "reason": "Сказал сам"}, token=token)
    await street.work("23:59")
    return street


BODIES: dict[tuple[str, str], tuple[str, Any]] = {
    ("POST", "/violations/{id}/dispute"): ("/violations/{open}/dispute", {"reason": "Номер частный"}),
    ("POST", "/violations/{id}/confirm"): ("/violations/{open}/confirm", {"reason": "Проверил"}),
    ("POST", "/violations/{id}/excuse"): ("/violations/{open}/excuse", {"reason": "Прощаю"}),
    ("POST", "/calls/{id}/personal"): ("/calls/1/personal", {"reason": "Звонил домой"}),
    ("POST", "/calls/{id}/personal/refuse"): ("/calls/1/personal/refuse", {"reason": "Это клиент"}),
    ("POST", "/calls/{id}/personal/approve"): ("/calls/1/personal/approve", {"reason": "Ошибся, личный"}),
    ("GET", "/personal"): (f"/personal?date={MONDAY}&manager=ivan&status=held", None),
    ("POST", "/calls/{id}/claim/accept"): ("/calls/{claimed}/claim/accept", {"reason": "Прослушал"}),
    ("POST", "/calls/{id}/claim/refuse"): ("/calls/{claimed}/claim/refuse", {"reason": "Автоответчик"}),
    ("POST", "/leads"): ("/leads", {"name": "Лютик", "phones": ["8 999 000 77 77"]}),
    ("PATCH", "/leads/{id}"): ("/leads/1", {"buys_analog": "yes", "stage": "potential"}),
    ("POST", "/leads/{id}/comments"): ("/leads/1/comments", {"text": "Ещё раз.", "author": "ivan"}),
    ("POST", "/leads/{id}/next-contacts"): ("/leads/1/next-contacts", {"at": "2027-02-01T07:00:00Z"}),
    ("PATCH", "/leads/{id}/comments/{comment}"): ("/leads/1/comments/1", {"text": "Просит прайс на лист."}),
    ("DELETE", "/leads/{id}/comments/{comment}"): ("/leads/1/comments/1", None),
    ("POST", "/leads/{id}/meetings"): ("/leads/1/meetings", {"at": "2026-11-24T07:00:00Z", "minutes": 45, "author": "ivan"}),
    ("GET", "/leads/{id}/presets"): ("/leads/1/presets", None),
    ("POST", "/leads/{id}/exemptions"): ("/leads/1/exemptions", {"kind": "opt_out", "reason": "Просит не звонить"}),
    ("GET", "/exemptions"): ("/exemptions?status=approved&lead=1", None),
    ("POST", "/exemptions/{id}/withdraw"): ("/exemptions/3/withdraw", {"reason": "Передумал"}),
    ("POST", "/exemptions/{id}/approve"): ("/exemptions/1/approve", {"reason": "Проверил"}),
    ("POST", "/exemptions/{id}/refuse"): ("/exemptions/2/refuse", {"reason": "Не похоже"}),
    ("POST", "/mailings"): ("/mailings", {"recipients": ["+79990000001", "+79990000066", "x"], "create": True}),
    ("POST", "/deals"): ("/deals", {"lead": 1, "title": "Вторая партия"}),
    ("PATCH", "/deals/{id}"): ("/deals/1", {"stage": "won"}),
    ("POST", "/deliveries/{id}/replay"): ("/deliveries/1/replay", {}),
    ("POST", "/managers"): (
        "/managers",
        {"handle": "olga", "name": "Ольга", "days": "mon,tue,sat", "hours": "20:00-08:00", "segments": {"cold": 50, "warm": 30}},
    ),
    ("PATCH", "/managers/{handle}"): ("/managers/ivan", {"team": "north", "hours": "10:00-19:00"}),
    ("POST", "/managers/{handle}/extensions"): ("/managers/ivan/extensions", {"extension": "107", "from": "2026-11-20"}),
    ("POST", "/managers/{handle}/absences"): ("/managers/ivan/absences", {"from": "2026-12-30", "to": "2026-12-31"}),
    ("POST", "/managers/{handle}/calendar"): ("/managers/ivan/calendar", None),
    ("POST", "/users"): (
        "/users",
        {"login": "olga", "role": "supervisor", "notify": ["env:OLGA"], "language": "en", "team": "north"},
    ),
    ("PATCH", "/users/{login}"): ("/users/olga", {"owner": True, "team": None}),
    ("GET", "/users"): ("/users", None),
    ("POST", "/managers/{handle}/leave"): ("/managers/ivan/leave", {"on": "2027-06-01"}),
    ("POST", "/norms"): ("/norms", {"metric": "dials", "segment": "cold", "min": 1, "target": 2, "manager": "ivan"}),
    ("POST", "/sources"): ("/sources", {"name": "branch", "dialect": "freepbx"}),
    ("PATCH", "/sources/{name}"): ("/sources/branch", {"outside_prefix": "9", "settle_after": 60}),
    ("POST", "/excluded-numbers"): ("/excluded-numbers", {"number": "8 999 000 55 55", "kind": "staff"}),
    ("POST", "/silences"): (
        "/silences",
        {
            "source": "office",
            "from": "2026-11-23T08:00:00Z",
            "to": "2026-11-23T11:00:00Z",
            "settled_as": "outage",
            "reason": "Авария",
        },
    ),
    ("GET", "/silences"): ("/silences", None),
    ("GET", "/excluded-numbers"): ("/excluded-numbers", None),
    ("POST", "/excluded-numbers/readmit"): ("/excluded-numbers/readmit", {"number": "+79990005555"}),
    ("GET", "/calls"): (f"/calls?date={MONDAY}&manager=ivan&limit=1", None),
    ("GET", "/calls/{id}"): ("/calls/1", None),
    ("GET", "/days/{date}"): (f"/days/{MONDAY}", None),
    ("GET", "/days/{date}/reports"): (f"/days/{MONDAY}/reports", None),
    ("POST", "/days/{date}/reopen"): (f"/days/{MONDAY}/reopen", {"manager": "ivan", "reason": "Связи не было."}),
    ("POST", "/connectors/{name}/seen"): ("/connectors/amocrm/seen", {"seen_until": "2026-11-24T09:00:00Z"}),
    ("GET", "/connectors"): ("/connectors", None),
    ("POST", "/connectors/{name}/retire"): ("/connectors/amocrm/retire", {}),
    ("GET", "/violations"): ("/violations", None),
    ("GET", "/violations/{id}"): ("/violations/{open}", None),
    ("GET", "/leads"): ("/leads?phone=89990000001", None),
    ("GET", "/leads/{id}"): ("/leads/1", None),
    ("GET", "/leads/{id}/history"): ("/leads/1/history", None),
    ("GET", "/deals"): ("/deals", None),
    ("GET", "/payroll/{month}"): ("/payroll/2026-11", None),
    ("POST", "/handovers"): ("/handovers", {"from": "ivan", "to": ["olga"]}),
    ("GET", "/handovers"): ("/handovers", None),
    ("GET", "/handovers/{id}"): ("/handovers/1", None),
    ("POST", "/handovers/{id}/cards/{lead}/read"): ("/handovers/1/cards/1/read", None),
    ("GET", "/base"): ("/base", None),
    ("GET", "/notices"): ("/notices", None),
    ("POST", "/managers/{handle}/links"): ("/managers/ivan/links", {"opens": "plan"}),
    ("GET", "/planned"): ("/planned?date=2027-02-01", None),
    ("GET", "/deliveries"): ("/deliveries", None),
    ("GET", "/deliveries/{id}"): ("/deliveries/1", None),
    ("GET", "/managers"): ("/managers", None),
    ("GET", "/managers/{handle}"): ("/managers/ivan", None),
    ("GET", "/norms"): ("/norms", None),
    ("POST", "/policy"): ("/policy", {"name": "repeat_cap", "value": "4", "from": "2026-11-20", "reason": "пробуем"}),
    ("GET", "/policy"): ("/policy?manager=ivan&on=2026-11-24", None),
    ("POST", "/policy/try"): (
        "/policy/try",
        {
            "policy": [{"name": "norm_needs_crm_match", "value": False}],
            "norms": [{"metric": "dials", "segment": "cold", "min": 1, "target": 1}],
            "from": "2026-11-23",
            "to": "2026-11-23",
        },
    ),
    ("POST", "/calendar"): ("/calendar", {"date": "2026-12-28", "kind": "short", "note": "корпоратив"}),
    ("GET", "/calendar"): ("/calendar", None),
    ("GET", "/sources"): ("/sources", None),
    ("GET", "/data-quality"): (f"/data-quality?date={MONDAY}", None),
    ("GET", "/deliveries/reasons"): ("/deliveries/reasons?days=30", None),
}


async def test_every_answer_keeps_to_its_schema(busy: Street) -> None:
    document = await busy.ask("GET", "/openapi.json")
    assert {(one.method, one.path) for one in ENDPOINTS} == set(BODIES)
    standing = (await busy.ask("GET", "/violations?status=open"))["items"][0]["id"]
    claimed = (await busy.calls("claimed=true"))[0]["id"]
    for (method, path), (pattern, body) in BODIES.items():
        address = pattern.replace("{open}", str(standing)).replace("{claimed}", str(claimed))
        operation = document["paths"]["/api/v1" + path][method.lower()]
        status = next(code for code in operation["responses"] if code.startswith("2"))
        schema = operation["responses"][status]["content"]["application/json"]["schema"] | {"components": document["components"]}
        if body is not None:
            asked = operation["requestBody"]["content"]["application/json"]["schema"] if "requestBody" in operation else {}
            Draft202012Validator(asked | {"components": document["components"]}).validate(body)
        told = await busy.ask(method, address, body, expect=int(status))
        Draft202012Validator(schema).validate(told)
        if "items" in told and not path.endswith("readmit"):
            assert told["items"], f"{address} shows nothing, so its schema is not checked"


async def test_the_document_health_and_readiness_need_no_token(street: Street) -> None:
    for path in ("/api/v1/openapi.json", "/healthz", "/readyz", "/metrics"):
        answer = await street.client.get(path)
        assert answer.status == 200, path
