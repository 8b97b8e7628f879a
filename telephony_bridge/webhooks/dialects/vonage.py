"""Vonage (Nexmo) Voice API: what its event webhook posts about each leg of a conversation. Pure.

Voice API webhook reference: JSON by POST, or the same fields in the query by GET; ``status`` says which event it is. Every leg
has its own ``uuid`` and ends with its own event; ``conversation_uuid`` groups them. What the legs make of it: ``vonage_calls``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import event_of, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, moment, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Dialect, Row
from telephony_bridge.webhooks.dialects.vonage_calls import ENDS, Event, Moved, Party, Recording, Verdict, tell

_STATES = {"started", "ringing", "answered", "disconnected", *ENDS}
_VERDICTS = {"human", "machine"}


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One event. A recording is told by its link, whatever ``status`` stands beside it."""
    told = event_of(delivery)
    key, leg = text_in(told, "conversation_uuid"), text_in(told, "uuid", "call_uuid")
    status = text_in(told, "status").lower()
    moves = text_in(told, "conversation_uuid_from") and text_in(told, "conversation_uuid_to")
    if not (key or moves) and not (leg and (status in _STATES | _VERDICTS or "recording_url" in told or "dtmf" in told)):
        raise Misdirected("Neither conversation_uuid nor uuid with a status is here: this webhook is pasted into another system")
    at = moment(text_in(told, "timestamp", "end_time", "start_time"), "timestamp", installation)
    if moves:
        return [_moved(told, leg, at)]
    needed(key or leg, "uuid", "an event of a call")
    if "recording_url" in told:
        link = text_in(told, "recording_url")
        if not link:
            raise Malformed("recording_url is empty; a recording needs it", "recording_url")
        return [Row(at or delivery.received_at, _ties(key, leg), Recording(key, leg, link), aside=True)]
    if status in _VERDICTS:
        at = at_needed(at, "timestamp", status)
        return [Row(at, _ties(key, leg), Verdict(key, needed(leg, "call_uuid", status), status, at), aside=True)]
    if status not in _STATES:
        if not status and "direction" in told:
            raise Malformed("status is missing; an event of a call needs it", "status")
        raise NotACall(f"Vonage's event {without_digits(status) or 'without status'} tells of no call's progress", "status")
    event = _event(told, key, needed(leg, "uuid", status), status, at, installation)
    return [Row(event.at, _ties(key, leg), event)]


def _ties(key: str, leg: str) -> tuple[str, ...]:
    """A recording may come with the leg alone, a leg may move to another conversation: the leg ties them."""
    return tuple(tie for tie, value in ((f"id:{key or leg}", key or leg), (f"leg:{leg}", leg)) if value)


def _moved(told: dict[str, Any], leg: str, at: datetime | None) -> Row:
    at = at_needed(at, "timestamp", "transfer")
    before, after = (needed(text_in(told, name), name, "transfer") for name in ("conversation_uuid_from", "conversation_uuid_to"))
    return Row(
        at, (f"id:{before}", f"id:{after}", f"leg:{needed(leg, 'uuid', 'transfer')}"), Moved(before, after, at), aside=True
    )


def _event(told: dict[str, Any], key: str, leg: str, status: str, at: datetime | None, installation: Installation) -> Event:
    direction = text_in(told, "direction").lower()
    if direction not in ("inbound", "outbound"):
        raise Malformed("direction: expected inbound or outbound", "direction")
    start, end = (moment(text_in(told, name), name, installation) for name in ("start_time", "end_time"))
    if start is not None and end is not None and end < start:
        raise Malformed("end_time is before start_time", "end_time")
    called = _party(told, "to")
    if not called.name:
        raise Malformed(f"to is missing; {status} needs it", "to")
    return Event(
        key=key,
        leg=leg,
        status=status,
        at=at_needed(at, "timestamp", status),
        inbound=direction == "inbound",
        caller=_party(told, "from"),
        called=called,
        start=start,
        end=end,
        seconds=seconds(text_in(told, "duration"), "duration"),
        network=text_in(told, "network"),
        detail=text_in(told, "detail"),
    )


def _party(told: dict[str, Any], name: str) -> Party:
    """Digits without a plus, a SIP address, a user's name; the REST API's records wrap it as ``{"type", "number"}``."""
    value = told.get(name)
    kind = ""
    if isinstance(value, dict):
        kind, text = text_in(value, "type").lower(), text_in(value, "number", "user", "uri", "extension")
    else:
        text = text_in(told, name)
    scheme, colon, rest = text.partition(":")
    if colon and scheme.lower() in ("sip", "sips"):
        return Party("sip", rest.partition("@")[0].partition(";")[0])
    return Party("websocket" if colon and scheme.lower() in ("ws", "wss") else kind, text)


DIALECT = Dialect(
    name="vonage",
    title="Vonage Voice API",
    read=read,
    tell=tell,
    secrets={"signature_secret": "the account's signature secret (dashboard: API settings); signed webhooks must be on"},
    prove=proofs.vonage,
)
