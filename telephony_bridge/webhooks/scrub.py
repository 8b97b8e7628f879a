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

_GAP = r"[ ()\u00a0\u2009\u2010-\u2015\u2212-]{1,2}"
_NUMBER = re.compile(  # in one piece wherever it stands (a file's name, a channel's), with gaps only where it stands alone
    rf"(?<!\d)\+?\d{{10,15}}(?!\d)|(?<![\w.+-])\+?\(?\d{{1,7}}(?:{_GAP}\d{{1,7}}){{1,6}}(?![\w.])|\+\d{{1,3}}(?:\.\d{{2,4}}){{3,5}}(?!\d)"
)
_ID = re.compile(r"(?i)(?<!\w)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?!\w)")
_LINK = re.compile(r"https?://[^\s\"'<>\\]+")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-zА-Яа-яЁё]{2,}")
_NAME = re.compile(  # two words with capitals, or any Russian ones: no vendor's own words, but under his words' keys
    r"[A-Z][a-z]+(?:[ -][A-Z][a-z]*\.?)+|[А-Яа-яЁё]+(?:[ \u00a0._-]+[А-Яа-яЁё]+)*\.?"
)
_QUOTED = re.compile(
    r"(?<=\")[^\"<>]{0,99}[^\W\d_][^\"<>]{0,99}(?=\"{1,2} ?<)|[^\W\d_][\w .'-]{0,99}(?= <\+?\d)"
)  # a caller id's: "Anna" <101>
_WHOSE = re.compile(r"(?=.*[^\W\d_])(?!\S+@\S+\Z).*", re.DOTALL)  # what may name somebody: letters, and no address alone
_NO_NUMBER = re.compile(
    r"\d{4}-\d\d-\d\d|20\d{6}-\d{6}|\d-\d{8}$|^20\d\d(?:0[1-9]|1[0-2])[0-3]\d(?:\d{4}|\d{6})$"
)  # dates, stamps, instances
_EPOCHS = range(1_000_000_000, 2_000_000_000)  # the next ones would be numbers of New York
_NAMES = re.compile(
    r"(?i)name|comment|notes?$|description$|email|contact_info|title$|responsible"
)  # keys whose value is about a person
_NO_NAMES = re.compile(
    r"(?i)event|notification_name|scenario|codec|profile|domain|user_?name|host|gateway|app_name|chan|presence|virtual|file|tree|"
    r"queue|group|trunk|tag|switch|context|rtp|caller_id_number|city|state|country|cause"
)
_WORDS = re.compile(r"(?i)cause|status|reason|result|disposition|state|type|event|action|direction|code$")  # his own words
_SCHEMA = re.compile(r"https?://(?:schema\.|www\.w3\.org/)")  # names a notation and nobody
_PAIR = re.compile(r"\"([\w.-]+)\"(\s*:\s*\")((?:[^\"\\]|\\.)*)")  # of JSON that is broken elsewhere
_ESCAPED = re.compile(r"\\u(04[0-9a-fA-F]{2}|00[aA]0|20[01][0-9a-fA-F])")  # Russian letters, spaces, dashes
_ATTRIBUTE = re.compile(r"(\s([\w.:-]+)=\")([^\"<>]*)(?=\")")
_ELEMENT = re.compile(r"(<(?:[\w.-]+:)?([\w.-]+)(?:\s[^<>]*)?>)([^<>]+)(?=</)")
_SECRETS = re.compile(r"(?i)token|sign(ature)?$|secret|password|api_?key|authorization|^hash$|jwt")
_HEADERS = ("content-type", "user-agent")  # what a dialect may look at and names nobody


def _number(found: re.Match[str]) -> str:
    text = found.group()
    digits = re.sub(r"\D", "", text)
    if not 10 <= len(digits) <= 15 or _NO_NUMBER.search(text) or (digits == text and _is_epoch(digits)):
        return text
    if digits[-10:].startswith("999000"):
        return text  # an invented one already
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
    text = _QUOTED.sub("Пример Примеров", text)
    if named:
        text = _NAME.sub("Пример Примеров", text)
    return _numbers(text)


def _numbers(text: str) -> str:
    pieces, last = [], 0
    for found in _ID.finditer(text):
        pieces += [_NUMBER.sub(_number, text[last : found.start()]), found.group()]
        last = found.end()
    return "".join([*pieces, _NUMBER.sub(_number, text[last:])])


def _address(found: re.Match[str]) -> str:
    """Of mail or SIP. ``101@pbx.example.com`` is a phone on a desk, a number is scrubbed as one, a login becomes another's."""
    local, _, host = found.group().partition("@")
    if re.fullmatch(r"\+?\d+", local):
        return f"{_numbers(local)}@{host}"
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
    if _NAMES.search(key) and not _NO_NAMES.search(key) and _WHOSE.fullmatch(value):
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
        return _Literal(_numbers(value))
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
            return _broken(text)
    if start == "<":
        text = _ATTRIBUTE.sub(lambda found: found.group(1) + _value(found.group(2), found.group(3)), text)
        text = _ELEMENT.sub(lambda found: found.group(1) + _value(found.group(2), found.group(3)), text)
        return _text(text, named=False)
    first = text.split("\n", 1)[0]
    if text.startswith("cdr="):
        return _encoded(text)
    if re.match(r"[\w.\[\]-]+=", first) and ("&" in first or "," not in first):
        return _form(text)
    return _text(text)


def _broken(text: str) -> str:
    """Broken JSON stays broken the same way; what can be told apart as a key and its value goes by the key."""
    text = _ESCAPED.sub(lambda found: chr(int(found.group(1), 16)), text)
    return _text(_PAIR.sub(lambda found: f'"{found.group(1)}"{found.group(2)}{_value(found.group(1), found.group(3))}', text))


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


def scrub_tail(tail: str) -> str:
    """The path below the address, on one line."""
    return " ".join(_text(tail).split())


def scrub_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Those a dialect may look at; signatures go, for they no longer fit the body."""
    return {name: value for name, value in headers.items() if name in _HEADERS}
