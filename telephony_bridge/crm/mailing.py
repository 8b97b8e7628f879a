"""Recipients of a mailing against the base: everyone who is written to is a lead (R10). Set-based.

What a mailing enters counts for nobody, like an import (EC-62). Nothing here proves that a mailing went out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from telephony_bridge import db
from telephony_bridge.crm.importing import enter_lines
from telephony_bridge.crm.leads import Phone, is_same, read_phones
from telephony_bridge.errors import Refused

SQL = db.queries("crm")


@dataclass(slots=True)
class Mailing:
    """What became of the recipients, as they were spelled: (recipient, lead) or (recipient, why)."""

    known: list[tuple[str, int]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    created: list[tuple[str, int]] = field(default_factory=list)
    rejected: list[tuple[str, str]] = field(default_factory=list)


async def mailing(
    conn: db.Connection,
    recipients: Sequence[str],
    *,
    create: bool,
    segment: str,
    excluded: Mapping[str, str],
    now: datetime,
    region: str,
) -> Mailing:
    """Which recipients are leads. With ``create`` the others become leads; ``excluded`` numbers (number -> kind) never do."""
    found = Mailing()
    numbers: dict[Phone, str] = {}
    for spelled in recipients:
        try:
            number = _recipient(spelled, region)
        except Refused as wrong:
            found.rejected.append((spelled, str(wrong)))
            continue
        if number in numbers:
            found.rejected.append((spelled, "the same number stands above"))
        elif number[0] in excluded:
            found.rejected.append((spelled, f"the number is of the kind {excluded[number[0]]}, never a client's"))
        else:
            numbers[number] = spelled
    held: dict[str, list[tuple[str | None, int]]] = {}
    for row in await conn.fetch(SQL.holders, [phone for phone, _ in numbers]):
        held.setdefault(row["phone"], []).append((row["extension"], row["lead_id"]))
    fresh: list[Phone] = []
    for (phone, extension), spelled in numbers.items():
        lead_id = next((lead for other, lead in held.get(phone, ()) if is_same(extension, other)), None)
        if lead_id is not None:
            found.known.append((spelled, lead_id))
        elif create:
            fresh.append((phone, extension))
        else:
            found.unknown.append(spelled)
    lines = [({"name": phone, "segment": segment, "source": "mailing"}, (phone, extension)) for phone, extension in fresh]
    ids = await enter_lines(conn, lines, managers={}, now=now)
    found.created = [(numbers[number], lead_id) for number, lead_id in zip(fresh, ids, strict=True)]
    return found


def _recipient(spelled: str, region: str) -> Phone:
    """A recipient's number as a key. Raises ``Refused``."""
    if "@" in spelled and not spelled.lower().startswith(("sip:", "sips:")):
        raise Refused("an e-mail address: leads are known by their phone numbers, give the recipient's")
    return read_phones([spelled], region)[0]
