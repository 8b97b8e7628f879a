"""How the legs of FreeSWITCH become calls: who talked with whom, from when to when, by which road. Pure.

A leg and those it called, and those they called, are a tree. A tree with a line to the outside is a call; a tree without one
belongs to the call it was bridged into (a consultation, a pickup), or is a call among colleagues.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from telephony_bridge.model import Call, Direction, Disposition, Installation
from telephony_bridge.webhooks.dialects.engine import joined
from telephony_bridge.webhooks.dialects.freeswitch_legs import Leg
from telephony_bridge.webhooks.dialects.freeswitch_sides import Side, extension_of, is_extension, side_of, via_of_leg, whole
from telephony_bridge.webhooks.dialects.reading import Row
from telephony_bridge.webhooks.dialects.telling import Leg as Part
from telephony_bridge.webhooks.dialects.telling import call_of, covered, number_of, talks_of

_DIRECTIONS = {
    "inbound": Direction.INBOUND,
    "outbound": Direction.OUTBOUND,
    "local": Direction.INTERNAL,
    "internal": Direction.INTERNAL,
}
_DISPOSITIONS = {
    "USER_BUSY": Disposition.BUSY,
    "BUSY": Disposition.BUSY,  # as DIALSTATUS has it
    "BUSY_EVERYWHERE": Disposition.BUSY,
    "ORIGINATOR_CANCEL": Disposition.CANCELED,
    "CANCEL": Disposition.CANCELED,
}
_RANG = {"NO_ANSWER", "NOANSWER", "ALLOTTED_TIMEOUT", "NO_USER_RESPONSE", "PROGRESS_TIMEOUT", "PICKED_OFF", "LOSE_RACE"}
_GOES_ON = {"", "BLIND_TRANSFER", "ATTENDED_TRANSFER"}
_SAYS_NOTHING = {*_GOES_ON, "NORMAL_CLEARING", "NONE", "SUCCESS", "MANAGER_REQUEST"}


@dataclass(frozen=True, slots=True)
class _Tree:
    """A leg that nobody called, and all that came of it, in the order they began."""

    root: Leg
    legs: tuple[Leg, ...]


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The calls of a connected set: one for each line to the outside, and one for what colleagues talked without any."""
    legs = whole(row.said for row in rows)
    trees = _trees(legs)
    sides = {leg.uuid: side for tree in trees for leg, side in _sides(tree, installation)}
    outside = [tree for tree in trees if any(sides[leg.uuid] is Side.OUTSIDE for leg in tree.legs)]
    inside = [tree for tree in trees if tree not in outside and any(sides[leg.uuid] is Side.PERSON for leg in tree.legs)]
    found, taken = [], set()
    for tree in outside:
        beside = [other for other in inside if _are_linked(tree, other)]
        taken |= {other.root.uuid for other in beside}
        found.append(_Telling(legs, sides, tree, beside, installation).call())
    alone = [tree for tree in inside if tree.root.uuid not in taken]
    pairs = [(i, j) for i, one in enumerate(alone) for j, other in enumerate(alone) if i < j and _are_linked(one, other)]
    found += [_Telling(legs, sides, group[0], group[1:], installation).call() for group in joined(alone, pairs)]
    return found


def _caller_of(leg: Leg, legs: Mapping[str, Leg]) -> Leg | None:
    """Who called it, through loopback channels."""
    seen = {leg.uuid}
    parent = legs.get(leg.parent)
    while parent is not None and parent.is_loopback and parent.uuid not in seen:
        seen.add(parent.uuid)
        parent = legs.get(parent.parent)
    return None if parent is None or parent.uuid in seen else parent


def _trees(legs: Mapping[str, Leg]) -> list[_Tree]:
    by_root: dict[str, list[Leg]] = {}
    for leg in sorted(legs.values(), key=lambda one: (one.started, one.uuid)):
        root, seen = leg, {leg.uuid}
        while (caller := _caller_of(root, legs)) is not None and caller.uuid not in seen:
            root = caller
            seen.add(root.uuid)
        by_root.setdefault(root.uuid, []).append(leg)
    return [_Tree(legs[uuid], tuple(members)) for uuid, members in by_root.items()]


def _sides(tree: _Tree, installation: Installation) -> Iterator[tuple[Leg, Side]]:
    root = side_of(tree.root, "", installation)
    called = tree.root.called if root is Side.PERSON else ""
    for leg in tree.legs:
        yield leg, root if leg is tree.root else side_of(leg, called, installation)


def _are_linked(one: _Tree, other: _Tree) -> bool:
    ids, others = {leg.uuid for leg in one.legs}, {leg.uuid for leg in other.legs}
    return any(others & set(leg.links) for leg in one.legs) or any(ids & set(leg.links) for leg in other.legs)


def _connected_at(leg: Leg, caller: Leg) -> datetime | None:
    """When a leg and the one that called it talked at first. Early media is bridged before anybody answers."""
    if leg.answered is None or leg.cause == "LOSE_RACE" or (caller.is_told and caller.answered is None):
        return None
    bridged = [stretch.bridged for stretch in leg.stretches] + _bridged_with(caller, leg)
    if not bridged and leg.bridged_to:
        bridged = [leg.answered]
    return max(min(bridged), leg.answered, caller.answered or leg.answered) if bridged else None


def _bridged_with(leg: Leg, other: Leg) -> list[datetime]:
    return [stretch.bridged for stretch in leg.stretches if any(one.uuid == other.uuid for one in stretch.others)]


def _are_bonded(one: Leg, other: Leg) -> bool:
    return other.uuid in one.bonds or one.uuid in other.bonds


@dataclass(frozen=True, slots=True)
class _Telling:
    """One call: its tree, and the trees bridged into it."""

    legs: Mapping[str, Leg]
    sides: Mapping[str, Side]
    tree: _Tree
    beside: Sequence[_Tree]
    installation: Installation

    def call(self) -> Call:
        root = self.tree.root
        lines = [leg for leg in self.tree.legs if self.sides[leg.uuid] is Side.OUTSIDE]
        direction = self._direction(lines)
        if direction is Direction.INTERNAL or not lines:
            parts = list(self._colleagues())
        else:
            parts = list(self._conversations(lines))
        final = self._is_whole()
        ended_at = max(leg.ended for leg in self.tree.legs)
        talked = talks_of((part for part in parts if part.extension), ended_at) if final and lines else ()
        line = self._line(lines)
        inbound = direction is Direction.INBOUND
        own = extension_of(root, self.installation) if self.sides[root.uuid] is Side.PERSON else ""
        return call_of(
            root.uuid,
            direction,
            self.installation,
            party=(root.caller if inbound else self._dialled(line)),
            started_at=root.started,
            answered_at=min((part.answered_at for part in parts if part.answered_at), default=None),
            ended_at=ended_at if final else None,
            talk_seconds=covered((part.answered_at, part.ended_at) for part in parts) if final else 0,  # type: ignore[misc]
            disposition=Disposition.ANSWERED if parts else self._unanswered(direction, lines),
            extension=min(parts, key=_order).extension if inbound and parts else own or _first(parts),
            rung=self._rung() if inbound else (),
            talked=talked,
            hangup_cause=next((leg.cause for leg in (root, line) if leg and leg.cause not in _GOES_ON), ""),
            recording_url=next((leg.recording for leg in self._everything() if leg.recording), None),
            via=via_of_leg(line or root, self.installation),
            final=final,
        )

    def _everything(self) -> Iterator[Leg]:
        for tree in (self.tree, *self.beside):
            yield from tree.legs

    def _is_whole(self) -> bool:
        """The leg that began it all has ended: it was told of, and so was every loopback channel on the way to it."""
        leg, seen = self.tree.root, set()
        while leg.is_told and leg.parent in self.legs and leg.uuid not in seen:
            seen.add(leg.uuid)
            leg = self.legs[leg.parent]
        return leg.is_told

    def _direction(self, lines: Sequence[Leg]) -> Direction:
        """FusionPBX says it in call_direction; ``local`` is taken back where a line to the outside was used."""
        root = self.tree.root
        told = _DIRECTIONS.get(root.call_direction)
        if told is not None and not (told is Direction.INTERNAL and lines):
            return told
        if self.sides[root.uuid] is Side.OUTSIDE:  # a dialler calls the client first
            return Direction.OUTBOUND if root.role == "outbound" else Direction.INBOUND
        rang_nobody = len(self.tree.legs) == 1 and not self.beside
        if lines or (rang_nobody and number_of(root.called, self.installation) is not None):
            return Direction.OUTBOUND
        return Direction.INTERNAL

    def _conversations(self, lines: Sequence[Leg]) -> Iterator[Part]:
        """Who talked with the outside, one stretch each."""
        for leg in self._everything():
            caller = _caller_of(leg, self.legs)
            sides = (self.sides[caller.uuid] if caller else None, self.sides[leg.uuid])
            at = _connected_at(leg, caller) if caller and Side.OUTSIDE in sides and Side.SWITCH not in sides else None
            if caller is not None and at is not None:
                if Side.PERSON in sides:
                    who = extension_of(leg if sides[1] is Side.PERSON else caller, self.installation)
                else:  # passed on to a mobile: his, where it was called in his name
                    who = leg.dialed_user if is_extension(leg.dialed_user, self.installation) else ""
                yield Part(who, at, max(min(leg.ended, caller.ended), at))
            if sides[1] is Side.PERSON and sides[0] is not Side.OUTSIDE:
                yield from self._bridged_in(leg, caller, lines)

    def _bridged_in(self, leg: Leg, caller: Leg | None, lines: Sequence[Leg]) -> Iterator[Part]:
        """A colleague who was consulted gets the client when he who asked him leaves; a pickup when it was bridged."""
        for line in lines:
            by = _caller_of(line, self.legs)
            if by is leg or leg.answered is None or line.answered is None or not _are_bonded(leg, line):
                continue
            left = [one.ended for one in (caller, by) if one is not None and self.sides[one.uuid] is Side.PERSON]
            bridged = _bridged_with(line, leg) or _bridged_with(leg, line)
            begins = max((leg.answered, line.answered, *bridged[-1:], *left))
            ends = min(leg.ended, line.ended)
            if begins < ends:
                yield Part(extension_of(leg, self.installation), begins, ends)

    def _colleagues(self) -> Iterator[Part]:
        for leg in self._everything():
            caller = _caller_of(leg, self.legs)
            at = _connected_at(leg, caller) if caller else None
            if caller is not None and at is not None and self.sides[leg.uuid] is not Side.SWITCH:
                yield Part(extension_of(leg, self.installation), at, max(min(leg.ended, caller.ended), at))

    def _line(self, lines: Sequence[Leg]) -> Leg | None:
        """The line that carried the call: where it came in, else the one answered, else the last one tried."""
        if self.tree.root in lines:
            return self.tree.root
        answered = [line for line in lines if line.answered is not None]
        return answered[0] if answered else lines[-1] if lines else None

    def _dialled(self, line: Leg | None) -> str:
        """What the colleague dialled, where it is a number; else (a speed dial, a call begun by a click) what the line was."""
        told = [leg.called for leg in (self.tree.root, line) if leg is not None and leg.called]
        return next((number for number in told if number_of(number, self.installation)), told[0] if told else "")

    def _rung(self) -> set[str]:
        people = (leg for leg in self._everything() if self.sides[leg.uuid] is Side.PERSON and leg is not self.tree.root)
        return {extension_of(leg, self.installation) for leg in people}

    def _unanswered(self, direction: Direction, lines: Sequence[Leg]) -> Disposition:
        root = self.tree.root
        called = [leg for leg in self.tree.legs if leg is not root]
        if direction is not Direction.OUTBOUND and any(leg.is_voicemail for leg in self.tree.legs):
            return Disposition.VOICEMAIL
        last = [leg.cause for leg in reversed(lines if direction is Direction.OUTBOUND else called) if leg is not root]
        causes = [cause for cause in (*last, root.outcome, root.cause) if cause not in _SAYS_NOTHING]
        inbound = direction is Direction.INBOUND
        if not inbound and (root.cause == "ORIGINATOR_CANCEL" or "ORIGINATOR_CANCEL" in causes):
            return Disposition.CANCELED
        if not causes or (inbound and root.cause == "ORIGINATOR_CANCEL"):  # the client gave up: a missed call
            return Disposition.NO_ANSWER
        if set(causes) & _RANG and (inbound or causes[0] in _RANG):
            return Disposition.NO_ANSWER
        found = _DISPOSITIONS.get(causes[0], Disposition.FAILED)
        return Disposition.NO_ANSWER if inbound and found is Disposition.CANCELED else found


def _order(part: Part) -> tuple[datetime, str]:
    assert part.answered_at is not None
    return part.answered_at, part.extension


def _first(parts: Sequence[Part]) -> str | None:
    return min(parts, key=_order).extension if parts else None
