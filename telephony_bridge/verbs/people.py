"""manager add | list | leave, user add, token create."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import orjson
import typer

from telephony_bridge import db, people, pipeline
from telephony_bridge.api.managers import shown
from telephony_bridge.errors import Refused
from telephony_bridge.model import Company, Week
from telephony_bridge.norms import calendar
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import AUTHOR, JSON, day_of, in_transaction, show

app = typer.Typer(help="Salespeople: who they are, when they work, which extension is theirs.", no_args_is_help=True)
user_app = typer.Typer(help="People who sign in.", no_args_is_help=True)
token_app = typer.Typer(help="Tokens of machines and scripts.", no_args_is_help=True)

BOUND = typer.Option(None, "--manager", help="Bound to this manager, by handle: what it writes is that person's.")


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
    notify: list[str] = typer.Option([], "--notify", help="An Apprise URL for notices; repeatable."),
) -> None:
    """Registers a salesperson with the extension that is his.

    Example: telephony-bridge manager add ivan --name "Иван Лунин" --extension office:101
    """
    since = day_of(from_day, "--from")

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> int:
        opens, closes = calendar.parse_hours(hours)
        zone = people.read_zone(timezone) if timezone is not None else company.zone
        week = Week(zone, opens, closes, calendar.parse_days(days), team, _segments(segment))
        particulars = people.Particulars(name, since, tuple(notify))
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
) -> None:
    """A person who may sign in; prints the password once.

    Example: telephony-bridge user add olga --role supervisor
    """

    async def run(conn: db.Connection, _: Settings, __: Company, now: datetime) -> str:
        return await people.add_user(conn, login, role, await _bound(conn, manager), password=password, now=now)

    print(orjson.dumps({"login": login, "role": role, "password": in_transaction(run)}).decode())


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
