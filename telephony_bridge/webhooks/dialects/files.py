"""Files as deliveries, for ``understand`` and for fixtures: a raw body, and ``FILE.headers`` beside it where there is one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telephony_bridge.errors import Malformed, Unreadable
from telephony_bridge.model import Call, Delivery, Installation, rfc3339
from telephony_bridge.webhooks.dialects.engine import NO_CALL_YET, connected
from telephony_bridge.webhooks.dialects.reading import Dialect, Row


def delivery_from_file(path: Path, number: int, received_at: datetime) -> Delivery:
    """A body with its headers.

    The pseudo headers X-Query, X-Tail, X-Method and X-Received stand for the query string, the path below the address, the
    method and the moment of receipt (RFC 3339), which tells something where the vendor's events have no time of their own.
    """
    headers: dict[str, str] = {}
    beside = path.with_name(path.name + ".headers")
    if beside.is_file():
        for line in beside.read_text().splitlines():
            name, colon, value = line.partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
    query, tail = headers.pop("x-query", ""), headers.pop("x-tail", "").strip("/")
    method = headers.pop("x-method", "POST")
    if "x-received" in headers:
        received_at = datetime.fromisoformat(headers.pop("x-received")).astimezone(UTC)
    return Delivery(number, received_at, path.read_bytes(), headers, query, tail, method)


def call_json(call: Call, source: str, dialect: str) -> dict[str, Any]:
    """CONTRACT §5; ``talked`` when more than one did, ``number_raw`` when there is no number, ``robot`` when it was one."""
    found: dict[str, Any] = {
        "source": source,
        "dialect": dialect,
        "call_key": call.call_key,
        "direction": call.direction,
        "extension": call.extension,
        "number": call.number,
        "started_at": rfc3339(call.started_at),
        "answered_at": rfc3339(call.answered_at) if call.answered_at else None,
        "ended_at": rfc3339(call.ended_at) if call.ended_at else None,
        "ring_seconds": call.ring_seconds,
        "talk_seconds": call.talk_seconds,
        "disposition": call.disposition,
        "hangup_cause": call.hangup_cause,
        "recording_url": call.recording_url,
        "via": call.via,
        "final": call.final,
    }
    if call.number is None:
        found["number_raw"] = call.number_raw
    if len(call.talked) > 1:
        found["talked"] = [{"extension": talk.extension, "seconds": talk.seconds} for talk in call.talked]
    if call.robot:
        found["robot"] = True
    return found


def understand_files(
    dialect: Dialect, paths: Sequence[Path], installation: Installation, *, received_at: datetime, source: str = "files"
) -> list[dict[str, Any]]:
    """Calls and refusals, each at the place of the first file that told of it; also what became no call is said of every file."""
    told: list[tuple[int, dict[str, Any]]] = []
    first: dict[Row, int] = {}
    for place, path in enumerate(paths):
        try:
            rows: Sequence[Row] = dialect.read(delivery_from_file(path, place, received_at), installation)
        except Unreadable as said:
            word = "malformed" if isinstance(said, Malformed) else "not_a_call"
            told.append((place, {"refused": word, "file": str(path), "why": said.why}))
            rows = said.rows if isinstance(said, Malformed) else ()
        for row in rows:
            first.setdefault(row, place)
    silent: dict[int, str] = {}
    telling = {place for place, _ in told}
    for found in connected(first):
        places = {first[row] for row in found}
        calls = dialect.tell(found, installation)
        told += [(min(places), call_json(call, source, dialect.name)) for call in calls]
        if calls:
            telling |= places
        else:
            silent |= dict.fromkeys(places, "not_a_call" if any(row.aside for row in found) else "malformed")
    for place in silent.keys() - telling:
        told.append((place, {"refused": silent[place], "file": str(paths[place]), "why": NO_CALL_YET}))
    return [line for _, line in sorted(told, key=lambda one: one[0])]
