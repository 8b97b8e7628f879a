"""3CX: lines of the CDR service, rows of V20's ``cdroutput`` and call reports of a CRM template. Pure.

CDR service (3CX, "CDR - Call Data Records"): one line a call without a header, in the order an administrator chose; ours is the
default one. ``cdroutput`` ("Complete Guide to Call Detail Records"): a row a segment, UTC. Reports have no call id at all.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs
from zoneinfo import ZoneInfo

import orjson

from telephony_bridge.errors import Malformed, Misdirected, NotACall
from telephony_bridge.model import Delivery, Direction, Installation
from telephony_bridge.webhooks.dialects.bodies import events_of, read_each, text_in, text_of
from telephony_bridge.webhooks.dialects.fields import at_needed, moment, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row, Secrets
from telephony_bridge.webhooks.dialects.threecx_calls import (
    EXTENSION,
    LINE,
    RULE,
    SYSTEM,
    VOICEMAIL,
    Party,
    Segment,
    tell,
    word_of,
)

_FIELDS = (  # then names, whose own commas cut them apart: nothing behind the types is read
    "historyid", "callid", "duration", "time-start", "time-answered", "time-end", "reason-terminated", "from-no", "to-no",
    "from-dn", "to-dn", "dial-no", "reason-changed", "final-number", "final-dn", "bill-code", "bill-rate", "bill-cost",
    "bill-name", "chain", "from-type", "to-type", "final-type",
)  # fmt: skip
_SHORTEST = _FIELDS.index("final-dn") + 1  # without it nobody knows who talked
_CHAIN = _FIELDS.index("chain") + 1
_ALL = 27
_DATE = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d\Z")
_LENGTH = re.compile(r"(?:(\d{1,2})\.)?(\d{1,3}):([0-5]\d):([0-5]\d)(?:\.\d+)?\Z")
_KINDS = {
    "": "",
    "unknown": "",
    "extension": EXTENSION,
    "line": LINE,
    "provider": LINE,
    "externalline": LINE,
    "outboundrule": RULE,
    "vmail": VOICEMAIL,
    "voicemail": VOICEMAIL,
    "vmailconsole": VOICEMAIL,
    "specialmenu": VOICEMAIL,
}  # any other word is a queue, a menu, a group, a fax…
_REPORTS = {
    "inbound": (Direction.INBOUND, True),
    "outbound": (Direction.OUTBOUND, True),
    "missed": (Direction.INBOUND, False),
    "notanswered": (Direction.OUTBOUND, False),
}
_STARTS = ("CallStartTimeUTC", "started_at_utc", "started_at", "StartTimeUtc", "DateTime")  # as templates name it
_ESTABLISHED = ("CallEstablishedTimeUTC", "answered_at", "EstablishedTimeUtc")
_ENDS = ("CallEndTimeUTC", "ended_at", "EndTimeUtc")
_ROW = {"callhistoryid", "cdrid", "cdrstartedat", "cdransweredat", "cdrendedat"}  # a few of the fields tell what a record is
_REPORT = {"calltype", "agent", "number", "duration"}
_LINE = {"historyid", "timestart", "timeend", "reasonterminated", "fromno", "tono"}
_AT_ONCE = timedelta(seconds=2)  # a queue and a menu answer by themselves within it


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """Lines, rows (one, or an array of them) or one report."""
    text = text_of(delivery.body).replace("\0", "").lstrip("\ufeff \t\r\n")
    if text[:1] not in ("{", "[", "<") and text.partition("\n")[0].count(",") > 4:
        lines = [line for line in text.splitlines(keepends=True) if line.strip()]
        return read_each(lines, lambda line: _cdr(_named(line), installation))
    return read_each(events_of(delivery), partial(_record, installation=installation))


def _record(record: dict[str, Any], installation: Installation) -> Row:
    told = {word_of(name): value for name, value in record.items()}
    if len(told.keys() & _ROW) > 1:
        return _v20(told, installation)
    if len(told.keys() & _REPORT) > 2:
        return _report(told, installation)
    if len(told.keys() & _LINE) > 1:
        return _cdr(told, installation)
    raise Misdirected("Neither a CDR line, nor a row of cdroutput, nor our call report: this is not 3CX as our page sets it up")


def _named(line: str) -> dict[str, str]:
    values = [value.strip() for value in line.strip().removeprefix("Call ").split(",")]
    dates = [place for place, value in enumerate(values) if _DATE.match(value)]
    if not dates:
        raise Misdirected("The line holds no time of 3CX: this webhook is pasted into another system")
    if dates[0] != _FIELDS.index("time-start"):
        raise Malformed("time-start is not the fourth field: set the CDR fields of 3CX to the default order", "time-start")
    if any(value.startswith("Chain:") and place != _FIELDS.index("chain") for place, value in enumerate(values)):
        raise Malformed("chain is not the twentieth field: set the CDR fields of 3CX to the default order", "chain")
    if len(values) < _SHORTEST:
        raise Malformed(
            f"The line has {len(values)} fields of the {_SHORTEST} up to final-dn: it is cut, or fewer are set", "final-dn"
        )
    # a cut line looks like a shorter one, and without the types a voice mailbox looks like a person
    if not line.endswith(("\r", "\n")) and len(values) < _ALL and not (len(values) == _CHAIN and values[-1].endswith(";")):
        raise Malformed("The last line has no end: it is cut, post lines with their line ends", "final-type")
    return {word_of(name): value for name, value in zip(_FIELDS, values, strict=False)}


def _kind(types: str, number: str, dn: str, installation: Installation) -> str:
    """By the told type; without one by the shape: ``Ext.101``, a trunk's directory number (10000 and more), an extension."""
    for told in types.split():
        kind = _KINDS.get(word_of(told), SYSTEM)
        if kind:
            return kind
    extension = re.compile(installation.extension_pattern)
    if number.lower().startswith("ext."):
        return EXTENSION
    if len(dn) > 4 and dn.isdecimal():
        return LINE
    if number and not extension.search(number):
        return LINE
    return EXTENSION if extension.search(number or dn) else ""


def _side(told: Mapping[str, Any], name: str, installation: Installation) -> Party:
    number, dn = text_in(told, f"{name}no", f"{name}number"), text_in(told, f"{name}dn")
    kind = _kind(text_in(told, f"{name}type"), number, dn, installation)
    plain = number[4:] if number.lower().startswith("ext.") else number
    return Party(kind, dn or (plain if kind != LINE else ""), plain)


def _cdr(told: Mapping[str, Any], installation: Installation) -> Row:
    """One line: from, to and final are its parties; the last one is who really talked."""

    def at(name: str) -> datetime | None:
        return moment(text_in(told, word_of(name)).replace("/", "-"), name, installation)

    started_at = at_needed(at("time-start"), "time-start", "a line")
    ended_at = at_needed(at("time-end"), "time-end", "a line")
    answered_at = _in_order(started_at, at("time-answered"), ended_at, "time-answered", "time-end")
    key = needed(text_in(told, "callid", "historyid"), "callid", "a line")
    source, to, final = (_side(told, name, installation) for name in ("from", "to", "final"))
    needed(source.number or source.dn, "from-no", "a line")
    final = final if final.number or final.dn else to
    segment = Segment(
        key=key,
        source=source,
        destination=final if final.kind != LINE else to,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        taken=answered_at is not None,
        reason=text_in(told, "reasonterminated"),
        rung=(to.dn,) if to.kind == EXTENSION else (),
    )
    if source.kind != LINE and to.kind in (LINE, RULE):
        line = final if to.kind == RULE and final.kind == LINE else to
        segment = replace(segment, destination=replace(line, kind=LINE, number=line.number or text_in(told, "dialno")))
    elif answered_at is not None:
        segment = _answered(segment, to, final, told)
    return Row(started_at, (f"id:{key}",), segment)


def _answered(segment: Segment, to: Party, final: Party, told: Mapping[str, Any]) -> Segment:
    """Who answered a call that came to ``to`` and ended with ``final``: a queue's or a menu's own answer is no person's."""
    assert segment.answered_at is not None
    waited, passed_on = segment.answered_at - segment.started_at, to.dn != final.dn
    # without the types an answer in the second of the start gives the queue away: no person is that quick
    by_itself = to.kind not in (EXTENSION, LINE) if text_in(told, "totype") else waited < timedelta(seconds=1)
    if final.kind == VOICEMAIL:
        return replace(segment, taken=False, left_a_message=True)
    if final.kind == LINE and to.kind == EXTENSION and not by_itself:  # to his own mobile
        return segment
    if final.kind != EXTENSION or (by_itself and not passed_on):
        return replace(segment, destination=replace(final, kind=SYSTEM), taken=False, rung=())
    if by_itself:
        return replace(segment, answered_at=segment.answered_at if waited > _AT_ONCE else None, rung=())
    first = to if word_of(text_in(told, "reasonchanged")) == "replaceddst" and to.kind == EXTENSION else final
    return replace(segment, destination=first)


def _in_order(
    started: datetime, answered: datetime | None, ended: datetime | None, answered_is: str, ended_is: str
) -> datetime | None:
    if ended is not None and ended < started:
        raise Malformed(f"{ended_is} is before the start", ended_is)
    if answered is not None and (answered < started or (ended is not None and answered > ended)):
        raise Malformed(f"{answered_is} is not between the start and {ended_is}", answered_is)
    return answered


_UTC = ZoneInfo("UTC")


def _utc(told: Mapping[str, Any], name: str) -> datetime | None:
    """A time in UTC, whatever it leaves out. .NET spells "never" as the first of January of the year 1."""
    value = text_in(told, word_of(name))
    return None if value.startswith("0001-") else moment(value, name, Installation(_UTC))


def _v20(told: Mapping[str, Any], installation: Installation) -> Row:
    """One segment. Queues, menus and rules answer as well: only an extension or a line is a person."""
    started_at = at_needed(_utc(told, "cdr_started_at"), "cdr_started_at", "a row")
    ended_at = _utc(told, "cdr_ended_at")
    answered_at = _in_order(started_at, _utc(told, "cdr_answered_at"), ended_at, "cdr_answered_at", "cdr_ended_at")
    source, destination = (_participant(told, name, installation) for name in ("source", "destination"))
    key = needed(text_in(told, "callhistoryid"), "call_history_id", "a row")
    main = text_in(told, "maincallhistoryid") or key
    answered = answered_at is not None and word_of(text_in(told, "creationmethod")) != "bargein"
    segment = Segment(
        key=key,
        source=source,
        destination=destination,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        taken=answered and destination.kind in (EXTENSION, LINE),
        reason=text_in(told, "terminationreasondetails", "terminationreason"),
        id=text_in(told, "cdrid"),
        next=text_in(told, "continuedincdrid"),
        left_a_message=answered and destination.kind == VOICEMAIL,
        recording=text_in(told, "recordingurl"),
    )
    return Row(started_at, tuple(sorted({f"id:{key}", f"id:{main}"})), segment)


def _participant(told: Mapping[str, Any], name: str, installation: Installation) -> Party:
    dn, number = text_in(told, f"{name}dnnumber"), text_in(told, f"{name}participantphonenumber")
    types = f"{text_in(told, f'{name}entitytype')} {text_in(told, f'{name}dntype')}"
    kind = _kind(types, number, dn, installation)
    if not kind and text_in(told, f"{name}participantisincoming") == "true":
        kind = LINE  # it came over a trunk and shows no number
    return Party(kind, dn or (number if kind == EXTENSION else ""), number, text_in(told, f"{name}dnname"))


def _report(told: Mapping[str, Any], installation: Installation) -> Row:
    """One agent's call. Of a transferred one every agent reports his own."""
    word = needed(text_in(told, "calltype"), "CallType", "a call report")
    if word.lower() not in _REPORTS:
        raise NotACall(f"CallType {without_digits(word[:40])!r} is none of Inbound, Outbound, Missed and Notanswered", "CallType")
    direction, answered = _REPORTS[word.lower()]
    start, established, end = (_named_in(told, names) for names in (_STARTS, _ESTABLISHED, _ENDS))
    # [DateTime] is of the server's clock, unless the template spells its zone
    began = moment(text_in(told, "datetime"), start, installation) if start == "DateTime" else _utc(told, start)
    started_at, ended_at = at_needed(began, start, "a call report"), _utc(told, end)
    answered_at = _in_order(started_at, _utc(told, established), ended_at, established, end)
    length = _length(text_in(told, "duration", "durationseconds"))
    if answered and length is None and (answered_at is None or ended_at is None):
        raise Malformed("Duration is missing; a report of an answered call needs it", "Duration")
    if ended_at is None or answered_at is None:  # another template: a duration is all there is
        answered_at, talk = None, length or 0
        talk = talk if ended_at is None else min(talk, int((ended_at - started_at).total_seconds()))
    else:
        talk = int((ended_at - answered_at).total_seconds())
    agent, number = text_in(told, "agent", "agentextension"), text_in(told, "number")
    if direction is Direction.OUTBOUND:
        needed(number, "Number", "a report of an outbound call")
    key = "report-" + hashlib.sha256("|".join((started_at.isoformat(), agent, number, word.lower())).encode()).hexdigest()[:32]
    outside, person = Party(LINE, "", number), Party(EXTENSION, agent, agent)
    inbound = direction is Direction.INBOUND
    segment = Segment(
        key=key,
        source=outside if inbound else person,
        destination=person if inbound else outside,
        started_at=started_at,
        answered_at=answered_at,
        ended_at=ended_at,
        taken=answered and talk > 0,
        reason="",
        direction=direction,
        talk=talk,
        recording=text_in(told, "recordingurl"),
    )
    one_call = (f"report:{started_at.isoformat()}|{number}|{direction}",) if number else ()
    return Row(started_at, (f"id:{key}", *one_call), segment)


def _named_in(told: Mapping[str, Any], names: Sequence[str]) -> str:
    """By which of these names this template tells a time; where by none, ours."""
    return next((name for name in names if text_in(told, word_of(name))), names[0])


def _length(value: str) -> int | None:
    """``hh:mm:ss`` (``d.hh:mm:ss`` of the longest) as whole seconds; some templates send seconds."""
    clock = _LENGTH.match(value)
    if clock is None:
        return seconds(value, "Duration")
    days, hours, minutes, rest = (int(part or 0) for part in clock.groups())
    return seconds(str(((days * 24 + hours) * 60 + minutes) * 60 + rest), "Duration")


def greet(delivery: Delivery, _secrets: Secrets) -> Answer | None:
    """3CX asks who a number is before it reports a call, and reports none whose number nobody knows: we know everyone."""
    if delivery.method != "GET" or not delivery.tail.endswith("lookup"):
        return None
    asked = (parse_qs(delivery.query).get("number") or [""])[-1]
    number = "".join(char for char in asked if char.isdecimal() or char == "+")[:32]
    contacts = [{"id": number, "number": number}] if number else []
    return Answer(orjson.dumps({"contacts": contacts}), "application/json")


DIALECT = Dialect(name="threecx", title="3CX", read=read, tell=tell, greet=greet)
