"""RingCentral: notifications of telephony sessions, and records of the Call Log. Pure.

RingCentral, event filter ``…/telephony/sessions``: each event tells the parties of a session that changed, ``sequence`` orders
them, ``eventTime`` (ISO) is when. There are no durations. What the parties make together: ``ringcentral_calls``.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import events_of, object_in, read_each, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, moment, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row, Secrets
from telephony_bridge.webhooks.dialects.ringcentral_calls import Record, tell
from telephony_bridge.webhooks.dialects.ringcentral_parties import Change, End

_SEQUENCE = re.compile(r"\d{1,9}")
_TOKEN = re.compile(r"[!-~]{1,256}")  # the whole answer may have 1024 bytes


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One notification, wrapped as a webhook or as a push has it, or records of the Call Log, also a page of them."""
    found = read_each(events_of(delivery, "records"), lambda told: _rows(told, installation))
    return [row for rows in found for row in rows]


def _rows(told: dict[str, Any], installation: Installation) -> list[Row]:
    envelope = object_in(told, "pn_apns") or told
    event, body = text_in(envelope, "event").partition("?")[0], envelope.get("body", envelope)
    if isinstance(body, dict) and {"telephonySessionId", "parties"} & body.keys() and "serverId" in body:
        return _session(body, text_in(envelope, "timestamp"), installation)
    if isinstance(body, dict) and (event or text_in(envelope, "subscriptionId")) and "body" in envelope:
        if event.endswith("/telephony/sessions") or ("parties" in body and "eventTime" in body):
            return _session(body, text_in(envelope, "timestamp"), installation)
        event = event.rpartition("/")[2]
        raise NotACall(f"RingCentral's event {without_digits(event) or 'without a name'} tells of no session's parties", "event")
    if event.endswith("/telephony/sessions"):
        raise Malformed("body is missing; telephony/sessions needs it", "body")
    if len(told.keys() & {"sessionId", "telephonySessionId", "startTime", "result"}) < 2:
        raise Misdirected("Neither RingCentral's body and subscriptionId nor records of its Call Log are here")
    if text_in(told, "type").lower() not in ("voice", ""):
        raise NotACall("A record of another type: only Voice is used", "type")
    return [_record(told, installation)]


def _session(body: dict[str, Any], sent_at: str, installation: Installation) -> list[Row]:
    key = needed(text_in(body, "telephonySessionId"), "telephonySessionId", "telephony/sessions")
    at = at_needed(moment(text_in(body, "eventTime") or sent_at, "eventTime", installation), "eventTime", "telephony/sessions")
    sequence = text_in(body, "sequence")
    if sequence and not _SEQUENCE.fullmatch(sequence):
        raise Malformed("sequence: expected a whole number", "sequence")
    parties = body.get("parties")
    if not isinstance(parties, list) or not parties or not all(isinstance(party, dict) for party in parties):
        raise Malformed("parties: expected a list of parties", "parties")
    origin = text_in(object_in(body, "origin"), "type")
    return [_change(party, key, text_in(body, "sessionId"), int(sequence or 0), at, origin) for party in parties]


def _change(party: dict[str, Any], key: str, legacy: str, sequence: int, at: datetime, origin: str) -> Row:
    direction = text_in(party, "direction").lower()
    if direction not in ("inbound", "outbound"):
        raise Malformed("parties.direction: expected Inbound or Outbound", "parties.direction")
    status = object_in(party, "status")
    peer = text_in(object_in(status, "peerId"), "telephonySessionId")
    change = Change(
        key=key,
        sequence=sequence,
        at=at,
        party=needed(text_in(party, "id"), "parties.id", "telephony/sessions"),
        extension=text_in(party, "extensionId"),
        inbound=direction == "inbound",
        caller=_end(object_in(party, "from")),
        callee=_end(object_in(party, "to")),
        code=needed(text_in(status, "code"), "parties.status.code", "telephony/sessions").lower(),
        reason=text_in(status, "reason"),
        missed=text_in(party, "missedCall") == "true",
        ringout=origin == "RingOut",
    )
    # a Gone party went on in another session: the two are one call
    return Row(at, tuple(f"id:{one}" for one in (key, legacy, peer) if one), change)


def _end(told: dict[str, Any]) -> End:
    """Which of both sides: a number, or the short one of an extension, and our internal ids where it is ours."""
    return End(
        number=text_in(told, "phoneNumber") or text_in(told, "extensionNumber"),
        short=text_in(told, "extensionNumber"),
        extension=text_in(told, "extensionId"),
        device=text_in(told, "deviceId"),
    )


def _record(told: dict[str, Any], installation: Installation) -> Row:
    legacy = text_in(told, "sessionId")
    key = needed(text_in(told, "telephonySessionId") or legacy, "sessionId", "a record of the Call Log")
    at = at_needed(moment(text_in(told, "startTime"), "startTime", installation), "startTime", "a record of the Call Log")
    direction = text_in(told, "direction").lower()
    if direction not in ("inbound", "outbound"):
        raise Malformed("direction: expected Inbound or Outbound", "direction")
    duration = seconds(text_in(told, "duration"), "duration")
    if duration is None:
        raise Malformed("duration is missing; a record of the Call Log needs it", "duration")
    legs = told.get("legs")
    own = text_in(object_in(told, "extension"), "id")
    if not own and isinstance(legs, list):  # the Simple view drops the legs
        ids = {text_in(object_in(leg, "extension"), "id") for leg in legs if isinstance(leg, dict)} - {""}
        own = ids.pop() if len(ids) == 1 else ""
    caller, callee = _end(object_in(told, "from")), _end(object_in(told, "to"))
    if direction == "outbound":
        needed(callee.number or callee.extension, "to", "a record of the Call Log")
    recording = object_in(told, "recording")
    link, id_ = text_in(recording, "contentUri"), text_in(recording, "id")
    record = Record(
        key=key,
        started_at=at,
        ended_at=at + timedelta(seconds=duration),
        seconds=duration,
        inbound=direction == "inbound",
        caller=caller,
        callee=callee,
        extension=own,
        result=needed(text_in(told, "result"), "result", "a record of the Call Log"),
        by_ip="VoIP" in (text_in(told, "transport"), text_in(told, "action").removesuffix(" Call")),
        recording=link or (f"ringcentral:{id_}" if id_ else ""),
    )
    return Row(at, tuple(f"id:{one}" for one in dict.fromkeys((key, legacy)) if one), record)


def greet(delivery: Delivery, _secrets: Secrets) -> Answer | None:
    """The creation of a subscription: an empty request with a token that wants to see it again. A notification has a body."""
    token = delivery.headers.get("validation-token", "")
    if delivery.body.strip() or not _TOKEN.fullmatch(token):
        return None
    return Answer(b"", "application/json", {"Validation-Token": token})


DIALECT = Dialect(
    name="ringcentral",
    title="RingCentral",
    read=read,
    tell=tell,
    secrets={"validation_token": "the validationToken you gave in deliveryMode when you created the subscription"},
    prove=proofs.ringcentral,
    greet=greet,
    patient=True,
)
