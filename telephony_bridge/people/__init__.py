"""Who works here: managers (the salespeople), their extensions and absences by date, and who may ask for what."""

from __future__ import annotations

from telephony_bridge.people.access import Bearer, add_user, create_token, find_token, sign_in
from telephony_bridge.people.hearers import Hearer, Hearers, hearers
from telephony_bridge.people.staff import (
    BEGINNING,
    Particulars,
    add_absence,
    add_manager,
    all_managers,
    by_handle,
    calendar_days,
    change_manager,
    leave,
    list_managers,
    map_extension,
    read_segments,
    read_zone,
    schedules,
    set_calendar_day,
    set_week,
    version_day,
)

__all__ = [
    "BEGINNING",
    "Bearer",
    "Hearer",
    "Hearers",
    "Particulars",
    "add_absence",
    "add_manager",
    "add_user",
    "all_managers",
    "by_handle",
    "calendar_days",
    "change_manager",
    "create_token",
    "find_token",
    "hearers",
    "leave",
    "list_managers",
    "map_extension",
    "read_segments",
    "read_zone",
    "schedules",
    "set_calendar_day",
    "set_week",
    "sign_in",
    "version_day",
]
