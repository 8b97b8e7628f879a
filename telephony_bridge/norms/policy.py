"""Every number of the regulation as a versioned setting (R3, rules.md §5), and the norms (R38). Pure but for the loading."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import holidays

from telephony_bridge import db
from telephony_bridge.errors import Refused
from telephony_bridge.norms import presets
from telephony_bridge.norms.calendar import format_hours, parse_hours

SQL = db.queries("norms")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's unit, default and meaning."""

    # minutes, seconds, days, count, percent, clock, moment (a clock or off), country, hours, percents, spans, or words with |
    unit: str
    default: str
    meaning: str


SETTINGS: Mapping[str, Setting] = {
    "day_boundary": Setting("clock", "00:00", "when a day begins for who has no night shift (EC-3)"),
    "report_at": Setting("clock", "19:00", "local time of the day's provisional report (R5)"),
    "day_close": Setting("clock", "23:30", "local time at which a day is closed (R43)"),
    "soft_comment": Setting("minutes", "30", "a reminder about comment and date so long after a call (EC-7)"),
    "hard": Setting("minutes", "60", "comment and date are due so long after the shift's end (EC-7)"),
    "hard_min": Setting("minutes", "120", "but never earlier than so long after the call (EC-7)"),
    "calendar": Setting("country", "company", "whose production calendar holds: company, a country such as KZ, or none (EC-54)"),
    "min_talk": Setting("seconds", "10", "a conversation is at least so long (R40, EC-33)"),
    "unanswered_needs": Setting("comment|outcome|nothing", "outcome", "what is owed for a call without a conversation (R18)"),
    "comment_min": Setting("letters", "15", "a comment about a conversation has at least so many (R20)"),
    "next_date_mode": Setting(
        "exists|touched",
        "exists",
        "a date set before a call and still ahead is enough, or it is to be set again after each (R37)",
    ),
    "callback": Setting("minutes", "30", "a missed call is called back within so many minutes of the shift (EC-13)"),
    "first_call_qualifies": Setting("true|false", "false", "after the first conversation a lead says if it buys alike (R11)"),
    "comment_kept": Setting("days", "30", "a comment's text may not be removed within so long after it was written (EC-45)"),
    "max_horizon": Setting("days", "100", "a next date further ahead needs a reason (R29)"),
    "presets": Setting("spans", "7d/1m/3m", "the dates offered when the client named none: days, weeks or months ahead (R29)"),
    "close_min_contacts": Setting("count", "3", "conversations before a manager may give a lead up by himself (R12)"),
    "handover_read": Setting("days", "2", "working days in which a card that was handed over is read; 0 asks for none (R25)"),
    "series": Setting("minutes", "30", "attempts within so long are one series (EC-9)"),
    "drop_merge": Setting("minutes", "5", "a second conversation so soon is the same one after a dropped line (EC-9)"),
    "repeat_cap": Setting("count", "3", "dials to one number a day that count (EC-34)"),
    "match_backfill": Setting("days", "7", "how far back a new lead finds its calls (EC-15)"),
    "norm_needs_crm_match": Setting("true|false", "true", "only calls on a lead count (R14)"),
    "norm_needs_comment": Setting("true|false", "false", "a dial counts once it has its comment (R18)"),
    "lead_norm_needs_call": Setting("true|false", "true", "a new lead counts once it was dialled by IP (EC-62)"),
    "overdue_warning": Setting("percent", "20", "a base with a greater part overdue is warned of (R34)"),
    "gap_minutes": Setting("minutes", "30", "a longer silence of the PBX is no evidence (EC-40)"),
    "expected_calls": Setting(
        "count", "20", "calls a source tells on a usual day from which on its silence is no evidence (EC-40)"
    ),
    "private_limit": Setting("count", "3", "calls a day that a manager may mark private by himself (EC-25)"),
    "suspect_redials": Setting("count", "10", "more dials to one number a day are suspect (V13)"),
    "suspect_staff": Setting("count", "3", "more dials to colleagues a day are suspect (V13, EC-24)"),
    "suspect_short": Setting("count", "10", "more answered dials of 5 to 15 seconds a day are suspect (V13, EC-32)"),
    "client_hours": Setting(
        "hours", "off", "dials outside these hours of the client are suspect, 09:00-21:00 or off (V13, EC-65)"
    ),
    "break_minutes": Setting("minutes", "60", "the break inside a shift longer than six hours"),
    "soft_lead": Setting("minutes", "15", "a reminder so long after a call that its number has no lead (EC-14)"),
    "digest": Setting("minutes", "30", "a manager is told what he owes no more often than this"),
    "morning": Setting("moment", "09:00", "local time of the list of planned contacts, or off (R36)"),
    "remainder": Setting("moment", "14:00", "local time of the second list, of what is left, or off (R36)"),
    "pace": Setting("moment", "15:00", "local time at which who will miss a floor is told, or off (R43)"),
    "majors": Setting("count", "3", "so many major violations are told to the owner"),
    "majors_days": Setting("days", "5", "working days in which they are counted"),
    "quiet_hours": Setting("hours", "21:00-08:30", "nothing is sent then, but to who is at work; or off"),
    "notice_numbers": Setting("masked|full|none", "masked", "how a phone number stands in notices and forms"),
    "link_hours": Setting("count", "72", "hours for which a notice's link opens its form"),
    "fallback_after": Setting("count", "3", "tries in vain after which the next channel is taken"),
    "ramp": Setting("percents", "off", "how much of the norm a new hire owes by week of work: off, or 25/50/75/100 (EC-56)"),
}


@dataclass(frozen=True, slots=True)
class Person:
    """What choosing a version needs to know of a manager on a day; of several segments the one with the greatest share."""

    id: int | None = None
    team: str | None = None
    segment: str = "cold"


COMPANY = Person(segment="")  # nobody in particular: what is for a team, a segment or a manager does not hold


@dataclass(frozen=True, slots=True)
class Norm:
    """A floor and a goal for a full working day. ``version`` is what a violation stores."""

    metric: str
    segment: str
    min: int
    target: int
    version: str


@dataclass(frozen=True, slots=True)
class Version:
    """One row of ``norms`` or ``policies``: for whom, since when, what."""

    id: int
    name: str
    team: str | None
    manager_id: int | None
    segment: str | None
    from_day: date | None
    value: Any

    def holds(self, person: Person, day: date) -> bool:
        return (
            (self.from_day is None or self.from_day <= day)
            and self.team in (None, person.team)
            and self.manager_id in (None, person.id)
            and self.segment in (None, person.segment)
        )

    @property
    def scope(self) -> tuple[str, str | None, int | None, str | None]:
        """Of what, and for just whom."""
        return (self.name, self.team, self.manager_id, self.segment)

    @property
    def rank(self) -> tuple[bool, bool, bool, date, int]:
        """The manager's own beats the team's, that the segment's; then the later beginning, then the later entry."""
        return (self.manager_id is not None, self.team is not None, self.segment is not None, self.from_day or date.min, self.id)


@dataclass(frozen=True, slots=True)
class Rules:
    """All versions at once; every question names a day, so that today's change does not judge yesterday."""

    norms: Sequence[Version] = ()
    policies: Sequence[Version] = ()

    def held(self, name: str, person: Person, day: date, known: int | None = None) -> Version | None:
        """The version of a setting that holds for a person on a day, None where the default does.

        ``known`` is the last version that may be looked at, all if not given.
        """
        held = [
            version
            for version in self.policies
            if version.name == name and version.holds(person, day) and (known is None or version.id <= known)
        ]
        return max(held, key=lambda version: version.rank) if held else None

    def value(self, name: str, person: Person, day: date, known: int | None = None) -> str:
        """A setting as stored, for a person on a day; ``known`` as for ``held``."""
        held = self.held(name, person, day, known)
        return str(held.value) if held is not None else SETTINGS[name].default

    def number(self, name: str, person: Person, day: date, known: int | None = None) -> int:
        """A setting in its unit; a clock in minutes after midnight."""
        value = self.value(name, person, day, known)
        if SETTINGS[name].unit in ("clock", "moment"):
            hours, _, minutes = value.partition(":")
            return int(hours) * 60 + int(minutes)
        return int(value)

    def flag(self, name: str, person: Person, day: date, known: int | None = None) -> bool:
        return self.value(name, person, day, known) == "true"

    def ever(self, name: str, value: str) -> bool:
        """Has any version of a setting that value, for anybody on any day?"""
        return SETTINGS[name].default == value or any(one.name == name and one.value == value for one in self.policies)

    def norm(self, metric: str, person: Person, day: date, known: int | None = None) -> Norm | None:
        """The norm of a metric for the person's segment on a day; None where there is none. ``known`` as for ``held``."""
        held = [
            version
            for version in self.norms
            if version.name == metric
            and version.segment == person.segment
            and version.holds(person, day)
            and (known is None or version.id <= known)
        ]
        if not held:
            return None
        best = max(held, key=lambda version: version.rank)
        return Norm(metric, person.segment, best.value[0], best.value[1], f"norm {best.id}")

    def under(self, norms: Sequence[Version], policies: Sequence[Version], *, until: date) -> Rules:
        """These rules had the given versions held; versions for just the same that begin since then and by ``until`` give way."""

        def standing(mine: Sequence[Version], others: Sequence[Version]) -> list[Version]:
            since = {one.scope: one.from_day or date.min for one in others}
            return [
                *others,
                *(one for one in mine if not since.get(one.scope, date.max) <= (one.from_day or date.min) <= until),
            ]

        return Rules(standing(self.norms, norms), standing(self.policies, policies))

    def version(self, known: int | None = None) -> str:
        """Names the state of the policy that a violation was judged by."""
        ids = (version.id for version in self.policies if known is None or version.id <= known)
        return f"policy {max(ids, default=0)}"


async def load_rules(conn: db.Connection) -> Rules:
    """Every version of norms and policy."""
    norms = [
        Version(
            row["id"], row["metric"], row["team"], row["manager_id"], row["segment"], row["from_day"], (row["min"], row["target"])
        )
        for row in await conn.fetch(SQL.all_norms)
    ]
    policies = [
        Version(row["id"], row["name"], row["team"], row["manager_id"], row["segment"], row["from_day"], row["value"])
        for row in await conn.fetch(SQL.all_policies)
    ]
    return Rules(norms, policies)


async def list_norms(conn: db.Connection) -> list[dict[str, Any]]:
    """Every version of every norm, oldest first."""
    return [
        {
            "id": row["id"],
            "metric": row["metric"],
            "segment": row["segment"],
            "team": row["team"],
            "manager": row["manager"],
            "min": row["min"],
            "target": row["target"],
            "from": row["from_day"].isoformat() if row["from_day"] else None,
            "author": row["author"],
        }
        for row in await conn.fetch(SQL.all_norms)
    ]


async def list_policy(conn: db.Connection, day: date, person: Person = COMPANY) -> list[dict[str, Any]]:
    """Every setting: what holds on a day for a person, whose it is, its default and meaning; every version, oldest first."""
    rules = await load_rules(conn)
    versions: dict[str, list[dict[str, Any]]] = {name: [] for name in SETTINGS}
    for row in await conn.fetch(SQL.all_policies):
        versions.setdefault(row["name"], []).append(
            {
                "id": row["id"],
                "value": row["value"],
                "team": row["team"],
                "manager": row["manager"],
                "segment": row["segment"],
                "from": row["from_day"].isoformat() if row["from_day"] else None,
                "author": row["author"],
                "reason": row["reason"],
            }
        )
    found = {name: rules.held(name, person, day) for name in SETTINGS}
    return [
        {
            "name": name,
            "value": rules.value(name, person, day),
            "for": _scope(found[name]),
            "from": _since(found[name]),
            "unit": setting.unit,
            "default": setting.default,
            "meaning": setting.meaning,
            "versions": versions[name],
        }
        for name, setting in SETTINGS.items()
    ]


def _scope(version: Version | None) -> str:
    """For whom the version is that holds, in a word: it may be narrower than the default and wider than who asks."""
    if version is None:
        return "default"
    if version.manager_id is not None:
        return "manager"
    if version.team is not None:
        return "team"
    return "segment" if version.segment is not None else "company"


def _since(version: Version | None) -> str | None:
    return version.from_day.isoformat() if version is not None and version.from_day is not None else None


def read_value(name: str, typed: str) -> str:
    """What was typed, checked, as stored. Raises ``Refused`` naming the setting and what it takes."""
    if name not in SETTINGS:
        raise Refused(f"{name} is not a setting of this version; known are {', '.join(SETTINGS)}")
    unit = SETTINGS[name].unit
    value = typed.strip().lower()
    if unit in ("clock", "moment"):
        if re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", value):
            return value.zfill(5)
        if unit == "moment" and value == "off":
            return value
        raise Refused(f"{name}: read {typed!r}, expected a time such as 23:30{' or off' if unit == 'moment' else ''}")
    if unit == "country":
        if value in ("company", "none") or value.upper() in holidays.list_supported_countries():
            return value
        raise Refused(f"{name}: read {typed!r}, expected company, none or a country such as KZ")
    if unit == "percents":
        steps = value.split("/")
        if value == "off" or (
            len(steps) <= 52 and all(re.fullmatch(r"\d{1,3}", step) and 1 <= int(step) <= 100 for step in steps)
        ):
            return value
        raise Refused(f"{name}: read {typed!r}, expected off, or percents from 1 to 100 by week of work such as 25/50/75/100")
    if unit == "hours":
        return value if value == "off" else format_hours(*parse_hours(value))
    if unit == "spans":
        return "/".join(presets.split(name, value))
    if "|" in unit:
        if value in unit.split("|"):
            return value
        raise Refused(f"{name}: read {typed!r}, expected {unit}")
    if re.fullmatch(r"\d{1,5}", value):
        return str(int(value))
    raise Refused(f"{name}: read {typed!r}, expected a whole number of {unit}")


async def set_policy(
    conn: db.Connection,
    name: str,
    typed: str,
    *,
    team: str | None = None,
    manager_id: int | None = None,
    segment: str | None = None,
    from_day: date | None,
    author: str,
    reason: str | None = None,
    now: datetime,
) -> int:
    """A new version of a setting; returns its id."""
    return int(
        await conn.fetchval(
            SQL.add_policy, name, read_value(name, typed), team, manager_id, segment, from_day, author, reason, now
        )
    )


async def set_norm(
    conn: db.Connection,
    metric: str,
    segment: str,
    *,
    minimum: int,
    target: int,
    team: str | None = None,
    manager_id: int | None = None,
    from_day: date | None,
    author: str,
    now: datetime,
) -> int:
    """A new version of a norm; returns its id. Raises ``Refused``."""
    check_norm(metric, minimum, target)
    return int(await conn.fetchval(SQL.add_norm, metric, segment, team, manager_id, minimum, target, from_day, author, now))


def check_norm(metric: str, minimum: int, target: int) -> None:
    """Raises ``Refused`` naming what is wrong."""
    if metric not in ("dials", "connects", "new_leads"):
        raise Refused(f"metric: read {metric!r}, expected dials, connects or new_leads")
    if not 0 <= minimum <= target:
        raise Refused(f"a norm needs 0 <= min <= target; read min {minimum}, target {target}")
