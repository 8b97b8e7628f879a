"""Every vendor at the door: his fixtures posted as he would, kept, answered in his way and understood."""

from __future__ import annotations

import base64
import hmac
from collections import Counter
from datetime import datetime, tzinfo

import pytest
from yarl import URL

from telephony_bridge.errors import Malformed, Misdirected, Unreadable
from telephony_bridge.webhooks import DIALECTS, receive, snippet
from telephony_bridge.webhooks.dialects.engine import connected
from telephony_bridge.webhooks.dialects.files import call_json, delivery_from_file
from telephony_bridge.webhooks.dialects.reading import Row
from tests.street import Street
from tests.webhooks.test_fixtures import CASES, NOW, bodies, installation


class Clock(datetime):
    """The door's clock, at the moment a fixture came: the arrival tells something where an event has no time of its own."""

    at = NOW

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return cls.at.astimezone(tz)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
async def test_his_fixtures_are_kept_and_told_as_the_goldens_say(
    street: Street, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive, "datetime", Clock)
    known = DIALECTS[dialect]
    cases = [
        case for name, case in CASES if name == dialect and installation(name, case) == installation(dialect, "outbound_answered")
    ]
    how = installation(dialect, "outbound_answered")
    trunks = [f"{glob}={'ip' if via == 'ip' else 'gsm'}" for glob, via in how.trunks]
    particulars = {
        "outside_prefix": how.outside_prefix or None,
        "extension_pattern": how.extension_pattern,
        "own_numbers": sorted(how.own_numbers),
    }
    url = await street.source("cloud", dialect=dialect, timezone=str(how.timezone), trunks=trunks, **particulars)
    posted: Counter[int] = Counter()
    rows: list[Row] = []
    for case in cases:
        for path in bodies(dialect, case):
            one = delivery_from_file(path, 1, NOW)
            Clock.at = one.received_at
            refused: Unreadable | None = None
            try:
                rows += known.read(one, how)
            except Unreadable as said:
                refused = said
                rows += said.rows if isinstance(said, Malformed) else ()
            address = url + (f"/{one.tail}" if one.tail else "") + (f"?{one.query}" if one.query else "")
            answer = await street.client.request(one.method, URL(address, encoded=True), data=one.body, headers=dict(one.headers))
            text = await answer.read()
            posted[answer.status] += 1
            greeted = known.greet(one, {}) if known.greet is not None else None
            if greeted is not None:
                assert (answer.status, text) == (200, greeted.body), path.name
            elif refused is None or known.patient or not isinstance(refused, Malformed | Misdirected):
                assert answer.status == 200, (path.name, text)
                if known.answer is not None:
                    demanded = known.answer(one)
                    assert (text, answer.content_type) == (demanded.body, demanded.content_type), path.name
            else:
                assert answer.status == (400 if isinstance(refused, Malformed) and refused.syntax else 422), (path.name, text)
    assert posted[200] > 3
    await street.understand()
    found = {call["call_key"]: call for call in await street.calls("limit=500")}
    reference = {call.call_key: call_json(call, "cloud", dialect) for told in connected(rows) for call in known.tell(told, how)}
    assert set(found) == set(reference)
    for key, call in reference.items():
        for name in ("direction", "extension", "number", "disposition", "talk_seconds", "via", "final", "recording_url"):
            assert found[key][name] == call[name], (key, name)


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
def test_his_page_is_filled_in_and_says_what_an_administrator_needs(dialect: str) -> None:
    page = snippet(dialect, "https://bridge.example/webhooks/office/TOKEN")
    assert "@URL@" not in page
    assert "https://bridge.example/webhooks/office/TOKEN" in page
    for heading in ("## Set up", "## See that it works", "## Proof", "## Not possible"):
        assert heading in page, heading
    for name in DIALECTS[dialect].secrets:
        assert name in page, name


async def test_handshakes_are_answered_and_nothing_is_kept(street: Street) -> None:
    """What a vendor asks before, or beside, any delivery."""

    async def vendor(dialect: str, **more: object) -> str:
        return await street.source(dialect.replace("_", "-"), dialect=dialect, trunks=[], **more)

    url = await vendor("zadarma", secrets={"secret": "an-invented-secret"})
    answer = await street.client.get(url + "?zd_echo=a-1%20<b>")
    assert (answer.status, await answer.text(), answer.content_type) == (200, "a-1 <b>", "text/plain")

    url = await vendor("zoom_phone", secrets={"secret_token": "zoom-secret"})
    asked = {"event": "endpoint.url_validation", "payload": {"plainToken": "plain-token"}, "event_ts": 1710000000000}
    answer = await street.client.post(url, json=asked)
    assert await answer.json(content_type=None) == {
        "plainToken": "plain-token",
        "encryptedToken": "d83eef2ba06385e69f487c6fe8949751a8c039fd802f4bc14c765398750528ac",
    }
    forged = {**asked, "payload": {"plainToken": 'v0:1710000000:{"event":"phone.caller_ended"}'}}
    assert (await street.client.post(url, json=forged)).status == 401

    url = await vendor("ringcentral", secrets={"validation_token": "an-invented-token"})
    answer = await street.client.post(url, headers={"Validation-Token": "fresh-1"})
    assert (answer.status, answer.headers["Validation-Token"], answer.content_type) == (200, "fresh-1", "application/json")
    assert len(await answer.read()) < 100

    url = await vendor("sipuni")
    assert await (await street.client.get(url)).json() == {"success": True}
    url = await vendor("megafon", secrets={"crm_token": "an-invented-token"})
    answer = await street.client.post(url, data={"cmd": "contact", "phone": "79990000101", "crm_token": "an-invented-token"})
    assert (answer.status, await answer.json(content_type=None)) == (200, {})
    assert (await street.ask("GET", "/deliveries"))["items"] == []


async def test_a_signature_over_the_address_holds_behind_a_proxy(street: Street) -> None:
    """The vendor signs the address he was given, PUBLIC_URL, and not the one that reaches us."""
    secrets = {"auth_token": "an-invented-token"}
    told = await street.ask("POST", "/sources", {"name": "twilio", "dialect": "twilio", "secrets": secrets})
    path = "/webhooks/" + told["url"].partition("/webhooks/")[2] + "?tenant=7"
    fields = {"CallSid": "CA1", "CallStatus": "completed", "CallDuration": "20", "Direction": "outbound-api", "From": "+74950000001",
              "To": "+79990000101", "Timestamp": "Mon, 23 Nov 2026 07:00:40 +0000", "AccountSid": "AC1"}  # fmt: skip
    signed = told["url"] + "?tenant=7" + "".join(name + value for name, value in sorted(fields.items()))
    signature = base64.b64encode(hmac.new(b"an-invented-token", signed.encode(), "sha1").digest()).decode()
    for headers, status in (({"X-Twilio-Signature": signature}, 200), ({"X-Twilio-Signature": signature[::-1]}, 401), ({}, 401)):
        answer = await street.client.post(
            path, data=fields, headers={**headers, "Host": "10.0.0.5", "X-Forwarded-Host": "x.example"}
        )
        assert answer.status == status
    assert (
        await street.client.post(path, data={**fields, "CallDuration": "21"}, headers={"X-Twilio-Signature": signature})
    ).status == 401


@pytest.mark.parametrize(
    ("dialect", "body", "answer"),
    [
        ("binotel", b"requestType=apiCallCompleted&callDetails[generalCallID]=", b'{"status":"success"}'),
        ("sipuni", b"event=2&call_id=", b'{"success":true}'),
        ("aircall", b'{"resource": "call", "event": "call.ended", "data": {}}', None),
        ("ringcentral", b"{", None),
        ("mts", b"[", None),
    ],
)
async def test_who_punishes_errors_gets_his_answer_and_the_administrator_the_error(
    street: Street, dialect: str, body: bytes, answer: bytes | None
) -> None:
    url = await street.source("cloud", dialect=dialect, trunks=[])
    said = await street.client.post(url, data=body)
    assert said.status == 200
    assert answer is None or await said.read() == answer
    (kept,) = (await street.ask("GET", "/deliveries?outcome=malformed"))["items"]
    assert kept["why"]
