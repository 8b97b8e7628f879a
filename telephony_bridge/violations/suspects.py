"""What of a manager's day makes his dials suspect (V13; EC-24, EC-32, EC-65, R16): for a supervisor to look at. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from telephony_bridge import phones

_SHORT = range(5, 16)  # seconds of talk in which an answering machine, or nobody, is greeted


@dataclass(frozen=True, slots=True)
class Dial:
    """A dial as suspicion sees it. ``excluded`` is why its number is never a client's: staff, private and so on."""

    id: int
    number: str
    started_at: datetime
    answered: bool
    talk_seconds: int
    excluded: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """More than so many are suspect. ``client_hours`` are minutes after the client's midnight; None: any hour is good."""

    redials: int = 10
    staff: int = 3
    short: int = 10
    client_hours: tuple[int, int] | None = None


def suspicions(dials: Sequence[Dial], limits: Limits, opted_out: Collection[int] = ()) -> dict[str, list[int]]:
    """Kind -> the calls that make it, in order of time; a kind that nothing speaks for is left out.

    ``opted_out`` are dials to leads who had asked before not to be called.
    """
    ordered = sorted(dials, key=lambda dial: (dial.started_at, dial.id))
    clients = [dial for dial in ordered if dial.excluded is None]
    times = Counter(dial.number for dial in clients)
    staff = [dial for dial in ordered if dial.excluded == "staff"]
    answered = [dial for dial in clients if dial.answered]
    short = [dial for dial in answered if dial.talk_seconds in _SHORT]
    found = {
        "redials": [dial for dial in clients if times[dial.number] > limits.redials],
        "staff": staff if len(staff) > limits.staff else [],
        "short_talks": short if len(short) > limits.short and 3 * len(short) > len(answered) else [],
        "opted_out": [dial for dial in ordered if dial.id in opted_out],
        "client_hours": [dial for dial in clients if not is_welcome(dial.number, dial.started_at, limits.client_hours)],
    }
    return {kind: [dial.id for dial in mine] for kind, mine in found.items() if mine}


def is_welcome(number: str, at: datetime, hours: tuple[int, int] | None) -> bool:
    """Whether a moment is within the client's hours in any zone his number may be of; where none is known it is (EC-65)."""
    if hours is None:
        return True
    zones = phones.zones(number)
    return not zones or any(_within(at.astimezone(ZoneInfo(zone)), hours) for zone in zones)


def _within(local: datetime, hours: tuple[int, int]) -> bool:
    opens, closes = hours
    minute = local.hour * 60 + local.minute
    return opens <= minute < closes if opens < closes else minute >= opens or minute < closes
