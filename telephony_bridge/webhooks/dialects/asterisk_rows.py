"""CDR rows of Asterisk and what is built on it: one row as a value, its ties, and one value out of what several roads told. Pure.

The CDR specification says (linkedid, uniqueid, sequence) names a row; everything else here was learned from rows that a
real Asterisk wrote. https://docs.asterisk.org/Configuration/Reporting/Call-Detail-Records-CDR/CDR-Specification/
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from telephony_bridge.webhooks.dialects.fields import PLAUSIBLE
from telephony_bridge.webhooks.dialects.reading import Row

_IDENTITY = re.compile(r"(?:^|-)(\d{9,10})\.(\d{1,18})$")
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
    dcontext: str
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
    peer: str = ""  # the hook's DIALEDPEERNAME: the channel that answered its Dial
    is_hooks: bool = False  # nothing but the hook told of this row

    @property
    def is_phantom(self) -> bool:
        """What the ``h`` extension says of a call nobody took: its CDR is a fresh one that no other road delivers."""
        return bool(self.dialstatus or self.hangupcause) and not self.dstchannel and self.duration == 0


def epoch_of(identity: str) -> datetime | None:
    """The UTC second a channel was created, out of its id; None for an id that Originate was given."""
    found = _IDENTITY.search(identity)
    at = datetime.fromtimestamp(int(found.group(1)), UTC) if found else None
    return at if at is not None and at.year in PLAUSIBLE else None


def born(identity: str, otherwise: datetime) -> tuple[datetime, int, str]:
    """Sorts ids by age: those of one second by the number behind the dot, for which ``.100`` is younger than ``.99``."""
    found = _IDENTITY.search(identity)
    return epoch_of(identity) or otherwise, int(found.group(2)) if found else 0, identity


def word_of(disposition: str) -> str:
    """Their word, whatever the case or the number."""
    word = disposition.strip().upper()
    return _DISPOSITIONS.get(word, word)


def instance_of(channel: str) -> str:
    """What both halves of a Local channel are called; any other channel's own name."""
    return channel.removesuffix(";1").removesuffix(";2") if channel.startswith("Local/") else channel


def row_of(said: CdrRow) -> Row:
    """The row with what ties it to others: the ids, and each channel instance in each hour it lived.

    An attended transfer shares only a channel's name with the call it belongs to, and names start anew with each restart
    of Asterisk; hours keep the strangers few, ``tell`` separates them. The halves of a Local channel share their linked
    id, and their name where AMI's events were left without it.
    """
    ties = {f"id:{said.linkedid}", f"id:{said.uniqueid}"}
    first, last = int(said.start.timestamp()) // 3600, int(said.end.timestamp()) // 3600
    for channel in (said.channel, said.dstchannel):
        if channel and (said.linkedid == said.uniqueid or not channel.startswith("Local/")):
            ties |= {f"ch:{instance_of(channel)}@{hour}" for hour in range(first, min(last, first + 48) + 1)}
    return Row(said.start, tuple(sorted(ties)), said)


def merged(rows: Iterable[CdrRow]) -> list[CdrRow]:
    """One value a row key, in the order of the call: the same row comes by the hook and by AMI, and one of them knows more."""
    said = list(rows)
    if len(said) == 1:
        return said
    told: dict[tuple[str, str, str], CdrRow] = {}
    for row in sorted(said, key=_fullness):
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
                peer=row.peer or before.peer,
                answeredtime=before.answeredtime if row.answeredtime is None else row.answeredtime,
                dialedtime=before.dialedtime if row.dialedtime is None else row.dialedtime,
                is_hooks=row.is_hooks and before.is_hooks,
            )
        told[key] = row
    return sorted(told.values(), key=_order)


def _fullness(row: CdrRow) -> tuple[bool, int, int, bool, str]:
    return (bool(row.dstchannel), row.billsec, row.duration, bool(row.lastdata), repr(row))


def _order(row: CdrRow) -> tuple[bool, tuple[datetime, int, str], bool, int, datetime]:
    """First the rows of the channel that began the call, then by sequence."""
    return (row.is_phantom, born(row.linkedid, row.start), row.uniqueid != row.linkedid, number_of(row.sequence), row.start)


def number_of(sequence: str) -> int:
    """The counter as a number; 0 where there is none."""
    return int(sequence) if sequence.isdecimal() and len(sequence) < 19 else 0
