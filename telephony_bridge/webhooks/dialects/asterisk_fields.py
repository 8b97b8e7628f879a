"""A delivery of Asterisk's kin taken apart into CDR rows: every spelling of every column, and what cannot be one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.asterisk_rows import CdrRow, epoch_of, row_of, word_of
from telephony_bridge.webhooks.dialects.fields import moment, records_of, seconds
from telephony_bridge.webhooks.dialects.reading import Row

# Master.csv has no header; the last columns depend on cdr.conf
MASTER = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
    "duration", "billsec", "disposition", "amaflags", "uniqueid", "userfield", "peeraccount", "linkedid", "sequence",
)  # fmt: skip

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
    "endtime": "end",
    "billableseconds": "billsec",
    "recordingfile": "recording",
    "recording_url": "recording",
    "recordingurl": "recording",
    "linked_id": "linkedid",
    "unique_id": "uniqueid",
    "hangup_cause": "hangupcause",
}
_NEEDED = ("uniqueid", "channel", "disposition")
_KNOWN = {"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL", "UNKNOWN"}
_OURS = {"uniqueid", "channel", "disposition", "dstchannel", "lastapp", "lastdata", "billsec", "linkedid", "dcontext"}
_OTHER_EVENTS = ("eventname", "type")  # CEL and ARI


def rows_of(delivery: Delivery, installation: Installation, *, title: str) -> list[Row]:
    """Every CDR row of a delivery; one that is broken refuses the delivery whole, so that nothing is half understood."""
    return [row_of(_cdr(_columns(record), installation, title)) for record in records_of(delivery, MASTER)]


def _columns(record: Mapping[str, str]) -> dict[str, str]:
    found = {}
    for key, value in record.items():
        name = key.strip().lower()
        found[SPELLINGS.get(name, name)] = value
    return found


def _cdr(told: Mapping[str, str], installation: Installation, title: str) -> CdrRow:
    event = told.get("event", "")
    if event and event.lower() != "cdr" and not set(told) >= _OURS:
        if {"channel", "uniqueid", "privilege", "call_id"} & set(told) or event.lower().startswith(("call.", "bridge", "hangup", "new")):
            raise NotACall(f"This is a {title} {event!r} event; only Cdr events tell of calls, relay those", "event")
        raise Misdirected(f"An event {event!r} is not of {title}: this webhook is pasted into another system", "event")
    for name in _OTHER_EVENTS:
        if name in told and "billsec" not in told:
            raise NotACall(f"This is a {told[name]!r} event of CEL or ARI; post CDR rows instead", name)
    if len(_OURS & set(told)) < 2:
        raise Misdirected(f"None of the CDR columns of {title} is here: this webhook is pasted into another system")
    for name in _NEEDED:
        if not told.get(name, "").strip():
            raise Malformed(f"{name} is missing; a CDR row needs {', '.join(_NEEDED)} and a start", name)
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
        raise Malformed(f"disposition: {told['disposition'][:20]!r} is none of Asterisk's words", "disposition")
    if billsec is None:
        if word == "ANSWERED" and answer is None:
            raise Malformed("billsec and answer are both missing on an answered call; one of them is needed", "billsec")
        billsec = int((end - answer).total_seconds()) if answer is not None else 0
    if billsec > max(duration, int((end - start).total_seconds())) + 1:
        raise Malformed(f"billsec: {billsec} seconds of talk in a call of {duration}; talk cannot be longer than the call", "billsec")
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
    )
