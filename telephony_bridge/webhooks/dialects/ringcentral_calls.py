"""What the parties of a RingCentral session make together, with the record of the Call Log where there is one. Pure.

A party of direction Outbound is the one who calls, whoever that is; Inbound parties are those he reaches: menus, employees, an
outside number. A party of ours has an extension id. A session that an attended transfer joined to another is the same call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from telephony_bridge.model import Call, Direction, Disposition, Installation, Via
from telephony_bridge.webhooks.dialects.reading import Row
from telephony_bridge.webhooks.dialects.ringcentral_parties import Change, End, Party, own_in, party_of
from telephony_bridge.webhooks.dialects.telling import Leg, call_of, talks_of, via_of

_REASONS = {
    "TargetBusy": Disposition.BUSY,
    "Rejected": Disposition.BUSY,
    "Cancelled": Disposition.CANCELED,
    "Voicemail": Disposition.VOICEMAIL,
    "NoAnswer": Disposition.NO_ANSWER,
    "Timeout": Disposition.NO_ANSWER,
    "InternalError": Disposition.FAILED,
    "InvalidNumber": Disposition.FAILED,
    "InternationalDisabled": Disposition.FAILED,
    "DestinationBlocked": Disposition.FAILED,
    "NotEnoughFunds": Disposition.FAILED,
    "NoSuchUser": Disposition.FAILED,
}
_MACHINES = {"AgentAnswered", "CallerInputRedirect"}  # how a queue's and a menu's party ends
_RESULTS = {  # of the Call Log, in small letters; other words are no answer
    "accepted": Disposition.ANSWERED,
    "call connected": Disposition.ANSWERED,
    "voicemail": Disposition.VOICEMAIL,
    "busy": Disposition.BUSY,
    "rejected": Disposition.BUSY,
    "declined": Disposition.BUSY,
    "call failed": Disposition.FAILED,
    "call failure": Disposition.FAILED,
    "wrong number": Disposition.FAILED,
    "internal error": Disposition.FAILED,
    "international disabled": Disposition.FAILED,
    "blocked": Disposition.FAILED,
}


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the Call Log."""

    key: str
    started_at: datetime
    ended_at: datetime
    seconds: int
    inbound: bool
    caller: End
    callee: End
    extension: str
    result: str
    by_ip: bool
    recording: str

    @property
    def disposition(self) -> Disposition:
        return _RESULTS.get(self.result.lower(), Disposition.NO_ANSWER)


@dataclass(frozen=True, slots=True)
class _Session:
    """Who is who in it."""

    key: str
    direction: Direction
    calling: Party | None  # who started it
    reached: tuple[Party, ...]
    clients: tuple[Party, ...]
    staff: tuple[Party, ...]  # ours that were reached, in sessions it went on in too
    parties: tuple[Party, ...]  # all of these sessions
    is_ringout: bool

    @property
    def is_over(self) -> bool:
        """When the clients are gone, or who started it; a transferred party (Gone, or by its reason) ends nothing."""
        if self.clients and all(one.is_plainly_closed for one in self.clients):
            return True
        if self.calling is not None and self.calling.is_plainly_closed:
            return True
        closed = all(one.closed_at is not None for one in self.parties)
        return closed and any(one.is_plainly_closed for one in self.parties)

    @property
    def answered_at(self) -> datetime | None:
        """By a person on the far side. Without a client's own party an outbound call has only its caller's word for it."""
        far = self.clients if self.direction is Direction.OUTBOUND else self.staff
        if self.direction is Direction.OUTBOUND and not far and self.calling is not None and not self.is_ringout:
            far = (self.calling,)
        return min((one.answered_at for one in far if one.answered_at is not None), default=None)


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The one call of a session and of those it went on in."""
    said = [row.said for row in rows]
    changes = [one for one in said if isinstance(one, Change)]
    records = sorted((one for one in said if isinstance(one, Record)), key=lambda one: (one.started_at, repr(one)))
    recording = min((one.recording for one in records if one.recording), default=None)
    record = min(records, key=lambda one: one.disposition is not Disposition.ANSWERED, default=None)
    if changes:
        return [_live(_session(changes, installation), changes, record, recording, installation)]
    return [_by_record(record, recording, installation)] if record is not None else []


def _session(changes: Sequence[Change], installation: Installation) -> _Session:
    by_party: dict[tuple[str, str], list[Change]] = {}
    for change in changes:
        by_party.setdefault((change.key, change.party), []).append(change)
    parties = sorted((party_of(found, installation) for found in by_party.values()), key=lambda one: (one.first_at, one.id))
    key = min((one.at, one.key) for one in changes)[1]
    here = [one for one in parties if one.key == key]
    is_ringout = any(one.ringout for one in changes)
    calling = next((one for one in here if not one.inbound), None)
    reached = [one for one in here if one.inbound]
    direction = _direction(calling, reached, installation, is_ringout=is_ringout)
    sides = {Direction.OUTBOUND: reached, Direction.INBOUND: [calling] if calling else []}.get(direction, [])
    return _Session(
        key=key,
        direction=direction,
        calling=calling,
        reached=tuple(reached),
        clients=tuple(one for one in sides if not one.extension),
        staff=tuple(one for one in parties if one.inbound and one.extension and one.reason not in _MACHINES),
        parties=tuple(parties),
        is_ringout=is_ringout,
    )


def _direction(calling: Party | None, reached: Sequence[Party], installation: Installation, *, is_ringout: bool) -> Direction:
    if is_ringout:  # both legs are Inbound: the platform calls the employee first, then the client
        return Direction.OUTBOUND
    starters = [calling.extension] if calling else [own_in(one.caller, installation) for one in reached]
    if not any(starters):
        return Direction.INBOUND
    if reached:
        return Direction.OUTBOUND if any(not one.extension for one in reached) else Direction.INTERNAL
    return Direction.INTERNAL if calling and own_in(calling.callee, installation) else Direction.OUTBOUND


def _live(
    told: _Session, changes: Sequence[Change], record: Record | None, recording: str | None, installation: Installation
) -> Call:
    final = told.is_over or record is not None
    answered_at = told.answered_at
    started_at = min([*(one.at for one in changes), *([record.started_at] if record is not None else [])])
    ends = [one.closed_at for one in told.parties if one.closed_at is not None] if told.is_over else []
    ended_at = max(ends, default=record.ended_at if record is not None else None)
    disposition = Disposition.ANSWERED if answered_at is not None else _unanswered(told)
    talked = talks_of(_spans(told, changes, ended_at), ended_at) if told.direction is not Direction.INTERNAL else ()
    talk_seconds = None
    if answered_at is None and record is not None:
        lasted = int(((ended_at or record.ended_at) - started_at).total_seconds())
        disposition, talk_seconds = record.disposition, min(record.seconds, lasted)
    elif talked and ended_at is not None and answered_at is not None:
        lasted = int((ended_at - answered_at).total_seconds())
        talk_seconds = min(sum(talk.seconds for talk in talked), lasted)
    call = call_of(
        told.key,
        told.direction,
        installation,
        party=_number(told, installation),
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        talk_seconds=talk_seconds if final else 0,
        disposition=disposition,
        extension=_starter(told, installation),
        rung={one.extension for one in told.staff if one.rang},
        talked=talked,
        hangup_cause=_cause(told) or (record.result if record is not None else None),
        recording_url=recording,
        via=_via(told, record, installation),
        final=final,
    )
    return call if any(one.early for one in told.parties) else replace(call, ring_seconds=None)


def _spans(told: _Session, changes: Sequence[Change], ended_at: datetime | None) -> list[Leg]:
    """Each employee's time with the client. Before an attended transfer the second one talks with his colleague only."""
    answered_at = told.answered_at
    if answered_at is None:
        return []
    joined_at = min((one.at for one in changes if one.code == "gone"), default=answered_at)
    spans = []
    calling = told.calling if told.direction is Direction.OUTBOUND else None
    for one in [*([calling] if calling else []), *told.staff]:
        if one.answered_at is None and one is not calling:
            continue
        start = max(one.answered_at or answered_at, answered_at if one.key == told.key else joined_at)
        end = min((at for at in (one.left_at, ended_at) if at is not None), default=None)
        if end is None or end >= start:
            spans.append(Leg(one.extension, start, end))
    return spans


def _starter(told: _Session, installation: Installation) -> str | None:
    if told.direction is Direction.INBOUND:
        return None
    if told.is_ringout:
        return next((one.extension for one in told.staff), None)
    if told.calling is not None:
        return told.calling.extension
    return next((name for name in (own_in(one.caller, installation) for one in told.reached) if name), None)


def _number(told: _Session, installation: Installation) -> str:
    """The outside party as sent, or the colleague's number."""
    sides = [told.calling] if told.calling else []
    if told.direction is Direction.INBOUND:
        ends = [one.caller for one in (*sides, *told.reached)]
    elif told.direction is Direction.INTERNAL:
        return next((one.callee.number for one in (*told.staff, *sides) if one.callee.number), "")
    else:
        ends = [one.callee for one in (*told.clients, *sides)]
        ends += [end for one in told.reached for end in (one.callee, one.caller)] if told.is_ringout else []
    return next((end.number for end in ends if end.number and not own_in(end, installation)), "")


def _unanswered(told: _Session) -> Disposition:
    if any(one.voicemail for one in told.staff):
        return Disposition.VOICEMAIL
    said = [(one.closed_at, one.id, _REASONS[one.reason]) for one in told.parties if one.closed_at and one.reason in _REASONS]
    last = max(said, default=(None, "", Disposition.NO_ANSWER))[2]
    if last is Disposition.CANCELED and told.direction is Direction.INBOUND:
        return Disposition.NO_ANSWER  # an outside caller who gave up
    return last


def _cause(told: _Session) -> str:
    closed = [(one.closed_at, one.id, one.reason) for one in told.parties if one.closed_at and one.reason and not one.moved]
    return max(closed)[2] if closed else ""


def _via(told: _Session, record: Record | None, installation: Installation) -> Via:
    """By the employee's device: one with an id is registered with RingCentral. A leg to an ordinary phone has none."""
    talking = [one.callee for one in told.staff if one.answered_at or told.direction is Direction.INBOUND]
    mine = [told.calling.caller] if told.calling is not None and told.calling.extension else talking
    if any(end.device for end in mine) or (record is not None and record.by_ip):
        return Via.IP
    lines = {end.number for one in told.parties for end in ((one.callee,) if one.inbound else (one.caller,)) if one.extension}
    return via_of(installation, *sorted(lines))


def _by_record(record: Record, recording: str | None, installation: Installation) -> Call:
    """The Call Log alone: ``duration`` is all it tells of the conversation, when it was answered it does not say."""
    ours, theirs = (record.callee, record.caller) if record.inbound else (record.caller, record.callee)
    inside = bool(own_in(record.caller, installation) and own_in(record.callee, installation))
    direction = Direction.INTERNAL if inside else Direction.INBOUND if record.inbound else Direction.OUTBOUND
    if inside:
        ours, theirs = record.caller, record.callee
    own = own_in(ours, installation) if inside else record.extension or own_in(ours, installation)
    return call_of(
        record.key,
        direction,
        installation,
        party=theirs.number,
        started_at=record.started_at,
        ended_at=record.ended_at,
        talk_seconds=record.seconds,
        disposition=record.disposition,
        extension=own or None,
        hangup_cause=record.result,
        recording_url=recording,
        via=Via.IP if record.by_ip else via_of(installation, ours.number),
    )
