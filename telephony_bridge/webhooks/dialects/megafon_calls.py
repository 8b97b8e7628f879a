"""MegaFon's rows as one call: transfers under a second id, groups, and two readings of ``duration``. Pure.

With ``wait`` the times are told: answer = start + wait, end = answer + duration. Without it clients of the API disagree whether
``duration`` is the talk or the whole call; then it is the talk, unless the events that came meanwhile prove less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from telephony_bridge.model import Call, Direction, Disposition, Installation, Talk, Via
from telephony_bridge.webhooks.dialects.megafon_rows import History, Live, Said, Who, depths, names
from telephony_bridge.webhooks.dialects.reading import Row
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, covered, talks_of, via_of

_DISPOSITIONS = {  # any other word (notallowed, notfound, …) is a call that could not be made
    "success": Disposition.ANSWERED,
    "missed": Disposition.NO_ANSWER,
    "cancel": Disposition.CANCELED,
    "busy": Disposition.BUSY,
    "notavailable": Disposition.NO_ANSWER,
}
_RINGS = {"INCOMING", "OUTGOING"}
_SLACK = timedelta(seconds=5)  # between an event and its arrival
_LIVE = timedelta(hours=1)  # how long a call may ring


@dataclass(frozen=True, slots=True)
class _Parts:
    """A call's rows, those under the first id first, histories before events, by time."""

    said: Sequence[Said]
    depth: Mapping[str, int]
    names: Mapping[str, str]

    @property
    def live(self) -> list[Live]:
        return [one for one in self.said if isinstance(one, Live)]

    @property
    def histories(self) -> list[History]:
        return [one for one in self.said if isinstance(one, History)]

    def person(self, one: Said) -> str:
        """His extension where any row tells it, else his login."""
        return one.who.extension or self.names.get(one.who.login, one.who.login)

    def first_person(self) -> str:
        return next((self.person(one) for one in self.said if self.person(one)), "")

    def rung(self) -> set[str]:
        rows: list[Said] = [*self.histories, *(one for one in self.live if one.kind == "INCOMING")]
        return {self.person(one) for one in rows} - {""}


def _parts(said: Sequence[Said]) -> _Parts:
    depth = depths([one for one in said if isinstance(one, Live)], {one.key for one in said})

    def place(one: Said) -> tuple[int, bool, bool, datetime, str]:
        return depth[one.key], isinstance(one, Live), isinstance(one, Live) and one.kind not in _RINGS, one.at, repr(one)

    return _Parts(sorted(said, key=place), depth, names(said))


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a ``callid`` and of the ids it was passed on under."""
    parts = _parts([row.said for row in rows])
    direction = next((one.direction for one in parts.said if one.direction is not None), None)
    phone = next((one.phone for one in parts.said if one.phone), "")
    if re.search(installation.extension_pattern, phone):  # a colleague's inner number, whatever the direction says
        direction = Direction.INTERNAL
    if direction is None:
        return []
    if parts.histories:
        return [_ended(parts, direction, phone, installation)]
    begun = [one for one in parts.live if one.kind in _RINGS or one.kind == "ACCEPTED"]
    return [_going_on(parts, begun, direction, phone, installation)] if begun else []


def _legs(parts: _Parts) -> list[History]:
    """Each person's leg under an id. Told twice the answered, then the longer one knows more; no name where others have one."""
    best: dict[tuple[str, str], History] = {}
    for one in parts.histories:
        place = (one.key, parts.person(one))
        best[place] = max(
            best.get(place, one), one, key=lambda leg: (leg.answered, leg.wait is not None, leg.seconds or 0, repr(leg))
        )
    named = {key for (key, person), leg in best.items() if person and leg.answered}
    return [leg for (key, person), leg in best.items() if person or key not in named]


def _ended(parts: _Parts, direction: Direction, phone: str, installation: Installation) -> Call:
    legs = _legs(parts)
    taken = sorted(
        (leg for leg in legs if leg.answered), key=lambda leg: (parts.depth[leg.key], leg.answered_at or leg.at, repr(leg))
    )
    last = max(legs, key=lambda leg: (leg.at, repr(leg)))
    started_at = _started_at(parts)
    disposition = _DISPOSITIONS.get(last.status, Disposition.FAILED)
    if taken:
        disposition = Disposition.ANSWERED
    elif disposition is Disposition.CANCELED and direction is Direction.INBOUND:  # the caller gave up
        disposition = Disposition.NO_ANSWER
    before = _before(parts, taken)
    inbound = direction is Direction.INBOUND
    talkers: list[Said] = [*before, *taken]
    extension = next((parts.person(one) for one in talkers), "") if inbound else parts.first_person()
    spoken = _conversation(parts, taken, before, started_at) if taken else _Spoken(ended_at=_rung_until(last))
    return call_of(
        parts.said[0].key,
        direction,
        installation,
        party=phone,
        started_at=started_at,
        answered_at=spoken.answered_at,
        ended_at=spoken.ended_at,
        talk_seconds=spoken.seconds,
        disposition=disposition,
        extension=extension,
        rung=parts.rung(),
        talked=spoken.talked,
        hangup_cause=taken[0].status if taken else last.status,
        recording_url=next((one.recording for one in parts.histories if one.recording), None),
        via=_via(parts, extension, installation),
    )


def _started_at(parts: _Parts) -> datetime:
    """The earliest history; where the first id has none, the arrival of its ringing if that was shortly before."""
    started_at = min(one.at for one in parts.histories)
    top = parts.depth[parts.histories[0].key]
    rang = [one.at.replace(microsecond=0) for one in parts.live if one.kind in _RINGS and parts.depth[one.key] < top]
    return min([started_at, *(at for at in rang if timedelta() <= started_at - at <= _LIVE)])


def _rung_until(leg: History) -> datetime | None:
    length = max(leg.wait or 0, leg.seconds or 0)
    return leg.at + timedelta(seconds=length) if length else None


def _before(parts: _Parts, taken: Sequence[History]) -> list[Live]:
    """Who talked under an earlier id that has no history of its own: it comes under the last one alone."""
    top = min((parts.depth[leg.key] for leg in taken), default=0)
    known = {"", *map(parts.person, taken)}
    return [
        one
        for one in parts.live
        if one.kind in ("ACCEPTED", "TRANSFERRED") and parts.depth[one.key] < top and parts.person(one) not in known
    ]


@dataclass(frozen=True, slots=True)
class _Spoken:
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    seconds: int = 0
    talked: tuple[Talk, ...] = ()


def _conversation(parts: _Parts, taken: Sequence[History], before: Sequence[Live], started_at: datetime) -> _Spoken:
    spans = [
        (leg.answered_at, leg.answered_at + timedelta(seconds=leg.seconds or 0)) for leg in taken if leg.answered_at is not None
    ]
    if len(spans) < len(taken):
        longest = max(taken, key=lambda leg: (leg.seconds or 0, repr(leg)))
        return _by_arrival(parts, longest) if len(taken) == 1 else _Spoken(seconds=longest.seconds or 0)
    answered_at, ended_at = min(start for start, _ in spans), max(end for _, end in spans)
    legs = [Leg(parts.person(leg), *span) for leg, span in zip(taken, spans, strict=True)]
    accepted = [one for one in before if one.kind == "ACCEPTED" and started_at - _SLACK <= one.at <= answered_at]
    if {parts.person(one) for one in accepted} != {parts.person(one) for one in before}:
        return _Spoken(answered_at, ended_at, covered(spans))  # how long each talked is not known
    legs += [Leg(parts.person(one), max(one.at.replace(microsecond=0), started_at)) for one in accepted]
    answered_at = min(leg.answered_at for leg in legs if leg.answered_at is not None)
    talked = talks_of((leg for leg in legs if leg.extension), ended_at)
    whole = int((ended_at - answered_at).total_seconds())
    return _Spoken(answered_at, ended_at, min(sum(one.seconds for one in talked), whole) if before else covered(spans), talked)


def _by_arrival(parts: _Parts, leg: History) -> _Spoken:
    """Without ``wait``: the arrivals of ACCEPTED and COMPLETED where they fit, and less talk where they leave less."""
    seconds = timedelta(seconds=leg.seconds or 0)
    live = [(one.kind, one.at.replace(microsecond=0)) for one in parts.live if one.key == leg.key]
    accepted = [at for kind, at in live if kind == "ACCEPTED" and leg.at - _SLACK <= at <= leg.at + _LIVE]
    if not accepted:
        return _Spoken(seconds=leg.seconds or 0)
    answered_at = max(min(accepted), leg.at)
    completed = [
        at for kind, at in live if kind == "COMPLETED" and leg.at + seconds - _SLACK <= at <= answered_at + seconds + _SLACK
    ]
    if not completed:
        return _Spoken(answered_at, None, leg.seconds or 0)
    ended_at = max(min(completed), answered_at)
    talk = seconds if seconds - (ended_at - answered_at) <= _SLACK else ended_at - answered_at
    return _Spoken(answered_at, max(ended_at, leg.at + talk), int(talk.total_seconds()))


def _going_on(parts: _Parts, begun: Sequence[Live], direction: Direction, phone: str, installation: Installation) -> Call:
    """No history yet: it is owed. The only times are arrivals."""
    accepted = sorted((one for one in begun if one.kind == "ACCEPTED"), key=lambda one: (parts.depth[one.key], one.at, repr(one)))
    started_at = min(one.at for one in begun).replace(microsecond=0)
    answered_at = accepted[0].at.replace(microsecond=0) if accepted else None
    if answered_at == started_at:  # read at once from files, or its ringing was not told: when is not known
        answered_at = None
    takers = [parts.person(one) for one in accepted] or [""]
    extension = takers[0] if direction is Direction.INBOUND else parts.first_person()
    return call_of(
        parts.said[0].key,
        direction,
        installation,
        party=phone,
        started_at=started_at,
        answered_at=answered_at,
        talk_seconds=0,
        disposition=Disposition.ANSWERED if accepted else Disposition.NO_ANSWER,
        extension=extension,
        rung=parts.rung(),
        via=_via(parts, extension, installation),
        final=False,
    )


def _via(parts: _Parts, extension: str, installation: Installation) -> Via:
    """An employee with nothing but an extension has a SIP device; with a direct number too it is not told which one he used."""
    mine: list[Who] = [one.who for one in parts.said if extension and parts.person(one) == extension]
    mobiles = sorted({who.mobile for who in mine if who.mobile})
    told = via_of(installation, extension, *mobiles, *sorted({one.line for one in parts.said}))
    only_sip = any(who.extension for who in mine) and not mobiles
    return Via.IP if told is Via.UNKNOWN and only_sip else told
