"""Beeline's live events: BroadWorks Xsi-Events as XML, taken apart into what each tells of one leg. Pure.

Elements are found by their local names: prefixes, the ``call`` wrapper and the spelling of times differ between
installations (facts: schema.broadsoft.com/xsi and public receivers of it). Times are milliseconds since 1970 or ISO.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from xml.etree.ElementTree import Element

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Installation, Via
from telephony_bridge.phones import digits
from telephony_bridge.webhooks.dialects.bodies import local_name, xml_of
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, moment, needed, without_digits
from telephony_bridge.webhooks.dialects.telling import via_of

_MOBILE = re.compile(r"(?i)\.3gppnetwork\.org")  # an address in the mobile network's own telephony
_OUTGOING = {"originator": True, "click-to-dial": True, "terminator": False}
_BEGINS = {  # these say who began, also where personality is left out
    "CallOriginatedEvent": "originator",
    "CallOriginatingEvent": "originator",
    "CallReceivedEvent": "terminator",
}
_CALLS = {
    *_BEGINS,
    "CallAnsweredEvent",
    "CallHeldEvent",
    "CallRedirectedEvent",
    "CallReleasedEvent",
    "CallRetrievedEvent",
    "CallTransferredEvent",
    "CallUpdatedEvent",
}


@dataclass(frozen=True, slots=True)
class LegEvent:
    """What one event says of one subscriber's part in a call. ``ended_at`` is told once he is out of it."""

    key: str  # extTrackingId, common to both halves of a conversation
    leg: str  # callId, his half
    keys: tuple[str, ...]  # of all calls in this event: a transfer tells of the two that it joins
    who: str
    subscriber: str
    device: str
    outgoing: bool
    begins: bool
    party: str
    party_type: str  # Network, Group or Unknown, in small letters
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    cause: str
    released_by: str


def events_of(text: str, installation: Installation) -> list[LegEvent]:
    """Each leg an event tells of. Raises ``Malformed``, ``NotACall`` or ``Misdirected``."""
    root = xml_of(text)
    data = _child(root, "eventData")
    if local_name(root.tag) != "Event" or data is None:
        raise Misdirected("The XML is no xsi:Event with eventData: this webhook is pasted into another system")
    kind = next((value for name, value in data.attrib.items() if local_name(name) == "type"), "")
    kind = without_digits(kind.rpartition(":")[2].strip()[:60])
    if kind == "SubscriptionTerminatedEvent":
        raise NotACall(
            "Beeline ended the subscription and sends no more events: renew it now (PUT /apis/portal/subscription)", "eventData"
        )
    calls = list(_calls(data))
    if kind == "HookStatusEvent" or (not calls and kind not in _CALLS):
        raise NotACall(f"Beeline's {kind or 'event without a type'} tells of no call", "eventData")
    if not calls:
        raise Malformed(f"callId is missing; {kind} needs it", "callId")
    found = [_event(call, kind, root, installation) for call in calls]
    keys = tuple(sorted({event.key for event in found}))
    return [replace(event, keys=keys) for event in found]


def _child(element: Element | None, name: str) -> Element | None:
    return next((one for one in element if local_name(one.tag) == name), None) if element is not None else None


def _text(element: Element | None, *path: str) -> str:
    for name in path:
        element = _child(element, name)
    return (element.text or "").strip() if element is not None else ""


def _calls(data: Element) -> Iterator[Element]:
    """The call elements: alone, in a list, or the event's own fields where the wrapper is left out."""
    for one in data:
        if local_name(one.tag) == "call":
            yield one
        elif local_name(one.tag) == "calls":
            yield from (inner for inner in one if local_name(inner.tag) == "call")
        elif local_name(one.tag) in ("callId", "extTrackingId"):
            yield data
            return


def user_of(address: str) -> str:
    """``sip:101@firma.example`` or ``tel:+7…``: what stands before the host."""
    text = address.strip()
    scheme, colon, rest = text.partition(":")
    return (rest if colon and scheme.lower() in ("sip", "sips", "tel") else text).partition("@")[0]


def tail_of(number: str) -> str:
    """The last ten digits, in which every spelling of a Russian number agrees."""
    return digits(user_of(number))[-10:]


def time_of(value: str, field: str, installation: Installation) -> datetime | None:
    """Milliseconds since 1970, or ISO."""
    return epoch(value, field, "ms") if value.isdecimal() else moment(value, field, installation)


def via_of_subscriber(installation: Installation, subscriber: str, device: str, who: str) -> Via:
    """The administrator's patterns first. Then: the product is sold for Beeline's SIM cards, a short name is a SIP device."""
    told = via_of(installation, device, subscriber, who)
    if told is not Via.UNKNOWN:
        return told
    mobile = _MOBILE.search(device) or len(digits(user_of(subscriber))) > 9
    short = re.fullmatch(installation.extension_pattern, user_of(subscriber) or who)
    return Via.IP if short and not mobile else Via.MOBILE


def _time(call: Element, field: str, installation: Installation) -> datetime | None:
    return time_of(_text(call, field), field, installation)


def _event(call: Element, kind: str, root: Element, installation: Installation) -> LegEvent:
    leg = _text(call, "callId")
    key = needed(_text(call, "extTrackingId") or leg, "extTrackingId", kind)
    subscriber = user_of(_text(root, "targetId") or _text(root, "userId"))
    device = _text(call, "endpoint", "addressOfRecord") or _text(call, "endpoint", "address")
    personality = _text(call, "personality").lower() or _BEGINS.get(kind, "")
    if personality not in _OUTGOING:
        raise Malformed("personality: expected Originator, Terminator or Click-to-Dial", "personality")
    started_at = at_needed(_time(call, "startTime", installation), "startTime", kind)
    answered_at = _time(call, "answerTime", installation)
    ended_at = _ended_at(call, kind, installation)
    if ended_at is not None and ended_at < started_at:
        raise Malformed("releaseTime is before startTime", "releaseTime")
    if answered_at is not None and not started_at <= answered_at <= (ended_at or answered_at):
        raise Malformed("answerTime is not between startTime and releaseTime", "answerTime")
    return LegEvent(
        key=key,
        leg=needed(leg or f"{key} {subscriber}", "callId", kind),
        keys=(key,),
        who=_text(call, "extension") or subscriber or user_of(device),
        subscriber=subscriber or user_of(device),
        device=device,
        outgoing=_OUTGOING[personality],
        begins=kind in _BEGINS,
        party=_text(call, "remoteParty", "address") or _text(call, "remoteAddress"),
        party_type=_text(call, "remoteParty", "callType").lower(),
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        cause=_cause(call),
        released_by=_text(call, "releasingParty"),
    )


def _cause(call: Element) -> str:
    for name in ("internalReleaseCause", "cdrTerminationCause"):
        told = _text(call, "releaseCause", name) or _text(call, name)
        if told:
            return told
    return ""


def _ended_at(call: Element, kind: str, installation: Installation) -> datetime | None:
    """When the subscriber's part ended: released, or detached by a transfer that goes on without him."""
    state = _text(call, "state").lower()
    if state == "detached":
        return at_needed(_time(call, "detachedTime", installation), "detachedTime", kind)
    if state == "released" or kind == "CallReleasedEvent":
        return at_needed(_time(call, "releaseTime", installation), "releaseTime", kind)
    return None
