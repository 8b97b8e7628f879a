"""Whose a leg of FreeSWITCH is, and the legs that another one's document describes where nothing was told of them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto
from fnmatch import fnmatchcase

from telephony_bridge import phones
from telephony_bridge.model import Installation, Via
from telephony_bridge.webhooks.dialects.freeswitch_legs import Endpoint, Leg, Other, Stretch
from telephony_bridge.webhooks.dialects.telling import number_of, via_of

_USER = re.compile(r"(?:.*/)?(?:sips?:)?([^@/;:]+)")
_IP = ("sofia/", "verto")


class Side(Enum):
    """Which kind of party a channel is."""

    PERSON = auto()
    OUTSIDE = auto()
    SWITCH = auto()  # a loopback channel: the switch calls itself


def is_extension(value: str, installation: Installation) -> bool:
    return bool(value and re.search(installation.extension_pattern, value))


def _is_made(leg: Leg) -> bool:
    """The switch called it; an older release does not say so, but such a leg has a caller."""
    return leg.role == "outbound" or (leg.role != "inbound" and bool(leg.parent))


def _user(channel: str) -> str:
    """``101`` of ``sofia/internal/sip:101@10.0.0.5:5060``."""
    found = _USER.match(channel)
    return found.group(1) if found else ""


def _names(leg: Leg) -> tuple[str, ...]:
    """What the PBX's directory calls it. On a leg that came to the switch dialed_user is whom it called."""
    return ((leg.dialed_user,) if leg.dialed_user else ()) if _is_made(leg) else leg.users


def side_of(leg: Leg, root_called: str, installation: Installation) -> Side:
    """By the endpoint, not by the number shown: a client may call from «101». ``root_called``: what a colleague dialled."""
    if leg.is_loopback:
        return Side.SWITCH
    names = _names(leg)
    if leg.gateway:
        return Side.OUTSIDE
    if any(is_extension(name, installation) for name in names):
        return Side.PERSON
    if any(glob.strip("*") and fnmatchcase(name, glob) for name in _roads(leg) for glob, _ in installation.trunks):
        return Side.OUTSIDE
    if names:
        return Side.PERSON
    made = _is_made(leg)
    if leg.channel.startswith("sofia/external/") or (leg.context == "public" and not made):
        return Side.OUTSIDE
    if is_extension(_user(leg.channel), installation) or is_extension(leg.called if made else leg.caller, installation):
        return Side.PERSON
    if made:
        outside = any(number_of(number, installation) for number in (leg.called, root_called))
    else:
        outside = phones.is_hidden(leg.caller) or number_of(leg.caller, installation) is not None
    return Side.OUTSIDE if outside else Side.PERSON


def extension_of(leg: Leg, installation: Installation) -> str:
    user = _user(leg.channel)
    named = (user, leg.dialed_user, leg.called) if _is_made(leg) else (*leg.users, user, leg.caller, leg.account)
    return next((name for name in named if is_extension(name, installation)), next(iter(_names(leg)), user))


def _roads(leg: Leg) -> tuple[str, ...]:
    """The names an administrator may give a trunk by: the gateway, as it stands in a dialplan, the channel."""
    return tuple(name for name in (leg.gateway, leg.gateway and f"sofia/gateway/{leg.gateway}", leg.channel) if name)


def via_of_leg(leg: Leg, installation: Installation) -> Via:
    """sofia and verto are IP; what GSM modules call their channels is for the trunk patterns to say."""
    told = via_of(installation, *_roads(leg))
    is_ip = bool(leg.gateway) or leg.channel.startswith(_IP)
    return Via.IP if told is Via.UNKNOWN and is_ip else told


def whole(told: Iterable[Leg]) -> dict[str, Leg]:
    """Every leg by its id: those told of, and those that only another one's document describes (log-b-leg is off, or they
    are still to come).
    """
    legs: dict[str, Leg] = {}
    for leg in sorted(told, key=_fullness):  # told twice, as XML and as a CSV line: the fuller one comes later and wins
        before = legs.get(leg.uuid)
        legs[leg.uuid] = replace(leg, recording=leg.recording or before.recording) if before else leg
    for leg in sorted(legs.values(), key=_age):
        for other in (*leg.called_legs, *(other for stretch in leg.stretches for other in stretch.others)):
            called = legs.get(other.uuid)  # a line of mod_cdr_csv does not name its caller, the caller names it
            if called and not called.parent and called.role != "inbound" and _age(leg) < _age(called):
                legs[called.uuid] = replace(called, parent=leg.uuid)
    known = sorted(legs.values(), key=_age)
    for leg in known:
        for child in _untold(leg, legs):
            legs.setdefault(child.uuid, child)
    for leg in known:
        while leg.parent and leg.parent not in legs:
            legs[leg.parent] = _caller(leg, [one for one in known if one.parent == leg.parent] or [leg])
            leg = legs[leg.parent]
    return legs


def _age(leg: Leg) -> tuple[datetime, str]:
    return leg.started, leg.uuid


def _fullness(leg: Leg) -> tuple[bool, int, int, str]:
    return (bool(leg.channel), len(leg.stretches), len(leg.called_legs), repr(leg))


def _caller(leg: Leg, children: list[Leg]) -> Leg:
    """The leg that called these, as the first of them describes it; call_uuid names the one that began it all."""
    told = leg.originator or Other(caller=leg.caller)
    return Leg(
        uuid=leg.parent,
        parent=leg.call_uuid if leg.call_uuid not in (leg.parent, leg.uuid) else "",
        started=min(child.started for child in children),
        answered=min((child.answered for child in children if child.answered), default=None),
        ended=max(child.ended for child in children),
        call_direction=leg.call_direction,
        channel=told.channel,
        caller=told.caller,
        called=told.called,
        is_told=False,
    )


def _untold(leg: Leg, legs: Mapping[str, Leg]) -> Iterator[Leg]:
    """The legs that this one called and that are not told of: those it was bridged with, those that rang in vain."""
    if leg.parent and not leg.called_legs:
        return
    children = [child for child in legs.values() if child.parent == leg.uuid]
    for index, stretch in enumerate(leg.stretches):
        partners = {other.uuid for other in stretch.others}
        explained = any(uuid in legs for uuid in partners) or (leg.parent and leg.parent in partners)
        if not explained and not any(child.answered and _meet(child, stretch) for child in children):
            newest = index == len(leg.stretches) - 1
            yield _partner(leg, stretch, f"{leg.uuid}/{index}", newest=newest)
    bridged = {other.uuid for stretch in leg.stretches for other in stretch.others}
    missed = [other for other in leg.called_legs if other.uuid not in legs and other.uuid not in bridged]
    if not (missed or children or leg.stretches or leg.called_legs):
        missed = [Other(f"{leg.uuid}/{index}", called=one.number) for index, one in enumerate(leg.endpoints)]
    for other in missed:
        yield _described(leg, other, started=leg.started, ended=leg.ended, cause=other.cause or leg.outcome)


def _meet(leg: Leg, stretch: Stretch) -> bool:
    return leg.started <= stretch.ended and stretch.bridged <= leg.ended


def _partner(leg: Leg, stretch: Stretch, otherwise: str, *, newest: bool) -> Leg:
    """Whom it was bridged with; a bridge before the answer is early media."""
    by_uuid = {other.uuid: other for other in reversed(stretch.others)}
    wanted = next((uuid for uuid in leg.bridged_to if uuid in by_uuid), "") if newest else ""
    other = by_uuid.get(wanted) or next(iter(stretch.others), Other())
    channel = leg.bridge_channel or ("loopback/" if leg.is_voicemail else "") if newest else ""
    other = replace(other, uuid=other.uuid or otherwise, channel=other.channel or channel)
    found = _described(leg, other, started=leg.started, ended=stretch.ended, newest=newest)
    if leg.answered is None:
        return found
    return replace(found, answered=max(stretch.bridged, leg.answered), stretches=(stretch,))


def _described(leg: Leg, other: Other, *, started: datetime, ended: datetime, newest: bool = True, cause: str = "") -> Leg:
    endpoints = leg.endpoints if newest else ()
    alike = [one for one in endpoints if other.called == one.number] or (list(endpoints) if len(endpoints) == 1 else [])
    way = alike[0] if alike else Endpoint()
    is_alone = newest and len(leg.called_legs) < 2 and leg.role != "outbound"
    user = "" if way.gateway or way.channel else way.number or (leg.dialed_user if is_alone else "")
    return Leg(
        uuid=other.uuid,
        parent=leg.uuid,
        started=started,
        answered=None,
        ended=ended,
        role="outbound",
        channel=other.channel or way.channel,
        gateway=way.gateway,
        dialed_user=user,
        caller=leg.caller,
        called=(way.number if way.gateway else "") or other.called,
        cause=cause,
        is_told=False,
    )
