"""Twilio Programmable Voice: status callbacks, results of ``<Dial>``, recordings. Pure.

Form fields (a GET has them in the query), one delivery a status of one leg; a leg that ``<Dial>`` made names its
``ParentCallSid``. Sources: Twilio, voice webhooks and TwiML ``<Dial>``; twilio-python, request_validator.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Disposition, Installation
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import event_of, text_in
from telephony_bridge.webhooks.dialects.fields import PLAUSIBLE, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.legs import EMPTY_XML, LegEvent, Recording, legs_of, root_of
from telephony_bridge.webhooks.dialects.legs_calls import call_of_legs
from telephony_bridge.webhooks.dialects.reading import Dialect, Row

_LIVE = {"queued", "initiated", "ringing", "in-progress"}
_ENDS = {
    "completed": Disposition.ANSWERED,
    "busy": Disposition.BUSY,
    "no-answer": Disposition.NO_ANSWER,
    "failed": Disposition.FAILED,
    "canceled": Disposition.CANCELED,
}
_DIAL_ENDS = {**_ENDS, "answered": Disposition.ANSWERED}
_TIME = re.compile(r"(\d{1,2}) +([A-Za-z]{3})[a-z]* +(\d{4}) +(\d\d):(\d\d):(\d\d) *([+-]\d{4}\Z)?.*")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMELESS = "/dial"  # the leg of a <Dial> that made no call
_DAMAGED = re.compile(r"2B(?=\d{8,15}\Z)")  # the plus as ``%2B``, whose percent sign somebody lost


@dataclass(frozen=True, slots=True)
class _Status:
    """One status of one leg, and the leg that the first one's ``<Dial>`` made, where the delivery tells of its result."""

    leg: LegEvent
    dialled: LegEvent | None


def read(delivery: Delivery, _installation: Installation) -> list[Row]:
    """One callback. Bodies of a call's id, status and duration alone are kept: other callbacks tell whose call it is."""
    told = event_of(delivery)
    if text_in(told, "CallSidLegacy"):
        raise Misdirected("This is a TeXML callback of Telnyx: add a source of the dialect telnyx and paste its address there")
    status = text_in(told, "CallStatus").lower()
    if not told.keys() & {"CallSid", "AccountSid"} and not {"CallStatus", "CallDuration"} <= told.keys():
        raise Misdirected("Neither CallSid nor AccountSid is here: this webhook is pasted into another system")
    if not status and not text_in(told, "RecordingUrl", "AnsweredBy"):
        if text_in(told, "Direction") and "MessageSid" not in told:
            raise Malformed("CallStatus is missing; every callback of a call needs it", "CallStatus")
        raise NotACall("Twilio's callback of another kind: only calls and their recordings are used", "CallStatus")
    sid = needed(text_in(told, "CallSid"), "CallSid", "every callback of a call")
    at = _moment(text_in(told, "Timestamp"))
    rows = []
    if text_in(told, "RecordingUrl") and text_in(told, "RecordingStatus").lower() in ("", "completed"):
        recorded = _moment(text_in(told, "RecordingStartTime")) or at or delivery.received_at
        rows.append(Row(recorded, (f"id:{sid}",), Recording(sid, text_in(told, "RecordingUrl")), aside=True))
    if status in _LIVE | _ENDS.keys() or (not status and text_in(told, "AnsweredBy")):
        said = _status(sid, status, at, told)
        ids = {sid, said.leg.parent, said.dialled.leg if said.dialled else sid} - {""}
        rows.append(Row(at or delivery.received_at, tuple(f"id:{one}" for one in sorted(ids)), said))
    if not rows:
        if status:
            raise NotACall(f"CallStatus {without_digits(status[:20])} is not known and tells of no call", "CallStatus")
        raise NotACall("This recording is not there yet; its completed callback tells of the file", "RecordingStatus")
    return rows


def _moment(text: str) -> datetime | None:
    """RFC 2822 in UTC, in the spellings that clones and tests send too (``+000``, ``Etc/UTC``, ``Thurs,``); else not known."""
    found = _TIME.search(text)
    if found is None or found.group(2).lower() not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found.group(part)) for part in (1, 3, 4, 5, 6))
    try:
        at = datetime(year, _MONTHS.index(found.group(2).lower()) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if at.year not in PLAUSIBLE:
        return None
    zone = found.group(7) or "+0000"
    away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:]))
    return at + away if zone[0] == "-" else at - away


def _status(sid: str, status: str, at: datetime | None, told: dict[str, Any]) -> _Status:
    caller, called = (_DAMAGED.sub("+", text_in(told, *names)) for names in (("From", "Caller"), ("To", "Called")))
    direction = text_in(told, "Direction").lower()
    incoming = True if direction == "inbound" else False if direction.startswith("outbound") else None
    if incoming is None and (direction or caller or called):
        raise Malformed("Direction: expected inbound, outbound-api or outbound-dial", "Direction")
    if incoming is False:
        needed(called, "To", "an outgoing leg")
    parent = text_in(told, "ParentCallSid")
    if direction == "outbound-dial" and not parent:  # alone it would be counted as a call of its own
        raise Malformed("ParentCallSid is missing; a leg that <Dial> made needs it", "ParentCallSid")
    ended = status in _ENDS
    machine = text_in(told, "AnsweredBy").lower()
    leg = LegEvent(
        leg=sid,
        parent=parent,
        incoming=incoming,
        caller=caller,
        called=called,
        at=at,
        answered=status == "in-progress",
        ended=ended,
        outcome=_ENDS.get(status),
        seconds=seconds(text_in(told, "CallDuration"), "CallDuration") if ended else None,  # Duration counts billed minutes
        cause=text_in(told, "SipResponseCode"),
        machine=machine.startswith("machine") or machine == "fax",
    )
    return _Status(leg, _dialled(sid, told))


def _dialled(sid: str, told: dict[str, Any]) -> LegEvent | None:
    """What the address in ``<Dial action>`` is told of the leg it made; no time."""
    status = text_in(told, "DialCallStatus").lower()
    if status not in _DIAL_ENDS:
        return None
    outcome = _DIAL_ENDS[status]
    if text_in(told, "DialBridged").lower() == "false" and outcome is Disposition.ANSWERED:
        outcome = Disposition.NO_ANSWER  # he picked up and was never put through
    return LegEvent(
        leg=text_in(told, "DialCallSid") or sid + _NAMELESS,
        parent=sid,
        ended=True,
        outcome=outcome,
        seconds=seconds(text_in(told, "DialCallDuration"), "DialCallDuration"),
    )


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a first leg and all that ``<Dial>`` made for it.

    A first leg is answered by Twilio itself, before anybody is dialled: it proves no conversation.
    """
    told = [row for row in rows if isinstance(row.said, _Status)]
    if not told:
        return []
    events = [row.said.leg for row in told]
    parents = {event.parent for event in events}
    dialled = [row.said.dialled for row in told if row.said.dialled is not None]
    # a nameless leg stands only where no leg of that <Dial> was told
    events += [event for event in dialled if event.leg != event.parent + _NAMELESS or event.parent not in parents]
    return call_of_legs(
        legs_of(events),
        root_of((event.leg, event.parent) for event in events),
        installation,
        heard_at=min(row.at for row in told),
        recordings=[row.said for row in rows if isinstance(row.said, Recording)],
    )


DIALECT = Dialect(
    name="twilio",
    title="Twilio Programmable Voice",
    read=read,
    tell=tell,
    secrets={"auth_token": "the account's Auth Token (Console, Account Dashboard): Twilio signs with it"},
    prove=proofs.twilio,
    answer=lambda _delivery: EMPTY_XML,  # a status callback's answer is ignored; <Dial action> wants TwiML
)
