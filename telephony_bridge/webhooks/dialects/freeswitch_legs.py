"""One leg of FreeSWITCH as a value: what its document says of itself, of the legs beside it, and what ties it to them. Pure.

Variables and times: switch_channel.c (switch_channel_set_timestamps); a leg's ``callflow`` has a profile for each way through
the dialplan, the newest first, and what a transfer did before stands in the older ones only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from telephony_bridge.errors import Malformed
from telephony_bridge.model import Installation
from telephony_bridge.webhooks.dialects.bodies import object_in, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, epoch, moment, needed, seconds
from telephony_bridge.webhooks.dialects.freeswitch_bodies import Document
from telephony_bridge.webhooks.dialects.reading import Row

_ID = re.compile(r"[\w.:-]{6,100}")
_HISTORY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_LINKS = (
    "call_uuid", "originating_leg_uuid", "originator", "signal_bond", "bridge_uuid", "last_bridge_to", "other_loopback_leg_uuid",
    "cc_member_session_uuid",
)  # fmt: skip
_ENDPOINT = re.compile(r"(?:^|[,|:\]}])(user|sofia/gateway/[^/,|]+|sofia/[^/,|]+)/(?:sips?:)?([^@,|;]+)")
_VOICEMAIL = re.compile(r"(?:^|[ =])voicemail\b(?![ :]check)")  # loopback/app=voicemail:…, FusionPBX: lua app.lua voicemail


@dataclass(frozen=True, slots=True)
class Other:
    """A leg as another one's document describes it."""

    uuid: str = ""
    channel: str = ""
    caller: str = ""
    called: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a dialplan's ``bridge`` was told to call: a user, or a number through a gateway or straight on a channel."""

    number: str = ""
    gateway: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """One profile of a leg: from when it was bridged, and until it was transferred or ended; whom with."""

    bridged: datetime
    ended: datetime
    others: tuple[Other, ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel. ``caller``, ``called`` and ``context`` are those it began with."""

    uuid: str
    parent: str  # the leg that called this one
    started: datetime
    answered: datetime | None
    ended: datetime
    role: str = ""  # as the switch sees it: ``inbound`` came to it, ``outbound`` it made
    call_uuid: str = ""
    call_direction: str = ""
    channel: str = ""
    gateway: str = ""
    users: tuple[str, ...] = ()
    dialed_user: str = ""
    account: str = ""
    caller: str = ""
    called: str = ""
    context: str = ""
    cause: str = ""
    outcome: str = ""  # of the last leg it called
    bridged_to: tuple[str, ...] = ()
    bonds: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    stretches: tuple[Stretch, ...] = ()  # the oldest first
    called_legs: tuple[Other, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()  # of its last bridge
    bridge_channel: str = ""
    originator: Other | None = None
    is_voicemail: bool = False
    recording: str = ""
    is_told: bool = True

    @property
    def is_loopback(self) -> bool:
        return self.channel.startswith("loopback/")


def row_of(document: Document, installation: Installation) -> Row:
    """The row of a document. Raises ``Malformed`` naming the variable."""
    leg, member = _leg(document, installation)
    ids = {leg.uuid, leg.parent, *leg.links, *(other.uuid for other in leg.called_legs)} - {""}
    ties = {f"id:{id_}" for id_ in ids}
    if member:
        ties.add(f"cc:{member}")
    return Row(leg.started, tuple(sorted(ties)), leg)


def _leg(document: Document, installation: Installation) -> tuple[Leg, str]:
    told: dict[str, str] = document["variables"]
    flow = [one for one in _list(document, "callflow") if isinstance(one, dict)]
    profiles = [object_in(one, "caller_profile") for one in flow] or [{}]
    times = [object_in(one, "times") for one in flow] or [{}]
    uuid = needed(text_in(told, "uuid") or text_in(profiles[0], "uuid"), "uuid", "a leg")
    started = _at(told, "start", times[-1], "created_time", installation)
    started = at_needed(started, "start_epoch", "a leg")
    ended = at_needed(_at(told, "end", times[0], "hangup_time", installation, near=started), "end_epoch", "a leg")
    answered = _at(told, "answer", times[0], "answered_time", installation, near=started)
    duration, billsec = seconds(text_in(told, "duration"), "duration"), seconds(text_in(told, "billsec"), "billsec")
    if ended < started:
        raise Malformed("end_epoch is before start_epoch; check the PBX's clock", "end_epoch")
    if billsec is not None and billsec > max(duration or 0, int((ended - started).total_seconds())) + 1:
        raise Malformed(f"billsec: {billsec} seconds of talk are longer than the leg", "billsec")
    if answered is not None and not started <= answered <= ended + timedelta(seconds=1):
        raise Malformed("answer_epoch is not between start_epoch and end_epoch; check the PBX's clock", "answer_epoch")
    role = text_in(told, "direction") or text_in(object_in(document, "channel_data"), "direction")
    origin = profiles[0].get("originator")
    originator = next(iter(_others(origin, "originator_caller_profiles")), None) if role != "inbound" else None
    parent = _parent(uuid, role, told, originator)
    leg = Leg(
        uuid=uuid,
        parent=parent,
        started=started,
        answered=min(answered, ended) if answered is not None else None,
        ended=ended,
        role=role,
        call_uuid=_id(told, "call_uuid"),
        call_direction=text_in(told, "call_direction").lower(),
        channel=text_in(told, "channel_name") or text_in(profiles[-1], "chan_name"),
        gateway=text_in(told, "sip_gateway_name", "sip_gateway"),
        users=tuple(user for name in ("user_name", "sip_auth_username", "number_alias") if (user := text_in(told, name))),
        dialed_user=text_in(told, "dialed_user") or text_in(told, "cc_agent").partition("@")[0],
        account=text_in(told, "accountcode"),
        caller=text_in(profiles[-1], "caller_id_number") or text_in(told, "sip_from_user", "caller_id_number"),
        called=text_in(profiles[-1], "destination_number") or text_in(told, "destination_number", "sip_req_user"),
        context=text_in(profiles[-1], "context"),
        cause=text_in(told, "hangup_cause"),
        outcome=text_in(told, "last_bridge_hangup_cause") if answered else text_in(told, "originate_disposition", "DIALSTATUS"),
        bridged_to=_ids(told, "bridge_uuid", "last_bridge_to"),
        bonds=_ids(told, "bridge_uuid", "last_bridge_to", "signal_bond"),
        links=(*_ids(told, *_LINKS), *sorted(set(_HISTORY.findall(text_in(told, "transfer_history"))))),
        stretches=_stretches(told, times, profiles, answered=answered, ended=ended),
        called_legs=tuple(other for other in _called(told, profiles) if other.uuid not in ("", uuid, parent)),
        endpoints=_endpoints(text_in(told, "last_arg")) if text_in(told, "last_app") == "bridge" else (),
        bridge_channel=text_in(told, "bridge_channel"),
        originator=originator,
        is_voicemail=_is_voicemail(told),
        recording=_recording(told, document),
    )
    return leg, _id(told, "cc_member_uuid")


def _list(document: Mapping[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    return value if isinstance(value, list) else [value]


def _at(
    told: Mapping[str, str],
    name: str,
    times: Mapping[str, Any],
    of_times: str,
    installation: Installation,
    *,
    near: datetime | None = None,
) -> datetime | None:
    """Whole seconds, as billsec counts them. Epochs are UTC, a stamp is the PBX's local time, a profile has microseconds."""
    if text_in(told, f"{name}_epoch"):
        at = epoch(told[f"{name}_epoch"], f"{name}_epoch")
    else:
        at = (
            epoch(text_in(told, f"{name}_uepoch"), f"{name}_uepoch", "us")
            or epoch(text_in(times, of_times), of_times, "us")
            or moment(text_in(told, f"{name}_stamp"), f"{name}_stamp", installation, near=near)
        )
    return at.replace(microsecond=0) if at is not None else None


def _id(told: Mapping[str, str], name: str) -> str:
    value = text_in(told, name)
    return value if _ID.fullmatch(value) else ""


def _ids(told: Mapping[str, str], *names: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id_ for name in names if (id_ := _id(told, name))))


def _parent(uuid: str, role: str, told: Mapping[str, str], originator: Other | None) -> str:
    """mod_callcenter calls an agent out of nowhere; the second half of a loopback channel came from its first."""
    if text_in(told, "channel_name").startswith("loopback/") and role == "inbound":
        found = [_id(told, "other_loopback_leg_uuid")]
    elif role == "inbound":
        return ""
    else:
        found = [_id(told, name) for name in ("originator", "originating_leg_uuid")]
        found += [
            originator.uuid if originator else "",
            _id(told, "cc_member_session_uuid") if text_in(told, "cc_side") == "agent" else "",
        ]
        found.append(_id(told, "call_uuid"))
    return next((id_ for id_ in found if id_ and id_ != uuid), "")


def _others(side: Any, name: str) -> tuple[Other, ...]:
    listed = side.get(name) if isinstance(side, dict) else None
    found = []
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict):
            names = ("chan_name", "caller_id_number", "destination_number")
            found.append(Other(_id(one, "uuid"), *(text_in(one, name) for name in names)))
    return tuple(dict.fromkeys(found))


def _stretches(
    told: Mapping[str, str],
    times: Sequence[Mapping[str, Any]],
    profiles: Sequence[Mapping[str, Any]],
    *,
    answered: datetime | None,
    ended: datetime,
) -> tuple[Stretch, ...]:
    """A transfer begins a new profile without a bridge of its own yet, so that bridge_epoch speaks of the last bridge alone."""
    found = []
    for index, (clock, profile) in enumerate(zip(times, profiles, strict=True)):
        bridged = epoch(text_in(clock, "bridged_time"), "bridged_time", "us")
        others = _others(profile.get("originatee"), "originatee_caller_profiles")
        if index == 0:
            told_at = epoch(text_in(told, "bridge_epoch"), "bridge_epoch") or bridged
            if told_at is None and not text_in(told, "bridge_epoch") and not text_in(clock, "bridged_time"):
                told_at = answered if _is_bridged(told) else None  # a release or a template without the time
            bridged = told_at
            known = {other.uuid for other in others}
            others += tuple(Other(id_) for id_ in _ids(told, "bridge_uuid", "last_bridge_to") if id_ not in known)
        until = epoch(text_in(clock, "transfer_time"), "transfer_time", "us") if index else None
        if bridged is not None:
            stretch = Stretch(bridged.replace(microsecond=0), min(until or ended, ended).replace(microsecond=0), others)
            found.append(stretch)
    return tuple(reversed(found))


def _is_bridged(told: Mapping[str, str]) -> bool:
    with_whom = text_in(told, "bridge_uuid", "last_bridge_to", "bridge_channel")
    return bool(with_whom) or text_in(told, "originate_disposition") == "SUCCESS"


def _called(told: Mapping[str, str], profiles: Sequence[Mapping[str, Any]]) -> tuple[Other, ...]:
    """Every leg this one called: ``ARRAY::UUID;name;number|:…`` and what became of each, and those of its profiles."""
    causes = dict(one.split(";")[:2] for one in _array(told, "originate_causes") if ";" in one)
    found: dict[str, Other] = {}
    for profile in profiles:
        for other in _others(profile.get("originatee"), "originatee_caller_profiles"):
            found.setdefault(other.uuid, other)
    for uuid, *words in (one.split(";") for one in _array(told, "originated_legs")):
        if _ID.fullmatch(uuid) and words:
            before = found.get(uuid, Other(uuid))
            found[uuid] = replace(before, called=words[-1] or before.called, cause=causes.get(uuid, ""))
    return tuple(found.values())


def _array(told: Mapping[str, str], name: str) -> list[str]:
    return text_in(told, name).removeprefix("ARRAY::").split("|:")


def _endpoints(argument: str) -> tuple[Endpoint, ...]:
    """``user/101@domain``, ``{…}sofia/gateway/provider/79990000001``, ``sofia/external/79990000001@sbc``, many of them."""
    found = []
    for road, number in _ENDPOINT.findall(argument):
        gateway = road.removeprefix("sofia/gateway/")
        if road == "user":
            found.append(Endpoint(number))
        elif gateway != road:
            found.append(Endpoint(number, gateway))
        else:
            found.append(Endpoint(number, channel=f"{road}/{number}"))
    return tuple(found)


def _is_voicemail(told: Mapping[str, str]) -> bool:
    application, argument = text_in(told, "last_app"), text_in(told, "last_arg")
    if application == "voicemail":
        return not argument.startswith("check")
    return text_in(told, "voicemail_action") == "save" or bool(_VOICEMAIL.search(argument))


def _recording(told: Mapping[str, str], document: Document) -> str:
    """FusionPBX names the file, anybody else's dialplan only the command."""
    path, name = text_in(told, "record_path"), text_in(told, "record_name")
    if name:
        return f"{path.rstrip('/')}/{name}" if path else name
    log = object_in(document, "app_log").get("applications")
    commands = [one for one in log if isinstance(one, dict)] if isinstance(log, list) else []
    return next((text_in(one, "app_data") for one in commands if text_in(one, "app_name") == "record_session"), "")
