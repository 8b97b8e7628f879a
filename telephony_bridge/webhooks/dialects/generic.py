"""Our own JSON for PBXs and in-house systems that speak no other dialect. Pure; its JSON Schema is served by the API.

A message tells of one call, whole: each later one about the same ``id`` replaces the earlier, by ``revision``, and one with
``final`` true beats any without. A recording told once stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from telephony_bridge.errors import Malformed, Misdirected
from telephony_bridge.model import Call, Delivery, Direction, Disposition, Installation, Talk, Via
from telephony_bridge.webhooks.dialects.bodies import json_of, read_each
from telephony_bridge.webhooks.dialects.fields import PLAUSIBLE
from telephony_bridge.webhooks.dialects.reading import Dialect, Row
from telephony_bridge.webhooks.dialects.telling import call_of, via_of

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Seconds = Annotated[int, Field(ge=0, le=172_800)]


class Talked(BaseModel):
    """One person's share of the conversation with the outside party."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)
    extension: Text
    seconds: Seconds


class Message(BaseModel):
    """One call, as far as it is known. Times are RFC 3339 with an offset; what is not known is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True, title="A call")

    id: Text = Field(description="Your id of the call, the same in every message about it")
    revision: int = Field(0, ge=0, le=2**53, description="Of two messages about a call the higher one holds")
    direction: Literal["outbound", "inbound", "internal"] = Field(description="Seen from the company")
    extension: Text | None = Field(None, description="Whose call it is: who dialled, or who talked first")
    number: Text | None = Field(None, description="The outside party in any spelling; left out when hidden")
    started_at: AwareDatetime
    answered_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    talk_seconds: Seconds | None = Field(None, description="Conversation with the outside party; else from answer to end")
    disposition: Literal["answered", "no_answer", "busy", "failed", "canceled", "voicemail"] = Field(
        description="answered needs a person on the far leg: a menu, a queue or an announcement is none"
    )
    hangup_cause: Text | None = None
    recording_url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    via: Literal["ip", "mobile", "unknown"] | None = Field(
        None, description="The road of the outside leg; without it by `trunk` and the source's trunk patterns"
    )
    trunk: Text | None = Field(None, description="The line or gateway, for the source's trunk patterns")
    robot: bool = Field(False, description="true when a dialler dialled it and not a person; `talked` says who talked then")
    final: bool = Field(True, description="false while the call goes on")
    talked: tuple[Talked, ...] = Field((), max_length=50, description="Who talked, in order, when more than one did")


_OURS = {"id", "direction", "started_at", "disposition"}


@dataclass(frozen=True, slots=True)
class _Said:
    message: Message

    @property
    def order(self) -> tuple[bool, int, datetime, str]:
        told = self.message
        return told.final, told.revision, told.ended_at or told.started_at, told.model_dump_json()


def schema() -> dict[str, Any]:
    """The JSON Schema of a message, or of an array of them."""
    message = Message.model_json_schema(ref_template="#/$defs/{model}")
    shared = message.pop("$defs")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What POST /webhooks/{source}/{token} of a generic source takes",
        "oneOf": [{"$ref": "#/$defs/Message"}, {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Message"}}],
        "$defs": {**shared, "Message": message},
    }


def read(delivery: Delivery, _installation: Installation) -> list[Row]:
    """A message or an array of them; of many the broken ones are told by their number, beside the good ones."""
    told = json_of(delivery)
    many = told if isinstance(told, list) else [told]
    if not many or not all(isinstance(one, dict) for one in many):
        raise Malformed("The JSON holds no call: an object or an array of objects is expected")
    if all(len(_OURS & one.keys()) < 3 for one in many):
        raise Misdirected(
            "None of the fields of our own JSON (id, direction, started_at, disposition) is here; its schema is at "
            "/api/v1/schemas/generic"
        )
    return read_each(many, _row)


def _row(told: dict[str, Any]) -> Row:
    try:
        message = Message.model_validate(told)
    except ValidationError as wrong:
        first: Any = wrong.errors(include_input=False, include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        advice = ", such as 2026-11-23T10:00:00+03:00" if first["type"] == "timezone_aware" else ""
        raise Malformed(f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}{advice}", name) from None
    for name in ("started_at", "answered_at", "ended_at"):
        at = getattr(message, name)
        if at is not None and at.year not in PLAUSIBLE:
            raise Malformed(f"{name}: the year {at.year} cannot be; check the sender's clock", name)
        if at is not None and at < message.started_at:
            raise Malformed(f"{name} is before started_at", name)
    if message.ended_at is not None:
        longest = message.ended_at - (message.answered_at or message.started_at)
        if longest < timedelta():
            raise Malformed("ended_at is before answered_at", "ended_at")
        if message.talk_seconds is not None and timedelta(seconds=message.talk_seconds - 1) > longest:
            raise Malformed("talk_seconds is longer than the call", "talk_seconds")
    return Row(message.started_at.astimezone(UTC), (f"id:{message.id}",), _Said(message))


def tell(rows: Sequence[Row], installation: Installation) -> list[Call]:
    """The call of an ``id``, as its latest message has it."""
    said = sorted((row.said for row in rows), key=lambda one: one.order)
    told = said[-1].message
    recording = next((one.message.recording_url for one in reversed(said) if one.message.recording_url), None)
    answered_at, ended_at = (at.astimezone(UTC) if at else None for at in (told.answered_at, told.ended_at))
    call = call_of(
        told.id,
        Direction(told.direction),
        installation,
        party=told.number or "",
        started_at=told.started_at.astimezone(UTC),
        answered_at=answered_at,
        ended_at=ended_at if told.final else None,
        talk_seconds=told.talk_seconds if told.final else 0,
        disposition=Disposition(told.disposition),
        extension=told.talked[0].extension if told.robot and told.talked else told.extension,
        talked=[Talk(one.extension, one.seconds) for one in told.talked],
        hangup_cause=told.hangup_cause,
        recording_url=recording,
        via=Via(told.via) if told.via else via_of(installation, told.trunk or ""),
        final=told.final,
    )
    return [replace(call, robot=told.robot)]


DIALECT = Dialect(name="generic", title="Our own JSON", read=read, tell=tell)
