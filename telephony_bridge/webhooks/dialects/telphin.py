"""Телфин.Офис (Ringme): events of an extension, and its call history. Pure.

The vendor's page of ``/extension/…/event/``: form fields in a POST or in the query of a GET, times and durations in
microseconds. A call is a CallID, one extension's part in it a SubCallID; IVRs and queues tell in ``Bridged`` whether a person
took the call. A record of ``/call_history/`` (JSON, seconds, GMT) is the same call told by the vendor's archive.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation
from telephony_bridge.webhooks.dialects import telphin_history as history
from telephony_bridge.webhooks.dialects.bodies import event_of, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, lasting, needed, without_digits
from telephony_bridge.webhooks.dialects.reading import Dialect, Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, covered, talks_of, via_of

_EVENTS = {"dial-in": "in", "dial-out": "out", "answer": "", "hangup": ""}
_DISPOSITIONS = {  # CallStatus of a leg nobody answered; an unknown word failed
    "NOANSWER": Disposition.NO_ANSWER,
    "ANSWER": Disposition.NO_ANSWER,  # of a menu or a queue, which no person joined
    "BUSY": Disposition.BUSY,
    "CANCEL": Disposition.CANCELED,
    "CONGESTION": Disposition.FAILED,
    "CHANUNAVAIL": Disposition.FAILED,
}
_SLACK = timedelta(seconds=1)  # between the ends of two legs of a call
_LEAST = [Disposition.NO_ANSWER, Disposition.BUSY, Disposition.CANCELED, Disposition.FAILED]  # of many legs the first word


@dataclass(frozen=True, slots=True)
class _Event:
    key: str
    leg: str
    kind: str
    at: datetime
    flow: str
    status: str
    caller: str
    called: str
    caller_number: str
    called_number: str
    did: str
    remote: str
    duration: timedelta | None
    bridged_for: timedelta | None
    bridged: str
    transferred: bool
    recording: str


@dataclass(frozen=True, slots=True)
class _Leg:
    """One extension's part. ``talk_from`` is when it answered; where only the whole length is told no second of it is proved."""

    first: _Event
    extension: str
    started_at: datetime
    last_at: datetime
    ended_at: datetime | None
    answered: bool
    answered_at: datetime | None
    talk_from: datetime
    status: str
    shared: bool  # of an IVR or a queue
    forwarded: bool  # dialled out for somebody else's call


def read(delivery: Delivery, _installation: Installation) -> list[Row]:
    """One event, or a page of the history. Field names are read in any case: they differ between versions."""
    told = {name.lower(): value for name, value in event_of(delivery).items()}
    if told.keys() & {"call_history", "call_uuid"} and "conversation_uuid" not in told:  # with it Vonage's verdict on a machine
        return history.read(told)

    def said(name: str) -> str:
        return text_in(told, name.lower())

    kind = said("EventType").lower()
    if kind not in _EVENTS:
        if kind and told.keys() & {"callid", "subcallid", "callapiid"}:
            raise NotACall(
                f"Telphin's event {without_digits(kind[:20])} is none of dial-in, dial-out, answer and hangup", "EventType"
            )
        if "subcallid" in told:
            raise Malformed("EventType is missing; every event of a call needs it", "EventType")
        raise Misdirected("Neither EventType nor SubCallID of Telphin are here: this webhook is pasted into another system")
    flow = said("CallFlow").lower()
    if flow not in ("in", "out"):
        flow = _EVENTS[kind]
        if not flow:
            raise Malformed("CallFlow: expected in or out", "CallFlow")
    key = needed(said("CallID"), "CallID", "every event of a call")
    event = _Event(
        key=key,
        leg=said("SubCallID"),
        kind=kind,
        at=at_needed(epoch(said("EventTime"), "EventTime", "us"), "EventTime", "every event of a call"),
        flow=flow,
        status=said("CallStatus").upper(),
        caller=said("CallerExtension").partition("@")[0],
        called=said("CalledExtension").partition("@")[0],
        caller_number=said("CallerIDNum"),
        called_number=said("CalledNumber"),
        did=said("CalledDID"),
        remote=said("RemoteNumber"),
        duration=lasting(said("Duration"), "Duration", "us"),
        bridged_for=lasting(said("BridgedDuration"), "BridgedDuration", "us"),
        bridged=said("Bridged").lower(),
        transferred=said("Transfered").lower() == "yes",
        recording=said("RecID"),
    )
    return [Row(event.at, (f"id:{key}",), event)]


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a CallID; what the archive says of it goes before its events."""
    events = sorted((row.said for row in rows if isinstance(row.said, _Event)), key=lambda one: (one.at, repr(one)))
    recordings = [event.recording for event in events if event.recording]
    records = [row.said for row in rows if isinstance(row.said, history.Record)]
    if records:
        return [history.told(records, recordings, installation)]
    parts: dict[tuple[str, str], list[_Event]] = {}
    for event in events:
        parts.setdefault((event.leg, "" if event.leg else event.flow + _own(event)), []).append(event)
    legs = sorted((_leg(part) for part in parts.values()), key=lambda leg: (leg.forwarded, leg.started_at, repr(leg)))
    return [_call(legs, f"telphin:{recordings[0]}" if recordings else None, installation)]


def _own(event: _Event) -> str:
    """The employee's extension: what follows the client's prefix. ``0000*000`` is the trunk, nobody's."""
    told = event.called if event.flow == "in" else event.caller
    return "" if told == "0000*000" else history.extension_of(told)


def _leg(events: Sequence[_Event]) -> _Leg:
    first = events[0]
    end = max((one for one in events if one.kind == "hangup"), key=lambda one: (one.at, repr(one)), default=None)
    started_at, answers = first.at, [one.at for one in events if one.kind == "answer"]
    status = end.status if end else ""
    answered, answered_at = bool(answers), min(answers, default=None)
    if end is not None:
        if end.duration is not None:
            started_at = min(started_at, end.at - end.duration)
        talked = status == "ANSWER" or end.bridged == "yes" or bool(end.bridged_for)
        answered = end.bridged != "no" and (talked or (answered and not status))
        if answered_at is not None:
            answered_at = min(answered_at, end.at)
        elif end.bridged_for:
            answered_at = end.at - end.bridged_for
            started_at = min(started_at, answered_at)
    return _Leg(
        first=first,
        extension=next((own for own in map(_own, events) if own), ""),
        started_at=started_at,
        last_at=events[-1].at,
        ended_at=end.at if end else None,
        answered=answered,
        answered_at=answered_at,
        talk_from=answered_at or (end.at if end else started_at),
        status=status,
        shared=any(one.bridged for one in events),
        forwarded=first.flow == "out" and any(one.transferred for one in events),
    )


def _talkers(legs: Sequence[_Leg]) -> list[_Leg]:
    """The legs of people: a menu's leg or one dialled out for somebody else's call speaks only where no other does."""
    spoke = [leg for leg in legs if leg.answered]
    spoke = [leg for leg in spoke if not leg.shared] or [leg for leg in spoke if not _holds(leg, spoke)] or spoke
    spoke = [leg for leg in spoke if not leg.forwarded] or spoke
    return sorted(spoke, key=lambda leg: (leg.answered_at or leg.started_at, repr(leg)))


def _holds(leg: _Leg, others: Sequence[_Leg]) -> bool:
    """It rang one of the others and outlasted it: a menu or a queue, also where Bridged is told of phones as well."""
    return leg.first.flow == "in" and any(
        other is not leg
        and history.extension_of(other.first.caller) == leg.extension
        and leg.ended_at is not None
        and other.last_at <= leg.ended_at + _SLACK
        for other in others
    )


def _rung(legs: Sequence[_Leg]) -> list[_Leg]:
    """Whose phones rang. Where Bridged is told of every leg, those that answered to nobody are menus."""
    ringing = [leg for leg in legs if leg.first.flow == "in" and leg.extension]
    people = [leg for leg in ringing if not leg.shared]
    return people or [leg for leg in ringing if leg.status != "ANSWER" and not _holds(leg, ringing)]


def _final(legs: Sequence[_Leg]) -> bool:
    """Every leg has ended, or the menu or queue that holds the call ended after the others were last heard of."""
    running = [leg.last_at for leg in legs if leg.ended_at is None]
    whole = [leg.ended_at for leg in legs if leg.shared and leg.ended_at is not None]
    return not running or (bool(whole) and max(whole) >= max(running))


def _call(legs: Sequence[_Leg], recording: str | None, installation: Installation) -> Call:
    first = legs[0].first
    remote = first.remote or min((leg.first.remote for leg in legs if leg.first.remote), default="")
    party = remote or (first.caller_number if first.flow == "in" else first.called_number)
    direction = Direction.INBOUND if first.flow == "in" else Direction.OUTBOUND
    extension = legs[0].extension
    # both ends have extensions also when a menu passes a call on: only the number tells
    if not remote and not first.did and re.fullmatch(installation.extension_pattern, history.extension_of(party)):
        direction = Direction.INTERNAL
        extension = history.extension_of(first.caller or first.caller_number)
        party = history.extension_of(first.called_number or first.called)
    inbound = direction is Direction.INBOUND
    final, talkers = _final(legs), _talkers(legs)
    ended_at = max((leg.ended_at for leg in legs if leg.ended_at is not None), default=None) if final else None
    talks = [Leg(leg.extension, leg.talk_from, leg.ended_at) for leg in talkers if leg.extension]
    spans = [(leg.talk_from, leg.ended_at or ended_at) for leg in talkers] if ended_at else []
    people = [leg for leg in legs if not leg.shared]
    answered_at = talkers[0].answered_at if talkers else None
    until, ringing = answered_at if talkers else ended_at, None
    if until is not None and people:
        ringing = max(int((until - min(leg.started_at for leg in people)).total_seconds()), 0)
    disposition, status = (Disposition.ANSWERED, talkers[0].status) if talkers else _unanswered(legs, inbound=inbound)
    return call_of(
        first.key,
        direction,
        installation,
        party=party,
        started_at=min(leg.started_at for leg in legs),
        answered_at=answered_at,
        ended_at=ended_at,
        talk_seconds=covered(spans),
        ring_seconds=ringing,
        disposition=disposition,
        extension=extension if not inbound else talkers[0].extension if talkers else None,
        rung={leg.extension for leg in _rung(legs)},
        talked=() if direction is Direction.INTERNAL else talks_of(talks, ended_at),
        hangup_cause=status if final else None,
        recording_url=recording,
        via=via_of(installation, first.did, legs[0].extension),
        final=final,
    )


def _unanswered(legs: Sequence[_Leg], *, inbound: bool) -> tuple[Disposition, str]:
    ended = [leg.status for leg in legs if leg.ended_at is not None and not (leg.forwarded and len(legs) > 1)]
    words = [(_DISPOSITIONS.get(status, Disposition.FAILED), status) for status in ended]
    if inbound:  # the caller who gives up is not ours
        words = [(Disposition.NO_ANSWER if word is Disposition.CANCELED else word, status) for word, status in words]
    return min(words, key=lambda one: (_LEAST.index(one[0]), one[1]), default=(Disposition.NO_ANSWER, ""))


DIALECT = Dialect(name="telphin", title="Телфин.Офис", read=read, tell=tell)
