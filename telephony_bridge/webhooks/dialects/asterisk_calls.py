"""How CDR rows of Asterisk and its kin become one call: who talked with whom, for how long, by which road. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations

from telephony_bridge import phones
from telephony_bridge.model import Call, Direction, Disposition, Installation, Talk
from telephony_bridge.webhooks.dialects.asterisk_channels import (
    dialled_by,
    endpoint_of,
    is_unlisted,
    renumbered,
    side_of,
    via_of,
    via_unseen,
)
from telephony_bridge.webhooks.dialects.asterisk_rows import CdrRow, born, epoch_of, instance_of, merged, number_of
from telephony_bridge.webhooks.dialects.engine import joined
from telephony_bridge.webhooks.dialects.reading import Row

_TOUCH = timedelta(seconds=2)
_FROM_OUTSIDE = re.compile(r"(?i)trunk|pstn|from-did|digital|dahdi|extern|incoming|inbound|provider")  # contexts of trunks


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The calls of a connected set: rows of one linked id, joined with the consultations that share a living channel."""
    said = merged(row.said for row in rows)
    bearer: dict[str, int] = {}
    pairs = [(bearer.setdefault(id_, index), index) for index, row in enumerate(said) for id_ in (row.linkedid, row.uniqueid)]
    by_channel: dict[str, list[int]] = {}
    for index, row in enumerate(said):
        for channel in {instance_of(row.channel), instance_of(row.dstchannel)} - {""}:
            by_channel.setdefault(channel, []).append(index)
    for sharing in by_channel.values():
        pairs += [(one, other) for one, other in combinations(sharing, 2) if _touch(said[one], said[other])]
    return [_call(group, installation) for group in joined(said, pairs)]


def _touch(one: CdrRow, other: CdrRow) -> bool:
    """Alive at the same time: a channel's name alone is not enough, names start anew with each restart."""
    return one.start <= other.end + _TOUCH and other.start <= one.end + _TOUCH


def _call(told: Sequence[CdrRow], installation: Installation) -> Call:
    rows = _numbered(told, installation)
    real = [row for row in rows if not row.is_phantom] or rows
    first = real[0]
    direction = _direction(first, real, installation)
    if direction is Direction.INTERNAL:
        human = [row for row in real if row.disposition == "ANSWERED" and row.dstchannel]
    else:
        human = [row for row in real if _is_conversation(row, installation)]
    talking = [_exact(row, real) for row in human if row.billsec > 0] or human
    inbound = direction is Direction.INBOUND
    forwarded = [row for row in real if inbound and _is_forward(row, installation) and row.billsec > 0]
    talking.sort(key=lambda row: (row.answer or row.start, number_of(row.sequence)))
    answers = [row.answer or row.start for row in (*talking, *forwarded)]
    answered_at = min(answers, default=None)
    started_at = _started(rows, real)
    ended_at = max(row.end for row in rows)
    talks = _talks(talking, direction, installation)
    talk_seconds = _union(talking)
    hooks = _told_by_hook(rows, forwarded)
    if hooks is not None and hooks[1] > talk_seconds + 1:
        # the hook speaks once a channel: what it says of the dialled party is all there is of the other legs
        answered_at, talk_seconds = min(answered_at or hooks[0], hooks[0]), hooks[1]
        started_at = min(started_at, answered_at)
        ended_at = max(ended_at, answered_at + timedelta(seconds=talk_seconds))
    number, number_raw, outside = _outside(direction, first, real, installation)
    if answered_at is not None:
        disposition, ring = Disposition.ANSWERED, int((answered_at - started_at).total_seconds())
    else:
        disposition, ring = _unanswered(rows), int((ended_at - started_at).total_seconds())
    return Call(
        call_key=min((row.linkedid for row in rows), key=lambda one: born(one, started_at)),
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


def _numbered(rows: Sequence[CdrRow], installation: Installation) -> Sequence[CdrRow]:
    """The rows with every phone under its number: ``SIP/ivan-0000001a`` is a phone where src 101 stands beside it.

    An endpoint that neither the extension pattern nor a trunk's glob knows is a trunk otherwise.
    """
    unlisted = {channel for row in rows for channel in (row.channel, row.dstchannel) if is_unlisted(channel, installation)}
    if not unlisted:
        return rows
    dialled = [dialled_by(row.lastapp, row.lastdata) for row in rows]
    numbers: dict[str, str] = {}
    for row, sent in zip(rows, dialled, strict=True):
        own = row.cnum or row.src
        calls_inside = bool(re.search(installation.extension_pattern, row.dst))
        from_outside = bool(row.did or _FROM_OUTSIDE.search(row.dcontext))
        if (
            row.channel in unlisted
            and not from_outside
            and (calls_inside or sent)
            and re.search(installation.extension_pattern, own)
        ):
            numbers.setdefault(row.channel, own)
        if row.dstchannel in unlisted and calls_inside and row.lastapp.lower() == "dial" and not sent:
            numbers.setdefault(row.dstchannel, row.dst)
    for sent, row in zip(dialled, rows, strict=True):
        if sent is not None:  # a number was dialled through it
            numbers.pop(row.dstchannel, None)
    return [
        replace(row, channel=renumbered(row.channel, numbers), dstchannel=renumbered(row.dstchannel, numbers)) for row in rows
    ]


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


def _exact(row: CdrRow, rows: Sequence[CdrRow]) -> CdrRow:
    """The row with the seconds of the person alone: a queue's channel was up before, and its rows count the ringing too.

    A member behind a Local channel has a row of his own; the hook's ANSWEREDTIME is the member's as well.
    """
    if row.lastapp.lower() != "queue" and not row.dstchannel.startswith("Local/"):
        return row
    start, end = row.answer or row.start, (row.answer or row.start) + timedelta(seconds=row.billsec)
    if row.lastapp.lower() == "queue" and row.answeredtime and row.answeredtime < row.billsec:
        start = end - timedelta(seconds=row.answeredtime)
    for inner in rows if row.dstchannel.startswith("Local/") else ():
        if inner.disposition == "ANSWERED" and inner.billsec > 0 and _halves(inner.channel, row.dstchannel):
            start = max(start, inner.answer or inner.start)
    return replace(row, answer=start, billsec=max(int((end - start).total_seconds()), 0))


def _halves(one: str, other: str) -> bool:
    return one != other and instance_of(one) == instance_of(other)


def _is_forward(row: CdrRow, installation: Installation) -> bool:
    """The client was passed on to a mobile through a trunk: served, but by no desk."""
    return (
        row.disposition == "ANSWERED"
        and side_of(row.dstchannel, installation) == "trunk"
        and side_of(row.channel, installation) in ("trunk", "local")
    )


def _started(rows: Sequence[CdrRow], real: Sequence[CdrRow]) -> datetime:
    """The first row's start. Hooks that spoke alone tell of the last leg, or when they hung up; their ids when it began."""
    began = min(row.start for row in real)
    if not all(row.is_hooks for row in rows):
        return began
    created = min(epoch_of(row.linkedid) or began for row in rows)
    return created if created < began - _TOUCH else began


def _told_by_hook(rows: Sequence[CdrRow], forwarded: Sequence[CdrRow]) -> tuple[datetime, int] | None:
    """(answered at, seconds) of the dialled party where only hooks spoke: DIALSTATUS, ANSWEREDTIME and DIALEDTIME."""
    if not all(row.is_hooks for row in rows):
        return None
    told = []
    for row in forwarded or rows:
        if row.dialstatus.upper() != "ANSWER" or not row.answeredtime:
            continue
        if row.disposition == "ANSWERED" or row.is_phantom:  # it ends with the call, whatever leg it is of
            at = row.end - timedelta(seconds=row.answeredtime)
        else:
            at = row.start + timedelta(seconds=max((row.dialedtime or 0) - row.answeredtime, 0))
        # a colleague passed the client on: his seconds are those before the mobile's
        seconds = int((row.start - at).total_seconds()) if row in forwarded else row.answeredtime
        created = min(epoch_of(row.linkedid) or at, epoch_of(row.uniqueid) or at)
        if at < created - _TOUCH:
            continue  # nobody talked before the call was there
        told.append((at, seconds))
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
        dialled = [part for row in rows if row.lastapp.lower() == "dial" for part in row.lastdata.partition(",")[0].split("&")]
        rung = {endpoint_of(row.peer) for row in rows if row.peer} or {endpoint_of(part) for part in dialled}
        rung = {extension for extension in rung if re.search(installation.extension_pattern, extension)}
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
    carried.sort(key=lambda row: (row.disposition != "ANSWERED", row.start, number_of(row.sequence)))
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
