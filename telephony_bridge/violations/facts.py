"""SQL of what people recorded: comments, planned contacts, meetings and exemptions, as the duties see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from telephony_bridge import db
from telephony_bridge.violations.duties import CommentFact, PlannedFact
from telephony_bridge.violations.exemptions import Exemption
from telephony_bridge.violations.meetings import Meeting
from telephony_bridge.violations.promises import Promise
from telephony_bridge.violations.removals import Comment, Words

SQL = db.queries("duties")


async def comments_on(conn: db.Connection, leads: Iterable[int], calls: Iterable[int], since: datetime) -> list[Comment]:
    """What was written on these leads since a moment, or on these calls, each with what it said before it was changed."""
    rows = await conn.fetch(SQL.comments_on, sorted(set(leads)), sorted(set(calls)), since)
    edited = [row["id"] for row in rows if row["edited_at"] is not None]
    former: dict[int, list[db.Record]] = {}
    for version in await conn.fetch(SQL.former_words, edited) if edited else ():
        former.setdefault(version["comment_id"], []).append(version)
    return [_comment(row, former.get(row["id"], [])) for row in rows]


def _comment(row: db.Record, former: Sequence[db.Record]) -> Comment:
    words = []
    since = row["at"]
    for version in former:
        words.append(Words(since, version["text"], version["outcome"]))
        since = max(since, version["until"])
    words.append(Words(since, row["text"], row["outcome"]))
    first = CommentFact(
        id=row["id"],
        lead_id=row["lead_id"],
        call_id=row["call_id"],
        by_person=row["author_kind"] == "person",
        at=row["at"],
        outcome=words[0].outcome,
        has_text=words[0].has_text,
        text=words[0].text,
        previous=row["previous"],
    )
    return Comment(first, row["author_id"], tuple(words))


async def meetings_on(conn: db.Connection, leads: Iterable[int], since: datetime) -> list[Meeting]:
    """Meetings on these leads that began since a moment."""
    return [
        Meeting(
            id=row["id"],
            lead_id=row["lead_id"],
            manager_id=row["manager_id"],
            by_person=row["author_kind"] == "person",
            started_at=row["started_at"],
            ended_at=row["ended_at"],
        )
        for row in await conn.fetch(SQL.meetings_on, sorted(set(leads)), since)
    ]


async def met_since(conn: db.Connection, since: datetime, managers: Sequence[int] | None = None) -> list[int]:
    """Leads with meetings that began since a moment, of these managers or of all."""
    return [row["lead_id"] for row in await conn.fetch(SQL.met_since, since, managers)]


async def exemptions_of(conn: db.Connection, leads: Iterable[int]) -> dict[int, list[Exemption]]:
    """Lead -> its exemptions that were approved, in order of approval; withdrawn ones too."""
    found: dict[int, list[Exemption]] = {}
    for row in await conn.fetch(SQL.exemptions_of, sorted(set(leads))):
        one = Exemption(row["lead_id"], row["approved_at"], row["withdrawn_at"])
        found.setdefault(one.lead_id, []).append(one)
    return found


async def promises_of(conn: db.Connection, leads: Iterable[int], since: datetime) -> list[Promise]:
    """Every planned contact of these leads that was set or due since a moment."""
    return [
        Promise(
            id=row["id"],
            lead_id=row["lead_id"],
            manager_id=row["manager_id"],
            author_id=row["author_id"],
            due_at=row["due_at"],
            basis=row["basis"],
            by_person=row["author_kind"] == "person",
            set_at=row["set_at"],
            closed_at=row["closed_at"],
            formerly=tuple(zip(row["handed_at"], row["former_ids"], strict=True)),
        )
        for row in await conn.fetch(SQL.promises_of, sorted(set(leads)), since)
    ]


async def entered(conn: db.Connection, leads: Iterable[int], since: datetime) -> list[tuple[int, int, datetime]]:
    """(lead, who entered it, when) of those of these leads that a person entered since a moment; imports are none (EC-62)."""
    return [(row["id"], row["author_id"], row["entered_at"]) for row in await conn.fetch(SQL.entered, sorted(set(leads)), since)]


async def given_up(
    conn: db.Connection, leads: Iterable[int], min_talk: int, of_source: Mapping[int, int]
) -> list[tuple[int, int, datetime, int]]:
    """(lead, who, when, after how many conversations) of those of these leads that a manager gave up.

    ``min_talk`` seconds make a conversation, or what a source has of its own.
    """
    rows = await conn.fetch(SQL.given_up, sorted(set(leads)), min_talk, list(of_source), list(of_source.values()))
    return [(row["id"], row["lost_by"], row["lost_at"], row["conversations"]) for row in rows]


async def first_conversations(conn: db.Connection, leads: Iterable[int], min_talk: int) -> list[db.Record]:
    """The first call on each of these leads that was a conversation, and since when the lead says if it buys alike."""
    return list(await conn.fetch(SQL.first_conversations, sorted(set(leads)), min_talk))


async def promised_by(conn: db.Connection, managers: Sequence[int], since: date) -> list[int]:
    """Leads with planned contacts of these managers that are due since a day, or were handed over within two weeks before it."""
    return [row["lead_id"] for row in await conn.fetch(SQL.promised_by, managers, since)]


async def planned_for(conn: db.Connection, leads: Iterable[int], since: datetime) -> list[PlannedFact]:
    """Every planned contact of these leads that was open at or after a moment."""
    return [
        PlannedFact(lead_id=row["lead_id"], set_at=row["set_at"], due_at=row["due_at"], closed_at=row["closed_at"])
        for row in await conn.fetch(SQL.planned_for, sorted(set(leads)), since)
        if row["author_kind"] == "person"
    ]
