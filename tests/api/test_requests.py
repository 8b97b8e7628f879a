"""Requests as strangers send them: each error names what is wrong, pages follow each other, 409 shows what is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.street import MONDAY, Street, ami_row, at


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "says"),
    [
        ("GET", "/calls?date=yesterday", None, 422, "date"),
        ("GET", "/calls?colour=red", None, 422, "colour"),
        ("GET", "/calls?limit=100000", None, 422, "limit"),
        ("GET", "/calls?counted=perhaps", None, 422, "counted"),
        ("GET", "/calls?cursor=zzz", None, 422, "cursor"),
        ("GET", "/calls?lead=99999999999999999999999", None, 422, "lead"),
        ("GET", "/calls/99", None, 404, "99"),
        ("GET", "/calls/abc", None, 404, "abc"),
        ("GET", "/calls?manager=nobody", None, 404, "nobody"),
        ("GET", "/days/2026-13-01", None, 422, "date"),
        ("GET", "/nothing", None, 404, "openapi"),
        ("POST", "/leads", {"name": "Лютик", "phones": []}, 422, "phones"),
        ("POST", "/leads", {"name": "Лютик", "phones": ["12345"]}, 422, "phones"),
        ("POST", "/leads", {"name": "", "phones": ["+79990000001"]}, 422, "name"),
        ("POST", "/leads", {"name": "Лютик", "phones": ["+79990000001"], "at": "2026-11-23 10:00"}, 422, "at"),
        ("POST", "/leads", {"name": "Лютик", "phones": ["+79990000001"], "manager": "nobody"}, 404, "nobody"),
        ("POST", "/leads", ["a", "list"], 422, "body"),
        ("PATCH", "/leads/1", {"stage": "lost"}, 404, "1"),
        ("POST", "/leads/1/comments", {"text": "x"}, 404, "1"),
        ("POST", "/managers", {"handle": "Иван", "name": "Иван"}, 422, "handle"),
        ("POST", "/managers", {"handle": "ivan", "name": "Иван", "timezone": "Moscow"}, 422, "timezone"),
        ("POST", "/managers", {"handle": "ivan", "name": "Иван", "hours": "9-18"}, 422, "hours"),
        ("POST", "/managers", {"handle": "ivan", "name": "Иван", "days": "monday"}, 422, "days"),
        ("POST", "/managers/ivan/extensions", {"extension": "101"}, 404, "ivan"),
        ("POST", "/norms", {"metric": "dials", "segment": "cold", "min": 70, "target": 60}, 422, "min"),
        ("POST", "/sources", {"name": "office", "dialect": "avaya"}, 422, "dialect"),
        ("POST", "/sources", {"name": "Office!", "dialect": "asterisk"}, 422, "name"),
        ("POST", "/sources", {"name": "office", "dialect": "asterisk", "trunks": ["x=fax"]}, 422, "trunk"),
        ("POST", "/sources", {"name": "office", "dialect": "asterisk", "extension_pattern": "("}, 422, "extension-pattern"),
    ],
)
async def test_errors_name_what_is_wrong(street: Street, method: str, path: str, body: Any, status: int, says: str) -> None:
    told = await street.ask(method, path, body, expect=status)
    assert says in told["title"]
    assert told["status"] == status


async def test_a_body_that_is_no_json_is_400(street: Street) -> None:
    answer = await street.client.post("/api/v1/leads", data=b'{"name": "a', headers={"Authorization": f"Bearer {street.token}"})
    assert answer.status == 400


async def test_409_shows_the_lead_that_has_the_number_in_any_spelling(street: Street) -> None:
    first = await street.ask("POST", "/leads", {"name": "Ромашка", "phones": ["+7 999 000-00-01"]}, expect=201)
    told = await street.ask("POST", "/leads", {"name": "Лютик", "phones": ["8 (999) 000-00-01"]}, expect=409)
    assert told["existing"] == first
    assert "9990000001" not in told["title"]
    second = await street.ask("POST", "/leads", {"name": "Лютик", "phones": ["89990000001"], "allow_duplicate": True}, expect=201)
    found = (await street.ask("GET", "/leads?phone=9990000001"))["items"]
    assert [lead["id"] for lead in found] == [second["id"], first["id"]]
    await street.ask("PATCH", f"/leads/{second['id']}", {"phones": ["+79990000001"]}, expect=409)


async def test_ec_18_two_extensions_behind_one_switchboard_are_two_leads(street: Street) -> None:
    await street.ask("POST", "/leads", {"name": "Бухгалтерия", "phones": ["8 (495) 000-00-01 доб. 12"]}, expect=201)
    other = await street.ask("POST", "/leads", {"name": "Закупки", "phones": ["84950000001,34"]}, expect=201)
    assert other["phones"] == ["+74950000001;ext=34"]
    await street.ask("POST", "/leads", {"name": "Секретарь", "phones": ["84950000001"]}, expect=409)


async def test_pages_follow_each_other_without_gaps_or_repeats(street: Street) -> None:
    await street.source()
    for index in range(7):
        await street.post(ami_row(at("09:00") + timedelta(minutes=index // 2), number=f"+7999000{index:04}"))
    await street.understand()
    seen: list[int] = []
    query = f"date={MONDAY}&limit=3"
    page = await street.ask("GET", f"/calls?{query}")
    while True:
        seen += [call["id"] for call in page["items"]]
        if page["next"] is None:
            break
        page = await street.ask("GET", f"/calls?{query}&cursor={page['next']}")
    assert len(seen) == len(set(seen)) == 7
    assert seen == [call["id"] for call in await street.calls(f"date={MONDAY}")]


async def test_each_number_of_the_board_opens(street: Street) -> None:
    await street.source()
    await street.manager()
    await street.lead()
    await street.lead("+79990000002", segment="warm")
    for clock, row in (("10:00", {"talk": 30}), ("10:30", {}), ("11:00", {"number": "+79990000002", "talk": 30}), ("12:00", {"number": "+79990000003"}),
                       ("12:10", {"trunk": "PJSIP/gsm", "talk": 15}), ("12:20", {"inbound": True, "talk": 20})):  # fmt: skip
        await street.dial(clock, **row)
    line = await street.line()
    for metric in ("dials", "connects"):
        for kind, word in (("pbx", f"{metric}_pbx"), ("crm", f"{metric}_crm"), ("counted", metric)):
            opened = await street.calls(f"date={MONDAY}&manager=ivan&counted={word}")
            assert len(opened) == line[metric][kind], word
    for reason, number in line["not_counted"].items():
        assert len(await street.calls(f"date={MONDAY}&manager=ivan&counted={reason}")) == number
    assert len(await street.calls(f"date={MONDAY}&manager=ivan&counted=false")) == sum(line["not_counted"].values())


async def test_a_lost_lead_needs_a_reason_and_has_no_planned_contact(street: Street) -> None:
    lead = await street.lead()
    await street.ask("POST", f"/leads/{lead}/next-contacts", {"at": "2027-01-11T07:00:00Z"}, expect=201)
    await street.ask("PATCH", f"/leads/{lead}", {"stage": "lost"}, expect=422)
    lost = await street.ask("PATCH", f"/leads/{lead}", {"stage": "lost", "reason": "Ликвидирован"})
    assert (lost["stage"], lost["reason"], lost["next_contact"]) == ("lost", "Ликвидирован", None)


async def test_planned_contacts_come_overdue_first(street: Street) -> None:
    await street.manager("ivan", None)
    for index, due in enumerate(("2027-01-12T07:00:00Z", "2027-01-10T07:00:00Z", "2027-01-12T20:59:00Z", "2027-01-12T21:00:00Z")):
        lead = await street.lead(f"+7999000{index:04}")
        await street.ask("POST", f"/leads/{lead}/next-contacts", {"at": due, "author": "ivan"})
    items = (await street.ask("GET", "/planned?manager=ivan&date=2027-01-12"))["items"]
    assert [(one["lead"], one["overdue"]) for one in items] == [(2, True), (1, False), (3, False)]


async def test_metrics_tell_today_and_no_number_or_name(street: Street) -> None:
    await street.source()
    await street.manager("ivan", "101", name="Иван Лунин")
    await street.lead()
    await street.dial("00:01", talk=30, day=MONDAY + timedelta(days=2))
    text = await (await street.client.get("/metrics")).text()
    for line in (
        'telephony_bridge_dials{kind="counted",manager="ivan"} 1.0',
        'telephony_bridge_connects{kind="pbx",manager="ivan"} 1.0',
        "telephony_bridge_inbox_waiting 0.0",
    ):
        assert line in text
    assert "Лунин" not in text
    assert "9990000001" not in text
