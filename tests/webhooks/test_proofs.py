"""Signatures by the vendors' own vectors: accepted as they are, refused when anything differs, and never an exception."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony_bridge.model import Delivery
from telephony_bridge.webhooks import proofs

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
URL = "https://bridge.example/webhooks/office/token"


@dataclass(frozen=True)
class Case:
    """A request that proves itself. ``changed`` is a piece of what is signed and what stands there after an attack."""

    proof: proofs.Proof
    secrets: dict[str, str]
    body: bytes
    changed: tuple[bytes, bytes] | None
    headers: tuple[tuple[str, str], ...] = ()
    url: str = URL
    method: str = "POST"
    at: datetime = NOW
    is_fresh: bool = False  # a clock is signed

    def delivery(self) -> Delivery:
        return Delivery(1, self.at, self.body, dict(self.headers), method=self.method)

    def holds(self, delivery: Delivery | None = None, secrets: dict[str, str] | None = None, url: str | None = None) -> bool:
        return self.proof(
            delivery or self.delivery(), self.secrets if secrets is None else secrets, self.url if url is None else url
        )


def form(**fields: str) -> bytes:
    return urlencode(fields).encode()


MANGO = (
    '{"entry_id":"232wc3e3w3s222","call_direction":1,"from":{"number":"7800123635242"},"to":{"extension":"123",'
    '"number":"7800123456789"},"line_number":"7800123456789","create_time":1399906976,"forward_time":1399906978,'
    '"talk_time":1399906980,"end_time":1399906990,"entry_result":1,"disconnect_reason":1100}'
)
TWILIO = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}
TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
VONAGE = b'{"uuid":"aaaaaaaa-0000-0000-0000-000000000001","status":"completed","duration":"66"}'
VONAGE_SECRETS = {"signature_secret": "an-invented-signature-secret-of-some-length", "api_key": "a1b2c3d"}


def vonage(body: bytes = VONAGE, at: datetime = NOW, **claims: object) -> tuple[tuple[str, str], ...]:
    told = {"iat": int(at.timestamp()), "jti": "j", "iss": "Vonage", "payload_hash": hashlib.sha256(body).hexdigest(),
            "api_key": "a1b2c3d", "application_id": "aaaaaaaa-0000-0000-0000-000000000000"} | claims  # fmt: skip
    known = {name: value for name, value in told.items() if value is not None}
    return (("authorization", "Bearer " + jwt.encode(known, VONAGE_SECRETS["signature_secret"], "HS256")),)


def twilio(signature: str, **more: object) -> Case:
    told = {"body": form(**TWILIO), "url": TWILIO_URL, "changed": (b"Digits=1234", b"Digits=1235")} | more
    return Case(proofs.twilio, {"auth_token": "12345"}, headers=(("x-twilio-signature", signature),), **told)  # type: ignore[arg-type]


def plivo(signature: str, body: bytes, url: str, **more: object) -> Case:
    headers = (("x-plivo-signature-v3", signature), ("x-plivo-signature-v3-nonce", "12345"))
    told = {"changed": (b"Duration=66", b"Duration=67")} | more
    return Case(proofs.plivo, {"auth_token": "my_auth_token"}, body, headers=headers, url=url, **told)  # type: ignore[arg-type]


PLIVO = (
    "Fg/Zx254GsymiyMvpCKEPMOUU1ziqphPLXvVK+8K/aM=",
    b"CallUUID=abc&Duration=66&From=79000000000",
    "https://example.com/hangup?tenant=7",
)
CASES = {
    "mango": Case(
        proofs.mango,
        {"vpbx_api_key": "vpbx-key-123", "vpbx_api_salt": "salt-456"},
        form(vpbx_api_key="vpbx-key-123", sign="a8bc69dc0b48a4d9a36e8042283e1132ff42f65c8c52c2ecbb461fe310aca91d", json=MANGO),
        (b"1399906990", b"1399909990"),
    ),
    "zadarma": Case(
        proofs.zadarma,
        {"secret": "test-secret-not-real-zadarma-secret"},
        form(event="NOTIFY_END", caller_id="996555000001", called_did="996555000009", call_start="2026-09-27 14:00:00", duration="5"),
        (b"996555000001", b"996555000002"),
        (("signature", "ODYxM2VkNWY5NWQzNWZkN2EwZjU1MmI4MmJlNWNlMmMyN2Y4MGQzNg=="),),
    ),
    "twilio": twilio("RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    "twilio, a value twice": twilio(
        "IK+Dwps556ElfBT0I3Rgjkr1wJU=", body=b"Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234"
    ),
    "twilio, a JSON body": twilio(
        "a9nBmqA0ju/hNViExpshrM61xv4=",
        body=b'{"property": "value", "boolean": true}',
        url=TWILIO_URL + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
        changed=(b"true", b"null"),
    ),
    "telnyx": Case(
        proofs.telnyx,
        {"public_key": "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="},
        b'{"data":{}}',
        (b"{}", b"[]"),
        (
            ("telnyx-timestamp", "1700000000"),
            ("telnyx-signature-ed25519", "gFUFz3M0SRRrClGayW/1fBre6GcdCZK0Wql/WBsuZauIXN5nVv+ZLvPSJXYWvu0Nykmv6NaTfRperFz/bXvbCQ=="),
        ),
        at=datetime.fromtimestamp(1_700_000_000, UTC),
        is_fresh=True,
    ),
    "vonage": Case(proofs.vonage, VONAGE_SECRETS, VONAGE, (b"66", b"67"), vonage(), is_fresh=True),
    "vonage by GET": Case(proofs.vonage, VONAGE_SECRETS, b"", None, vonage(), method="GET", is_fresh=True),
    "plivo": plivo(*PLIVO),
    "plivo without a query": plivo(
        "kcZyrekyocy+74KNEQmmZstLp7YEB4mOzCXOS9a6M3U=", b"CallUUID=abc&Duration=66", "https://example.com/hangup"
    ),
    "plivo, a signature of each token": plivo("bm90IG1pbmU=, " + PLIVO[0], *PLIVO[1:]),
    "zoom_phone": Case(
        proofs.zoom_phone,
        {"secret_token": "zoom-secret"},
        b'{"event":"phone.callee_call_history_completed"}',
        (b"callee", b"caller"),
        (
            ("x-zm-request-timestamp", "1710000000"),
            ("x-zm-signature", "v0=ec914a6f28f9db2fdf91b4993df12354403b78ea150c45531c540726289afb4e"),
        ),
        at=datetime.fromtimestamp(1_710_000_000, UTC),
        is_fresh=True,
    ),
    "rostelecom": Case(
        proofs.rostelecom,
        {"client_id": "000003C405E6525C64C184258C44EC99", "sign_key": "00000716ABDA6D4DFF10F82BCBBFC532"},
        b'{"request_number": "+74951234567","from_sipuri": "test_user@cloudpbx.rt.ru"}',
        (b"+74951234567", b"+74951234568"),
        (
            ("x-client-id", "000003C405E6525C64C184258C44EC99"),
            ("x-client-sign", "fc95a524342dc68df90f7488e6d821c5a8a3b667d585490b50ebf939f1202c36"),
        ),
    ),
    "ringcentral": Case(proofs.ringcentral, {"validation_token": "invented"}, b"{}", None, (("validation-token", "invented"),)),
    "aircall": Case(proofs.aircall, {"token": "invented"}, b'{"event":"call.ended","token":"invented"}', (b"invented", b"inventeD")),
    "megafon": Case(proofs.megafon, {"crm_token": "invented"}, b"cmd=history&crm_token=invented", (b"invented", b"inventeD")),
    "megafon in JSON": Case(proofs.megafon, {"crm_token": "invented"}, b' {"crm_token": "invented"}', (b"invented", b"inventeD")),
}  # fmt: skip
each = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@each
def test_the_vendors_vector_is_accepted(case: Case) -> None:
    assert case.holds()


@each
def test_one_changed_byte_is_refused(case: Case) -> None:
    if case.changed is not None:
        assert case.changed[0] in case.body
        assert not case.holds(replace(case.delivery(), body=case.body.replace(*case.changed)))
    for name, value in case.headers:
        for place in (0, len(value) // 2, len(value) - 4):
            other = value[:place] + ("X" if value[place] != "X" else "Y") + value[place + 1 :]
            if name == "x-plivo-signature-v3" and place == 0 and "," in value:
                continue  # another token's signature
            assert not case.holds(replace(case.delivery(), headers=dict(case.headers) | {name: other})), (name, place)


@each
def test_a_wrong_a_missing_or_an_empty_secret_is_refused(case: Case) -> None:
    for name, value in case.secrets.items():
        assert not case.holds(secrets=case.secrets | {name: value[:-2] + "xx"})
        if name != "api_key":  # who leaves it out trusts every account of his secret
            assert not case.holds(secrets=case.secrets | {name: ""})
            assert not case.holds(secrets={key: told for key, told in case.secrets.items() if key != name})
    assert not case.holds(secrets={})


@each
def test_a_missing_or_a_garbled_header_is_refused(case: Case) -> None:
    for name, _ in case.headers:
        assert not case.holds(replace(case.delivery(), headers={key: told for key, told in case.headers if key != name}))
        for garbage in (
            "",
            " ",
            "é",
            "подпись",
            "\ud800",
            "\x00",
            "====",
            "A",
            "a" * 5000,
            "Bearer",
            "Bearer a.b.c",
            ",",
            "v0=",
            "-1",
            "1e400",
            "9" * 5000,
        ):
            assert not case.holds(replace(case.delivery(), headers=dict(case.headers) | {name: garbage})), (name, garbage[:20])


@each
def test_a_clock_may_differ_by_five_minutes(case: Case) -> None:
    for seconds, good in ((299, True), (301, False), (-299, True), (-301, False), (86_400 * 365, False)):
        moved = replace(case.delivery(), received_at=case.at + timedelta(seconds=seconds))
        assert case.holds(moved) is (good or not case.is_fresh), seconds


@each
def test_an_address_that_is_none_is_no_exception(case: Case) -> None:
    signs_it = case.proof in (proofs.twilio, proofs.plivo)
    for url in ("", "https://[::1/x", "https://host:port/", "https://\ud800/", "//", "https://bridge.example:99999999/"):
        assert case.holds(url=url) is not signs_it


@pytest.mark.parametrize("url", [TWILIO_URL.replace(".com", ".com:443"), TWILIO_URL.replace(".com", ".com:8443")])
def test_twilio_signs_with_or_without_the_port(url: str) -> None:
    case = CASES["twilio"]
    assert case.holds(url=url)
    assert not case.holds(url=url + "&x=1")
    assert not case.holds(url=url.replace("mycompany", "othercompany"))


def test_the_clock_of_zoom_may_count_milliseconds() -> None:
    case = CASES["zoom_phone"]
    clock = "1710000000123"
    message = f"v0:{clock}:".encode() + case.body
    signature = proofs.zoom_challenge(message.decode(), "zoom-secret")
    assert case.holds(replace(case.delivery(), headers={"x-zm-request-timestamp": clock, "x-zm-signature": "v0=" + signature}))


def test_zooms_challenge() -> None:
    assert (
        proofs.zoom_challenge("plain-token", "zoom-secret") == "d83eef2ba06385e69f487c6fe8949751a8c039fd802f4bc14c765398750528ac"
    )
    assert proofs.zoom_challenge("\ud800", "zoom-secret")


@pytest.mark.parametrize(
    "headers",
    [vonage(iat=None), vonage(iat="soon"), vonage(iat=[]), vonage(iat=10**30), vonage(payload_hash=None), vonage(payload_hash=[[]]), vonage(api_key="other"),
     (("authorization", vonage()[0][1].replace("Bearer", "Basic")),),
     (("authorization", "Bearer " + jwt.encode({"iat": int(NOW.timestamp())}, "", "none")),),
     (("authorization", "Bearer " + jwt.encode({"iat": int(NOW.timestamp())}, VONAGE_SECRETS["signature_secret"] * 2, "HS512")),)],
)  # fmt: skip
def test_vonages_claims_are_all_needed(headers: tuple[tuple[str, str], ...]) -> None:
    assert not CASES["vonage"].holds(replace(CASES["vonage"].delivery(), headers=dict(headers)))


@pytest.mark.parametrize("token", [None, 0, True, [], {}, ["invented"], 10**400, "\ud800"])
def test_a_token_that_is_no_text_is_refused(token: object) -> None:
    for name in ("aircall", "megafon in JSON"):
        body = json.dumps({"token": token, "crm_token": token}).encode()
        assert not CASES[name].holds(
            replace(CASES[name].delivery(), body=body),
            {"token": str(token), "crm_token": str(token)} if token != "\ud800" else None,
        )


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"{" * 5000, b'{"token":' * 5000, b"[" * 100_000, b"%ff%00&&==", b"crm_token"],
)
@each
def test_no_body_is_an_exception(case: Case, body: bytes) -> None:
    assert case.holds(replace(case.delivery(), body=body)) is (case.changed is None)


LETTERS = st.one_of(
    st.text(max_size=60), st.text(st.characters(categories=["Cs", "Cc", "Nd"]), max_size=20), st.integers().map(str)
)
HEADERS = sorted({name for case in CASES.values() for name, _ in case.headers})


@settings(max_examples=300, deadline=None)
@given(
    headers=st.dictionaries(st.sampled_from(HEADERS), LETTERS | LETTERS.map(lambda text: "Bearer " + text), max_size=len(HEADERS)),
    body=st.binary(max_size=200) | st.dictionaries(st.sampled_from(["token", "crm_token", "sign", "json", "event"]), st.none() | LETTERS | st.lists(st.none())).map(lambda told: json.dumps(told).encode())
    | st.dictionaries(st.sampled_from(["event", "sign", "json", "vpbx_api_key", "crm_token"]), st.text(st.characters(exclude_categories=["Cs"]))).map(lambda told: urlencode(told).encode()),
    url=st.sampled_from([URL, TWILIO_URL]) | LETTERS.map(lambda text: URL + "?" + text),
    method=st.sampled_from(["POST", "GET", "PUT"]),
)  # fmt: skip
def test_whatever_a_stranger_sends_proves_nothing(headers: dict[str, str], body: bytes, url: str, method: str) -> None:
    for case in CASES.values():
        assert case.holds(Delivery(1, NOW, body, headers, method=method), url=url) is False
