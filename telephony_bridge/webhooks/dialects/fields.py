"""Values that dialects share: local times, epochs, whole seconds. Every refusal names the field and what to do. Pure."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from telephony_bridge.errors import Malformed
from telephony_bridge.model import Installation

PLAUSIBLE = range(2000, 2100)


def without_digits(text: str) -> str:
    """A vendor's word as sent, for an error text: neither a phone number nor a Russian name may stand in one (invariant 10)."""
    return "".join("#" if char.isdigit() else char if char.isascii() else "?" for char in text[:80])


def _shape(text: str) -> str:
    """What was sent where no word belongs: of letters only that there are some, for a shifted column may hold a name."""
    return re.sub(r"[^\W\d_]+", "x", without_digits(text))


def moment(value: str, field: str, installation: Installation, *, near: datetime | None = None) -> datetime | None:
    """A time as sent: local without a zone, ISO with an offset, or an epoch. Empty and zero dates are None.

    ``near`` settles the hour that a clock change repeats.
    """
    value = value.strip()
    if not value or value.startswith("0000-00-00") or value in ("0", "0.000000"):
        return None
    at: datetime | None = None
    with suppress(ValueError, OverflowError, OSError):
        at = datetime.fromtimestamp(float(value), UTC) if value.replace(".", "", 1).isdigit() else datetime.fromisoformat(value)
    if at is None:
        raise Malformed(f"{field}: {_shape(value[:40])} is no time; expected YYYY-MM-DD HH:MM:SS", field)
    if at.year not in PLAUSIBLE:
        raise Malformed(f"{field}: the year {at.year} cannot be; check the PBX's clock", field)
    if at.tzinfo is not None:
        return at.astimezone(UTC)
    first = at.replace(tzinfo=installation.timezone)
    second = first.replace(fold=1)
    if near is not None and first.utcoffset() != second.utcoffset():
        return min(first.astimezone(UTC), second.astimezone(UTC), key=lambda one: abs(one - near))
    return first.astimezone(UTC)


def seconds(value: str, field: str) -> int | None:
    """Whole seconds; empty is None. Fractions are cut, as PBXs cut them."""
    value = value.strip()
    if not value:
        return None
    try:
        number = float(value)
        whole = int(number)
    except (ValueError, OverflowError):
        raise Malformed(f"{field}: {_shape(value[:20])!r} is no number of seconds", field) from None
    if whole < 0 or number < 0:
        raise Malformed(f"{field}: {whole} seconds cannot be; a duration is never negative", field)
    if whole > 86_400 * 2:
        raise Malformed(f"{field}: {whole} seconds is longer than two days; milliseconds perhaps?", field)
    return whole


_UNITS = {"s": 1, "ms": 1_000, "us": 1_000_000}


def epoch(value: str, field: str, unit: str = "s") -> datetime | None:
    """A count since 1970 in seconds, ``ms`` or ``us``, as UTC. Empty and zero say that it never happened."""
    value = value.strip()
    if value in ("", "0"):
        return None
    try:
        at = datetime.fromtimestamp(float(value) / _UNITS[unit], UTC)
    except (ValueError, OverflowError, OSError):
        raise Malformed(f"{field}: {_shape(value[:40])!r} is no time since 1970 in {unit}", field) from None
    if at.year not in PLAUSIBLE:
        raise Malformed(f"{field}: the year {at.year} cannot be; expected {unit} since 1970", field)
    return at


def lasting(value: str, field: str, unit: str = "s") -> timedelta | None:
    """A duration counted in seconds, ``ms`` or ``us``, with its fraction. Empty is None."""
    value = value.strip()
    if not value:
        return None
    try:
        told = timedelta(seconds=float(value) / _UNITS[unit])
    except (ValueError, OverflowError):
        raise Malformed(f"{field}: {_shape(value[:20])!r} is no duration in {unit}", field) from None
    if not timedelta() <= told <= timedelta(days=2):
        raise Malformed(f"{field}: a call lasts from nothing to two days; expected {unit}", field)
    return told


def needed(value: str, field: str, event: str) -> str:
    """What an event cannot do without. Raises ``Malformed`` naming the field."""
    if not value:
        raise Malformed(f"{field} is missing; {event} needs it", field)
    if len(value) > 200:
        raise Malformed(f"{field}: {len(value)} characters are too many for it", field)
    return value


def at_needed(at: datetime | None, field: str, event: str) -> datetime:
    """A time that an event cannot do without. Raises ``Malformed`` naming the field."""
    if at is None:
        raise Malformed(f"{field} is missing; {event} needs it", field)
    return at
