"""SQL of who is told what: managers of their own work, supervisors of their team's, the owner, the administrator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from telephony_bridge import db

SQL = db.queries("people")


@dataclass(frozen=True, slots=True)
class Hearer:
    """A person who can be told something: a manager, or a user who signs in (``login``).

    ``channels`` are addresses as they are kept, the first is tried first; ``team`` limits a supervisor to it.
    """

    manager_id: int | None
    login: str | None
    name: str
    language: str | None
    channels: tuple[str, ...]
    role: str
    is_owner: bool
    team: str | None


@dataclass(frozen=True, slots=True)
class Hearers:
    """Everybody at once: who hears what is a question of roles."""

    managers: dict[int, Hearer]
    users: Sequence[Hearer]

    def of(self, about: Literal["owner", "machinery"]) -> list[Hearer]:
        """Who hears of what the owner must know, or of PBXs and channels.

        Where nobody has that duty it falls to who is left: a small company has one user for everything.
        """
        supervisors = [one for one in self.users if one.role == "supervisor"]
        admins = [one for one in self.users if one.role == "admin"]
        if about == "owner":
            return [one for one in self.users if one.is_owner] or supervisors or admins
        return admins or supervisors

    def of_team(self, team: str | None) -> list[Hearer]:
        """Who hears of a team's work: its supervisors and those of all teams, or the administrators of a team that has none."""
        supervisors = [one for one in self.users if one.role == "supervisor" and one.team in (None, team)]
        return supervisors or [one for one in self.users if one.role == "admin"]


async def hearers(conn: db.Connection) -> Hearers:
    """Everybody who may be told something."""
    found = [
        Hearer(
            row["manager_id"],
            row["login"],
            row["name"],
            row["language"],
            tuple(row["notify"]),
            row["role"],
            row["is_owner"],
            row["team"],
        )
        for row in await conn.fetch(SQL.hearers)
    ]
    return Hearers({one.manager_id: one for one in found if one.manager_id is not None}, [one for one in found if one.login])
