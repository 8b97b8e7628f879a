"""Who stands behind a link, and what is known of him while one page is made or one form is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from telephony_bridge import crm, db, entering, notices, people
from telephony_bridge.book import Book, open_book, utc_day
from telephony_bridge.errors import NotFound, NotYours, Refused
from telephony_bridge.model import Company
from telephony_bridge.notices import links
from telephony_bridge.pages.times import Times
from telephony_bridge.pages.words import WORDS, Words

SQL = db.queries("pages")
_REMEMBERED = timedelta(days=40)  # longer than any link lives
_BOOK_DAYS = timedelta(days=1)


class Wrong(Refused):
    """A form that cannot be saved as it is: field -> what is wrong with it, in the reader's words."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__("the form has mistakes")
        self.fields = fields


@dataclass(frozen=True, slots=True)
class Visit:
    """One person at one page, inside a transaction."""

    conn: db.Connection
    link: links.Link
    token: str
    book: Book
    now: datetime
    times: Times
    words: Words = field(repr=False)

    @property
    def manager_id(self) -> int:
        return self.link.manager_id

    @property
    def handle(self) -> str:
        return self.book.handles[self.manager_id]

    @property
    def company(self) -> Company:
        return self.book.company

    @property
    def author(self) -> crm.Author:
        """What is written here is his own."""
        return crm.Author("person", self.handle, self.manager_id)

    @property
    def writing(self) -> entering.Writing:
        """Written by himself, now; the dates he sets are his to keep."""
        return entering.Writing(self.author, self.manager_id, self.now, self.company, self.now)

    def shown_number(self, number: str | None) -> str | None:
        """A phone number as the policy shows it to him (``notice_numbers``)."""
        return notices.shown_number(
            number, self.book.word("notice_numbers", self.manager_id, self.book.day(self.manager_id, self.now))
        )

    def address(self, page: str) -> str:
        return f"/f/{self.token}/{page}"

    def who(self, handle: str | None) -> str:
        """Somebody as a colleague reads him: by name; who is no manager is a supervisor."""
        names = {self.book.handles[id_]: name for id_, name in self.book.names.items()}
        return names.get(handle or "", self.words["person_manager"])


async def arrive(conn: db.Connection, link: links.Link, token: str, *, company: Company, now: datetime) -> Visit:
    """The person of a link. Raises ``NotYours`` when he has left, ``NotFound`` when there is none."""
    book = await open_book(conn, company, since=utc_day(now) - _BOOK_DAYS)
    if link.manager_id not in book.handles:
        raise NotFound("there is nobody behind this link")
    if book.has_left(link.manager_id, book.day(link.manager_id, now)):
        raise NotYours("who has left opens nothing")
    zone = book.schedule(link.manager_id).week_at(now).timezone
    language = (await people.by_handle(conn, book.handles[link.manager_id]))["language"] or company.language
    return Visit(conn, link, token, book, now, Times(zone, language, now), WORDS[language])


async def saved_before(visit: Visit, key: str) -> str | None:
    """What was shown after this very form was saved, or None: it was not yet."""
    found: str | None = await visit.conn.fetchval(SQL.saved, visit.manager_id, key)
    return found


async def keep(visit: Visit, key: str, shows: str) -> None:
    """The form is saved: sent again it writes nothing. In the transaction that saves it."""
    await visit.conn.execute(SQL.forget, visit.manager_id, visit.now - _REMEMBERED)
    await visit.conn.execute(SQL.keep, visit.manager_id, key, visit.now, shows)


async def written(visit: Visit, comment_id: int) -> db.Record | None:
    """A comment of his own, to show what was saved."""
    return await visit.conn.fetchrow(SQL.comment, comment_id, visit.manager_id)
