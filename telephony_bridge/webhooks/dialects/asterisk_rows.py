"""CDR rows of Asterisk and what is built on it: one row as a value, and how rows become one call. Pure.

The CDR specification says (linkedid, uniqueid, sequence) names a row; everything else here was learned from rows that a
real Asterisk wrote. https://docs.asterisk.org/Configuration/Reporting/Call-Detail-Records-CDR/CDR-Specification/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations

from telephony_bridge import phones
from telephony_bridge.model import Call, Direction, Disposition, Installation, Talk
from telephony_bridge.webhooks.dialects.asterisk_channels import dialled_by, endpoint_of, side_of, via_of, via_unseen
from telephony_bridge.webhooks.dialects.engine import joined
from telephony_bridge.webhooks.dialects.fields import PLAUSIBLE
from telephony_bridge.webhooks.dialects.reading import Row

_EPOCH = re.compile(r"(?:^|-)(\d{9,10})\.\d+$")
_TOUCH = timedelta(seconds=2)
_DISPOSITIONS = {
    "0": "NO ANSWER",  # CDR(disposition,u) gives the number
    "1": "NO ANSWER",
    "2": "FAILED",
    "4": "BUSY",
    "8": "ANSWERED",
    "16": "CONGESTION",
    "32": "CANCEL",
    "NOANSWER": "NO ANSWER",
    "CANCELED": "CANCEL",
    "CANCELLED": "CANCEL",
}


@dataclass(frozen=True, slots=True)
class CdrRow:
    """One CDR row. Times are UTC, seconds whole; an empty string is what the PBX left empty."""

    uniqueid: str
    linkedid: str
    sequence: str
    channel: str
    dstchannel: str
    src: str
    dst: str
    lastapp: str
    lastdata: str
    start: datetime
    answer: datetime | None
    end: datetime
    duration: int
    billsec: int
    disposition: str
    cnum: str = ""
    did: str = ""
    dialstatus: str = ""
    hangupcause: str = ""
    recording: str = ""
    answeredtime: int | None = None  # the hook's: seconds the dialled party was connected, whoever talked
    dialedtime: int | None = None
    is_hooks: bool = False  # nothing but the hook told of this row

    @property
    def is_phantom(self) -> bool:
        """What the ``h`` extension says of a call nobody took: its CDR is a fresh one that no other road delivers."""
        return bool(self.dialstatus or self.hangupcause) and not self.dstchannel and self.duration == 0


def epoch_of(identity: str) -> datetime | None:
    """The UTC second a channel was created, out of its id; None for an id that Originate was given."""
    found = _EPOCH.search(identity)
    at = datetime.fromtimestamp(int(found.group(1)), UTC) if found else None
    return at if at is not None and at.year in PLAUSIBLE else None


def word_of(disposition: str) -> str:
    """Their word, whatever the case or the number."""
    word = disposition.strip().upper()
    return _DISPOSITIONS.get(word, word)


def row_of(said: CdrRow) -> Row:
    """The row with what ties it to others: the ids, and each channel instance in each hour it lived.

    An attended transfer shares only a channel's name with the call it belongs to, and names start anew with each restart
    of Asterisk; hours keep the strangers few, ``tell`` separates them.
    """
    ties = {f"id:{said.linkedid}", f"id:{said.uniqueid}"}
    first, last = int(said.start.timestamp()) // 3600, int(said.end.timestamp()) // 3600
    for channel in (said.channel, said.dstchannel):
        if channel and not channel.startswith("Local/"):
            ties |= {f"ch:{channel}@{hour}" for hour in range(first, min(last, first + 48) + 1)}
    return Row(said.start, tuple(sorted(ties)), said)


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The calls of a connected set: rows of one linked id, joined with the consultations that share a living channel."""
    said = _merged(row.said for row in rows)
    bearer: dict[str, int] = {}
    pairs = [(bearer.setdefault(id_, index), index) for index, row in enumerate(said) for id_ in (row.linkedid, row.uniqueid)]
    by_channel: dict[str, list[int]] = {}
    for index, row in enumerate(said):
        for channel in {row.channel, row.dstchannel} - {""}:
            by_channel.setdefault(channel, []).append(index)
    for sharing in by_channel.values():
        pairs += [(one, other) for one, other in combinations(sharing, 2) if _touch(said[one], said[other])]
    return [_call(group, installation) for group in joined(said, pairs)]


def _touch(one: CdrRow, other: CdrRow) -> bool:
    """Alive at the same time: a channel's name alone is not enough, names start anew with each restart."""
    return one.start <= other.end + _TOUCH and other.start <= one.end + _TOUCH


def _merged(rows: Iterable[CdrRow]) -> list[CdrRow]:
    """One value a row key: the same row comes by the hook and by AMI, and one of them knows more."""
    told: dict[tuple[str, str, str], CdrRow] = {}
    for row in sorted(rows, key=_fullness):
        key = (row.uniqueid, row.sequence, "" if row.sequence else f"{row.dstchannel} {row.start}")
        before = told.get(key)
        if before is not None:  # the fuller one comes later and wins; what only the other knows is kept
            row = replace(
                row,
                dialstatus=row.dialstatus or before.dialstatus,
                hangupcause=row.hangupcause or before.hangupcause,
                recording=row.recording or before.recording,
                linkedid=row.linkedid if row.linkedid != row.uniqueid else before.linkedid,
                cnum=row.cnum or before.cnum,
                did=row.did or before.did,
                is_hooks=row.is_hooks and before.is_hooks,
            )
        told[key] = row
    return sorted(told.values(), key=_order)


def _fullness(row: CdrRow) -> tuple[bool, int, int, bool, str]:
    return (bool(row.dstchannel), row.billsec, row.duration, bool(row.lastdata), repr(row))


def _order(row: CdrRow) -> tuple[bool, float, str, bool, int, datetime]:
    """First the rows of the channel that began the call, then by sequence."""
    epoch = epoch_of(row.linkedid)
    began = (epoch or row.start).timestamp()
    return (row.is_phantom, began, row.linkedid, row.uniqueid != row.linkedid, _number(row.sequence), row.start)


def _number(sequence: str) -> int:
    return int(sequence) if sequence.isdigit() else 0


def _call(rows: list[CdrRow], installation: Installation) -> Call:
    real = [row for row in rows if not row.is_phantom] or rows
    first = real[0]
    direction = _direction(first, real, installation)
    if direction is Direction.INTERNAL:
        human = [row for row in real if row.disposition == "ANSWERED" and row.dstchannel]
    else:
        human = [row for row in real if _is_conversation(row, installation)]
    talking = [row for row in human if row.billsec > 0] or human
    inbound = direction is Direction.INBOUND
    forwarded = [row for row in real if inbound and _is_forward(row, installation) and row.billsec > 0]
    talking.sort(key=lambda row: (row.answer or row.start, _number(row.sequence)))
    answers = [row.answer or row.start for row in (*talking, *forwarded)]
    answered_at = min(answers, default=None)
    started_at = _started(rows, real)
    ended_at = max(row.end for row in rows)
    talks = _talks(talking, direction, installation)
    talk_seconds = _union(talking)
    told = _told_by_hook(rows) if not forwarded else None
    if told is not None and told[1] > talk_seconds + 1:
        # the hook speaks once a channel: what it says of the dialled party is all there is of the other legs
        answered_at = answered_at or told[0]
        ended_at, talk_seconds = max(ended_at, answered_at + timedelta(seconds=told[1])), told[1]
    number, number_raw, outside = _outside(direction, first, real, installation)
    if answered_at is not None:
        disposition, ring = Disposition.ANSWERED, int((answered_at - started_at).total_seconds())
    else:
        disposition, ring = _unanswered(rows), int((ended_at - started_at).total_seconds())
    return Call(
        call_key=min((row.linkedid for row in rows), key=lambda one: (epoch_of(one) or started_at, one)),
        direction=direction,
        extension=_extension(direction, first, talks, real, installation, answered=answered_at is not None),
        number=number,
        number_raw=number_raw if number is None else None,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        ring_seconds=max(ring, 0),
        talk_seconds=talk_seconds,
        disposition=disposition,
        hangup_cause=_cause(rows),
        recording_url=max((row.recording for row in rows), default="") or None,
        via=via_of(outside, installation) if outside else via_unseen(direction, installation),
        final=True,
        talked=tuple(talks) if len(talks) > 1 else (),
    )


def _direction(first: CdrRow, rows: Sequence[CdrRow], installation: Installation) -> Direction:
    """By the channels, not by what src and dst look like: a client may call from «101», a route may hide the extension."""
    if side_of(first.channel, installation) == "trunk":
        return Direction.INBOUND
    if any(side_of(channel, installation) == "trunk" for row in rows for channel in (row.channel, row.dstchannel)):
        return Direction.OUTBOUND
    if any(dialled_by(row.lastapp, row.lastdata) is not None for row in rows):
        return Direction.OUTBOUND
    if all(not row.dstchannel for row in rows) and _number_of(first.dst, installation, dialled=True) is not None:
        return Direction.OUTBOUND  # only the hook spoke, and it no longer knew the trunk
    return Direction.INTERNAL


def _is_conversation(row: CdrRow, installation: Installation) -> bool:
    """A person on each end: a colleague on one, the outside on the other. An IVR, a queue or a playback has no far channel."""
    if row.disposition != "ANSWERED" or not row.dstchannel:
        return False
    sides = {side_of(row.channel, installation), side_of(row.dstchannel, installation)}
    return "extension" in sides and bool(sides & {"trunk", "local"})


def _is_forward(row: CdrRow, installation: Installation) -> bool:
    """The client was passed on to a mobile through a trunk: served, but by no desk."""
    return (
        row.disposition == "ANSWERED"
        and side_of(row.dstchannel, installation) == "trunk"
        and side_of(row.channel, installation) in ("trunk", "local")
    )


def _started(rows: Sequence[CdrRow], real: Sequence[CdrRow]) -> datetime:
    """The first row's start; a hook that spoke alone says when it hung up, and its id when it began."""
    if any(not row.is_phantom for row in rows):
        return min(row.start for row in real)
    return min(epoch_of(row.linkedid) or row.start for row in rows)


def _told_by_hook(rows: Sequence[CdrRow]) -> tuple[datetime, int] | None:
    """(answered at, seconds) of the dialled party where only hooks spoke: DIALSTATUS, ANSWEREDTIME and DIALEDTIME."""
    if not all(row.is_hooks for row in rows):
        return None
    told = [
        (row.start + timedelta(seconds=max((row.dialedtime or 0) - row.answeredtime, 0)), row.answeredtime)
        for row in rows
        if row.dialstatus.upper() == "ANSWER" and row.answeredtime
    ]
    return max(told, key=lambda one: one[1], default=None)


def _talks(talking: Sequence[CdrRow], direction: Direction, installation: Installation) -> list[Talk]:
    """Who talked, in the order they began, with the seconds of each."""
    spans: dict[str, list[CdrRow]] = {}
    for row in talking:
        if side_of(row.channel, installation) == "extension" and direction is not Direction.INBOUND:
            who = endpoint_of(row.channel)
        elif side_of(row.dstchannel, installation) == "extension":
            who = endpoint_of(row.dstchannel)
        else:
            who = endpoint_of(row.channel)
        spans.setdefault(who, []).append(row)
    return [Talk(extension, _union(mine)) for extension, mine in spans.items()]


def _union(rows: Sequence[CdrRow]) -> int:
    """Seconds that any of the rows covers: Local channels repeat the same seconds."""
    total, until = timedelta(), None
    spans = [(row.answer or row.start, timedelta(seconds=row.billsec)) for row in rows]
    for start, end in sorted((start, start + talked) for start, talked in spans):
        begin = start if until is None else max(start, until)
        if end > begin:
            total += end - begin
            until = end
    return int(total.total_seconds())


def _extension(
    direction: Direction,
    first: CdrRow,
    talks: Sequence[Talk],
    rows: Sequence[CdrRow],
    installation: Installation,
    *,
    answered: bool,
) -> str | None:
    """Outbound and internal: who started it, by the channel and not by src. Inbound: who talked first, else who alone was rung.

    Where the hook knows that somebody answered and not who, the extensions its Dial rang are the rung ones.
    """
    if direction is not Direction.INBOUND:
        if side_of(first.channel, installation) == "extension":
            return endpoint_of(first.channel)
        found = [value for value in (first.cnum, first.src) if re.search(installation.extension_pattern, value)]
        return found[0] if found else None
    if talks:
        return talks[0].extension
    if any(_is_forward(row, installation) and row.billsec > 0 for row in rows):
        return None
    if answered:
        rung = {part.partition("/")[2] for row in rows for part in row.lastdata.partition(",")[0].split("&")}
    else:
        rung = {endpoint_of(row.dstchannel) for row in rows if side_of(row.dstchannel, installation) == "extension"}
    return rung.pop() if len(rung) == 1 else None


def _outside(
    direction: Direction, first: CdrRow, rows: Sequence[CdrRow], installation: Installation
) -> tuple[str | None, str | None, str]:
    """(E.164, what was sent, the channel that carried the outside leg)."""
    if direction is Direction.INBOUND:
        return _number_of(first.src, installation, dialled=False), first.src or None, first.channel
    if direction is Direction.INTERNAL:
        return None, first.dst or None, ""
    carried = [row for row in rows if side_of(row.dstchannel, installation) == "trunk"]
    carried.sort(key=lambda row: (row.disposition != "ANSWERED", row.start, _number(row.sequence)))
    through = carried[0].dstchannel if carried else ""
    for row in (*carried, *rows):
        sent = dialled_by(row.lastapp, row.lastdata)
        if sent is not None:
            number, trunk = sent
            return _number_of(number, installation, dialled=False), number, through or trunk
    return _number_of(first.dst, installation, dialled=True), first.dst or None, through


def _number_of(raw: str, installation: Installation, *, dialled: bool) -> str | None:
    if dialled and installation.outside_prefix and raw.startswith(installation.outside_prefix):
        stripped = phones.e164(raw[len(installation.outside_prefix) :], installation.region)
        if stripped is not None:
            return stripped
    return phones.e164(raw, installation.region)


def _unanswered(rows: Sequence[CdrRow]) -> Disposition:
    """The most telling word of the rows and of the hook's DIALSTATUS."""
    words = {row.disposition for row in rows if not row.is_phantom} or {row.disposition for row in rows}
    dialled = {row.dialstatus.upper() for row in rows}
    if any(row.lastapp.lower() == "voicemail" and row.billsec > 0 for row in rows):
        return Disposition.VOICEMAIL
    if "BUSY" in words | dialled:
        return Disposition.BUSY
    if "CANCEL" in words | dialled:
        return Disposition.CANCELED
    rang = "NOANSWER" in dialled or "NO ANSWER" in words
    if dialled & {"CONGESTION", "CHANUNAVAIL"} or (words & {"FAILED", "CONGESTION"} and not rang):
        return Disposition.FAILED
    return Disposition.NO_ANSWER


def _cause(rows: Sequence[CdrRow]) -> str | None:
    """The hook's HANGUPCAUSE; 0 and 127 say that the dialplan knew none."""
    causes = [row.hangupcause for row in rows if row.hangupcause not in ("", "0", "127")]
    return causes[-1] if causes else None
