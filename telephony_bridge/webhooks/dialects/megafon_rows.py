"""What MegaFon's rows say, and which of them belong together: the values between ``megafon`` and ``megafon_calls``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from telephony_bridge.model import Direction


@dataclass(frozen=True, slots=True)
class Who:
    """An employee: his login without the domain, his extension, his direct (mobile) number; each may be empty."""

    login: str
    extension: str
    mobile: str


@dataclass(frozen=True, slots=True)
class History:
    """A ``cmd=history``: a call, or one leg of it, is over; ``at`` is its start. Seconds are None where they were not told."""

    key: str
    direction: Direction
    who: Who
    phone: str
    line: str
    at: datetime
    seconds: int | None
    wait: int | None
    status: str
    recording: str

    @property
    def answered(self) -> bool:
        return self.status == "success"

    @property
    def answered_at(self) -> datetime | None:
        return None if self.wait is None else self.at + timedelta(seconds=self.wait)


@dataclass(frozen=True, slots=True)
class Live:
    """A ``cmd=event``: it has no time, ``at`` is its arrival. ``second`` is the id the call goes on under after a transfer."""

    key: str
    kind: str
    direction: Direction | None
    who: Who
    phone: str
    line: str
    second: str
    at: datetime


Said = History | Live


def depths(live: Iterable[Live], ids: Iterable[str]) -> dict[str, int]:
    """How many transfers stand before each id."""
    first = {one.second: one.key for one in sorted(live, key=repr) if one.second and one.second != one.key}
    found = {}
    for one in ids:
        at, steps = one, 0
        while at in first and steps < len(first):
            at, steps = first[at], steps + 1
        found[one] = steps
    return found


def names(said: Iterable[Said]) -> Mapping[str, str]:
    """The extension of each login that is told with one somewhere in the call."""
    return {one.who.login: one.who.extension for one in sorted(said, key=repr) if one.who.login and one.who.extension}
