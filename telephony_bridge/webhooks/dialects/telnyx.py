"""Telnyx: Call Control webhooks (JSON) and TeXML status callbacks (form, made like Twilio's). Pure.

An event tells of one leg; legs of a call share ``call_session_id``. Which way a leg goes only ``call.initiated`` says, TeXML
never: there an address, a parent or the company's own numbers do. Sources: developers.telnyx.com, voice API webhooks and
TeXML callbacks; telnyx-python, webhook_verification.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import event_of, object_in, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, moment, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.legs import EMPTY_XML, LegEvent, Recording, employee_in, legs_of, root_of
from telephony_bridge.webhooks.dialects.legs_calls import call_of_legs
from telephony_bridge.webhooks.dialects.reading import Dialect, Row
from telephony_bridge.webhooks.dialects.telling import number_of

_DIRECTIONS = {"incoming": True, "inbound": True, "outgoing": False, "outbound": False}
_CAUSES = {
    "user_busy": Disposition.BUSY,
    "call_rejected": Disposition.BUSY,
    "originator_cancel": Disposition.CANCELED,
    "not_found": Disposition.FAILED,
    "unspecified": Disposition.FAILED,
}
_ENDS = {
    "completed": Disposition.ANSWERED,
    "busy": Disposition.BUSY,
    "no-answer": Disposition.NO_ANSWER,
    "failed": Disposition.FAILED,
    "canceled": Disposition.CANCELED,
}
_LIVE = {"queued", "initiated", "ringing", "in-progress"}


@dataclass(frozen=True, slots=True)
class _Told:
    """An event of a leg, which has up to two names: ``control`` is the call control id, TeXML's CallSid."""

    event: LegEvent
    control: str
    session: str
    texml: bool


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One event of either kind."""
    told = event_of(delivery)
    data = object_in(told, "data")
    if text_in(data, "event_type"):
        return _control(data, delivery, installation)
    if object_in(data, "payload").keys() & {"call_session_id", "call_leg_id", "call_control_id"}:
        raise Malformed("data.event_type is missing; every event of a call needs it", "data.event_type")
    if told.keys() & {"CallSid", "CallSidLegacy"} or {"CallStatus", "CallDuration"} <= told.keys():
        if text_in(told, "CallSid").startswith("CA"):
            raise Misdirected("This is a callback of Twilio: add a source of the dialect twilio and paste its address there")
        return _texml(told, delivery, installation)
    raise Misdirected("Neither data.event_type nor CallSid is here: this webhook is pasted into another system")


def _control(data: dict[str, Any], delivery: Delivery, installation: Installation) -> list[Row]:
    kind, payload = text_in(data, "event_type"), object_in(data, "payload")
    machine = kind in ("call.machine.detection.ended", "call.machine.premium.detection.ended")
    if kind not in ("call.initiated", "call.answered", "call.bridged", "call.hangup", "call.recording.saved") and not machine:
        raise NotACall(f"Telnyx's event {without_digits(kind[:40])} tells of no call: only calls and their recordings are used")
    session = needed(text_in(payload, "call_session_id"), "call_session_id", kind)
    occurred_at = _at(data, "occurred_at", installation)
    if kind == "call.recording.saved":
        url = _link(payload)
        ended_at = _at(payload, "recording_ended_at", installation)
        return [Row(occurred_at or ended_at or delivery.received_at, (f"id:{session}",), Recording(session, url), aside=True)]
    control = text_in(payload, "call_control_id")
    leg = needed(text_in(payload, "call_leg_id") or control, "call_leg_id", kind)
    incoming = _DIRECTIONS.get(text_in(payload, "direction").lower())
    if kind == "call.initiated":
        if incoming is None:
            raise Malformed("direction: expected incoming or outgoing", "direction")
        needed(text_in(payload, "to"), "to", kind)
    started_at, ended_at = (_at(payload, name, installation) for name in ("start_time", "end_time"))
    ended = kind == "call.hangup"
    at = occurred_at or (ended_at if ended else started_at if kind == "call.initiated" else None)
    if not machine:
        at = at_needed(at, "occurred_at", kind)
    if ended and started_at is not None and at is not None and at < started_at:
        raise Malformed("occurred_at is before start_time", "occurred_at")
    cause = text_in(payload, "hangup_cause").lower()
    event = LegEvent(
        leg=leg,
        incoming=incoming,
        caller=_caller(payload, installation),
        called=text_in(payload, "to"),
        at=at if not machine else None,
        started_at=started_at or (at if kind == "call.initiated" else None),
        answered=kind in ("call.answered", "call.bridged"),
        ended=ended,
        otherwise=_CAUSES.get(cause, Disposition.NO_ANSWER),
        cause=cause,
        machine=machine and text_in(payload, "result").lower().startswith(("machine", "fax")),
    )
    return [_row(_Told(event, control, session, texml=False), occurred_at or at or delivery.received_at)]


def _at(record: dict[str, Any], field: str, installation: Installation) -> datetime | None:
    return moment(text_in(record, field), field, installation)


def _link(payload: dict[str, Any]) -> str:
    """A link that lasts before one that expires."""
    for name in ("public_recording_urls", "recording_urls"):
        url = text_in(object_in(payload, name), "mp3", "wav")
        if url:
            return url
    raise Malformed("recording_urls is missing; call.recording.saved needs it", "recording_urls")


def _caller(payload: dict[str, Any], installation: Installation) -> str:
    """Who calls; a softphone that shows the company's number is named by its registration only."""
    caller, registered = text_in(payload, "from"), text_in(payload, "from_sip_uri")
    if text_in(payload, "calling_party_type").lower() == "sip" and employee_in(caller, installation) is None:
        return registered if employee_in(registered, installation) else caller
    return caller


def _texml(told: dict[str, Any], delivery: Delivery, installation: Installation) -> list[Row]:
    status = text_in(told, "CallStatus").lower()
    sid = needed(text_in(told, "CallSid", "CallSidLegacy"), "CallSid", "every TeXML callback")
    at = _at(told, "Timestamp", installation)
    url = text_in(told, "RecordingUrl")
    rows = []
    if url and text_in(told, "RecordingStatus").lower() in ("", "completed"):
        rows.append(Row(at or delivery.received_at, (f"id:{sid}", f"leg:{sid}"), Recording(sid, url), aside=True))
    if status in _LIVE or status in _ENDS:
        rows.append(_status(told, sid, status, at, delivery, installation))
    if not rows:
        if not status and not url and text_in(told, "From", "To"):
            raise Malformed("CallStatus is missing; every TeXML callback of a call needs it", "CallStatus")
        raise NotACall(
            f"CallStatus {without_digits(status[:20]) or 'is missing'}: this TeXML callback tells of no call", "CallStatus"
        )
    return rows


def _status(
    told: dict[str, Any], sid: str, status: str, at: datetime | None, delivery: Delivery, installation: Installation
) -> Row:
    caller, called, parent = text_in(told, "From"), text_in(told, "To"), text_in(told, "ParentCallSid")
    incoming = _DIRECTIONS.get(text_in(told, "Direction").lower().partition("-")[0])
    if incoming is None:
        incoming = False if parent else _goes(caller, called, installation)
    if incoming is None and (caller or called):
        raise Malformed(
            "Direction is not told by TeXML: name the company's numbers in the source's options (own numbers)", "Direction"
        )
    ended = status in _ENDS
    answered_at, ended_at = (_at(told, name, installation) for name in ("AnsweredTime", "EndTime"))
    end = (ended_at or at) if ended else None
    duration = seconds(text_in(told, "CallDuration"), "CallDuration") if ended else None
    if answered_at is not None and end is not None and answered_at > end:
        raise Malformed("AnsweredTime is after the end", "AnsweredTime")
    machine = text_in(told, "AnsweredBy").lower()
    event = LegEvent(
        leg=sid,
        parent=parent,
        incoming=incoming,
        caller=caller,
        called=called,
        at=end if ended else at,
        started_at=_at(told, "CallInitiatedAt", installation) or (at if status in ("queued", "initiated") else None),
        answered=status == "in-progress",
        answered_at=answered_at,
        ended=ended,
        outcome=_ENDS.get(status),
        seconds=duration,
        cause=text_in(told, "HangupCause"),
        machine=machine.startswith(("machine", "fax")),
    )
    return _row(_Told(event, sid, text_in(told, "CallSessionId"), texml=True), end or at or delivery.received_at)


def _goes(caller: str, called: str, installation: Installation) -> bool | None:
    """Into the platform or out of it, by an employee's softphone or the company's own numbers; None: nothing tells."""
    if employee_in(caller, installation) or number_of(called, installation) in installation.own_numbers:
        return True
    if employee_in(called, installation) or number_of(caller, installation) in installation.own_numbers:
        return False
    return None


def _row(said: _Told, at: datetime) -> Row:
    ties = {f"leg:{said.event.leg}", f"id:{said.event.leg}" if said.texml else f"id:{said.session}"}
    ties |= {f"leg:{said.control}"} if said.control else set()
    ties |= {f"id:{said.event.parent}", f"leg:{said.event.parent}"} if said.event.parent else set()
    ties |= {f"id:{said.session}"} if said.session else set()
    return Row(at, tuple(sorted(ties)), said)


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a session. TeXML answers a call into it by itself: there the first leg alone proves no conversation."""
    told = [row for row in rows if isinstance(row.said, _Told)]
    if not told:
        return []
    names = {one.said.control: one.said.event.leg for one in told if not one.said.texml and one.said.control}
    events = [
        replace(event, leg=names.get(event.leg, event.leg), parent=names.get(event.parent, event.parent))
        for event in (one.said.event for one in told)
    ]
    sided = {event.leg for event in events if event.incoming is not None}
    legs = legs_of(
        event if event.leg in sided else replace(event, incoming=_goes(event.caller, event.called, installation))
        for event in events  # a leg whose call.initiated was lost
    )
    if not legs:
        return []
    sessions = sorted(one.said.session for one in told if not one.said.texml)
    first = root_of((leg.id, leg.parent) for leg in legs) if not sessions else legs[0].id
    key = sessions[0] if sessions else first
    found = call_of_legs(
        legs,
        first,
        installation,
        heard_at=min(row.at for row in told),
        recordings=[row.said for row in rows if isinstance(row.said, Recording)],
        proves_alone=frozenset({Direction.INBOUND}) if sessions else frozenset(),
    )
    return [replace(call, call_key=key) for call in found]


DIALECT = Dialect(
    name="telnyx",
    title="Telnyx",
    read=read,
    tell=tell,
    secrets={"public_key": "the account's public key (Mission Control Portal: Account, Keys & Credentials, Public key)"},
    prove=proofs.telnyx,
    answer=lambda _delivery: EMPTY_XML,  # Call Control looks at the status only; a TeXML action wants instructions
)
