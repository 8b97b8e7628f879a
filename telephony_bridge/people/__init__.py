"""Who works here: managers (the salespeople), their extensions and absences by date, and who may ask for what."""

from __future__ import annotations

from telephony_bridge.people.access import Bearer, create_token, find_token, sign_in
from telephony_bridge.people.feeds import feed_of, new_feed
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
from telephony_bridge.people.users import Reach, User, add_user, change_user, list_users, one_user
from telephony_bridge.people.vault import Vault, masked, vault_of

__all__ = [
    "BEGINNING",
    "Bearer",
    "Hearer",
    "Hearers",
    "Particulars",
    "Reach",
    "User",
    "Vault",
    "add_absence",
    "add_manager",
    "add_user",
    "all_managers",
    "by_handle",
    "calendar_days",
    "change_manager",
    "change_user",
    "create_token",
    "feed_of",
    "find_token",
    "hearers",
    "leave",
    "list_managers",
    "list_users",
    "map_extension",
    "masked",
    "new_feed",
    "one_user",
    "read_segments",
    "read_zone",
    "schedules",
    "set_calendar_day",
    "set_week",
    "sign_in",
    "vault_of",
    "version_day",
]
