"""A reader of our pages over HTTP: opens links, fills forms as a browser without JavaScript does, and posts them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

from telephony_bridge import notices, people
from telephony_bridge.notices import links
from tests.street import Street

_VOID = {"meta", "link", "input", "br", "hr", "img"}


@dataclass
class Form:
    action: str
    given: dict[str, str] = field(default_factory=dict)  # what a browser would send as it stands
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)  # (name, value), both empty for a plain one


class Page(HTMLParser):
    """What a page says (``text``), its ``forms``, ``links``, ``ids`` and attributes."""

    def __init__(self, status: int, html: str) -> None:
        super().__init__()
        self.status = status
        self.html = html
        self.text = ""
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self._area: str | None = None
        self._select: str | None = None
        self.feed(html)
        self.text = " ".join(self.text.split())
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value if value is not None else "" for name, value in attrs}
        self.tags.append((tag, told))
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "form":
            assert told["method"] == "post"
            self.forms.append(Form(told["action"]))
        if tag == "a":
            self.links.append(told["href"])
        if tag == "button":
            self.forms[-1].buttons.append((told.get("name", ""), told.get("value", "")))
        if tag == "input":
            self._input(told)
        if tag == "textarea":
            self._area = told["name"]
            self.forms[-1].given[self._area] = ""
        if tag == "select":
            self._select = told["name"]
        if tag == "option" and self._select is not None:
            self.forms[-1].choices.setdefault(self._select, []).append(told["value"])
            if "selected" in told or self._select not in self.forms[-1].given:
                self.forms[-1].given[self._select] = told["value"]

    def _input(self, told: dict[str, str]) -> None:
        form, name = self.forms[-1], told["name"]
        if told.get("type") == "radio":
            form.choices.setdefault(name, []).append(told["value"])
            if "checked" in told:
                form.given[name] = told["value"]
        else:
            form.given[name] = told.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, f"</{tag}> closes another"
        if tag == "textarea" and self._area is not None:
            given = self.forms[-1].given
            given[self._area] = given[self._area].removeprefix("\n")
            self._area = None
        if tag == "select":
            self._select = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.forms[-1].given[self._area] += data
        self.text += data + " "

    def form(self, end: str, **has: str) -> Form:
        """The form whose address ends so and that sends these."""
        found = [
            one
            for one in self.forms
            if one.action.endswith(end) and all(one.given.get(name) == value for name, value in has.items())
        ]
        assert found, (end, has, [(one.action, one.given) for one in self.forms])
        return found[0]


@dataclass
class Reader:
    """One person with one link."""

    street: Street
    token: str

    async def open(self, page: str = "") -> Page:
        address = page if page.startswith("/f/") else f"/f/{self.token}" + (f"/{page}" if page else "")
        async with self.street.client.get(address, allow_redirects=False) as answer:
            return Page(answer.status, await answer.text())

    async def post(self, action: str, given: dict[str, Any]) -> Page:
        """Sends a form as it is; follows the redirect as a browser does."""
        async with self.street.client.post(action, data=given, allow_redirects=False) as answer:
            if answer.status != 303:
                return Page(answer.status, await answer.text())
            return await self.open(answer.headers["Location"])

    async def send(self, form: Form, **filled: str) -> Page:
        return await self.post(form.action, {**form.given, **filled})


async def link(street: Street, opens: str, handle: str = "ivan", *, days: float = 7) -> Reader:
    """A reader with a fresh link of this manager."""
    async with street.database.begin() as conn:
        manager_id = (await people.by_handle(conn, handle))["id"]
        secret = await notices.form_secret(conn)
    until = street.clock.now + timedelta(days=days)
    return Reader(street, links.sign(secret, links.Link(manager_id, opens, until.replace(microsecond=0))))


async def fingerprint(street: Street) -> dict[str, str]:
    """Every table's rows, as one word a table."""
    async with street.database.begin() as conn:
        tables = await conn.fetch("select tablename from pg_tables where schemaname = $1", street.database.schema)
        return {
            one["tablename"]: await conn.fetchval(
                f"select count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' order by t::text)), '') from {one['tablename']} t"
            )
            for one in tables
        }


def local(at: datetime) -> str:
    """A moment as a form holds it, in Moscow."""
    from tests.street import MOSCOW

    return at.astimezone(MOSCOW).strftime("%Y-%m-%dT%H:%M")
