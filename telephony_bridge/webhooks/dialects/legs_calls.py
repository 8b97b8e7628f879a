"""Legs of one call on a programmable platform, told as a call. Pure.

Whose leg is an employee's, which one leads to the outside party, and whether a person on it answered. The first leg is a
caller's, an employee's softphone, or a call that the platform was told to make; the others were dialled for the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from telephony_bridge.model import Call, Direction, Disposition, Installation, Talk, Via
from telephony_bridge.webhooks.dialects.legs import PartyLeg, Recording, employee_in, first_of, hides
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, covered, number_of, talks_of, via_of


@dataclass(frozen=True, slots=True)
class _Parts:
    """Who is who: employees' legs, legs on which an answer makes a conversation, and the other party's address."""

    direction: Direction
    ours: Sequence[PartyLeg]
    people: Sequence[PartyLeg]
    party: str
    starter: str | None = None


class _Cast:
    """The legs of one call sorted into employees' and outside ones."""

    def __init__(self, legs: Sequence[PartyLeg], key: str, installation: Installation, international: bool) -> None:
        self.installation, self.international = installation, international
        self.root = next((leg for leg in legs if leg.id == key), None)
        self.dialled = [leg for leg in legs if leg is not self.root]

    def number(self, address: str) -> str | None:
        return number_of(address, self.installation, international=self.international)

    def who(self, address: str) -> str | None:
        """The employee at this address, nameless (``""``) where only his number is known; None: the outside party."""
        found = employee_in(address, self.installation)
        return "" if found is None and self.number(address) in self.installation.own_numbers else found

    def employee(self, leg: PartyLeg) -> str | None:
        if leg.party or leg is self.root or self.root is None:
            return self.who(leg.party)
        return "" if self.who(self.root.party) is None else None  # its address was not told: the other side of the first

    def parts(self) -> _Parts:
        ours = [leg for leg in self.dialled if self.employee(leg) is not None]
        theirs = [leg for leg in self.dialled if self.employee(leg) is None]
        root = self.root
        if root is None:
            return self._dialled(ours, theirs)
        starter = self.employee(root)
        if starter is None and root.incoming:  # whatever it was put through to is ours
            return _Parts(Direction.INBOUND, self.dialled, self.dialled or [root], root.caller)
        if starter is not None and theirs:
            return _Parts(Direction.OUTBOUND, [root, *ours], theirs, _best(theirs).called or root.called, starter)
        if starter is not None and not ours and root.incoming and self.who(root.called) is None:
            return _Parts(Direction.OUTBOUND, [root], [root], root.called, starter)
        if starter is not None:
            people = ours or [root]
            return _Parts(Direction.INTERNAL, [root, *ours], people, _best(people).called, starter)
        # the platform called an outside number and then another: the first is the employee's phone, unless the second saw
        # the first one's number as the caller's
        if theirs and all(self.number(leg.caller) != self.number(root.called) for leg in theirs):
            return _Parts(Direction.OUTBOUND, [root, *ours], theirs, _best(theirs).called)
        return _Parts(Direction.OUTBOUND, self.dialled, [root], root.called)

    def _dialled(self, ours: list[PartyLeg], theirs: list[PartyLeg]) -> _Parts:
        """Legs that an unknown first one had dialled: they show the first one's caller, unless the company's own number."""
        caller = self.dialled[0].caller
        starter = employee_in(caller, self.installation)
        if theirs:
            return _Parts(Direction.OUTBOUND, ours, theirs, _best(theirs).called, starter)
        if starter is not None:
            return _Parts(Direction.INTERNAL, ours, ours, _best(ours).called, starter)
        return _Parts(Direction.INBOUND, ours, ours, "" if self.who(caller) is not None else caller)


def _best(legs: Sequence[PartyLeg]) -> PartyLeg:
    """The leg that tells how it went: the first that was answered, else a machine's, else the last."""
    answered = [leg for leg in legs if leg.answered] or [leg for leg in legs if leg.outcome is Disposition.VOICEMAIL]
    return answered[0] if answered else legs[-1]


def _missed(legs: Sequence[PartyLeg], inbound: bool) -> Disposition:
    """Why no person answered on any of these legs, in one word."""
    told = {leg.outcome for leg in legs if leg.outcome is not None}
    word = Disposition.VOICEMAIL if Disposition.VOICEMAIL in told else min(told) if len(told) == 1 else Disposition.NO_ANSWER
    if word is Disposition.ANSWERED or (word is Disposition.CANCELED and inbound):
        return Disposition.NO_ANSWER  # a robot of the platform took it, or the caller gave up
    return word


def call_of_legs(
    legs: Sequence[PartyLeg],
    key: str,
    installation: Installation,
    *,
    heard_at: datetime,
    recordings: Iterable[Recording] = (),
    proves_alone: frozenset[Direction] = frozenset(),
    international: bool = False,
) -> list[Call]:
    """The call that began with the leg ``key``; none as long as no leg says whose it is.

    ``proves_alone``: in which directions the answered leg of a caller or an employee proves a conversation though no other leg
    was told: where the platform itself picks such legs up, it may have been a robot.
    ``heard_at``: the receipt of the first event, used where no event tells a time.
    """
    if not legs:
        return []
    cast = _Cast(legs, key, installation, international)
    parts, root = cast.parts(), cast.root
    inbound = parts.direction is Direction.INBOUND
    people = parts.people  # an answer counts on these
    alone = root is not None and people == [root] and (root.incoming or parts.starter is not None)
    by_robot = alone and parts.direction not in proves_alone
    spoke = [leg for leg in people if leg.answered and not by_robot]
    final = all(leg.outcome is not None for leg in (legs if root is None else [root, *(leg for leg in legs if leg.answered)]))
    ended_at = max((leg.ended_at for leg in legs if leg.ended_at), default=None) if final else None
    with_us = _conversation(parts, spoke, root)
    named = [(cast.employee(leg), leg) for leg in with_us]
    talked = talks_of((Leg(who, leg.answered_at, leg.ended_at) for who, leg in named if who), ended_at)
    talk = _talk(with_us, ended_at) if final and spoke else 0
    known = min((at for leg in legs for at in (leg.started_at, leg.answered_at) if at is not None), default=None)
    started_at = min((at for at in map(first_of, legs) if at is not None), default=heard_at)
    if ended_at is not None and known is None:
        started_at = min(started_at, ended_at - timedelta(seconds=talk))
    answered_at = min((leg.answered_at for leg in spoke if leg.answered_at), default=None)
    rung = {cast.employee(leg) or "" for leg in parts.ours}
    call = call_of(
        key,
        parts.direction,
        installation,
        party=parts.party,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        talk_seconds=min(talk, int((ended_at - started_at).total_seconds())) if ended_at else talk,
        disposition=Disposition.ANSWERED if spoke else _missed(people, inbound),
        extension=_credited(cast, parts, spoke, talked, rung),
        rung=rung if inbound else (),
        talked=talked,
        hangup_cause=_best(people).cause,
        recording_url=min((one.url for one in recordings), default=None),
        via=_via(cast, parts, spoke),
        final=final,
        international=international,
    )
    if hides(parts.party):
        call = replace(call, number=None, number_raw=parts.party)
    return [replace(call, ring_seconds=_ring(people, answered_at, ended_at))]


def _credited(cast: _Cast, parts: _Parts, spoke: Sequence[PartyLeg], talked: Sequence[Talk], rung: set[str]) -> str | None:
    """Who started it; where a caller or a machine did, who talked first, or who alone was rung."""
    if parts.direction is not Direction.INBOUND and (cast.root is None or cast.root in parts.ours):
        return parts.starter
    if talked:
        return talked[0].extension
    if parts.direction is Direction.INBOUND and spoke:
        return cast.employee(spoke[0]) if len(spoke) == 1 else None
    return min(rung) if len(rung) == 1 else None


def _conversation(parts: _Parts, spoke: Sequence[PartyLeg], root: PartyLeg | None) -> list[PartyLeg]:
    """The legs whose time is the talk: the answered ones; of a call to outside with several employees' legs, their shares."""
    if parts.direction is not Direction.OUTBOUND or not spoke or all(leg is root for leg in parts.ours):
        return list(spoke)
    since = min((leg.answered_at for leg in spoke if leg.answered_at), default=None)
    until = max((leg.ended_at for leg in spoke if leg.ended_at), default=None)
    found = []
    for leg in parts.ours:
        if leg is not root and not leg.answered:
            continue
        told = since if leg is root else leg.answered_at
        begins = max(told, since) if told and since else told
        ends = min(leg.ended_at, until) if leg.ended_at and until else leg.ended_at or until
        clipped = (begins, ends) != (leg.answered_at, leg.ended_at)
        found.append(replace(leg, answered_at=begins, ended_at=ends, seconds=None if clipped else leg.seconds))
    return found


def _talk(legs: Sequence[PartyLeg], ended_at: datetime | None) -> int:
    """Whole seconds of conversation: as told where there was one leg, else the time that any of them covers."""
    if len(legs) == 1 and legs[0].seconds is not None:
        return legs[0].seconds
    spans = [(leg.answered_at, leg.ended_at or ended_at) for leg in legs]
    if all(start and end for start, end in spans):
        return covered((start, end) for start, end in spans if start and end)
    return sum(leg.seconds or 0 for leg in legs)


def _ring(people: Sequence[PartyLeg], answered_at: datetime | None, ended_at: datetime | None) -> int | None:
    """From the first dialling of the far side to its answer, or in vain to its end; unknown where no event told the dialling."""
    begins = min((leg.started_at for leg in people if leg.started_at), default=None)
    until = answered_at or _best(people).answered_at or max((leg.ended_at for leg in people if leg.ended_at), default=ended_at)
    if begins is None or until is None or until < begins:
        return None
    return int((until - begins).total_seconds())


def _via(cast: _Cast, parts: _Parts, spoke: Sequence[PartyLeg]) -> Via:
    """By the employee's leg: client: and sip: are VoIP; a plain phone number is his mobile, unless a pattern says otherwise."""
    mine = [leg for leg in parts.ours if leg in spoke] or list(parts.ours)
    if (mine and all(cast.employee(leg) for leg in mine)) or (not mine and parts.starter):
        return Via.IP
    told = via_of(cast.installation, *(leg.party for leg in mine), *(leg.line for leg in (*parts.ours, *parts.people)))
    if told is Via.UNKNOWN and mine and all(cast.number(leg.party) for leg in mine):
        return Via.MOBILE
    return told
