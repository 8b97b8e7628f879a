"""Calls that the CRM claims and the PBX did not see (R15, R16, V12). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

NEAR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A call as a PBX told it: by whom (nobody, where the extension is nobody's) and when it began."""

    manager_id: int | None
    at: datetime


def seen_at(manager_id: int, at: datetime, sightings: Sequence[Sighting]) -> datetime | None:
    """When the PBX saw the nearest call of this manager to the number that may be the one claimed; None if it saw none."""
    near = (one.at for one in sightings if one.manager_id in (None, manager_id) and abs(one.at - at) <= NEAR)
    return min(near, key=lambda moment: (abs(moment - at), moment), default=None)
