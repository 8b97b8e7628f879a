"""The links of notices: signed, expiring, for one person (``/f/{token}``). Pure.

A token is its own short form and no JWT: 33 characters against some 150 for the same three facts, for it stands in chat
messages, where a long line breaks. It is the base64url of what is signed (kind, manager, id, end) and 16 bytes of HMAC-SHA256.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from telephony_bridge.errors import NotFound, Refused

_KINDS = ("call", "lead", "plan", "owed")
_OPENS = re.compile(r"(call|lead)/([1-9][0-9]{0,17})|(plan|owed)")
_MAC = 16  # bytes: RFC 2104 asks for half the hash at least
_FOR = b"telephony-bridge form link 1\0"  # what this secret's signature is good for, and nothing else


@dataclass(frozen=True, slots=True)
class Link:
    """Who may open what, until when (UTC, whole seconds). ``opens``: ``call/<id>``, ``lead/<id>``, ``plan`` or ``owed``."""

    manager_id: int
    opens: str
    until: datetime

    def allows(self, page: str) -> bool:
        """A link to a list opens all pages of its person, one to a call or a lead that page alone."""
        return self.opens in ("plan", "owed") or self.opens == page


def sign(secret: bytes, link: Link) -> str:
    """The token of a link. Raises ``Refused`` where ``opens`` names no page."""
    found = _OPENS.fullmatch(link.opens)
    if found is None:
        raise Refused(f"opens: read {link.opens[:40]!r}, expected call/17, lead/17, plan or owed")
    told = bytes([_KINDS.index(found.group(1) or found.group(3))]) + _number(link.manager_id)
    if found.group(2) is not None:
        told += _number(int(found.group(2)))
    told += int(link.until.timestamp()).to_bytes(4, "big")
    return base64.urlsafe_b64encode(told + _mac(secret, told)).rstrip(b"=").decode()


def read(secret: bytes, token: str, *, now: datetime) -> Link:
    """The link of a token. Raises ``NotFound`` for what was not signed here, ``Refused`` for what is over."""
    link = _signed(secret, token)
    if link is None:
        raise NotFound("no such link; open it as it stands in the notice")
    if now >= link.until:
        raise Refused("this link is over; ask for a fresh one: the next notice brings it")
    return link


def _signed(secret: bytes, token: str) -> Link | None:
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    told, mac = raw[:-_MAC], raw[-_MAC:]
    # one spelling alone: the spare bits at the end of base64 would give a link several
    if not hmac.compare_digest(mac, _mac(secret, told)) or base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        return None
    kind, manager_id, rest = _KINDS[told[0]], *_read_number(told[1:])
    subject = ""
    if kind in ("call", "lead"):
        found, rest = _read_number(rest)
        subject = f"/{found}"
    return Link(manager_id, kind + subject, datetime.fromtimestamp(int.from_bytes(rest, "big"), UTC))


def _mac(secret: bytes, told: bytes) -> bytes:
    return hmac.new(secret, _FOR + told, hashlib.sha256).digest()[:_MAC]


def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the last byte has no high bit."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _read_number(raw: bytes) -> tuple[int, bytes]:
    value = 0
    for place, byte in enumerate(raw):
        value |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return value, raw[place + 1 :]
    raise ValueError("a number without an end")  # only our own signature is read
