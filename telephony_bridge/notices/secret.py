"""What links are signed with: one row, so that every replica agrees."""

from __future__ import annotations

import secrets

from telephony_bridge import db

SQL = db.queries("links")
_LENGTH = 32  # bytes


async def form_secret(conn: db.Connection) -> bytes:
    """The secret that signs links; made at first need, by whoever comes first."""
    known = await known_secret(conn)
    if known is None:
        await conn.execute(SQL.make_secret, secrets.token_bytes(_LENGTH))
        known = await known_secret(conn)
        assert known is not None
    return known


async def known_secret(conn: db.Connection) -> bytes | None:
    """The secret, or None while no link was ever signed. Reads only: opening a link writes nothing."""
    found: bytes | None = await conn.fetchval(SQL.secret)
    return found
