"""Plivo: hangup, ring and answer callbacks, callbacks of ``<Dial>`` and of recordings. Pure.

Form fields (a GET has them in the query); ``Event=Hangup`` ends a leg, and a leg that ``<Dial>`` made names its ``ALegUUID``.
Times are of the account's clock and have no offset; ``SessionStart`` beside them is UTC. Sources: Plivo, call object and Dial
callbacks; plivo-python, signature_v3.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import event_of, text_in
from telephony_bridge.webhooks.dialects.fields import moment, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.legs import EMPTY_XML, LegEvent, Recording, legs_of, root_of
from telephony_bridge.webhooks.dialects.legs_calls import call_of_legs
from telephony_bridge.webhooks.dialects.reading import Dialect, Row

_ENDS = {
    "completed": Disposition.ANSWERED,
    "busy": Disposition.BUSY,
    "failed": Disposition.FAILED,
    "timeout": Disposition.NO_ANSWER,
    "no-answer": Disposition.NO_ANSWER,
    "cancel": Disposition.CANCELED,
}
_CAUSES = {
    "USER_BUSY": Disposition.BUSY,
    "CALL_REJECTED": Disposition.BUSY,
    "ORIGINATOR_CANCEL": Disposition.CANCELED,
    "UNALLOCATED_NUMBER": Disposition.FAILED,
    "Busy Line": Disposition.BUSY,  # so it is spelled in HangupCauseName
    "Unallocated Number": Disposition.FAILED,
}
_UTC = Installation(ZoneInfo("UTC"))
_ONE_LEG = frozenset({Direction.INBOUND, Direction.OUTBOUND})


@dataclass(frozen=True, slots=True)
class _Told:
    """A callback of a leg, and what it tells of the leg that the first one's ``<Dial>`` made."""

    leg: LegEvent
    dialled: LegEvent | None


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One callback."""
    told = event_of(delivery)
    if "CallUUID" not in told:
        if {"CallStatus", "Event"} <= told.keys() and "CallSid" not in told:
            raise Malformed("CallUUID is missing; every callback of a call needs it", "CallUUID")
        if told.keys() & {"MessageUUID", "ConferenceUUID", "ParentAuthID"}:
            raise NotACall("Plivo's callback of another kind: only calls and their recordings are used", "CallUUID")
        raise Misdirected("CallUUID is not here: this webhook is pasted into another system")
    uuid = needed(text_in(told, "CallUUID"), "CallUUID", "every callback of a call")
    event, link = text_in(told, "Event").lower(), text_in(told, "RecordUrl", "RecordFile")
    rows = []
    if link:
        rows.append(Row(_session(told) or delivery.received_at, (f"id:{uuid}",), Recording(uuid, link), aside=True))
    if text_in(told, "CallStatus") or text_in(told, "DialAction", "DialStatus") or event == "hangup":
        said = _Told(_leg(uuid, event, told, installation), _dialled(uuid, told))
        at = said.leg.at or said.leg.started_at or _session(told) or delivery.received_at
        ids = {uuid, said.leg.parent} | ({said.dialled.leg, said.dialled.parent} if said.dialled else set())
        rows.append(Row(at, tuple(f"id:{one}" for one in sorted(ids - {""})), said))
    if not rows:
        raise NotACall(f"Plivo's event {without_digits(event[:20]) or 'without CallStatus'} tells of no call", "CallStatus")
    return rows


def _session(told: dict[str, Any]) -> datetime | None:
    """``SessionStart``, which is UTC; it only helps, so a broken one is none."""
    try:
        return moment(text_in(told, "SessionStart"), "SessionStart", _UTC)
    except Malformed:
        return None


def _offset(told: dict[str, Any]) -> timedelta | None:
    """How far the account's clock is from UTC: its ``StartTime`` less ``SessionStart``, to the quarter of an hour."""
    session, start = _session(told), moment(text_in(told, "StartTime"), "StartTime", _UTC)
    if session is None or start is None:
        return None
    offset = timedelta(minutes=15) * round((start - session) / timedelta(minutes=15))
    honest = abs(start - session - offset) <= timedelta(minutes=2) and abs(offset) <= timedelta(hours=14)
    return offset if honest else None


def _at(told: dict[str, Any], field: str, offset: timedelta | None, installation: Installation) -> datetime | None:
    """A time of the account's clock, whose zone is the installation's where the body does not show how far it is from UTC."""
    if offset is None:
        return moment(text_in(told, field), field, installation)
    at = moment(text_in(told, field), field, _UTC)
    return None if at is None else at - offset


def _leg(uuid: str, event: str, told: dict[str, Any], installation: Installation) -> LegEvent:
    direction = text_in(told, "Direction").lower()
    incoming = {"inbound": True, "outbound": False}.get(direction)
    above, status = text_in(told, "ALegUUID"), text_in(told, "CallStatus").lower()
    ended = event == "hangup" or (not event and status in _ENDS)
    offset = _offset(told)
    times = (_at(told, name, offset, installation) for name in ("StartTime", "AnswerTime", "EndTime"))
    started_at, answered_at, ended_at = times
    if ended:
        if incoming is None:
            raise Malformed("Direction: expected inbound or outbound", "Direction")
        needed(text_in(told, "To"), "To", "Event=Hangup")
        if started_at is not None and ended_at is not None and ended_at < started_at:
            raise Malformed("EndTime is before StartTime", "EndTime")
        if answered_at is not None and not (started_at or answered_at) <= answered_at <= (ended_at or answered_at):
            raise Malformed("AnswerTime is not between StartTime and EndTime", "AnswerTime")
    duration = seconds(text_in(told, "Duration"), "Duration")  # BillDuration is rounded up to the minute
    outcome, cause = _ENDS.get(status), text_in(told, "HangupCause", "HangupCauseName")
    if outcome is Disposition.ANSWERED and answered_at is None and not duration:
        outcome = _CAUSES.get(cause, Disposition.NO_ANSWER)  # completed in order, and nobody had answered
    return LegEvent(
        leg=uuid,
        parent=above if above != uuid else "",
        incoming=incoming,
        caller=text_in(told, "From"),
        called=text_in(told, "To"),
        at=ended_at if ended else None,
        started_at=started_at or (_session(told) if above in ("", uuid) else None),
        answered_at=answered_at if not ended or outcome in (None, Disposition.ANSWERED) else None,
        ended=ended,
        outcome=outcome if ended else None,
        otherwise=_CAUSES.get(cause, Disposition.NO_ANSWER),
        seconds=duration if ended else None,
        cause=cause,
    )


def _dialled(uuid: str, told: dict[str, Any]) -> LegEvent | None:
    """What callbackUrl (``DialAction``) and action (``DialStatus``) of ``<Dial>`` tell of the leg it made; no time."""
    action, status = text_in(told, "DialAction").lower(), text_in(told, "DialStatus").lower()
    leg = text_in(told, "DialBLegUUID")
    if not leg or (action not in ("answer", "connected", "hangup") and status not in _ENDS):
        return None
    duration = seconds(text_in(told, "DialBLegDuration"), "DialBLegDuration")
    cause = text_in(told, "DialBLegHangupCause", "DialHangupCause")
    ended = action == "hangup" or status in _ENDS
    return LegEvent(
        leg=leg,
        parent=text_in(told, "DialALegUUID") or uuid,
        incoming=False,
        caller=text_in(told, "DialBLegFrom"),
        called=text_in(told, "DialBLegTo"),
        answered=action in ("answer", "connected"),
        ended=ended,
        outcome=_ENDS.get(status) or (Disposition.ANSWERED if ended and duration else None),
        otherwise=_CAUSES.get(cause, Disposition.NO_ANSWER),
        seconds=duration if ended else None,
        cause=cause,
    )


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a first leg and what ``<Dial>`` made for it."""
    told = [row for row in rows if isinstance(row.said, _Told)]
    events = [event for row in told for event in (row.said.leg, row.said.dialled) if event is not None]
    if not events:
        return []
    return call_of_legs(
        legs_of(events),
        root_of((event.leg, event.parent) for event in events),
        installation,
        heard_at=min(row.at for row in told),
        recordings=[row.said for row in rows if isinstance(row.said, Recording)],
        proves_alone=_ONE_LEG,
        international=True,
    )


DIALECT = Dialect(
    name="plivo",
    title="Plivo",
    read=read,
    tell=tell,
    secrets={"auth_token": "the account's Auth Token (console, Overview): Plivo signs with it, signature version V3"},
    prove=proofs.plivo,
    answer=lambda _delivery: EMPTY_XML,  # a hangup's answer is ignored; <Dial action> wants XML
)
