"""What dialects share: taking a body apart, local times, whole seconds. Every refusal names the field and what to do. Pure."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Installation

Record = Mapping[str, str]
PLAUSIBLE = range(2000, 2100)
_XML = re.compile(r"<(?:\?xml|!DOCTYPE|[A-Za-z_][\w:.-]*)[\s/>].*>\Z", re.DOTALL | re.IGNORECASE)
_WRAPPERS = ("rows", "cdr", "records", "data", "fetchAllCdrs", "fetchCdr", "cdrs")  # the last three: FreePBX's GraphQL
_KEY = re.compile(r'"([A-Za-z_]{1,40})"\s*:')


def text_of(body: bytes) -> str:
    """UTF-8, or what Russian systems send instead."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1251", "replace")


def _storable(text: str) -> str:
    """Without what an escape may smuggle in and Postgres cannot hold: NUL and half characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def records_of(delivery: Delivery, columns: Mapping[int, tuple[str, ...]]) -> list[dict[str, str]]:
    """The body as flat records: a JSON object, an array of them or ``{"rows": […]}``, a form, CSV, or a bare query string.

    The first byte decides, not the Content-Type, which senders get wrong. JSON numbers stay as they were written:
    ``1483463468.20`` is an id, not a float. ``columns`` name a CSV without a header, by how many it has.
    """
    text = text_of(delivery.body).replace("\0", "").strip("\ufeff \t\r\n")
    if not text:
        if delivery.query:
            return [_form(delivery.query)]
        raise Malformed("The body is empty: nothing was posted", syntax=True)
    if text[0] in "{[":
        return _json(text)
    if _XML.match(text):
        raise Misdirected("The body is XML, which this PBX never sends: this webhook is pasted into another system")
    head = text.split("\n", 1)[0]
    if "=" in head and "," not in head.split("=", 1)[0]:
        return [_form(text)]
    if "," in head:
        return _csv(text, columns)
    with suppress(ValueError):
        json.loads(text)
        raise Malformed("The JSON holds no object with call fields")
    raise Malformed("The body is neither JSON, nor form fields, nor CSV", syntax=True)


def _value(text: str) -> Any:
    """Any JSON; where something is no string the slow way, which keeps numbers as they were written."""
    with suppress(orjson.JSONDecodeError):
        value = orjson.loads(text)
        if isinstance(value, dict) and all(type(part) is str for part in value.values()):
            return value
    return json.loads(text, parse_float=str, parse_int=str, strict=False)


def _json(text: str) -> list[dict[str, str]]:
    try:
        value = _value(text)
    except RecursionError:
        raise Malformed("The JSON is nested too deep to be a call", syntax=True) from None
    except json.JSONDecodeError as broken:
        # the field and not the text around: that is where names and numbers stand
        told = _KEY.findall(text, 0, broken.pos + 1)
        raise Malformed(
            "The JSON is broken"
            + (f" at the field {told[-1]}" if told else "")
            + ": quotes in names and data need a backslash; or post form fields, each value through URIENCODE",
            told[-1] if told else None,
            syntax=True,
        ) from None
    while isinstance(value, dict):
        inner = next((value[name] for name in _WRAPPERS if isinstance(value.get(name), (list, dict))), None)
        if inner is None:
            break
        value = inner
    found = value if isinstance(value, list) else [value]
    if not found:
        raise NotACall("The list of rows is empty: nothing to understand")
    if not all(isinstance(record, dict) for record in found):
        raise Malformed("The JSON holds no object with call fields")
    flat = [{key: part if type(part) is str else _flat(part) for key, part in record.items()} for record in found]
    if "\\u" not in text:  # nothing is escaped, nothing smuggled in
        return flat
    return [{_storable(key): _storable(part) for key, part in record.items()} for record in flat]


def without_digits(text: str) -> str:
    """What was sent, for an error text: no phone number may stand in one (invariant 10)."""
    return "".join("#" if char.isdigit() else char for char in text)


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _form(text: str) -> dict[str, str]:
    return {_storable(key): _storable(value) for key, value in parse_qsl(text, keep_blank_values=True, errors="replace")}


def _csv(text: str, columns: Mapping[int, tuple[str, ...]]) -> list[dict[str, str]]:
    try:
        lines = [line for line in csv.reader(text.splitlines()) if line]
    except csv.Error as broken:
        raise Malformed(f"The CSV is broken: {broken}", syntax=True) from None
    header = [name.strip() for name in lines[0]]
    if "uniqueid" in {name.lower() for name in header}:
        if len(lines) == 1:
            raise Malformed("The CSV has a header and no row", syntax=True)
        return [dict(zip(header, line, strict=False)) for line in lines[1:]]
    if any(len(line) not in columns for line in lines):
        raise Malformed(
            "The body is neither JSON, nor form fields, nor CSV with a header or the columns of Master.csv", syntax=True
        )
    return [dict(zip(columns[len(line)], line, strict=True)) for line in lines]


def moment(value: str, field: str, installation: Installation, *, near: datetime | None = None) -> datetime | None:
    """A time as sent: local without a zone, ISO with an offset, or an epoch. Empty and zero dates are None.

    ``near`` settles the hour that a clock change repeats.
    """
    value = value.strip()
    if not value or value.startswith("0000-00-00") or value in ("0", "0.000000"):
        return None
    at: datetime | None = None
    with suppress(ValueError, OverflowError, OSError):
        at = datetime.fromtimestamp(float(value), UTC) if value.replace(".", "", 1).isdigit() else datetime.fromisoformat(value)
    if at is None:
        raise Malformed(f"{field}: {without_digits(value[:40])} is no time; expected YYYY-MM-DD HH:MM:SS", field)
    if at.year not in PLAUSIBLE:
        raise Malformed(f"{field}: the year {at.year} cannot be; check the PBX's clock", field)
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    first = at.replace(tzinfo=installation.timezone)
    second = first.replace(fold=1)
    if near is not None and first.utcoffset() != second.utcoffset():
        return min(first.astimezone(UTC), second.astimezone(UTC), key=lambda one: abs(one - near))
    return first.astimezone(UTC)


def seconds(value: str, field: str) -> int | None:
    """Whole seconds; empty is None. Fractions are cut, as PBXs cut them."""
    value = value.strip()
    if not value:
        return None
    try:
        number = float(value)
        whole = int(number)
    except (ValueError, OverflowError):
        raise Malformed(f"{field}: {without_digits(value[:20])!r} is no number of seconds", field) from None
    if whole < 0 or number < 0:
        raise Malformed(f"{field}: {whole} seconds cannot be; a duration is never negative", field)
    if whole > 86_400 * 2:
        raise Malformed(f"{field}: {whole} seconds is longer than two days; milliseconds perhaps?", field)
    return whole
