"""manager add | change | list | leave | calendar, user add | change | list, token create."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import orjson
import typer

from telephony_bridge import db, people, pipeline
from telephony_bridge.api.managers import shown
from telephony_bridge.errors import Refused
from telephony_bridge.model import Company, Week
from telephony_bridge.norms import calendar
from telephony_bridge.sending import closed
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import AUTHOR, JSON, day_of, in_transaction, show, show_one

app = typer.Typer(help="Salespeople: who they are, when they work, which extension is theirs.", no_args_is_help=True)
user_app = typer.Typer(help="People who sign in.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens of machines and scripts.", no_args_is_help=True)

BOUND = typer.Option(None, "--manager", help="Bound to this manager, by handle: what it writes is that person's.")
NOTIFY = typer.Option([], "--notify", help="An Apprise URL for notices, or env:NAME; repeatable, tried in this order.")
NOTIFY_ANEW = typer.Option([], "--notify", help="An Apprise URL or env:NAME, instead of all there are; repeatable.")
NO_NOTIFY = typer.Option(False, "--no-notify", help="No channel any more.")
LANGUAGE = typer.Option(None, "--language", help="ru or en; default: the company's.")
LANGUAGE_ANEW = typer.Option(None, "--language", help="ru or en; empty: the company's.")
TEAM = typer.Option(None, "--team", help="A supervisor is told only of this team; default: of all.")
TEAM_ANEW = typer.Option(None, "--team", help="A supervisor is told only of this team; empty: of all.")


@app.command("add")
def add(
    handle: str = typer.Argument(help="A short name that never changes, such as ivan."),
    name: str = typer.Option(..., "--name", help="As people read it."),
    extension: list[str] = typer.Option(
        ..., "--extension", help="[SOURCE:]EXT; repeatable. Without a source it holds for every PBX."
    ),
    timezone: str | None = typer.Option(None, "--timezone", help="An IANA zone; default: the company's."),
    team: str | None = typer.Option(None, "--team"),
    segment: list[str] = typer.Option(
        ["cold"], "--segment", help="Whose norms are his; repeatable with a share in percent, such as cold:50."
    ),
    hours: str = typer.Option("09:00-18:00", "--hours", help="The shift; 20:00-08:00 passes midnight."),
    days: str = typer.Option("mon-fri", "--days", help="mon-fri or mon,tue,sat."),
    from_day: str | None = typer.Option(None, "--from", help="First working day; default: since ever."),
    notify: list[str] = NOTIFY,
    language: str | None = LANGUAGE,
) -> None:
    """Registers a salesperson with the extension that is his.

    Example: telephony-bridge manager add ivan --name "Иван Лунин" --extension office:101
    """
    since = day_of(from_day, "--from")

    async def run(conn: db.Connection, told: Settings, company: Company, now: datetime) -> int:
        opens, closes = calendar.parse_hours(hours)
        zone = people.read_zone(timezone) if timezone is not None else company.zone
        week = Week(zone, opens, closes, calendar.parse_days(days), team, _segments(segment))
        particulars = people.Particulars(name, since, await _closed(told, notify), language)
        manager_id = await people.add_manager(conn, handle, particulars, week, author=AUTHOR, now=now)
        today = now.astimezone(company.zone).date()
        for spelled in extension:
            source, _colon, number = spelled.rpartition(":")
            first, touched = await people.map_extension(
                conn, manager_id, source or None, number, first=since, last=None, today=today
            )
            await pipeline.people_changed(conn, touched, since=first, company=company, now=now)
        return manager_id

    in_transaction(run)
    print(orjson.dumps({"handle": handle, "extensions": extension}).decode())


async def _closed(told: Settings, typed: list[str]) -> tuple[str, ...]:
    """Addresses as they are kept. Raises ``Refused``."""
    return await closed(people.vault_of(told), typed)


@app.command("change")
def change(
    handle: str,
    name: str | None = typer.Option(None, "--name", help="As people read it."),
    notify: list[str] = NOTIFY_ANEW,
    no_notify: bool = NO_NOTIFY,
    language: str | None = LANGUAGE_ANEW,
) -> None:
    """Changes a salesperson's name, channels or language; what is not given stays.

    Example: telephony-bridge manager change ivan --notify env:IVANS_TELEGRAM --language ru
    """
    _one_of_two(notify, no_notify)

    async def run(conn: db.Connection, told: Settings, _: Company, now: datetime) -> dict[str, Any]:
        row = await people.by_handle(conn, handle)
        particulars = people.Particulars(
            row["name"] if name is None else name,
            row["first_day"],
            await _closed(told, notify) if notify or no_notify else tuple(row["notify"]),
            row["language"] if language is None else language or None,
        )
        await people.change_manager(conn, row["id"], particulars)
        return next(shown(line) for line in await people.list_managers(conn, now=now) if line["handle"] == handle)

    changed = in_transaction(run)
    show_one({key: changed[key] for key in ("handle", "name", "notify", "language")}, as_json=False)


def _one_of_two(notify: list[str], no_notify: bool) -> None:
    if notify and no_notify:
        raise typer.BadParameter("--no-notify: read together with --notify; give one of them")


@app.command("calendar")
def calendar_of(handle: str) -> None:
    """A private address of a salesperson's planned contacts for his calendar; printed once, the one before ends.

    Example: telephony-bridge manager calendar ivan
    """

    async def run(conn: db.Connection, told: Settings, _: Company, now: datetime) -> str:
        manager_id = (await people.by_handle(conn, handle))["id"]
        return await people.new_feed(conn, manager_id, address=told.address, now=now)

    print(orjson.dumps({"manager": handle, "url": in_transaction(run)}).decode())


def _segments(typed: list[str]) -> tuple[tuple[str, int], ...]:
    """``cold``, or ``cold:50`` and ``warm:50``. Raises ``Refused``."""
    found = []
    for one in typed:
        segment, colon, share = one.partition(":")
        if colon and not (share.isascii() and share.isdigit()):
            raise Refused(f"--segment: read {one!r}, expected a word such as cold, or cold:50 with a share in percent")
        found.append((segment, int(share) if colon else 100))
    return people.read_segments(found)


@app.command("list")
def list_(as_json: bool = JSON) -> None:
    """Everybody as of today, with extensions, absences and the weeks that held, hold and will hold.

    Example: telephony-bridge manager list
    """

    async def run(conn: db.Connection, _: Settings, __: Company, now: datetime) -> list[dict[str, Any]]:
        return [shown(line) for line in await people.list_managers(conn, now=now)]

    columns = ["handle", "name", "timezone", "team", "segments", "hours", "days", "from", "last_day", "extensions", "absences"]
    show(in_transaction(run), as_json=as_json, columns=columns)


@app.command("leave")
def leave(handle: str, on: str = typer.Option(..., "--on", help="The first day away.")) -> None:
    """The salesperson works here no longer; his extension stays his until it is another's.

    Example: telephony-bridge manager leave ivan --on 2026-12-01
    """
    day = day_of(on, "--on")
    assert day is not None

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> None:
        manager_id = (await people.by_handle(conn, handle))["id"]
        await people.leave(conn, manager_id, on=day)
        await pipeline.people_changed(conn, [manager_id], since=day, until=date.max, company=company, now=now)

    in_transaction(run)
    print(f"{handle} is away from {day}")


async def _bound(conn: db.Connection, handle: str | None) -> int | None:
    return (await people.by_handle(conn, handle))["id"] if handle is not None else None


@user_app.command("add")
def add_user(
    login: str,
    role: str = typer.Option(..., "--role", help="manager, supervisor or admin."),
    manager: str | None = BOUND,
    password: str | None = typer.Option(None, "--password", help="Default: an invented one, printed once."),
    notify: list[str] = NOTIFY,
    language: str | None = LANGUAGE,
    owner: bool = typer.Option(False, "--owner", help="Is told what owners are."),
    team: str | None = TEAM,
) -> None:
    """A person who may sign in; prints the password once.

    Example: telephony-bridge user add olga --role supervisor
    """

    async def run(conn: db.Connection, told: Settings, _: Company, now: datetime) -> str:
        reach = people.Reach(await _closed(told, notify), language, owner, team)
        return await people.add_user(conn, login, role, await _bound(conn, manager), reach=reach, password=password, now=now)

    print(orjson.dumps({"login": login, "role": role, "password": in_transaction(run)}).decode())


@user_app.command("change")
def change_user(
    login: str,
    role: str | None = typer.Option(None, "--role", help="manager, supervisor or admin."),
    manager: str | None = typer.Option(None, "--manager", help="The salesperson he is, by handle; empty: none."),
    notify: list[str] = NOTIFY_ANEW,
    no_notify: bool = NO_NOTIFY,
    language: str | None = LANGUAGE_ANEW,
    owner: bool | None = typer.Option(None, "--owner/--no-owner", help="Is told what owners are."),
    team: str | None = TEAM_ANEW,
) -> None:
    """Changes a user; what is not given stays, his password too.

    Example: telephony-bridge user change olga --notify mailto://olga@mail.example.com --team north
    """
    _one_of_two(notify, no_notify)

    async def run(conn: db.Connection, told: Settings, _: Company, __: datetime) -> dict[str, Any]:
        user = await people.one_user(conn, login)
        reach = user.reach
        if notify or no_notify:
            reach = replace(reach, notify=await _closed(told, notify))
        if language is not None:
            reach = replace(reach, language=language or None)
        if owner is not None:
            reach = replace(reach, is_owner=owner)
        if team is not None:
            reach = replace(reach, team=team or None)
        manager_id = user.manager_id if manager is None else await _bound(conn, manager or None)
        await people.change_user(conn, login, role or user.role, manager_id, reach)
        return (await people.one_user(conn, login)).shown()

    show_one(in_transaction(run), as_json=False)


@user_app.command("list")
def list_users(as_json: bool = JSON) -> None:
    """Everybody who signs in: role, channels, language and team.

    Example: telephony-bridge user list
    """

    async def run(conn: db.Connection, _: Settings, __: Company, ___: datetime) -> list[dict[str, Any]]:
        return [user.shown() for user in await people.list_users(conn)]

    columns = ["login", "role", "manager", "notify", "language", "owner", "team"]
    show(in_transaction(run), as_json=as_json, columns=columns)


@token_app.command("create")
def create_token(
    name: str, role: str = typer.Option(..., "--role", help="manager, supervisor or admin."), manager: str | None = BOUND
) -> None:
    """A token for a machine or a script; printed once.

    Example: telephony-bridge token create site-forms --role admin
    """

    async def run(conn: db.Connection, _: Settings, __: Company, now: datetime) -> str:
        return await people.create_token(conn, name, role, await _bound(conn, manager), now=now)

    print(orjson.dumps({"name": name, "role": role, "token": in_transaction(run)}).decode())
