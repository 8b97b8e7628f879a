"""A list of leads from a file: set-based, what cannot be entered is told with its reason, twice adds nothing twice.

An import enters no lead for anyone (EC-62): its author is a machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from telephony_bridge import db
from telephony_bridge.crm.leads import Phone, read_phones
from telephony_bridge.errors import Refused

SQL = db.queries("crm")


@dataclass(slots=True)
class Imported:
    """What became of the lines: ids of new leads, how many numbers were in the base already, (place, reason) of rejects."""

    added: list[int] = field(default_factory=list)
    known: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)


async def import_leads(
    conn: db.Connection, lines: Sequence[Mapping[str, str]], *, managers: Mapping[str, int], now: datetime, region: str
) -> Imported:
    """Lines have phone and name, perhaps company, segment, manager (a handle of ``managers``) and source."""
    found = Imported()
    readable: list[tuple[int, Phone]] = []
    first: dict[Phone, int] = {}
    for place, line in enumerate(lines):
        try:
            number = _checked(line, managers, region)
        except Refused as wrong:
            found.rejected.append((place, str(wrong)))
            continue
        if first.setdefault(number, place) == place:
            readable.append((place, number))
        else:
            found.rejected.append((place, f"the same number as line {first[number] + 2}"))  # a header, and lines count from one
    held: dict[str, list[str | None]] = {}
    for row in await conn.fetch(SQL.holders, [phone for _, (phone, _) in readable]):
        held.setdefault(row["phone"], []).append(row["extension"])
    fresh = []
    for place, (phone, extension) in readable:
        taken = held.setdefault(phone, [])
        if any(extension is None or other is None or other == extension for other in taken):
            found.known += 1
        else:
            fresh.append((place, (phone, extension)))
            taken.append(extension)
    found.added = await enter_lines(conn, [(lines[place], number) for place, number in fresh], managers=managers, now=now)
    return found


def _checked(line: Mapping[str, str], managers: Mapping[str, int], region: str) -> Phone:
    numbers = read_phones([line.get("phone", "")], region)
    if not (line.get("name", "").strip() or line.get("company", "").strip()):
        raise Refused("name: a lead needs a name or a company")
    handle = line.get("manager", "").strip()
    if handle and handle not in managers:
        raise Refused(f"manager: there is no manager {handle!r}")
    return numbers[0]


async def enter_lines(
    conn: db.Connection, fresh: Sequence[tuple[Mapping[str, str], Phone]], *, managers: Mapping[str, int], now: datetime
) -> list[int]:
    """New leads of a machine, in order, each with its number; returns their ids."""
    if not fresh:
        return []
    lines = [line for line, _ in fresh]

    def column(name: str) -> list[str | None]:
        return [line.get(name, "").strip() or None for line in lines]

    rows = await conn.fetch(
        SQL.add_leads,
        [line.get("name", "").strip() for line in lines],
        column("company"),
        [segment or "cold" for segment in column("segment")],
        [managers.get(handle or "") for handle in column("manager")],
        ["new"] * len(lines),
        ["unknown"] * len(lines),
        [source or "import" for source in column("source")],
        [now] * len(lines),
        None,
        "machine",
        now,
    )
    ids = [int(row["id"]) for row in rows]
    await conn.execute(SQL.add_phones, [phone for _, (phone, _) in fresh], [ext for _, (_, ext) in fresh], ids, [now] * len(ids))
    return ids
