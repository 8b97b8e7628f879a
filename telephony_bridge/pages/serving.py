"""Serves the pages behind a notice's link: who opens what, one transaction each, and every refusal as a page of its own.

Opening changes nothing: a GET runs in a transaction that Postgres holds to reading. Saving answers 303, and a form sent twice
is written once. There is no JavaScript.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from telephony_bridge import crm, db, notices, pipeline
from telephony_bridge.errors import NotFound, NotYours, Refused
from telephony_bridge.model import Company
from telephony_bridge.notices import links
from telephony_bridge.pages import card, owed, plan, saving
from telephony_bridge.pages import told as told_page
from telephony_bridge.pages.fields import Typed
from telephony_bridge.pages.visit import Visit, Wrong, arrive, keep, saved_before, written
from telephony_bridge.pages.words import WORDS

_HERE = Path(__file__).parent
_LISTS = ("plan", "owed", "notices")
_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
_SAVED = re.compile(r"([cl])([1-9][0-9]{0,17})|ok")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}
_FOREVER = "public, max-age=31536000, immutable"  # the name changes with the content
log = structlog.get_logger("pages")
_Work = Callable[[Visit], Awaitable[web.Response]]


class Pages:
    """The pages of one company on one database."""

    def __init__(self, database: db.Database, company: Company, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._company = company
        self._clock = clock
        self._secret: bytes | None = None
        self._css = (_HERE / "static" / "forms.css").read_bytes()
        self._css_name = f"forms.{hashlib.sha256(self._css).hexdigest()[:12]}.css"
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def routes(self) -> list[web.AbstractRouteDef]:
        """Every address below ``/f/``."""
        one, token = "{page:(?:call|lead)/[1-9][0-9]{0,17}}", "/f/{token}"
        return [
            web.get("/f/static/{name}", self.static),
            web.get(token, self.show),
            web.get(f"{token}/{{page:plan|owed|notices}}", self.show),
            web.get(f"{token}/{one}", self.show),
            web.post(f"{token}/{{page:owed}}", self.save),
            web.post(f"{token}/{one}", self.save),
            web.route("*", "/f/{tail:.*}", self.nothing),
        ]

    async def static(self, request: web.Request) -> web.Response:
        if request.match_info["name"] != self._css_name:
            return self._note(404, "none")
        return web.Response(
            body=self._css, content_type="text/css", charset="utf-8", headers={**_HEADERS, "Cache-Control": _FOREVER}
        )

    async def nothing(self, _: web.Request) -> web.Response:
        return self._note(404, "none")

    async def show(self, request: web.Request) -> web.Response:
        async def work(visit: Visit) -> web.Response:
            page = _page(request, visit)
            return await self._page(visit, page, request.query, {}, {}, secrets.token_urlsafe(18))

        return await self._answer(request, work, read_only=True)

    async def save(self, request: web.Request) -> web.Response:
        typed = await _typed(request)

        async def work(visit: Visit) -> web.Response:
            return await self._save(visit, _page(request, visit), typed)

        try:
            return await self._answer(request, work, typed=typed)
        except Wrong as wrong:
            fields = wrong.fields

        async def again(visit: Visit) -> web.Response:
            given = typed.get("key", "")
            key = given if _KEY.fullmatch(given) else secrets.token_urlsafe(18)
            return await self._page(visit, _page(request, visit), {"back": typed.get("back", "")}, typed, fields, key)

        return await self._answer(request, again, read_only=True, typed=typed)

    async def _save(self, visit: Visit, page: str, typed: Typed) -> web.Response:
        if not _KEY.fullmatch(typed.get("key", "")):
            raise Wrong({"form": visit.words["err_form"]})
        await pipeline.hold(visit.conn)
        subject = page if page != "owed" else " ".join(typed.get(name, "")[:20] for name in ("do", "violation", "lead"))
        key = f"{typed['key']} {subject}"
        shows = await saved_before(visit, key)
        if shows is None:
            shows = await self._write(visit, page, typed)
            await keep(visit, key, shows)
            log.info("form_saved", page=page, manager=visit.handle)
        return web.Response(status=303, headers={**_HEADERS, "Location": visit.address(shows)})

    async def _write(self, visit: Visit, page: str, typed: Typed) -> str:
        if page == "owed":
            return f"owed?saved={await owed.act(visit, typed)}"
        opened = await card.open_card(visit, page, date_alone=typed.get("only") == "date")
        word = await saving.save(visit, opened, typed)
        back = typed.get("back", "")
        return f"{back if back in ('plan', 'owed') and visit.link.allows(back) else page}?saved={word}"

    async def _page(
        self, visit: Visit, page: str, query: Mapping[str, str], typed: Typed, wrong: Mapping[str, str], key: str
    ) -> web.Response:
        back = query.get("back", "")
        told: dict[str, Any] = {
            "language": visit.times.language,
            "page": page,
            "key": key,
            "back": back if back in ("plan", "owed") and visit.link.allows(back) else "",
            "saved": await self._saved(visit, query.get("saved", "")),
            "lists": [(one, visit.address(one)) for one in _LISTS] if visit.link.allows("plan") else [],
            "address": visit.address(""),
        }
        if page == "plan":
            told |= await plan.shown(visit)
        elif page == "owed":
            told |= await owed.shown(visit, typed, wrong)
        elif page == "notices":
            told |= await told_page.shown(visit)
        else:
            opened = await card.open_card(visit, page, date_alone=typed.get("only") == "date")
            told |= card.shown(visit, opened, typed, wrong) | {"only": typed.get("only", "")}
        template = page if page in _LISTS else "card"
        return self._html(422 if wrong else 200, template, told)

    async def _saved(self, visit: Visit, word: str) -> dict[str, Any] | None:
        """What was saved, as it stands in the database; nothing is believed of the address but an id."""
        found = _SAVED.fullmatch(word)
        if found is None:
            return None
        if found.group(1) is None:
            return {"lead": None, "outcome": None, "text": None, "next": None}
        said = await written(visit, int(found.group(2))) if found.group(1) == "c" else None
        if found.group(1) == "c" and said is None:
            return None
        try:
            lead = await crm.lead_seen_by(visit.conn, said["lead_id"] if said else int(found.group(2)), visit.manager_id)
        except NotFound:
            return None
        planned = lead["next_contact"]
        return {
            "lead": card.label(visit, lead),
            "outcome": visit.words[said["outcome"]] if said and said["outcome"] else None,
            "text": said["text"] if said else None,
            "next": visit.times.moment(datetime.fromisoformat(planned["at"])) if planned else None,
        }

    async def _answer(
        self, request: web.Request, work: _Work, *, read_only: bool = False, typed: Typed | None = None
    ) -> web.Response:
        try:
            async with self._database.begin(read_only=read_only) as conn:
                token, now = request.match_info["token"], self._clock()
                if self._secret is None:
                    self._secret = await notices.known_secret(conn)
                if self._secret is None:
                    raise NotFound("no link was ever signed here")
                try:
                    link = links.read(self._secret, token, now=now)
                except NotFound:
                    raise
                except Refused:
                    return self._note(410, "gone")
                return await work(await arrive(conn, link, token, company=self._company, now=now))
        except NotYours:
            return self._note(403, "left")
        except NotFound:
            return self._note(404, "none")
        except Wrong:
            raise
        except Refused as refused:
            log.warning("form_refused", error=type(refused).__name__)
            if typed is None or read_only:
                return self._note(422, "none")
            raise Wrong({"form": WORDS[self._company.language]["err_refused"]}) from None
        except db.AWAY as away:
            log.error("postgres_away", error=type(away).__name__)
            is_ours = self._is_ours(request.match_info["token"])
            return self._note(503, "away", typed=typed if is_ours else None, action=request.path)

    def _is_ours(self, token: str) -> bool:
        """Without Postgres: did we sign this? Nobody else's words are repeated on a page of ours."""
        try:
            return self._secret is not None and bool(links.read(self._secret, token, now=self._clock()))
        except Refused:
            return False

    def _note(self, status: int, word: str, *, typed: Typed | None = None, action: str = "") -> web.Response:
        """A plain page. With ``typed`` it holds what could not be saved, to be sent again as it is."""
        told: dict[str, Any] = {"word": word, "typed": typed or {}, "action": action, "lists": [], "page": "", "saved": None}
        answer = self._html(status, "note", told)
        if status == 503:
            answer.headers["Retry-After"] = "5"
        return answer

    def _html(self, status: int, template: str, told: Mapping[str, Any]) -> web.Response:
        told = {"language": self._company.language, "css": f"/f/static/{self._css_name}", **told}
        text = self._templates.get_template(f"{template}.html").render(w=WORDS[told["language"]], **told)
        return web.Response(status=status, text=text, content_type="text/html", charset="utf-8", headers=_HEADERS)


def _page(request: web.Request, visit: Visit) -> str:
    """The page that is asked for, the link's own where none is named. Raises ``NotFound`` for one the link does not open."""
    page = request.match_info.get("page") or visit.link.opens
    if not visit.link.allows(page):
        raise NotFound("this link opens another page")
    return page


async def _typed(request: web.Request) -> dict[str, str]:
    """What was typed. What none of our forms sends, is nothing typed."""
    if request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        posted = await request.post()
    except (UnicodeDecodeError, LookupError, ValueError):
        return {}
    return {name: _text(value) for name, value in posted.items() if isinstance(value, str)}


def _text(value: str) -> str:
    """What Postgres and a page can hold: no NUL, and no half of a character that an odd charset left."""
    return value.encode("utf-8", "ignore").decode().replace("\0", "").replace("\r\n", "\n")
