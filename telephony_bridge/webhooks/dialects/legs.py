"""A call on a programmable platform (Twilio, Telnyx, Plivo): legs between the platform and one party each. Pure.

A dialect makes ``LegEvent`` of what it is told; here they become legs, in any order. ``legs_calls.py`` makes a call of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from telephony_bridge.model import Disposition, Installation
from telephony_bridge.webhooks.dialects.reading import Answer
from telephony_bridge.webhooks.dialects.telling import number_of

EMPTY_XML = Answer(b'<?xml version="1.0" encoding="UTF-8"?><Response></Response>', "text/xml")  # "nothing more to do"
_ADDRESS = re.compile(r"(?i)(?:(client|sips?):)?([^@;]*)(@?).*")
_NEVER = datetime.max.replace(tzinfo=UTC)
_HIDDEN = {"anonymous", "restricted", "unavailable", "unknown", "private", "blocked"}
# Twilio's withheld numbers: these words on a phone's keypad, sometimes with the US code before
_KEYPAD = {"266696687", "7378742833", "86282452253", "8656696", "2562533"}


@dataclass(frozen=True, slots=True)
class LegEvent:
    """What one event tells of one leg. ``at`` is the event's own time; ``incoming``: the party called the platform.

    ``outcome`` is told by the event that ends the leg; ``otherwise`` is the outcome of an ended leg of which no answer was told.
    """

    leg: str
    parent: str = ""
    incoming: bool | None = None
    caller: str = ""
    called: str = ""
    at: datetime | None = None
    started_at: datetime | None = None
    answered: bool = False
    answered_at: datetime | None = None
    ended: bool = False
    outcome: Disposition | None = None
    otherwise: Disposition = Disposition.NO_ANSWER
    seconds: int | None = None
    cause: str = ""
    machine: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """A link to a recording, and the leg or call it is of."""

    of: str
    url: str


@dataclass(frozen=True, slots=True)
class PartyLeg:
    """One leg as all its events tell it. ``outcome`` None: it goes on. ``seconds`` from its answer to its end."""

    id: str
    parent: str
    incoming: bool
    caller: str
    called: str
    started_at: datetime | None
    answered: bool
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Disposition | None
    seconds: int | None
    cause: str

    @property
    def party(self) -> str:
        return self.caller if self.incoming else self.called

    @property
    def line(self) -> str:
        return self.called if self.incoming else self.caller


def _order(event: LegEvent) -> tuple[bool, float, str]:
    return event.at is not None, event.at.timestamp() if event.at else 0.0, repr(event)


def _leg_of(events: Iterable[LegEvent]) -> PartyLeg | None:
    """The leg; None as long as nobody told whose call it is."""
    told = sorted(events, key=_order)
    parent = next((one.parent for one in told if one.parent), "")
    incoming = next((one.incoming for one in told if one.incoming is not None), False if parent else None)
    if incoming is None:
        return None
    end = next((one for one in reversed(told) if one.ended), None)
    ended_at = end.at if end else None
    started_at = min((one.started_at for one in told if one.started_at), default=None) or min(
        (one.at for one in told if one.at and not one.answered and not one.ended), default=None
    )
    moments = [one.answered_at or (one.at if one.answered else None) for one in told]
    answered_at = min((at for at in moments if at and at <= (ended_at or at) and at >= (started_at or at)), default=None)
    answered = any(one.answered or one.answered_at for one in told)
    outcome, seconds = None, None
    if end is not None:
        outcome = end.outcome or (Disposition.ANSWERED if answered else end.otherwise)
        seconds = end.seconds
    if end is not None and ended_at is None and answered_at is not None and seconds is not None:
        ended_at = answered_at + timedelta(seconds=seconds)
    if ended_at is not None and outcome is Disposition.ANSWERED:
        since = min((at for at in (started_at, answered_at) if at is not None), default=None)
        if seconds is not None and since is not None:  # never longer than the leg
            seconds = min(seconds, max(int((ended_at - since).total_seconds()), 0))
        if answered_at is None and seconds is not None:
            answered_at = ended_at - timedelta(seconds=seconds)
        elif answered_at is not None and seconds is None:
            seconds = int((ended_at - answered_at).total_seconds())
    if outcome is Disposition.ANSWERED and any(one.machine for one in told):
        outcome = Disposition.VOICEMAIL
    return PartyLeg(
        id=told[0].leg,
        parent=parent,
        incoming=incoming,
        caller=next((one.caller for one in told if one.caller), ""),
        called=next((one.called for one in told if one.called), ""),
        started_at=started_at,
        answered=outcome is Disposition.ANSWERED or (outcome is None and answered),
        answered_at=answered_at if outcome in (None, Disposition.ANSWERED, Disposition.VOICEMAIL) else None,
        ended_at=ended_at,
        outcome=outcome,
        seconds=seconds,
        cause=end.cause if end else "",
    )


def legs_of(events: Iterable[LegEvent]) -> list[PartyLeg]:
    """The legs whose side is known, by their start."""
    by_leg: dict[str, list[LegEvent]] = {}
    for event in events:
        by_leg.setdefault(event.leg, []).append(event)
    found = [leg for leg in (_leg_of(mine) for mine in by_leg.values()) if leg is not None]
    return sorted(found, key=lambda leg: (first_of(leg) or _NEVER, leg.id))


def first_of(leg: PartyLeg) -> datetime | None:
    """The earliest moment known of a leg."""
    return min((at for at in (leg.started_at, leg.answered_at, leg.ended_at) if at is not None), default=None)


def root_of(parents: Iterable[tuple[str, str]]) -> str:
    """Of pairs (leg, parent or nothing) the leg that began the call."""
    above: dict[str, str] = {}
    names: set[str] = set()
    for leg, parent in sorted(parents):
        names |= {leg, parent} - {""}
        if parent and parent != leg:
            above[leg] = parent
    return min(names - set(above) or names)


def employee_in(address: str, installation: Installation) -> str | None:
    """Whose address it is: ``ivan`` of client:ivan, ``101`` of sip:101@…; None for a phone number, nobody and who hides."""
    found = _ADDRESS.fullmatch(address.strip())
    if found is None:
        return None
    scheme, name, host = (found.group(1) or "").lower(), found.group(2).strip(), found.group(3)
    if name and (scheme == "client" or re.fullmatch(installation.extension_pattern, name)):
        return name
    if not (scheme or host) or name.lower() in _HIDDEN or number_of(name, installation) is not None:
        return None
    return name or None


def hides(address: str) -> bool:
    """A pseudo number that spells why there is none: it is nobody's."""
    plain = address.strip().lstrip("+")
    return plain in _KEYPAD or plain.removeprefix("1") in _KEYPAD
