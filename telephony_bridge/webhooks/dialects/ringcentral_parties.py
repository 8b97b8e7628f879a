"""A party of a RingCentral session, put together from all that its events told of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from telephony_bridge.model import Installation

_CLOSING = {"disconnected", "gone"}
_VOICEMAIL = {"voicemail", "voicemailscreening", "vmscreening"}
_MOVED = {  # reasons of a Disconnected party after which the call goes on elsewhere
    "Pickup", "Supervising", "TakeOver", "BlindTransfer", "RccTransfer", "AttendedTransfer", "CallerInputRedirect", "CallFlip",
    "ParkLocation", "DtmfTransfer", "AgentAnswered", "AgentDropped", "CallRedirected",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class End:
    number: str
    short: str
    extension: str
    device: str


@dataclass(frozen=True, slots=True)
class Change:
    """One party in one event."""

    key: str
    sequence: int
    at: datetime
    party: str
    extension: str
    inbound: bool
    caller: End
    callee: End
    code: str
    reason: str
    missed: bool
    ringout: bool


@dataclass(frozen=True, slots=True)
class Party:
    """All that was told of one party."""

    key: str
    id: str
    inbound: bool
    extension: str  # empty: outside
    caller: End
    callee: End
    first_at: datetime
    early: bool  # its beginning was told
    rang: bool
    answered_at: datetime | None
    left_at: datetime | None  # when its talk was over
    closed_at: datetime | None
    moved: bool
    voicemail: bool
    reason: str

    @property
    def is_plainly_closed(self) -> bool:
        return self.closed_at is not None and not self.moved


def _merged(ends: Iterable[End]) -> End:
    """The latest word for each field: a name and an id may be told only when the other side is reached."""
    number = short = extension = device = ""
    for end in ends:
        number, short = end.number or number, end.short or short
        extension, device = end.extension or extension, end.device or device
    return End(number, short, extension, device)


def own_in(end: End, installation: Installation) -> str:
    """The extension of a side that is ours: its id, else its short number."""
    short = end.number if re.search(installation.extension_pattern, end.number) else end.short
    return end.extension or short


def party_of(changes: Sequence[Change], installation: Installation) -> Party:
    ordered = sorted(changes, key=lambda one: (one.sequence, one.at, repr(one)))
    first, last = ordered[0], ordered[-1]
    caller, callee = _merged(one.caller for one in ordered), _merged(one.callee for one in ordered)
    mine = callee if first.inbound else caller
    answered_at = next((one.at for one in ordered if one.code == "answered"), None)
    leaving = {*_CLOSING, "parked"}
    return Party(
        key=first.key,
        id=first.party,
        inbound=first.inbound,
        extension=next((one.extension for one in ordered if one.extension), "") or own_in(mine, installation),
        caller=caller,
        callee=callee,
        first_at=min(one.at for one in ordered),
        early=any(one.code in ("setup", "proceeding") for one in ordered),
        # a subscription may ask for the ends of missed calls only
        rang=any(one.code == "proceeding" or one.missed for one in ordered),
        answered_at=answered_at,
        left_at=min((one.at for one in ordered if one.code in leaving and answered_at and one.at >= answered_at), default=None),
        closed_at=last.at if last.code in _CLOSING else None,
        moved=last.code == "gone" or last.reason in _MOVED,
        voicemail=any(one.code in _VOICEMAIL for one in ordered),
        reason=last.reason,
    )
