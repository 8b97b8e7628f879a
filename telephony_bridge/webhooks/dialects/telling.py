"""What every dialect's ``tell`` ends with: parts of a call put together by CONTRACT §5. Pure.

A dialect says what its events prove; here a call that was not answered gets no talk, an unknown time stays unknown, and the
credit goes by the same rules whoever the vendor is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from telephony_bridge import phones
from telephony_bridge.model import Call, Direction, Disposition, Installation, Talk, Via


@dataclass(frozen=True, slots=True)
class Leg:
    """One person's part in a call: who, and from when to when he talked with the outside party (None: not, not known)."""

    extension: str
    answered_at: datetime | None = None
    ended_at: datetime | None = None


def talks_of(legs: Iterable[Leg], call_ended_at: datetime | None) -> tuple[Talk, ...]:
    """Who talked, in the order they answered, with the whole seconds of each; overlapping legs of one person count once.

    A leg whose end was not told ends when the next person answers, at the latest with the call.
    """
    spoken = sorted((leg for leg in legs if leg.answered_at is not None), key=lambda leg: (leg.answered_at, leg.extension))
    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for index, leg in enumerate(spoken):
        assert leg.answered_at is not None
        later = [other.answered_at for other in spoken[index + 1 :] if other.extension != leg.extension and other.answered_at]
        ends = leg.ended_at or min((at for at in (*later, call_ended_at) if at is not None), default=leg.answered_at)
        spans.setdefault(leg.extension, []).append((leg.answered_at, max(ends, leg.answered_at)))
    return tuple(Talk(extension, covered(mine)) for extension, mine in spans.items())


def covered(spans: Iterable[tuple[datetime, datetime]]) -> int:
    """Whole seconds that any of the spans covers."""
    total, until = timedelta(), None
    for start, end in sorted(spans):
        begin = start if until is None else max(start, until)
        if end > begin:
            total += end - begin
            until = end
    return int(total.total_seconds())


def via_of(installation: Installation, *names: str) -> Via:
    """The road by the administrator's trunk patterns, tried on each of these names (a line, a gateway, a device) in turn.

    The pattern ``*`` says it of everything this source tells, also where the vendor names nothing.
    """
    for name in (*(name for name in names if name), ""):
        for glob, via in installation.trunks:
            if fnmatchcase(name, glob):
                return via
    return Via.UNKNOWN


def number_of(raw: str, installation: Installation, *, international: bool = False) -> str | None:
    """E.164 of what was sent, or None. ``international``: this vendor leaves out the plus of full numbers."""
    plain = raw.strip()
    if international and plain.isdecimal() and plain[0] != "0" and len(plain) > 9:
        full = phones.e164("+" + plain, installation.region)
        if full is not None:
            return full
    if installation.outside_prefix and plain.startswith(installation.outside_prefix):
        stripped = phones.e164(plain[len(installation.outside_prefix) :], installation.region)
        if stripped is not None:
            return stripped
    return phones.e164(raw, installation.region)


def call_of(
    key: str,
    direction: Direction,
    installation: Installation,
    *,
    party: str,
    started_at: datetime,
    disposition: Disposition,
    answered_at: datetime | None = None,
    ended_at: datetime | None = None,
    talk_seconds: int | None = None,
    ring_seconds: int | None = None,
    extension: str | None = None,
    rung: Iterable[str] = (),
    talked: Sequence[Talk] = (),
    hangup_cause: str | None = None,
    recording_url: str | None = None,
    via: Via = Via.UNKNOWN,
    final: bool = True,
    international: bool = False,
) -> Call:
    """One call.

    ``party`` is the outside party as sent, ``extension`` whom the vendor names, ``rung`` whom it rang in vain, ``talked`` who
    talked in turn. ``talk_seconds`` and ``ring_seconds`` as told; without them they come of the times, where those are known.
    """
    answered = disposition is Disposition.ANSWERED
    until = answered_at if answered or disposition is Disposition.VOICEMAIL else ended_at  # a machine's answer ends the ringing
    if not answered:
        answered_at, talk_seconds, talked = None, 0, ()
    elif talk_seconds is None:
        known = answered_at is not None and ended_at is not None
        talk_seconds = max(int((ended_at - answered_at).total_seconds()), 0) if known else 0  # type: ignore[operator]
    if ring_seconds is None and until is not None:
        ring_seconds = max(int((until - started_at).total_seconds()), 0)
    if direction is Direction.INBOUND:
        if answered:
            extension = talked[0].extension if talked else extension
        else:
            alone = set(rung) | ({extension} if extension else set())
            extension = alone.pop() if len(alone) == 1 else None
    number = None if direction is Direction.INTERNAL else number_of(party, installation, international=international)
    return Call(
        call_key=key,
        direction=direction,
        extension=extension or None,
        number=number,
        number_raw=(party or None) if number is None else None,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        ring_seconds=ring_seconds,
        talk_seconds=talk_seconds,
        disposition=disposition,
        hangup_cause=hangup_cause or None,
        recording_url=recording_url or None,
        via=via,
        final=final,
        talked=tuple(talked) if len(talked) > 1 else (),
    )
