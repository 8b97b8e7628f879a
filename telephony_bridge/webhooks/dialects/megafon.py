"""MegaFon's virtual PBX (МегаФон ВАТС, megapbx.ru), and Kcell's under the same API. Pure.

CRM API ``crmapi/v1``: a form or JSON with ``crm_token``; the command stands in ``cmd``. ``history`` ends a call or a leg,
``event`` tells of it while it goes on and has no time of its own. ``contact`` asks who is calling and waits for the answer.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

from telephony_bridge.errors import Malformed, Misdirected, NotACall, Unreadable
from telephony_bridge.model import Delivery, Direction, Installation
from telephony_bridge.webhooks import proofs
from telephony_bridge.webhooks.dialects.bodies import event_of, text_in
from telephony_bridge.webhooks.dialects.fields import at_needed, moment, needed, seconds, without_digits
from telephony_bridge.webhooks.dialects.megafon_calls import tell
from telephony_bridge.webhooks.dialects.megafon_rows import History, Live, Who
from telephony_bridge.webhooks.dialects.reading import Answer, Dialect, Row, Secrets

_DIRECTIONS = {"in": Direction.INBOUND, "out": Direction.OUTBOUND, "internal": Direction.INTERNAL}
_KINDS: dict[str, Direction | None] = {
    "INCOMING": Direction.INBOUND,
    "OUTGOING": Direction.OUTBOUND,
    "ACCEPTED": None,
    "COMPLETED": None,
    "CANCELLED": None,
    "TRANSFERRED": None,
}


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """One command."""
    told = event_of(delivery)
    command = text_in(told, "cmd").lower()
    if not command and "crm_token" in told:
        raise Malformed("cmd is missing: expected history or event", "cmd")
    if not re.fullmatch(r"[a-z_]+", command):
        raise Misdirected("cmd names no command of MegaFon's: this webhook is pasted into another system", "cmd")
    if command == "history":
        return _history(told, installation)
    if command == "event":
        return _live(told, delivery)
    raise NotACall(f"MegaFon's command {without_digits(command[:40])} tells of no call", "cmd")


def _who(told: dict[str, Any]) -> Who:
    return Who(text_in(told, "user").partition("@")[0], text_in(told, "ext"), text_in(told, "telnum"))


def _history(told: dict[str, Any], installation: Installation) -> list[Row]:
    key = needed(text_in(told, "callid"), "callid", "history")
    direction = _DIRECTIONS.get(text_in(told, "type").lower())
    if direction is None:
        raise Malformed("type: expected in or out", "type")
    status = needed(text_in(told, "status"), "status", "history").lower()
    duration = seconds(text_in(told, "duration"), "duration")
    if status == "success" and duration is None:
        raise Malformed("duration is missing; the history of an answered call needs it", "duration")
    history = History(
        key=key,
        direction=direction,
        who=_who(told),
        phone=text_in(told, "phone"),
        line=text_in(told, "diversion"),
        at=at_needed(moment(text_in(told, "start"), "start", installation), "start", "history"),
        seconds=duration,
        wait=seconds(text_in(told, "wait"), "wait"),
        status=status,
        recording=text_in(told, "link"),
    )
    return [Row(history.at, (f"id:{key}",), history)]


def _live(told: dict[str, Any], delivery: Delivery) -> list[Row]:
    key = needed(text_in(told, "callid"), "callid", "event")
    kind = needed(text_in(told, "type"), "type", "event").upper()
    if kind not in _KINDS:
        raise NotACall(f"MegaFon's event {without_digits(kind[:40])} is not known: it changes no call", "type")
    second = text_in(told, "second_callid")
    live = Live(
        key=key,
        kind=kind,
        direction=_DIRECTIONS.get(text_in(told, "direction").lower()) or _KINDS[kind],
        who=_who(told),
        phone=text_in(told, "phone"),
        line=text_in(told, "diversion"),
        second=needed(second, "second_callid", "a transfer") if second else "",
        at=delivery.received_at,
    )
    return [Row(live.at, (f"id:{key}", f"id:{second}") if second else (f"id:{key}",), live)]


def _greet(delivery: Delivery, _secrets: Secrets) -> Answer | None:
    """A question during a call: whose number is this? Nobody's, as far as we tell; the PBX then goes by its own rules."""
    with suppress(Unreadable):
        if text_in(event_of(delivery), "cmd").lower() == "contact":
            return Answer(b"{}", "application/json")
    return None


DIALECT = Dialect(
    name="megafon",
    title="MegaFon",
    read=read,
    tell=tell,
    secrets={"crm_token": "the key for the CRM's side (cabinet: the integration with your own CRM)"},
    prove=proofs.megafon,
    greet=_greet,
)
