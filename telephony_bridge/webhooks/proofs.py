"""What vendors sign and how, exactly over the received bytes. Pure; every comparison takes the same time whatever differs.

Each function says True when the request proves itself. Secrets are what the administrator copied out of the vendor's
cabinet, by the names in the dialect's ``secrets``; where one is missing or empty nothing is proved. A missing header, an
unreadable one or a stale clock is no proof either, and never an exception.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import wraps
from urllib.parse import SplitResult, parse_qsl, urlsplit

from telephony_bridge.model import Delivery

Secrets = Mapping[str, str]
REPLAY_WINDOW = 300  # seconds a signed clock may differ from ours, where the vendor signs one


Proof = Callable[[Delivery, Secrets, str], bool]


def _needs(*names: str) -> Callable[[Proof], Proof]:
    """With an empty secret everybody could sign."""

    def held(proof: Proof) -> Proof:
        @wraps(proof)
        def asked(delivery: Delivery, secrets: Secrets, url: str) -> bool:
            return all(secrets.get(name) for name in names) and proof(delivery, secrets, url)

        return asked

    return held


def _bytes(text: str) -> bytes:
    """Whatever letters a stranger sends, half characters too."""
    return text.encode("utf-8", "surrogatepass")


def same(told: str, expected: str) -> bool:
    """Constant time."""
    return hmac.compare_digest(_bytes(told), _bytes(expected))


def _parts(url: str) -> SplitResult | None:
    """None for an address that is none: its host may be a stranger's header."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _form(delivery: Delivery) -> list[tuple[str, str]]:
    return parse_qsl(delivery.body.decode("utf-8", "replace"), keep_blank_values=True)


def _fresh(clock: str, received_at: datetime, unit: int = 1) -> bool:
    """A signed count since 1970 within the replay window of our clock."""
    try:
        return abs(int(clock) / unit - received_at.timestamp()) <= REPLAY_WINDOW
    except (ValueError, OverflowError):
        return False


def _hmac(algorithm: str, key: str, message: bytes) -> bytes:
    return hmac.new(key.encode(), message, algorithm).digest()


@_needs("vpbx_api_key", "vpbx_api_salt")
def mango(delivery: Delivery, secrets: Secrets, _url: str) -> bool:
    """``sign = sha256(vpbx_api_key + json + vpbx_api_salt)`` over the decoded form value (guide VPBX API 1.9, §2.3); no HMAC."""
    form = dict(_form(delivery))
    signed = secrets["vpbx_api_key"] + form.get("json", "") + secrets["vpbx_api_salt"]
    expected = hashlib.sha256(_bytes(signed)).hexdigest()
    return same(form.get("vpbx_api_key", ""), secrets["vpbx_api_key"]) & same(form.get("sign", "").lower(), expected)


_ZADARMA = {
    "NOTIFY_START": ("caller_id", "called_did", "call_start"),
    "NOTIFY_INTERNAL": ("caller_id", "called_did", "call_start"),
    "NOTIFY_END": ("caller_id", "called_did", "call_start"),
    "NOTIFY_IVR": ("caller_id", "called_did", "call_start"),
    "NOTIFY_ANSWER": ("caller_id", "destination", "call_start"),
    "NOTIFY_OUT_START": ("internal", "destination", "call_start"),
    "NOTIFY_OUT_END": ("internal", "destination", "call_start"),
    "NOTIFY_RECORD": ("pbx_call_id", "call_id_with_rec"),
}


@_needs("secret")
def zadarma(delivery: Delivery, secrets: Secrets, _url: str) -> bool:
    """Header ``Signature``: base64 of the *hex text* of HMAC-SHA1 over a few fields an event (zadarma/user-api-v1, Client.php).

    The fields with the outcome are not among them: a replay with another duration cannot be told apart, the token must hold.
    """
    form = dict(_form(delivery))
    fields = _ZADARMA.get(form.get("event", ""))
    if fields is None:
        return False
    message = _bytes("".join(form.get(name, "") for name in fields))
    digest = hmac.new(secrets["secret"].encode(), message, "sha1").hexdigest()
    return same(delivery.headers.get("signature", ""), base64.b64encode(digest.encode()).decode())


def _urls(url: str, parts: SplitResult) -> tuple[str, str]:
    """As it was called, and with its port left out, or the usual one written out."""
    host = parts.netloc
    usual = {"https": ":443", "http": ":80"}.get(parts.scheme, "")
    other = host + usual if parts.port is None else host.removesuffix(f":{parts.port}")
    return (url, url.replace(f"//{host}", f"//{other}", 1))


@_needs("auth_token")
def twilio(delivery: Delivery, secrets: Secrets, url: str) -> bool:
    """``X-Twilio-Signature``: base64 of HMAC-SHA1 over the address as called and every form field, sorted, decoded.

    A JSON body is proved by ``bodySHA256`` in the signed address (twilio-python, request_validator.py).
    """
    parts = _parts(url)
    if parts is None:
        return False
    told = delivery.headers.get("x-twilio-signature", "")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "bodySHA256" in query:
        text, whole = "", same(query["bodySHA256"].lower(), hashlib.sha256(delivery.body).hexdigest())
    else:
        fields = sorted(set(_form(delivery))) if delivery.method != "GET" else []
        text, whole = "".join(name + value for name, value in fields), True
    signed = [_hmac("sha1", secrets["auth_token"], _bytes(one + text)) for one in _urls(url, parts)]
    return any(same(told, base64.b64encode(one).decode()) for one in signed) & whole


@_needs("public_key")
def telnyx(delivery: Delivery, secrets: Secrets, _url: str) -> bool:
    """Ed25519 over ``{timestamp}|{body}`` with the account's public key (telnyx-python, webhook_verification.py)."""
    clock = delivery.headers.get("telnyx-timestamp", "")
    from cryptography.exceptions import InvalidSignature  # megabytes that only who has such a PBX should pay
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(secrets["public_key"], validate=True))
        signature = base64.b64decode(delivery.headers.get("telnyx-signature-ed25519", ""), validate=True)
        key.verify(signature, _bytes(clock) + b"|" + delivery.body)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return _fresh(clock, delivery.received_at)


@_needs("signature_secret")
def vonage(delivery: Delivery, secrets: Secrets, _url: str) -> bool:
    """A bearer JWT (HS256, the account's signature secret) whose ``payload_hash`` is the SHA-256 of the body.

    A GET has no body whose hash is described: the JWT alone proves it (Vonage, signed webhooks).
    """
    scheme, _, token = delivery.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return False
    import jwt  # as above

    try:
        claims = jwt.decode(
            token.strip(),
            secrets["signature_secret"],
            algorithms=["HS256"],
            options={"require": ["iat"], "verify_iat": False, "verify_exp": False, "verify_nbf": False, "verify_aud": False},
        )
    except (jwt.PyJWTError, ValueError, RecursionError):  # the last: not every PyJWT catches it
        return False
    whole = delivery.method == "GET" or same(
        str(claims.get("payload_hash", "")).lower(), hashlib.sha256(delivery.body).hexdigest()
    )
    mine = not secrets.get("api_key") or same(str(claims.get("api_key", "")), secrets["api_key"])
    return whole & mine & _fresh(str(claims["iat"]), delivery.received_at)


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    """Plivo's order: by name, and the values of one name sorted."""
    return "".join(name + value for name, value in sorted(pairs))


@_needs("auth_token")
def plivo(delivery: Delivery, secrets: Secrets, url: str) -> bool:
    """V3: HMAC-SHA256 over the address with its query sorted, the sorted fields and a nonce, one signature a live token.

    V2, which does not cover the body, is not taken: use V3 (plivo-python, signature_v3.py).
    """
    parts = _parts(url)
    if parts is None:
        return False
    nonce = delivery.headers.get("x-plivo-signature-v3-nonce", "")
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    base = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if delivery.method == "GET":
        base += "?" + "&".join(f"{name}={value}" for name, value in query) if query else ""
    else:
        fields = _form(delivery)
        if query or fields:
            base += "?" + "&".join(f"{name}={value}" for name, value in query)
        base += ("." if query and fields else "") + _joined(fields)
    expected = base64.b64encode(_hmac("sha256", secrets["auth_token"], _bytes(f"{base}.{nonce}"))).decode()
    told = delivery.headers.get("x-plivo-signature-v3", "").split(",")
    return bool(nonce) & any(same(one.strip(), expected) for one in told)


@_needs("secret_token")
def zoom_phone(delivery: Delivery, secrets: Secrets, _url: str) -> bool:
    """``x-zm-signature: v0=`` hex of HMAC-SHA256 over ``v0:{timestamp}:{body}``, with a replay window."""
    clock = delivery.headers.get("x-zm-request-timestamp", "")
    message = b"v0:" + _bytes(clock) + b":" + delivery.body
    expected = "v0=" + _hmac("sha256", secrets["secret_token"], message).hex()
    # the vendor's documents do not say whether the clock counts seconds or milliseconds
    fresh = _fresh(clock, delivery.received_at) or _fresh(clock, delivery.received_at, 1000)
    return same(delivery.headers.get("x-zm-signature", ""), expected) & fresh


@_needs("client_id", "sign_key")
def rostelecom(delivery: Delivery, secrets: Secrets, _url: str) -> bool:
    """``X-Client-Sign = sha256(client id + body + key)``, hex (administrator's guide 7.5, §1.3.2)."""
    told = secrets["client_id"]
    expected = hashlib.sha256(told.encode() + delivery.body + secrets["sign_key"].encode()).hexdigest()
    return same(delivery.headers.get("x-client-id", ""), told) & same(delivery.headers.get("x-client-sign", "").lower(), expected)


@_needs("validation_token")
def ringcentral(delivery: Delivery, secrets: Secrets, _url: str) -> bool:
    """The header ``Validation-Token`` of the subscription on every post: a shared secret, no signature."""
    return same(delivery.headers.get("validation-token", ""), secrets["validation_token"])


@_needs("token")
def aircall(delivery: Delivery, secrets: Secrets, _url: str) -> bool:
    """The webhook's ``token`` in the body: a shared secret, no signature."""
    try:
        told = json.loads(delivery.body)
    except (ValueError, RecursionError):
        return False
    token = told.get("token") if isinstance(told, dict) else None
    return isinstance(token, str) and same(token, secrets["token"])


@_needs("crm_token")
def megafon(delivery: Delivery, secrets: Secrets, _url: str) -> bool:
    """The field ``crm_token``, in a form or in JSON: a shared secret, no signature."""
    told = dict(_form(delivery)).get("crm_token")
    if delivery.body.lstrip()[:1] == b"{":
        try:
            told = json.loads(delivery.body).get("crm_token")
        except (ValueError, RecursionError):
            return False
    return isinstance(told, str) and same(told, secrets["crm_token"])


def zoom_challenge(plain: str, secret: str) -> str:
    """The ``encryptedToken`` of Zoom's endpoint validation."""
    return _hmac("sha256", secret, _bytes(plain)).hex()
