"""A delivery of Asterisk's kin taken apart into CDR rows: every spelling of every column, and what cannot be one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.asterisk_rows import CdrRow, epoch_of, row_of, word_of
from telephony_bridge.webhooks.dialects.fields import moment, records_of, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Row

_PLAIN = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
    "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
_NEW = ("peeraccount", "linkedid", "sequence")
MASTER = {  # Master.csv has no header; how many columns it has depends on loguniqueid, loguserfield and newcdrcolumns
    17: (*_PLAIN, "uniqueid"),
    18: (*_PLAIN, "uniqueid", "userfield"),
    20: (*_PLAIN, "uniqueid", *_NEW),
    21: (*_PLAIN, "uniqueid", "userfield", *_NEW),
}

SPELLINGS = {  # AMI keys, database columns and hooks' names -> the CDR column
    "source": "src",
    "destination": "dst",
    "destinationcontext": "dcontext",
    "callerid": "clid",
    "destinationchannel": "dstchannel",
    "lastapplication": "lastapp",
    "starttime": "start",
    "calldate": "start",
    "answertime": "answer",
    "billableseconds": "billsec",
    "recordingfile": "recording",
    "recording_url": "recording",
    "recordingurl": "recording",
    "linked_id": "linkedid",
    "unique_id": "uniqueid",
    "hangup_cause": "hangupcause",
    "src_num": "src",  # MikoPBX
    "dst_num": "dst",
    "src_chan": "channel",
    "dst_chan": "dstchannel",
    "endtime": "end",
}
_NEEDED = ("uniqueid", "channel", "disposition")
_KNOWN = {"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL", "UNKNOWN"}
_OURS = {"uniqueid", "channel", "disposition", "dstchannel", "lastapp", "lastdata", "billsec", "linkedid", "dcontext"}
_MIKO = (("channel", "src"), ("dstchannel", "dst"))
_LONGEST = 200  # characters of an id or a channel's name; Asterisk's own limit is 150 and less


def rows_of(delivery: Delivery, installation: Installation, *, title: str) -> list[Row]:
    """Every CDR row of a delivery. Of a body that holds many the broken ones are told by their number, beside the good ones."""
    found: list[Row] = []
    broken: list[tuple[int, Malformed]] = []
    records = records_of(delivery, MASTER)
    for number, record in enumerate(records, 1):
        try:
            found.append(row_of(_cdr(_columns(record), installation, title)))
        except Malformed as wrong:
            broken.append((number, _as_sent(wrong, record)))
    if not broken:
        return found
    number, first = broken[0]
    if len(records) == 1:
        raise first
    others = f"; {len(broken) - 1} more rows are broken" if len(broken) > 1 else ""
    raise Malformed(f"Row {number} of {len(records)}: {first.why}{others}", first.field, rows=found)


def _as_sent(wrong: Malformed, record: Mapping[str, str]) -> Malformed:
    """The refusal in the sender's own spelling of the field: BillableSeconds to who sent that."""
    spelled = next((key for key in record if _column(key) == wrong.field), wrong.field)
    if wrong.field is None or spelled is None:
        return wrong
    return Malformed(wrong.why.replace(wrong.field, spelled, 1), spelled, syntax=wrong.syntax)


@lru_cache(maxsize=1024)
def _column(key: str) -> str:
    name = key.strip().lower()
    return SPELLINGS.get(name, name)


def _columns(record: Mapping[str, str]) -> dict[str, str]:
    found = {_column(key): value for key, value in record.items()}
    if "src_num" in record and "channel" not in found:  # MikoPBX's table may name the numbers and no channel
        found |= {name: f"Miko/{found[number]}" if found.get(number) else "" for name, number in _MIKO}
    return found


def _cdr(told: Mapping[str, str], installation: Installation, title: str) -> CdrRow:
    event = told.get("event", "")
    if event and event.lower() != "cdr" and not set(told) >= _OURS:
        if {"channel", "uniqueid", "privilege"} & set(told):
            raise NotACall(f"An event {event!r} of {title}: only Cdr events tell of calls, relay those", "event")
        raise Misdirected(f"An event {event!r} is not of {title}: this webhook is pasted into another system", "event")
    for name in ("eventname", "eventtype") if "billsec" not in told else ():
        if name in told:
            raise NotACall(f"An event {told[name]!r} of CEL: post CDR rows instead", name)
    if {"type", "asterisk_id"} <= set(told) or {"type", "application", "channel"} <= set(told):
        raise NotACall(f"An event {told['type']!r} of ARI: post CDR rows instead", "type")
    if len(_OURS & set(told)) < 2:
        raise Misdirected(f"None of the CDR columns of {title} is here: this webhook is pasted into another system")
    for name in _NEEDED:
        if not told.get(name, "").strip():
            raise Malformed(f"{name} is missing; a CDR row needs {', '.join(_NEEDED)} and a start", name)
    for name in ("uniqueid", "linkedid", "channel", "dstchannel", "sequence"):
        if len(told.get(name, "")) > _LONGEST:
            raise Malformed(f"{name}: {len(told[name])} characters are no {name}", name)
    uniqueid = told["uniqueid"].strip()
    began = epoch_of(uniqueid)
    start = moment(told.get("start", ""), "start", installation, near=began) or began
    if start is None:
        raise Malformed("start is missing; add the column, it is the call's time", "start")
    answer = moment(told.get("answer", ""), "answer", installation, near=start)
    end = moment(told.get("end", ""), "end", installation, near=start)
    duration, billsec = seconds(told.get("duration", ""), "duration"), seconds(told.get("billsec", ""), "billsec")
    if end is not None and end < start:
        raise Malformed("end is before start; check the PBX's clock", "end")
    if duration is None:
        if end is None:
            raise Malformed("duration and end are both missing; one of them is needed", "duration")
        duration = int((end - start).total_seconds())
    end = end or start + timedelta(seconds=duration)
    word = word_of(told["disposition"])
    if word not in _KNOWN:
        raise Malformed(f"disposition: {without_digits(told['disposition'][:20])!r} is none of Asterisk's words", "disposition")
    if billsec is None:
        if word == "ANSWERED" and answer is None:
            raise Malformed("billsec and answer are both missing on an answered call; one of them is needed", "billsec")
        billsec = int((end - answer).total_seconds()) if answer is not None else 0
    if billsec > max(duration, int((end - start).total_seconds())) + 1:
        raise Malformed(
            f"billsec: {billsec} seconds of talk in a call of {duration}; talk is never longer than the call", "billsec"
        )
    if answer is not None and answer < start:
        raise Malformed("answer is before start; check the PBX's clock", "answer")
    if answer is None and word == "ANSWERED":
        answer = start + timedelta(seconds=max(duration - billsec, 0))  # a table without the column, such as FreePBX's
    return CdrRow(
        uniqueid=uniqueid,
        linkedid=told.get("linkedid", "").strip() or uniqueid,
        sequence=told.get("sequence", "").strip(),
        channel=told["channel"].strip(),
        dstchannel=told.get("dstchannel", "").strip(),
        src=told.get("src", ""),
        dst=told.get("dst", ""),
        lastapp=told.get("lastapp", "").strip(),
        lastdata=told.get("lastdata", ""),
        start=start,
        answer=answer,
        end=end,
        duration=duration,
        billsec=billsec,
        disposition=word,
        cnum=told.get("cnum", "").strip(),
        did=told.get("did", "").strip(),
        dialstatus=told.get("dialstatus", "").strip(),
        hangupcause=told.get("hangupcause", "").strip(),
        recording=told.get("recording", "").strip(),
        answeredtime=seconds(told.get("answeredtime", ""), "answeredtime"),
        dialedtime=seconds(told.get("dialedtime", ""), "dialedtime"),
        is_hooks=bool({"dialstatus", "hangupcause", "answeredtime"} & set(told)),
    )
