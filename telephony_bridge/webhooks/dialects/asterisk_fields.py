"""A delivery of Asterisk's kin taken apart into CDR rows: every spelling of every column, and what cannot be one. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.asterisk_rows import CdrRow, epoch_of, row_of, word_of
from telephony_bridge.webhooks.dialects.bodies import good_rows, records_of
from telephony_bridge.webhooks.dialects.fields import moment, seconds, without_digits
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
_HEADERLESS = [set(columns) for columns in MASTER.values()]

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
_AMI = {  # what who speaks AMI calls the columns that a refusal may name
    "uniqueid": "UniqueID",
    "linkedid": "LinkedID",
    "sequence": "Sequence",
    "channel": "Channel",
    "dstchannel": "DestinationChannel",
    "disposition": "Disposition",
    "start": "StartTime",
    "answer": "AnswerTime",
    "end": "EndTime",
    "duration": "Duration",
    "billsec": "BillableSeconds",
}
_SPEAKS_AMI = {"Event", "StartTime", "BillableSeconds", "DestinationChannel"}
_NEEDED = ("uniqueid", "channel", "disposition")
_KNOWN = {"ANSWERED", "NO ANSWER", "BUSY", "FAILED", "CONGESTION", "CANCEL", "UNKNOWN"}
_OURS = {"uniqueid", "channel", "dstchannel", "lastapp", "lastdata", "linkedid", "dcontext"}
_SHARED = {"disposition", "billsec"}  # other vendors have them as well
_WHOLE = _OURS | _SHARED
_CEL = {"channame", "cid_num", "cid_name", "linkedid", "uniqueid", "appname"}
_MIKO = (("channel", "src"), ("dstchannel", "dst"))
_QUOTED = re.compile(r"`(\w+)`")
_CLOCK_CHANGE = timedelta(hours=1, seconds=5)
_LONGEST = 200  # characters of an id or a channel's name; Asterisk's own limit is 150 and less


def rows_of(delivery: Delivery, installation: Installation, *, title: str) -> list[Row]:
    """Every CDR row of a delivery. Of a body that holds many the broken ones are told by their number, beside the good ones."""

    def row(record: Mapping[str, str]) -> Row:
        try:
            return row_of(_cdr(_columns(record), installation, title))
        except Malformed as wrong:
            raise _as_sent(wrong, record, title) from None

    return good_rows(records_of(delivery, MASTER), row)


def _as_sent(wrong: Malformed, record: Mapping[str, str], title: str) -> Malformed:
    """The refusal in the sender's own spelling of the columns: BillableSeconds to who sends that."""
    spelled = dict(_AMI) if _SPEAKS_AMI & set(record) else {"start": "calldate"} if title == "FreePBX" else {}
    spelled |= {_column(key): key.strip()[:_LONGEST] for key in record}
    why = _QUOTED.sub(lambda found: spelled.get(found.group(1), found.group(1)), wrong.why)
    field = spelled.get(wrong.field, wrong.field) if wrong.field else None
    if why.startswith(f"{wrong.field}:"):  # times and seconds are judged by what all dialects share
        why = f"{field}{why[len(wrong.field or '') :]}"
    return Malformed(why, field, syntax=wrong.syntax)


@lru_cache(maxsize=1024)
def _column(key: str) -> str:
    name = key.strip().lower()
    return SPELLINGS.get(name, name)


def _columns(record: Mapping[str, str]) -> dict[str, str]:
    found = {_column(key): value for key, value in record.items()}
    if "channel" not in found and any(key.lower() == "src_num" for key in record):  # MikoPBX may name numbers and no channel
        found |= {name: f"Miko/{found[number]}" if found.get(number) else "" for name, number in _MIKO}
    return found


def _refuse_strangers(told: Mapping[str, str], title: str) -> None:
    """Raises for what is readable and yet no CDR row."""
    names, event = told.keys(), told.get("event", "")
    if event and event.lower() != "cdr" and not names >= _WHOLE:
        event = without_digits(event[:60])
        if {"channel", "uniqueid", "privilege"} & names:
            raise NotACall(f"An event {event!r} of {title}: only Cdr events tell of calls, relay those", "event")
        raise Misdirected(f"An event {event!r} is not of {title}: this webhook is pasted into another system", "event")
    for name in ("eventname", "eventtype") if "billsec" not in told and _CEL & names else ():
        if name in told:
            raise NotACall(f"An event {without_digits(told[name][:60])!r} of CEL: post CDR rows instead", name)
    if "type" in told and ({"asterisk_id"} <= names or {"application", "channel"} <= names):
        raise NotACall(f"An event {without_digits(told['type'][:60])!r} of ARI: post CDR rows instead", "type")
    ours = _OURS & names
    if len(ours) < 2 and not ("uniqueid" in ours and _SHARED & names):
        raise Misdirected(f"None of the CDR columns of {title} is here: this webhook is pasted into another system")
    if names in _HEADERLESS and epoch_of(told["uniqueid"]) is None and word_of(told["disposition"]) not in _KNOWN:
        raise Misdirected(
            f"The CSV has no header and its columns are not those of {title}'s Master.csv: another system's, perhaps"
        )


def _cdr(told: Mapping[str, str], installation: Installation, title: str) -> CdrRow:
    _refuse_strangers(told, title)
    for name in _NEEDED:
        if not told.get(name, "").strip():
            needed = ", ".join(f"`{column}`" for column in _NEEDED)
            raise Malformed(f"`{name}` is missing; a CDR row needs {needed} and `start`", name)
    for name in ("uniqueid", "linkedid", "channel", "dstchannel", "sequence", "dialedpeername"):
        if len(told.get(name, "")) > _LONGEST:
            raise Malformed(f"`{name}`: {len(told[name])} characters are too many for it", name)
    uniqueid = told["uniqueid"].strip()
    began = epoch_of(uniqueid)
    start = moment(told.get("start", ""), "start", installation, near=began) or began
    if start is None:
        raise Malformed("`start` is missing; add the column, it is the call's time", "start")
    answer = moment(told.get("answer", ""), "answer", installation, near=start)
    end = moment(told.get("end", ""), "end", installation, near=start)
    duration, billsec = seconds(told.get("duration", ""), "duration"), seconds(told.get("billsec", ""), "billsec")
    if end is not None and end < start:
        raise Malformed("`end` is before `start`; check the PBX's clock", "end")
    if duration is None:
        if end is None:
            raise Malformed("`duration` and `end` are both missing; one of them is needed", "duration")
        duration = int((end - start).total_seconds())
    counted = start + timedelta(seconds=duration)
    if end is None or abs(end - counted) > _CLOCK_CHANGE:  # seconds are counted, a local clock is only read
        end = counted
    word = word_of(told["disposition"])
    if word not in _KNOWN:
        raise Malformed(f"`disposition`: {without_digits(told['disposition'][:20])!r} is none of Asterisk's words", "disposition")
    if billsec is None:
        if word == "ANSWERED" and answer is None:
            raise Malformed("`billsec` and `answer` are both missing on an answered call; one of them is needed", "billsec")
        billsec = max(int((end - answer).total_seconds()), 0) if answer is not None else 0
    if billsec > max(duration, int((end - start).total_seconds())) + 1:
        raise Malformed(
            f"`billsec`: {billsec} seconds of talk in a call of {duration}; talk is never longer than the call", "billsec"
        )
    if answer is not None and answer < start:
        raise Malformed("`answer` is before `start`; check the PBX's clock", "answer")
    if answer is not None and answer > end + _CLOCK_CHANGE:
        raise Malformed("`answer` is after the call's `end`; check the PBX's clock", "answer")
    if answer is None and word == "ANSWERED":
        answer = start + timedelta(seconds=max(duration - billsec, 0))  # a table without the column, such as FreePBX's
    return CdrRow(
        uniqueid=uniqueid,
        linkedid=told.get("linkedid", "").strip() or uniqueid,
        sequence=told.get("sequence", "").strip(),
        channel=told["channel"].strip(),
        dstchannel=told.get("dstchannel", "").strip(),
        src=told.get("src", "")[:_LONGEST],
        dst=told.get("dst", "")[:_LONGEST],
        dcontext=told.get("dcontext", ""),
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
        peer=told.get("dialedpeername", "").strip(),
        is_hooks=bool({"dialstatus", "hangupcause", "answeredtime"} & set(told)),
    )
