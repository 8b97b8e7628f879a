"""Takes the people out of a delivery and leaves its shape, so that it may become a fixture. Deterministic, pure.

Phone numbers become +7 999 000-xx-xx, the same number the same way in every spelling; links, addresses of mail, tokens and
names become invented ones. Ids such as ``1795450430.0``, epochs and durations stay: they tie rows together and name nobody.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

_NUMBER = re.compile(r"(?<![\w.+-])\+?\d(?:[ ()-]{0,2}\d){9,14}(?![\w.])")
_LINK = re.compile(r"https?://[^\s\"'<>\\]+")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-zА-Яа-яЁё]{2,}")
_NAME = re.compile(r"[A-ZА-ЯЁ][a-zа-яё]+(?:[ -][A-ZА-ЯЁ][a-zа-яё]*\.?)+")
_PERSON = re.compile(r"[^\W\d_][^\W\d_.,' -]+(?:[ .,'-]+[^\W\d_]*)*")
_QUOTED = re.compile(r"\"([^\"<>]*)\"(?= ?<)")  # the name of a caller id: "Anna" <101>
_NO_NUMBER = re.compile(r"\d{4}-\d\d-\d\d|20\d{6}-\d{6}|\d-\d{8}$")  # a date, a file's stamp, a channel's instance
_EPOCHS = range(1_000_000_000, 2_500_000_000)
_NAMES = re.compile(r"(?i)name|comment|email|contact_info|title$|responsible")  # keys whose value is about a person
_NO_NAMES = re.compile(
    r"(?i)event|notification_name|scenario|codec|profile|domain|user_?name|host|gateway|app_name|chan|presence|virtual|file|tree|"
    r"queue|group|trunk|tag|switch|context|rtp|caller_id_number|city|state|country|cause"
)
_WORDS = re.compile(r"(?i)cause|status|reason|result|disposition|state|type|event|action|direction|code$")  # his own words
_SCHEMA = re.compile(r"https?://(?:schema\.|www\.w3\.org/)")  # names a notation and nobody
_ELEMENT = re.compile(r"(<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>)([^<>]+)(?=</)")
_SECRETS = re.compile(r"(?i)token|sign(ature)?$|secret|password|api_?key|authorization|^hash$|jwt")
_HEADERS = ("content-type", "user-agent")  # what a dialect may look at and names nobody


def _number(found: re.Match[str]) -> str:
    text = found.group()
    digits = re.sub(r"\D", "", text)
    if _NO_NUMBER.search(text) or (digits == text and _is_epoch(digits)) or digits[-10:].startswith("999000"):
        return text  # the last: an invented one already
    tail = int(hashlib.sha256(digits[-10:].encode()).hexdigest(), 16) % 10_000
    shape = {11: digits[0], 10: ""}.get(len(digits), "7")
    return ("+" if text.startswith("+") else "") + f"{shape}999000{tail:04d}"


def _is_epoch(digits: str) -> bool:
    """Seconds, milliseconds or microseconds of these decades; eleven digits are a number, whatever they begin with."""
    return len(digits) in (10, 13) and int(digits[:10]) in _EPOCHS


def _text(text: str, *, named: bool = True) -> str:
    """Free text: whatever could name somebody; ``named`` false where two words with capitals are the vendor's."""
    text = _LINK.sub(lambda found: found.group() if _SCHEMA.match(found.group()) else "https://pbx.example/recording", text)
    text = _MAIL.sub(_address, text)
    text = _QUOTED.sub(lambda found: '"Пример Примеров"' if re.search(r"[^\W\d_]", found.group(1)) else found.group(), text)
    if named:
        text = _NAME.sub("Пример Примеров", text)
    return _NUMBER.sub(_number, text)


def _address(found: re.Match[str]) -> str:
    """Of mail or SIP. ``101@pbx.example.com`` is a phone on a desk, a number is scrubbed as one, a login becomes another's."""
    local, _, host = found.group().partition("@")
    if re.fullmatch(r"\+?\d+", local):
        return f"{_NUMBER.sub(_number, local)}@{host}"
    return f"user{int(hashlib.sha256(local.encode()).hexdigest(), 16) % 10_000:04d}@example.com"


def _value(key: str, value: str) -> str:
    if not value:
        return value
    if _SECRETS.search(key):
        return "scrubbed"
    if value.lstrip()[:1] in "{[":
        try:
            return _written(_tree(_read(value)))
        except (ValueError, RecursionError):
            return _text(value)
    if _NAMES.search(key) and not _NO_NAMES.search(key) and _PERSON.fullmatch(value):
        return "Пример Примеров"
    return _text(value, named=not _WORDS.search(key))


class _Literal(str):
    """A JSON number, kept as it was written."""

    __slots__ = ()


class _Pairs(list[tuple[str, Any]]):
    """A JSON object whose keys may repeat."""

    __slots__ = ()


def _read(text: str) -> Any:
    return json.loads(text, parse_float=_Literal, parse_int=_Literal, object_pairs_hook=_Pairs)


def _written(value: Any) -> str:
    if isinstance(value, _Literal):
        return str(value)
    if isinstance(value, _Pairs):
        return "{" + ",".join(f"{json.dumps(key, ensure_ascii=False)}:{_written(part)}" for key, part in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_written(part) for part in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _tree(value: Any, key: str = "") -> Any:
    if isinstance(value, _Pairs):
        return _Pairs((name, _tree(part, name)) for name, part in value)
    if isinstance(value, list):
        return [_tree(part, key) for part in value]
    if isinstance(value, _Literal):
        return _Literal(_NUMBER.sub(_number, value))
    return _value(key, value) if isinstance(value, str) else value


def _form(text: str) -> str:
    pairs = [(key, _value(key, value)) for key, value in parse_qsl(text, keep_blank_values=True)]
    return urlencode(pairs, quote_via=quote, safe="=")  # where an & was forgotten a field stands in a value


def scrub(body: bytes) -> bytes:
    """A body without people, in its own notation and encoding."""
    try:
        text, encoding = body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = body.decode("cp1251", "surrogateescape"), "cp1251"
    return _scrubbed(text).encode(encoding, "surrogateescape" if encoding == "cp1251" else "strict")


def _scrubbed(text: str) -> str:
    start = text.lstrip("\ufeff \r\n\t")[:1]
    if start in ("{", "["):
        try:
            return _written(_tree(_read(text.lstrip("\ufeff"))))
        except (ValueError, RecursionError):
            return _text(text)  # broken JSON stays broken the same way
    if start == "<":
        text = _ELEMENT.sub(lambda found: found.group(1) + _value(found.group(2), found.group(3)), text)
        return _text(text, named=False)
    first = text.split("\n", 1)[0]
    if text.startswith("cdr="):
        return _encoded(text)
    if re.match(r"[\w.\[\]-]+=", first) and ("&" in first or "," not in first):
        return _form(text)
    return _text(text)


def _encoded(text: str) -> str:
    """FreeSWITCH's ``cdr=``: the document inside in base64, form-encoded or raw."""
    inside = text.removeprefix("cdr=")
    try:
        document = base64.b64decode(inside.replace(" ", "+"), validate=True).decode()
    except (binascii.Error, ValueError):
        return "cdr=" + _scrubbed(inside) if inside[:1] in "{<" else _form(text)
    return "cdr=" + base64.b64encode(_scrubbed(document).encode()).decode()


def scrub_query(query: str) -> str:
    """A query string without people; secrets in it too."""
    return _form(query) if query else ""


def scrub_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those a dialect may look at; signatures go, for they no longer fit the body."""
    return {name: value for name, value in headers.items() if name in _HEADERS}
