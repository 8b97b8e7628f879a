"""Who writes, and when it counts as written (CONTRACT §8). Shared by all endpoints that record what people did."""

from __future__ import annotations

from datetime import datetime

from telephony_bridge import crm
from telephony_bridge.api.endpoint import Ask, Forbidden, Moment, Told


class Written(Told):
    """``author`` (a handle) and ``at`` (when it was done elsewhere) may be given by admin and supervisor."""

    author: str | None = None
    at: Moment | None = None


async def author_of(ask: Ask, handle: str | None) -> crm.Author:
    """The signed-in person, the manager a token is bound to, or the one named; an unbound token writes machine text."""
    asker = ask.asker
    if handle is not None and handle != asker.manager:
        if asker.role == "manager":
            raise Forbidden("author: a manager writes in his own name")
        return crm.Author("person", handle, await ask.manager_id(handle))
    if asker.manager is not None:
        return crm.Author("person", asker.manager, asker.manager_id)
    return crm.Author("person" if asker.is_person else "machine", asker.name)


def moment_of(ask: Ask, at: datetime | None) -> datetime:
    """When it counts as written. Raises ``Forbidden``."""
    if at is None:
        return ask.now
    if ask.asker.role == "manager":
        raise Forbidden("at: only admin and supervisor may say when; what a manager writes is written now")
    return at
