"""Users: people who sign in, where they are told and of whom (CONTRACT §6: the admin's)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import Field
from typing_extensions import TypedDict

from telephony_bridge import people
from telephony_bridge.api.endpoint import ADMINS, Address, Ask, Endpoint, Language, Name, Role, Told


class User(TypedDict):
    """``notify`` is masked; ``owner``: is told what owners are; a supervisor with a ``team`` is told only of it."""

    login: str
    role: Role
    manager: str | None
    notify: list[str]
    language: Language | None
    owner: bool
    team: str | None


class AddedUser(User):
    """``password`` is told once."""

    password: str


class Users(TypedDict):
    items: list[User]
    next: None


class NewUser(Told):
    """``manager`` is the handle of the salesperson he is; ``notify`` are Apprise URLs or ``env:NAME``.

    ``language`` is the company's if absent.
    """

    login: Name
    role: Role
    manager: str | None = None
    notify: list[Address] = Field(default_factory=list, max_length=10)
    language: Language | None = None
    owner: bool = False
    team: Name | None = None


class UserChanges(Told):
    """What is given changes, what is not stays; null takes away ``manager``, ``language`` and ``team``.

    ``notify`` replaces all of his addresses: they are shown masked and must be told whole.
    """

    role: Role | None = None
    manager: str | None = None
    notify: list[Address] | None = Field(None, max_length=10)
    language: Language | None = None
    owner: bool | None = None
    team: Name | None = None


async def add(ask: Ask) -> dict[str, Any]:
    told: NewUser = ask.body
    reach = people.Reach(await ask.closed(told.notify), told.language, told.owner, told.team)
    manager_id = await ask.manager_id(told.manager)
    password = await people.add_user(ask.conn, told.login, told.role, manager_id, reach=reach, now=ask.now)
    return (await people.one_user(ask.conn, told.login)).shown() | {"password": password}


async def find(ask: Ask) -> dict[str, Any]:
    return {"items": [one.shown() for one in await people.list_users(ask.conn)], "next": None}


async def change(ask: Ask) -> dict[str, Any]:
    told: UserChanges = ask.body
    user = await people.one_user(ask.conn, ask.path["login"])
    reach = user.reach
    if told.notify is not None:
        reach = replace(reach, notify=await ask.closed(told.notify))
    if told.owner is not None:
        reach = replace(reach, is_owner=told.owner)
    if "language" in told.model_fields_set:
        reach = replace(reach, language=told.language)
    if "team" in told.model_fields_set:
        reach = replace(reach, team=told.team)
    manager_id = await ask.manager_id(told.manager) if "manager" in told.model_fields_set else user.manager_id
    await people.change_user(ask.conn, user.login, told.role or user.role, manager_id, reach)
    return (await people.one_user(ask.conn, user.login)).shown()


ENDPOINTS = (
    Endpoint(
        "POST",
        "/users",
        "A person who signs in; the password is told once",
        add,
        AddedUser,
        roles=ADMINS,
        body=NewUser,
        status=201,
    ),
    Endpoint("GET", "/users", "Everybody who signs in", find, Users, roles=ADMINS),
    Endpoint("PATCH", "/users/{login}", "Change a user; his password stays", change, User, roles=ADMINS, body=UserChanges),
)
