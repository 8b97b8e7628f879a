"""FreeSWITCH's CDR documents out of every wrapping its modules put around them, all in the shape of mod_json_cdr. Pure.

mod_json_cdr, mod_format_cdr and mod_xml_cdr send a raw document or ``cdr=`` before a raw, a percent-encoded or a base64 one;
``disable-100-continue`` loses the Content-Type, so only the first bytes tell. Lines of mod_cdr_csv are understood as well.
"""

from __future__ import annotations

import base64
import binascii
import csv
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, unquote_plus
from xml.etree.ElementTree import Element

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery
from telephony_bridge.webhooks.dialects.bodies import form_of, local_name, object_in, storable, text_in, trimmed, value_of, xml_of

Document = dict[str, Any]

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_CDR = re.compile(r"(?:^|&)cdr=")
_TAG = re.compile(r"</?([^<>]*?)\s*/?>")
_TAG_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_PARTS = {"core-uuid", "switchname", "channel_data", "callflow", "app_log"}  # beside ``variables``
_EVENTS = {"Event-Name", "Core-UUID", "FreeSWITCH-Hostname"}
_STRANGER = "this webhook is pasted into another system"

_PLAIN = (
    "caller_id_name", "caller_id_number", "destination_number", "context", "start_stamp", "answer_stamp", "end_stamp", "duration",
    "billsec", "hangup_cause", "uuid", "bleg_uuid", "accountcode",
)  # fmt: skip
_SNOM = ("sip_user_agent", "call_clientcode", "sip_rtp_rxstat", "sip_rtp_txstat", "sofia_record_file")
_CODECS = ("read_codec", "write_codec")
TEMPLATES = {  # cdr_csv.conf.xml: the columns by how many a line has
    13: _PLAIN,  # built in
    15: (*_PLAIN, *_CODECS),  # example, the shipped default
    17: (*_PLAIN, *_CODECS, "sip_user_agent", "sip_p_rtp_stat"),  # linksys
    18: (
        "accountcode", "caller_id_number", "destination_number", "context", "caller_id", "channel_name", "bridge_channel",
        "last_app", "last_arg", "start_stamp", "answer_stamp", "end_stamp", "duration", "billsec", "hangup_cause", "amaflags",
        "uuid", "userfield",
    ),  # asterisk
    20: (*_PLAIN, *_CODECS, *_SNOM),
}  # fmt: skip


def documents_of(delivery: Delivery) -> list[Document]:
    """Every document of a body. Raises ``Malformed``, ``NotACall`` or ``Misdirected``."""
    text = trimmed(delivery.body)
    if not text:
        raise Malformed("The body is empty: nothing was posted", syntax=True)
    if text[0] in "{[":
        return _json(text)
    if text[0] == "<":
        return [_xml(text)]
    wrapped = _CDR.search(text)
    if wrapped is not None:
        return [_unwrapped(text[wrapped.end() :].strip(), delivery.query)]
    if text.partition("\n")[0].count(",") >= 12:
        return _csv(text)
    _refuse_form(form_of(text))
    raise Malformed("The body is neither JSON, nor XML, nor cdr=…, nor lines of mod_cdr_csv", syntax=True)


def _refuse_form(form: Mapping[str, str]) -> None:
    if form.keys() & _EVENTS or {"section", "tag_name"} <= form.keys():
        raise NotACall("A request of mod_xml_curl or an event of FreeSWITCH: its CDR modules alone tell of calls")
    if any(form.values()):
        raise Misdirected(f"The form has no field cdr: {_STRANGER}")


def _unwrapped(text: str, query: str) -> Document:
    """What stands behind ``cdr=``."""
    encoded = text.startswith("%")
    if encoded:
        text = trimmed(unquote_plus(text.partition("&")[0], errors="replace").encode())
    elif text[:1] not in ("{", "<"):
        text = _base64(unquote(text.partition("&")[0]))
    if text.startswith("<"):
        return _xml(text)
    if not text.startswith("{"):
        raise Malformed("cdr= holds neither a JSON nor an XML document", "cdr", syntax=True)
    try:
        return _json(text)[0]
    except Malformed as broken:
        if not (encoded and broken.syntax and text.endswith("}")):
            raise
        # encode=true leaves the %22 of encoded values alone: decoded they are quotes like any other
        leg = _UUID.search(unquote(query))
        raise Malformed(
            "mod_json_cdr with encode=true and encode-values=true sends a JSON that nobody can put together again: "
            f"set encode-values=false or encode=false (leg {leg.group().lower() if leg else 'unknown'})",
            "cdr",
            syntax=True,
        ) from None


def _base64(text: str) -> str:
    """The module does not percent-encode its base64, so that a form's reader on the way made spaces of its pluses."""
    plain = re.sub(r"[\r\n]", "", text).replace(" ", "+")
    try:
        return trimmed(base64.b64decode(plain, validate=True))
    except (binascii.Error, ValueError):
        raise Malformed("cdr= is neither a document nor base64: send it whole", "cdr", syntax=True) from None


def _json(text: str) -> list[Document]:
    value = value_of(text, _gathered)
    if not isinstance(value, list):
        return [_document(value)]
    if not value:
        raise NotACall("The list is empty: nothing to understand")
    return [_document(one) for one in value]


def _gathered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Releases before 1.6 repeat the key ``callflow``, the newest profile first, where later ones have one list."""
    flow = [value for key, value in pairs if key == "callflow"]
    found = dict(pairs)
    if len(flow) > 1:
        found["callflow"] = [profile for profile in flow if isinstance(profile, dict)]
    return found


def _document(value: Any) -> Document:
    if not isinstance(value, dict):
        raise Misdirected(f"The JSON is no document of a leg: {_STRANGER}")
    variables = object_in(value, "variables")
    if not variables or not (value.keys() & _PARTS or "uuid" in variables):
        if value.keys() & _EVENTS:
            raise NotACall("An event of FreeSWITCH: its CDR modules alone tell of calls", "Event-Name")
        if value.keys() & {"channel_data", "callflow"}:
            raise Malformed("variables is missing; a leg's document needs it", "variables")
        raise Misdirected(f"The JSON has no variables of a channel: {_STRANGER}")
    value["variables"] = _decoded(variables)
    return value


def _decoded(variables: Mapping[str, Any]) -> dict[str, str]:
    """encode-values=true encodes each value once more. A stamp tells: with false a per cent sign is meant (``ringback``)."""
    encoded = "%" in text_in(variables, "start_stamp", "end_stamp", "channel_name")
    found = {}
    for name, value in variables.items():
        text = "|:".join(part for part in value if isinstance(part, str)) if isinstance(value, list) else text_in(variables, name)
        text = storable(unquote(text)).strip() if encoded and "%" in text else text
        found[name] = "" if text == "_undef_" else text
    return found


def _xml(text: str) -> Document:
    head, opened, rest = text.partition("<variables>")
    inner, closed, tail = rest.partition("</variables>")
    # a variable's name may be no name of XML: <^^,default_language>, <set api_hangup_hook>
    inner = _TAG.sub(lambda tag: tag.group() if _TAG_NAME.fullmatch(tag.group(1)) else "", inner)
    root = xml_of(head + opened + inner + closed + tail)
    if local_name(root.tag) != "cdr":
        raise Misdirected(f"The XML is no <cdr> of FreeSWITCH: {_STRANGER}")
    parts: Document = {"callflow": [_profile(part) for part in root.iterfind("callflow")]}
    variables = root.find("variables")
    if variables is not None:
        parts["variables"] = _texts(variables)
    parts["app_log"] = {"applications": [dict(one.attrib) for one in root.iterfind("app_log/application")]}
    return _document(parts)


def _texts(element: Element) -> dict[str, str]:
    return {local_name(part.tag): part.text or "" for part in element}


def _profile(flow: Element) -> Document:
    """A ``<callflow>`` as the JSON has it."""
    found: Document = dict(flow.attrib)
    profile, times = flow.find("caller_profile"), flow.find("times")
    if times is not None:
        found["times"] = _texts(times)
    if profile is not None:
        told: Document = _texts(profile)
        for side in ("originator", "originatee"):
            others = [_texts(one) for one in profile.iterfind(f"{side}/{side}_caller_profile")]
            told[side] = {f"{side}_caller_profiles": others}
        found["caller_profile"] = told
    return found


def _csv(text: str) -> list[Document]:
    try:  # two of the shipped templates have a space before accountcode
        lines = [line for line in csv.reader(text.splitlines(), skipinitialspace=True) if line]
    except csv.Error as broken:
        raise Malformed(f"The CSV is broken: {broken}", syntax=True) from None
    records = [dict(zip(TEMPLATES.get(len(line), ()), line, strict=False)) for line in lines]
    if not any(_UUID.fullmatch(record.get("uuid", "")) for record in records):
        raise Misdirected(f"The CSV has the columns of no template of mod_cdr_csv: {_STRANGER}")
    return [_leg(record) for record in records]


def _leg(record: Mapping[str, str]) -> Document:
    """A line as a document: that its channel was bridged is told by the name of the other leg."""
    variables = {name: storable(value).strip() for name, value in record.items()}
    profile: Document = {name: variables.get(name, "") for name in ("caller_id_number", "destination_number", "context")}
    uuid, channel = variables.get("bleg_uuid", ""), variables.get("bridge_channel", "")
    other = {"uuid": uuid, "chan_name": channel, "destination_number": profile["destination_number"]}
    profile["originatee"] = {"originatee_caller_profiles": [other] if uuid or channel else []}
    variables["last_bridge_to"] = uuid
    return {"variables": variables, "callflow": [{"caller_profile": profile}]}
