"""Binotel: API CALL COMPLETED, and the events of API CALL PUSH. Pure.

Forms with PHP's brackets, ``callDetails[historyData][0][billsec]``; JSON is taken too, also the answer of ``stats/call-details``.
``startTime`` counts seconds since 1970. Push events have no time of their own: theirs is the moment of receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall, Unreadable
from telephony_bridge.model import Delivery, Direction, Disposition, Installation
from telephony_bridge.webhooks.dialects.binotel_calls import DISPOSITIONS, Attempt, Completed, Push, outcome, tell
from telephony_bridge.webhooks.dialects.bodies import event_of, nested, object_in, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row, Secrets

_DIRECTIONS = {"0": Direction.INBOUND, "1": Direction.OUTBOUND}
_FAX = {"SUCCESS", "FAILED"}
_PUSHES = {"receivedthecall", "answeredthecall", "transferredthecall", "hangupthecall"}


def _told(delivery: Delivery) -> dict[str, Any]:
    return nested(event_of(delivery))


def read(delivery: Delivery, _installation: Installation) -> list[Row]:
    """One event, or the calls of an answer of ``stats``."""
    told = _told(delivery)
    kind = text_in(told, "requestType")
    if kind.lower() in _PUSHES:
        return [_push(kind, told, delivery.received_at)]
    if kind.lower() != "apicallcompleted":
        if kind and told.keys() & {"generalCallID", "companyID", "externalNumber"}:
            raise NotACall(f"Binotel's request {without_digits(kind[:30])} tells of no call", "requestType")
        if "callDetails" not in told and "generalCallID" not in told:
            raise Misdirected("Neither requestType nor callDetails of Binotel are here: this webhook is pasted elsewhere")
    rows: list[Row] = []
    refused: list[Unreadable] = []
    for details in _details(told):
        try:
            call = _completed(details)
        except Unreadable as said:
            refused.append(said)
            continue
        rows.append(Row(call.started_at, (f"id:{call.key}",), call))
    broken = next((said for said in refused if isinstance(said, Malformed)), None)
    if broken is not None:
        raise Malformed(broken.why, broken.field, rows=rows)
    if not rows:
        raise refused[0] if refused else NotACall("callDetails are empty: nothing to understand", "callDetails")
    return rows


def _details(told: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The call of a webhook; of ``stats`` the calls, by their ids or listed."""
    found = told.get("callDetails", told)
    if isinstance(found, list):
        return [one if isinstance(one, dict) else {} for one in found]
    if not isinstance(found, dict):
        raise Malformed("callDetails is missing; apiCallCompleted needs it", "callDetails")
    many = [one for one in found.values() if isinstance(one, dict) and "generalCallID" in one]
    return many or [found]


def _employee(told: Mapping[str, Any]) -> bool:
    return bool(text_in(object_in(told, "employeeData"), "name", "email") or text_in(told, "employeeName", "employeeEmail"))


def _completed(told: Mapping[str, Any]) -> Completed:
    key = needed(text_in(told, "generalCallID"), "generalCallID", "a call")
    word = text_in(told, "disposition").upper()
    if word.startswith("SMS") or word in _FAX:
        raise NotACall("An SMS or a fax: only calls are used", "disposition")
    direction = _DIRECTIONS.get(text_in(told, "callType"))
    if direction is None:
        raise Malformed("callType: expected 0 (inbound) or 1 (outbound)", "callType")
    wait, talk = (seconds(text_in(told, name), name) for name in ("waitsec", "billsec"))
    needed(word, "disposition", "a call")
    if talk is None and DISPOSITIONS.get(word) is Disposition.ANSWERED:
        raise Malformed("billsec is missing; an answered call needs it", "billsec")
    line = object_in(told, "pbxNumberData")
    return Completed(
        key=key,
        direction=direction,
        number=text_in(told, "externalNumber"),
        own=text_in(told, "internalNumber"),
        employee=_employee(told),
        started_at=at_needed(epoch(text_in(told, "startTime"), "startTime"), "startTime", "a call"),
        wait=wait,
        talk=talk,
        word=word,
        attempts=tuple(_attempt(one) for one in _ordered(told.get("historyData"))),
        recording=_recording(told, word, talk, direction),
        lines=(text_in(told, "trunkNumber"), text_in(line, "number"), text_in(line, "name"), text_in(told, "didNumber")),
    )


def _ordered(history: object) -> Iterable[Mapping[str, Any]]:
    """In the order of their indexes, which a form spells as keys."""
    if isinstance(history, dict):
        history = [history[index] for index in sorted(history, key=lambda index: (len(index), index))]
    return [one for one in history if isinstance(one, dict)] if isinstance(history, list) else []


def _attempt(told: Mapping[str, Any]) -> Attempt:
    return Attempt(
        number=text_in(told, "internalNumber"),
        employee=_employee(told),
        answered=DISPOSITIONS.get(text_in(told, "disposition").upper()) is Disposition.ANSWERED,
        talk=seconds(text_in(told, "billsec"), "billsec") or 0,
    )


def _recording(told: Mapping[str, Any], word: str, talk: int | None, direction: Direction) -> str:
    """The link, else the id by which the API gives one; where nobody spoke there is none."""
    spoken = bool(talk) and word != "ONLINE" and outcome(word, talk, direction) is Disposition.ANSWERED
    if not spoken and word != "VM-SUCCESS":
        return ""
    link = text_in(told, "linkToCallRecordInMyBusiness", "linkToCallRecordOverlayInMyBusiness")
    number = text_in(told, "callID")
    return link or (f"binotel:{number}" if number else "")


def _push(kind: str, told: Mapping[str, Any], received_at: datetime) -> Row:
    event = Push(
        key=needed(text_in(told, "generalCallID"), "generalCallID", kind),
        kind=kind.lower(),
        at=received_at,
        direction=_DIRECTIONS.get(text_in(told, "callType")),
        number=text_in(told, "externalNumber", "srcNumber", "dstNumber"),
        own=text_in(told, "internalNumber", "extNumber"),
        line=text_in(told, "pbxNumber", "didNumber"),
        talk=seconds(text_in(told, "billsec"), "billsec"),
        word=text_in(told, "disposition").upper(),
    )
    if event.kind == "receivedthecall" and event.direction is None:
        raise Malformed("callType: expected 0 (inbound) or 1 (outbound)", "callType")
    return Row(received_at, (f"id:{event.key}",), event)


def _greet(delivery: Delivery, _secrets: Secrets) -> Answer | None:
    """API CALL SETTINGS asks during the call for a client's card: there is none here."""
    try:
        asked = text_in(_told(delivery), "requestType").lower() == "apicallsettings"
    except Unreadable:
        return None
    return Answer(b"{}", "application/json") if asked else None


DIALECT = Dialect(
    name="binotel",
    title="Binotel",
    read=read,
    tell=tell,
    greet=_greet,
    answer=lambda _: Answer(b'{"status":"success"}', "application/json"),  # exactly so, else he sends it again, seven times
    patient=True,
)
