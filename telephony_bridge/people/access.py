"""SQL of access: machines have tokens, people sign in; both have a role and may be bound to a manager."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from telephony_bridge import db
from telephony_bridge.errors import Conflict, Refused

SQL = db.queries("access")
ROLES = ("manager", "supervisor", "admin")
HASHER = PasswordHasher()
# a hash of nobody's password, checked for an unknown login so that its answer takes as long as a wrong password's
_NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$bm9ib2R5IGF0IGFsbCE$RdescudvJCsgt3ub+b6dWRWJTmaasZ0SWcp5RuqYxM4"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who a token or a sign-in proves. ``is_person``: somebody signed in, or the token is bound to a manager (CONTRACT §8)."""

    name: str
    role: str
    manager_id: int | None
    manager: str | None
    is_person: bool


def check_role(role: str, manager_id: int | None) -> None:
    """Raises ``Refused`` for an unknown role, and for a manager's without the manager."""
    if role not in ROLES:
        raise Refused(f"role: read {role!r}, expected {', '.join(ROLES)}")
    if role == "manager" and manager_id is None:
        raise Refused("the role manager needs a manager (--manager HANDLE): whose calls may be read")


async def create_token(conn: db.Connection, name: str, role: str, manager_id: int | None, *, now: datetime) -> str:
    """A machine's token, told once. Raises ``Refused`` or ``Conflict``."""
    check_role(role, manager_id)
    token = secrets.token_urlsafe(32)
    try:
        async with conn.transaction():
            await conn.execute(SQL.add_token, digest(token), name, role, manager_id, now)
    except asyncpg.UniqueViolationError as taken:
        raise Conflict(f"there is a token named {name!r} already; pick another name") from taken
    return token


def digest(token: str) -> bytes:
    """Tokens are 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def find_token(conn: db.Connection, token: str) -> Bearer | None:
    """Whom a token proves; None if nobody."""
    row = await conn.fetchrow(SQL.token, digest(token))
    if row is None:
        return None
    return Bearer(row["name"], row["role"], row["manager_id"], row["manager"], row["manager_id"] is not None)


async def sign_in(conn: db.Connection, login: str, password: str) -> Bearer | None:
    """Whom login and password prove; None if nobody. Takes as long for an unknown login as for a wrong password."""
    row = await conn.fetchrow(SQL.user, login)
    try:
        await asyncio.to_thread(HASHER.verify, row["password_hash"] if row is not None else _NOBODYS, password)
    except (VerificationError, InvalidHashError):
        return None
    return Bearer(row["login"], row["role"], row["manager_id"], row["manager"], True) if row is not None else None
