"""reader: a Postgres role that may read the company's views and nothing else."""

from __future__ import annotations

import re
from datetime import datetime

import asyncpg
import typer

from telephony_bridge import db
from telephony_bridge.errors import Refused
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import in_transaction

SQL = db.queries("reader")


async def statements(conn: db.Connection, role: str, *, timezone: str, address: str) -> list[str]:
    """What makes the role, or makes it again: one statement each, for this schema. ``timezone`` is the company's clock.

    Raises ``Refused`` for a name that needs quoting.
    """
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", role) is None:
        raise Refused(f"role: read {role!r}, expected lower-case letters, digits and underscores such as telephony_bridge_reader")
    here = await conn.fetchrow(SQL.role, role)
    assert here is not None
    schema = _quoted(here["schema"], '"')
    words = {
        "role": role,
        "database": _quoted(here["database"], '"'),
        "schema": schema,
        "views": ", ".join(f"{schema}.{row['name']}" for row in await conn.fetch(SQL.views)),
        "timezone": _quoted(timezone, "'"),
        "address": _quoted(address, "'"),
    }
    told = [part.format(**words) for part in db.statements((db.SQL / "reader.sql").read_text())]
    return [one for one in told if not (here["is_there"] and one.startswith("create role"))]


def _quoted(word: str, mark: str) -> str:
    return mark + word.replace(mark, mark * 2) + mark


def reader(
    role: str = typer.Option("telephony_bridge_reader", "--role", help="Its name; another for each company of one Postgres."),
    only_print: bool = typer.Option(False, "--print", help="Print the statements for somebody who may make roles; do nothing."),
) -> None:
    """Makes a role that reads the views and nothing else, without a password; again after each upgrade.

    Example: telephony-bridge reader
    """

    async def run(conn: db.Connection, told: Settings, company: Company, _: datetime) -> list[str]:
        found = await statements(conn, role, timezone=company.zone.key, address=told.address)
        if not only_print:
            try:
                for one in found:
                    await conn.execute(one)
            except asyncpg.InsufficientPrivilegeError as denied:
                raise Refused(
                    f"this login may not ({denied}); let one that may make roles run what this prints: "
                    f"telephony-bridge reader --role {role} --print"
                ) from denied
        return found

    found = in_transaction(run)
    if only_print:
        print(";\n".join(found) + ";")
    else:
        print(f"{role} reads the views; it cannot sign in before: alter role {role} login password '…'")
