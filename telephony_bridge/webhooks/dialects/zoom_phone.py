"""Zoom Phone: its live events (``phone.caller_*``, ``phone.callee_*``), logs of ended calls and recordings. Pure.

Zoom, Phone events: JSON with ``event``, ``event_ts`` (ms) and the call in ``payload.object``; times are ISO with ``Z``. What an
event says of one person's part becomes a ``Part``; what parts make together: ``zoom_phone_calls``.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import datetime
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import event_of, object_in, read_each, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, moment, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row, Secrets
from telephony_bridge.webhooks.dialects.zoom_phone_calls import Part, Party, Recording, tell

_LIVE = {
    "caller_ringing": "ringing",
    "caller_connected": "answered",
    "caller_ended": "ended",
    "callee_ringing": "ringing",
    "callee_answered": "answered",
    "callee_missed": "missed",
    "callee_rejected": "rejected",
    "callee_ended": "ended",
}
_EVENTS = {f"phone.{name}" for name in _LIVE}
_LOG = re.compile(r"(caller|callee)_call_(?:history|log|element)_completed")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,128}")


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One event; a log of an ended call may hold several parts of it."""
    told = event_of(delivery)
    event, payload = text_in(told, "event"), told.get("payload")
    if event in _EVENTS and not isinstance(payload, dict):
        raise Malformed(f"payload is missing; {event} needs it", "payload")
    if not event and isinstance(payload, dict) and "call_id" in object_in(payload, "object"):
        raise Malformed("event is missing; it says what became of the call", "event")
    if not event or not isinstance(payload, dict):
        raise Misdirected("Zoom's event and payload are not here: this webhook is pasted into another system")
    if event == "endpoint.url_validation":
        raise NotACall("Zoom checks the address: give this source its secret_token, and validate again", "event")
    called = object_in(payload, "object")
    name = event.removeprefix("phone.")
    at = epoch(text_in(told, "event_ts"), "event_ts", "ms")
    log = _LOG.fullmatch(name)
    if log is not None:
        items = next((called[one] for one in ("call_elements", "call_logs", "call_history") if one in called), [called])
        if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
            raise Malformed("payload.object.call_logs: expected a list of calls", "payload.object.call_logs")
        return read_each(items, lambda item: _row(_from_log(item, log.group(1), installation)))
    if name == "recording_completed":
        listed = called.get("recordings")
        items = listed if isinstance(listed, list) else [called]
        return read_each([item for item in items if isinstance(item, dict)], lambda item: _recording(item, at, delivery))
    if name not in _LIVE:
        raise NotACall(f"Zoom's event {without_digits(event)} tells of no call's progress", "event")
    return [_row(_live(called, name, at, installation))]


def _row(part: Part) -> Row:
    # a log comes later, its call is as old as the live events
    return Row(part.first_at, (f"id:{part.key}",), part, aside=part.is_elsewhere)


def _live(called: dict[str, Any], name: str, at: datetime | None, installation: Installation) -> Part:
    side, state = name.partition("_")[0], _LIVE[name]
    rang = _time(called, installation, "ringing_start_time")
    answered = _time(called, installation, "answer_start_time", "connected_start_time")
    ended = _time(called, installation, "call_end_time")
    if state == "ended":
        at_needed(ended, "payload.object.call_end_time", name)
    if ended is not None and ended < (answered or rang or ended):
        raise Malformed("payload.object.call_end_time is before the call began", "payload.object.call_end_time")
    caller, callee = _party(object_in(called, "caller")), _party(object_in(called, "callee"))
    if name == "caller_ended":
        needed(callee.number or callee.extension, "payload.object.callee", name)
    if state == "answered":
        answered = at_needed(answered or at, "payload.object.answer_start_time", name)
    first = at_needed(
        min((one for one in (rang, answered, ended) if one is not None), default=at), "payload.object.ringing_start_time", name
    )
    return Part(
        key=needed(text_in(called, "call_id"), "payload.object.call_id", name),
        side=side,
        state=state,
        first_at=first,
        rang_at=rang,
        answered_at=answered,
        ended_at=ended if ended is not None or state not in ("missed", "rejected") else at or first,
        talk_seconds=None,
        caller=caller,
        callee=callee,
        inside=False,
        result=text_in(called, "handup_result", "hangup_result"),  # the first is the vendor's own spelling
        recording="",
    )


def _party(told: dict[str, Any]) -> Party:
    return Party(
        extension=text_in(told, "extension_number"),
        kind=_plain(text_in(told, "extension_type")),
        number=text_in(told, "phone_number"),
        connection=text_in(told, "connection_type").lower(),
        device=text_in(told, "device_type"),
    )


def _plain(word: str) -> str:
    """``callQueue``, ``call_queue``: the vendor's documents spell both."""
    return word.replace("_", "").lower()


def _from_log(item: dict[str, Any], side: str, installation: Installation) -> Part:
    """One part of an ended call; the older logs and the newer history name the same things differently."""
    rang = _time(item, installation, "start_time", "date_time", "call_start_time", "ringing_start_time")
    answered = _time(item, installation, "answer_time", "answer_start_time")
    ended = _time(item, installation, "end_time", "call_end_time")
    first = at_needed(rang or answered or ended, "start_time", "a call's log")
    if ended is not None and ended < max(first, answered or first):
        raise Malformed("end_time is before the call began", "end_time")
    talk = seconds(text_in(item, "talk_time"), "talk_time")
    length = seconds(text_in(item, "duration"), "duration")
    direction = text_in(item, "direction").lower()
    recording = text_in(item, "recording_id")
    return Part(
        key=needed(text_in(item, "call_id"), "call_id", "a call's log"),
        side={"outbound": "caller", "inbound": "callee"}.get(direction, side),
        state="log",
        first_at=first,
        rang_at=rang,
        answered_at=answered,
        ended_at=ended,
        talk_seconds=talk if talk is not None else length,
        caller=_logged(item, "caller"),
        callee=_logged(item, "callee"),
        inside=text_in(item, "connect_type").lower() == "internal",
        result=_result(item),
        recording=f"zoom_phone:{recording}" if recording else "",
    )


def _result(item: dict[str, Any]) -> str:
    """``result_reason`` tells that a colleague took the call this one's phone rang for."""
    reason = text_in(item, "result_reason")
    return reason if "by_other" in reason and text_in(item, "result") != "answered" else text_in(item, "result", "call_result")


def _logged(item: dict[str, Any], side: str) -> Party:
    number, kind = text_in(item, f"{side}_number"), _plain(text_in(item, f"{side}_number_type"))
    short = number if kind in ("1", "extension") else ""
    return Party(
        extension=text_in(item, f"{side}_ext_number") or short,
        kind=_plain(text_in(item, f"{side}_ext_type")),
        number=text_in(item, f"{side}_did_number") or number,
        connection="",
        device=text_in(item, f"{side}_device_type"),
    )


def _recording(item: dict[str, Any], at: datetime | None, delivery: Delivery) -> Row:
    key = needed(text_in(item, "call_id"), "call_id", "a recording")
    link, id_ = text_in(item, "download_url"), text_in(item, "id")
    found = Recording(key, link or f"zoom_phone:{needed(id_, 'download_url', 'a recording')}")
    return Row(at or delivery.received_at, (f"id:{key}",), found, aside=True)


def _time(told: dict[str, Any], installation: Installation, *names: str) -> datetime | None:
    name = next((name for name in names if text_in(told, name)), names[0])
    return moment(text_in(told, name), name, installation)


def greet(delivery: Delivery, secrets: Secrets) -> Answer | None:
    """``endpoint.url_validation``: proves that we hold the secret. Only for what looks like a token: any other text might be
    the text of a delivery, and the answer its signature."""
    told: Any = None
    with suppress(ValueError, RecursionError):
        told = json.loads(delivery.body)
    if not isinstance(told, dict) or told.get("event") != "endpoint.url_validation" or not secrets.get("secret_token"):
        return None
    plain = object_in(told, "payload").get("plainToken")
    if not isinstance(plain, str) or not _TOKEN.fullmatch(plain):
        return None
    proof = {"plainToken": plain, "encryptedToken": proofs.zoom_challenge(plain, secrets["secret_token"])}
    return Answer(json.dumps(proof).encode(), "application/json")


DIALECT = Dialect(
    name="zoom_phone",
    title="Zoom Phone",
    read=read,
    tell=tell,
    secrets={"secret_token": "the app's secret token (App Marketplace: your app, Feature, Token)"},
    prove=proofs.zoom_phone,
    greet=greet,
)
