"""Taking a body apart: JSON, form fields, CSV, XML or a bare query string, whatever the Content-Type claims. Pure.

The first byte decides: senders get the header wrong. JSON numbers stay as they were written (``1483463468.20`` is an id, not
a float), text loses what Postgres cannot hold. A refusal names the field and what to do, never what stood in it.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml import DefusedXmlException
from defusedxml import ElementTree as SafeXml

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery

T = TypeVar("T")
R = TypeVar("R")
Record = Mapping[str, str]
_XML = re.compile(r"<(?:\?xml|!DOCTYPE|[A-Za-z_][\w:.-]*)[\s/>].*>\Z", re.DOTALL | re.IGNORECASE)
_WRAPPERS = ("rows", "cdr", "records", "data", "fetchAllCdrs", "fetchCdr", "cdrs")  # the last three: FreePBX's GraphQL
_KEY = re.compile(r'"([A-Za-z_]{1,40})"\s*:')


def text_of(body: bytes) -> str:
    """UTF-8, or what Russian systems send instead."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1251", "replace")


def storable(text: str) -> str:
    """Without what an escape may smuggle in and Postgres cannot hold: NUL and half characters."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def records_of(delivery: Delivery, columns: Mapping[int, tuple[str, ...]]) -> list[dict[str, str]]:
    """The body as flat records: a JSON object, an array of them or ``{"rows": […]}``, a form, CSV, or a bare query string.

    ``columns`` name a CSV without a header, by how many it has.
    """
    text = trimmed(delivery.body)
    if not text:
        if delivery.query:
            return [form_of(delivery.query)]
        raise Malformed("The body is empty: nothing was posted", syntax=True)
    if text[0] in "{[":
        return _json(text)
    if _XML.match(text):
        raise Misdirected("The body is XML, which this PBX never sends: this webhook is pasted into another system")
    head = text.split("\n", 1)[0]
    if "=" in head and "," not in head.split("=", 1)[0]:
        return [form_of(text)]
    if "," in head:
        return _csv(text, columns)
    with suppress(ValueError):
        json.loads(text)
        raise Malformed("The JSON holds no object with call fields")
    raise Malformed("The body is neither JSON, nor form fields, nor CSV", syntax=True)


def trimmed(body: bytes) -> str:
    """The body's text without what stands around it."""
    return text_of(body).replace("\0", "").strip("\ufeff \t\r\n")


def _parsed(text: str, parse: Callable[[str], Any], advice: str) -> Any:
    try:
        return parse(text)
    except RecursionError:
        raise Malformed("The JSON is nested too deep to be a call", syntax=True) from None
    except json.JSONDecodeError as broken:
        # the field and not the text around: that is where names and numbers stand
        told = _KEY.findall(text, 0, broken.pos + 1)
        at = f" at the field {told[-1]}" if told else ""
        raise Malformed(f"The JSON is broken{at}: {advice}", told[-1] if told else None, syntax=True) from None
    except ValueError:  # Python reads no integer of thousands of digits
        raise Malformed("The JSON holds a number that is far too long", syntax=True) from None


def _value(text: str) -> Any:
    """Any JSON; where something is no string the slow way, which keeps numbers as they were written."""
    with suppress(orjson.JSONDecodeError):
        value = orjson.loads(text)
        if isinstance(value, dict) and all(type(part) is str for part in value.values()):
            return value
    return json.loads(text, parse_float=str, parse_int=str, strict=False)


def _json(text: str) -> list[dict[str, str]]:
    value = _parsed(text, _value, "quotes in names and data need a backslash; or post form fields, each value through URIENCODE")
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
    return [{storable(key): storable(part) for key, part in record.items()} for record in flat]


def _flat(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def form_of(text: str) -> dict[str, str]:
    """Form fields or a query string; of a field that comes twice the last."""
    return {storable(key): storable(value) for key, value in parse_qsl(text, keep_blank_values=True, errors="replace")}


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


def object_of(text: str) -> dict[str, Any]:
    """A JSON object with what is nested in it; every number a string as it was written, ``true`` and ``null`` themselves."""
    value = value_of(text)
    if isinstance(value, list):
        raise Misdirected("The body is a JSON list, which this PBX never sends: this webhook is pasted into another system")
    if not isinstance(value, dict):
        raise Malformed("The JSON is no object: one event is expected")
    return value


def json_of(delivery: Delivery) -> Any:
    """Plain JSON with numbers as numbers, for our own format. Raises ``Malformed`` or ``Misdirected``."""
    text = trimmed(delivery.body)
    if not text:
        raise Malformed("The body is empty: nothing was posted", syntax=True)
    if text[0] not in "{[":
        raise Misdirected("The body is no JSON: this webhook is pasted into another system")
    try:
        return _cleaned(_parsed(text, json.loads, "see where the quotes and commas are"))
    except RecursionError:
        raise Malformed("The JSON is nested too deep to be a call", syntax=True) from None


def value_of(text: str, pairs: Callable[[list[tuple[str, Any]]], dict[str, Any]] | None = None) -> Any:
    """Any JSON, its values as ``object_of`` has them; ``pairs`` makes an object where a vendor repeats its keys."""

    def parse(text: str) -> Any:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str, strict=False, object_pairs_hook=pairs)

    try:
        value = _parsed(text, parse, "send it whole, as the vendor made it")
        return _cleaned(value) if "\\u" in text else value  # nothing is escaped, nothing smuggled in
    except RecursionError:
        raise Malformed("The JSON is nested too deep to be a call", syntax=True) from None


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _cleaned(part) for key, part in value.items()}
    return [_cleaned(part) for part in value] if isinstance(value, list) else value


def event_of(delivery: Delivery) -> dict[str, Any]:
    """One event: a JSON object, form fields, or for a GET the query string. Raises ``Malformed`` or ``Misdirected``."""
    text = trimmed(delivery.body)
    if not text:
        if not delivery.query:
            raise Malformed("The body is empty: nothing was posted", syntax=True)
        text = delivery.query
    if text[0] in "{[":
        return object_of(text)
    if _XML.match(text):
        raise Misdirected("The body is XML, which this PBX never sends: this webhook is pasted into another system")
    if "=" not in text:
        raise Malformed("The body is neither JSON nor form fields", syntax=True)
    return dict(form_of(text))


def events_of(delivery: Delivery, pages: str = "") -> list[dict[str, Any]]:
    """One event as ``event_of`` has it, a JSON array of them, or a page that holds such an array under the name ``pages``."""
    text = trimmed(delivery.body)
    if text[:1] not in ("{", "["):
        return [event_of(delivery)]
    value = value_of(text)
    if isinstance(value, dict):
        inner = next((part for name, part in value.items() if name.lower() == pages), None)
        value = inner if isinstance(inner, list) else [value]
    if not value:
        raise NotACall("The list is empty: nothing to understand")
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Malformed("The JSON holds no object with call fields")
    return value


def read_each(records: Sequence[T], read: Callable[[T], R]) -> list[R]:
    """What each record says. Of a body that holds many the broken ones are told by their number, beside the good ones."""
    found: list[R] = []
    broken: list[tuple[int, Malformed]] = []
    other: NotACall | None = None
    for number, record in enumerate(records, 1):
        try:
            found.append(read(record))
        except Malformed as wrong:
            broken.append((number, wrong))
        except NotACall as said:
            other = other or said
    if broken:
        number, first = broken[0]
        if len(records) == 1:
            raise first
        others = f"; {len(broken) - 1} more rows are broken" if len(broken) > 1 else ""
        raise Malformed(f"Row {number} of {len(records)}: {first.why}{others}", first.field, rows=found)
    if other is not None and not found:
        raise other
    return found


def xml_of(text: str) -> Element:
    """An XML document's root. Entities and outside references are refused."""
    try:
        root: Element = SafeXml.fromstring(text.encode())
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError):
        raise Malformed("The XML is broken: send it whole, as the PBX made it", syntax=True) from None
    return root


def local_name(tag: object) -> str:
    """An element's name without its namespace; prefixes differ between a vendor's installations."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def nested(form: Mapping[str, str]) -> dict[str, Any]:
    """PHP's spelling of nesting: ``callDetails[historyData][0][billsec]=5``; indexes stay keys."""
    root: dict[str, Any] = {}
    for key, value in form.items():
        head, _, rest = key.partition("[")
        path = [head, *(part.removesuffix("]") for part in rest.split("[") if rest)][:12]
        place = root
        for part in path[:-1]:
            inner = place.get(part)
            if not isinstance(inner, dict):
                inner = place[part] = {}
            place = inner
        place[path[-1]] = value
    return root


def text_in(record: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that says something, trimmed; absent, ``null`` and nested values say nothing."""
    for name in names:
        value = record.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""


def object_in(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A nested object, empty where there is none."""
    value = record.get(name)
    return value if isinstance(value, dict) else {}
