"""Binotel: what its rows say of a call. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from telephony_bridge.model import Call, Direction, Disposition, Installation, Talk
from telephony_bridge.webhooks.dialects.reading import Row
from telephony_bridge.webhooks.dialects.telling import call_of, via_of

DISPOSITIONS = {
    "ANSWER": Disposition.ANSWERED,
    "TRANSFER": Disposition.ANSWERED,
    "BUSY": Disposition.BUSY,
    "NOANSWER": Disposition.NO_ANSWER,
    "CANCEL": Disposition.CANCELED,
    "CONGESTION": Disposition.FAILED,
    "CHANUNAVAIL": Disposition.FAILED,
    "VM": Disposition.VOICEMAIL,
    "VM-SUCCESS": Disposition.VOICEMAIL,
}
_ONLINE = "ONLINE"  # the call goes on


@dataclass(frozen=True, slots=True)
class Attempt:
    """A row of ``historyData``: an employee's line, or a group's where no employee is named."""

    number: str
    employee: bool
    answered: bool
    talk: int


@dataclass(frozen=True, slots=True)
class Completed:
    key: str
    direction: Direction
    number: str
    own: str
    employee: bool
    started_at: datetime
    wait: int | None
    talk: int | None
    word: str
    attempts: tuple[Attempt, ...]
    recording: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Push:
    key: str
    kind: str
    at: datetime
    direction: Direction | None
    number: str
    own: str
    line: str
    talk: int | None
    word: str


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a ``generalCallID``: as completed, else what the push events prove."""
    pushes = sorted((row.said for row in rows if isinstance(row.said, Push)), key=_last)
    completed = [row.said for row in rows if isinstance(row.said, Completed)]
    end = max((one for one in pushes if one.kind == "hangupthecall" and one.word != _ONLINE), key=_last, default=None)
    if completed:  # told again when the recording is there: the longer call knows more
        last = max(completed, key=lambda one: (one.word != _ONLINE, one.talk or 0, one.wait or 0, repr(one)))
        if last.word == _ONLINE and end is not None:
            last = replace(last, word=end.word or ("ANSWER" if end.talk else "NOANSWER"), talk=end.talk)
        links = sorted(one.recording for one in completed if one.recording.startswith("http"))
        return [_ended(last, links[0] if links else last.recording, pushes, installation)]
    return _live(pushes, end, installation)


def _last(event: Push) -> tuple[datetime, str]:
    return event.at, repr(event)


def outcome(word: str, talk: int | None, direction: Direction) -> Disposition:
    """An unknown word is answered where there was talk."""
    found = DISPOSITIONS.get(word, Disposition.ANSWERED if talk else Disposition.FAILED)
    if found is Disposition.CANCELED and direction is Direction.INBOUND:  # the caller gave up, and he is not ours
        return Disposition.NO_ANSWER
    return found


def _sided(direction: Direction, number: str, installation: Installation) -> Direction:
    """Binotel has no word for internal calls: there the other number is an extension."""
    return Direction.INTERNAL if re.fullmatch(installation.extension_pattern, number) else direction


def _ended(told: Completed, recording: str, pushes: Sequence[Push], installation: Installation) -> Call:
    final = told.word != _ONLINE
    disposition = outcome(told.word, told.talk, told.direction)
    if not final:
        disposition = Disposition.ANSWERED if told.talk else Disposition.NO_ANSWER
    over = told.started_at + timedelta(seconds=told.wait) if told.wait is not None else None
    ended_at = over + timedelta(seconds=told.talk or 0) if over is not None and final else None
    talked: dict[str, int] = {}
    for attempt in told.attempts:
        if attempt.answered and attempt.talk and attempt.number:
            talked[attempt.number] = talked.get(attempt.number, 0) + attempt.talk
    first = next((one.own for one in pushes if one.kind == "answeredthecall" and one.own), "")
    spoke = disposition is Disposition.ANSWERED
    inbound = told.direction is Direction.INBOUND
    direction = _sided(told.direction, told.number, installation)
    return call_of(
        told.key,
        direction,
        installation,
        party=told.number,
        started_at=told.started_at,
        answered_at=over,
        ended_at=ended_at,
        talk_seconds=(told.talk or 0) if final else 0,
        ring_seconds=told.wait,
        disposition=disposition,
        extension=((first or told.own) if spoke else None) if inbound else told.own,
        rung=_rung(told),
        talked=() if direction is Direction.INTERNAL else tuple(Talk(number, length) for number, length in talked.items()),
        hangup_cause=told.word if final else None,
        recording_url=recording,
        via=via_of(installation, *told.lines, told.own),
        final=final,
    )


def _rung(told: Completed) -> set[str]:
    """Whose phones rang in vain. A number alone may be a group's, unless an employee is named with it."""
    attempts = [one for one in told.attempts if one.number] or [Attempt(told.own, told.employee, answered=False, talk=0)]
    numbers = {one.number for one in attempts if one.number}
    return numbers if len(numbers) > 1 or all(one.employee for one in attempts) else set()


def _live(pushes: Sequence[Push], end: Push | None, installation: Installation) -> list[Call]:
    """What push events prove by themselves. Receipts are times only where they agree with the length that was told."""
    first = next((one for one in pushes if one.direction is not None), None)
    if first is None or first.direction is None:  # without its beginning a call has no direction
        return []
    started_at = first.at
    answers = [one for one in pushes if one.kind == "answeredthecall"]
    heard = min((one.at for one in answers if one.at > started_at), default=None)
    disposition = Disposition.ANSWERED if answers else Disposition.NO_ANSWER
    ended_at, talk = None, 0
    if end is not None:
        talk = end.talk or 0
        if end.word:
            disposition = outcome(end.word, end.talk, first.direction)
        elif end.talk is not None:
            disposition = Disposition.ANSWERED if talk else Disposition.NO_ANSWER
        if end.at > started_at and (end.at - started_at).total_seconds() >= talk:
            ended_at = end.at
        if ended_at is None or heard is None or abs((ended_at - heard).total_seconds() - talk) > 5:
            heard = None
    inbound = first.direction is Direction.INBOUND
    own = next((one.own for one in (answers if inbound else pushes) if one.own), "")
    number = next((one.number for one in pushes if one.number), "")
    call = call_of(
        first.key,
        _sided(first.direction, number, installation),
        installation,
        party=number,
        started_at=started_at,
        answered_at=heard,
        ended_at=ended_at,
        talk_seconds=talk,
        disposition=disposition,
        extension=own,
        hangup_cause=end.word if end else None,
        via=via_of(installation, first.line, own),
        final=end is not None,
    )
    return [call]
