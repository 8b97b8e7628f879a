"""SQL of users: people who sign in, what they may, and where and in which language they are told."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from telephony_bridge import db
from telephony_bridge.errors import Conflict, NotFound, Refused
from telephony_bridge.people.access import HASHER, check_role
from telephony_bridge.people.staff import read_language
from telephony_bridge.people.vault import masked

SQL = db.queries("access")


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a user is told and of whom: ``notify`` are addresses as the vault closed them, ``language`` ru, en or the company's.

    An owner is told what owners are; a supervisor with a ``team`` is told only of it.
    """

    notify: tuple[str, ...] = ()
    language: str | None = None
    is_owner: bool = False
    team: str | None = None

    def checked(self) -> Reach:
        """Itself. Raises ``Refused``."""
        read_language(self.language)
        if self.team is not None and not self.team.strip():
            raise Refused("team: expected a word such as north")
        return self


@dataclass(frozen=True, slots=True)
class User:
    """A person who signs in; ``manager`` is the handle of the salesperson he is."""

    login: str
    role: str
    manager_id: int | None
    manager: str | None
    reach: Reach

    def shown(self) -> dict[str, Any]:
        """JSON-ready, addresses masked."""
        return {
            "login": self.login,
            "role": self.role,
            "manager": self.manager,
            "notify": [masked(kept) for kept in self.reach.notify],
            "language": self.reach.language,
            "owner": self.reach.is_owner,
            "team": self.reach.team,
        }


_NOBODY = Reach()


async def add_user(
    conn: db.Connection,
    login: str,
    role: str,
    manager_id: int | None,
    *,
    reach: Reach = _NOBODY,
    password: str | None = None,
    now: datetime,
) -> str:
    """A person who may sign in; returns the password, an invented one unless given. Raises ``Refused`` or ``Conflict``."""
    check_role(role, manager_id)
    if not login.strip() or ":" in login:
        raise Refused(f"login: read {login!r}, expected a name without colons")
    reach = reach.checked()
    chosen = password or secrets.token_urlsafe(12)
    if len(chosen) < 8:
        raise Refused("password: at least 8 characters are needed")
    hashed = await asyncio.to_thread(HASHER.hash, chosen)
    try:
        async with conn.transaction():
            await conn.execute(
                SQL.add_user, login, hashed, role, manager_id, list(reach.notify), reach.language, reach.is_owner, reach.team, now
            )
    except asyncpg.UniqueViolationError as taken:
        raise Conflict(f"there is a user {login!r} already; pick another login") from taken
    return chosen


async def change_user(conn: db.Connection, login: str, role: str, manager_id: int | None, reach: Reach) -> None:
    """The user is as given; his password stays. Raises ``Refused``."""
    check_role(role, manager_id)
    reach = reach.checked()
    await conn.execute(SQL.change_user, login, role, manager_id, list(reach.notify), reach.language, reach.is_owner, reach.team)


async def one_user(conn: db.Connection, login: str) -> User:
    """One user. Raises ``NotFound``."""
    row = await conn.fetchrow(SQL.users, login)
    if row is None:
        raise NotFound(f"there is no user {login!r}; see: telephony-bridge user list")
    return _user(row)


async def list_users(conn: db.Connection) -> list[User]:
    """Everybody who signs in, by login."""
    return [_user(row) for row in await conn.fetch(SQL.users, None)]


def _user(row: db.Record) -> User:
    reach = Reach(tuple(row["notify"]), row["language"], row["is_owner"], row["team"])
    return User(row["login"], row["role"], row["manager_id"], row["manager"], reach)
