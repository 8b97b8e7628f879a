"""What Beeline's API is asked for: rows of ``/apis/portal/statistics`` and of the recordings, as JSON. Pure.

Durations are milliseconds, times milliseconds since 1970 or ISO, numbers ten digits or with the plus (facts: public clients
of the API and their rows). A row of the first statistics has no id of its call.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from telephony_bridge.errors import Malformed, Misdirected
from telephony_bridge.model import Call, Direction, Disposition, Installation
from telephony_bridge.webhooks.dialects.beeline_events import LegEvent, tail_of, time_of, user_of, via_of_subscriber
from telephony_bridge.webhooks.dialects.bodies import Record, object_of, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, needed, seconds
from telephony_bridge.webhooks.dialects.telling import call_of

APART = timedelta(seconds=5)  # how far an event and a row about the same call may differ in time
_DIRECTIONS = {"INBOUND": Direction.INBOUND, "OUTBOUND": Direction.OUTBOUND}
_STATUSES = {  # RECIEVED is the vendor's spelling
    "PLACED": Direction.OUTBOUND,
    "RECIEVED": Direction.INBOUND,
    "RECEIVED": Direction.INBOUND,
    "MISSED": Direction.INBOUND,
}


@dataclass(frozen=True, slots=True)
class Statistic:
    key: str
    direction: Direction
    answered: bool
    who: str
    subscribers: tuple[str, ...]  # the names by which an event may call this employee
    device: str
    party: str
    started_at: datetime
    seconds: int

    def tells_of(self, event: LegEvent) -> bool:
        """The same number at the same moment in the same direction; of an outbound call also the same employee."""
        outbound = self.direction is Direction.OUTBOUND
        if outbound != event.outgoing or not tail_of(self.party) or tail_of(self.party) != tail_of(event.party):
            return False
        if outbound and not {event.who, event.subscriber, tail_of(event.subscriber)}.intersection(self.subscribers):
            return False
        return any(abs(at - self.started_at) <= APART for at in (event.started_at, event.answered_at) if at is not None)


@dataclass(frozen=True, slots=True)
class Recording:
    key: str
    id: str
    at: datetime | None


def polled(record: Record, installation: Installation) -> Statistic | Recording:
    """One row of either list. Raises ``Malformed``, or ``Misdirected`` for what is neither."""
    if record.keys() & {"externalId", "fileSize"}:
        return Recording(
            needed(text_in(record, "externalId"), "externalId", "a recording"),
            needed(text_in(record, "id"), "id", "a recording"),
            time_of(text_in(record, "date"), "date", installation),
        )
    if not record.keys() & {"abonent", "startDate"}:
        raise Misdirected("Neither an xsi:Event nor abonent or startDate is here: this webhook is pasted into another system")
    status = needed(text_in(record, "status"), "status", "a row of statistics").upper()
    direction = _DIRECTIONS.get(text_in(record, "direction").upper()) or _STATUSES.get(status)
    if direction is None:
        raise Malformed("direction: expected INBOUND or OUTBOUND", "direction")
    at = at_needed(time_of(text_in(record, "startDate"), "startDate", installation), "startDate", "a row of statistics")
    told = text_in(record, "duration")
    talk = seconds(f"{told}e-3", "duration") if told else None
    if talk is None and status != "MISSED":
        raise Malformed("duration is missing; a row of statistics needs it", "duration")
    employee = record.get("abonent", "")
    abonent = object_of(employee) if employee.startswith("{") else {}
    user, phone = text_in(abonent, "userId"), text_in(abonent, "phone")
    who = text_in(abonent, "extension") or user.partition("@")[0] or phone
    party = text_in(record, "phone_from" if direction is Direction.INBOUND else "phone_to") or text_in(record, "phone")
    made = hashlib.sha256("|".join((at.isoformat(), direction, who, tail_of(party))).encode()).hexdigest()[:24]
    return Statistic(
        key=needed(text_in(record, "externalTrackingId") or made, "externalTrackingId", "a row of statistics"),
        direction=direction,
        # PLACED says that he dialled; the duration, that somebody answered
        answered=status in ("RECIEVED", "RECEIVED") or (status == "PLACED" and bool(talk)),
        who=who,
        subscribers=tuple(sorted({name for one in (who, user, phone) for name in (one, tail_of(one)) if name})),
        device=user or phone,
        party=party,
        started_at=at,
        seconds=talk or 0,
    )


def together(statistics: Sequence[Statistic]) -> list[list[Statistic]]:
    """Rows of one call: an inbound call that rang several has a row for each of them."""
    found: list[list[Statistic]] = []
    for one in sorted(statistics, key=lambda one: (one.started_at, one.key, repr(one))):
        inbound = one.direction is Direction.INBOUND and tail_of(one.party)
        for alike in found:
            first = alike[0]
            rings = inbound and first.direction is one.direction and tail_of(first.party) == tail_of(one.party)
            if first.key == one.key or (rings and one.started_at - first.started_at <= APART):
                alike.append(one)
                break
        else:
            found.append([one])
    return found


def counted(alike: Sequence[Statistic], recording: str | None, installation: Installation) -> Call:
    """The call of these rows. They tell how long it was, neither when it was answered nor when it ended."""
    first = alike[0]
    told = max(alike, key=lambda one: (one.answered, one.seconds, repr(one)))
    internal = re.fullmatch(installation.extension_pattern, user_of(told.party)) is not None
    return call_of(
        first.key,
        Direction.INTERNAL if internal else told.direction,
        installation,
        party=told.party,
        started_at=first.started_at,
        talk_seconds=told.seconds,
        disposition=Disposition.ANSWERED if told.answered else Disposition.NO_ANSWER,
        extension=user_of(told.party) if internal and told.direction is Direction.INBOUND else told.who,
        rung={one.who for one in alike},
        recording_url=recording,
        via=via_of_subscriber(installation, told.device, told.device, told.who),
    )
