"""What people said of calls meets the calls: which are private (EC-25), which short ones were conversations (EC-33)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from telephony_bridge import calls, db
from telephony_bridge.book import Book
from telephony_bridge.model import Match, MatchResult, Weight, WhyNot
from telephony_bridge.norms import words

_FREE = (MatchResult.INTERNAL, MatchResult.EXCLUDED)
_NOTHING: tuple[str | None, str | None] = (None, None)


def as_said(entry: calls.Entry, personal: str | None) -> calls.Entry:
    """A call whose private mark holds is nobody's lead: it counts for nothing and owes nothing."""
    if personal != "held" or entry.match.result in _FREE:
        return entry
    why = entry.weight.why_not_dial if entry.weight.why_not_dial == WhyNot.INBOUND else WhyNot.PERSONAL
    return replace(entry, match=Match(MatchResult.EXCLUDED, reason="personal"), weight=Weight(why, why), on_norm_lead=False)


async def settle(conn: db.Connection, book: Book, days: Iterable[date], call_ids: Iterable[int]) -> set[int]:
    """Brings what the marked calls of these days, and these calls, show to what people said of them.

    What was said of a call holds for the call that it repeats too (EC-37). Returns calls to be derived again.
    """
    rows = await calls.said_of(conn, days, call_ids)
    before: dict[int, tuple[str | None, str | None]] = {}
    standing: dict[int, int] = {}
    of_day: dict[tuple[int | None, date], list[words.Word]] = {}
    for row in rows:
        before[row["id"]] = (row["personal"], row["claim"])
        if row["twin_of"] is not None:
            standing[row["id"]] = row["twin_of"]
            before.setdefault(row["twin_of"], (row["standing_personal"], row["standing_claim"]))
        mine = of_day.setdefault((row["manager_id"], row["day"]), [])
        if row["word_id"] is not None:
            mine.append(words.Word(row["word_id"], row["id"], row["about"], row["word"], row["at"]))
    told: dict[int, tuple[str | None, str | None]] = {}
    for (manager_id, day), said in of_day.items():
        held = words.private(said, book.setting("private_limit", manager_id, day))
        claims = words.claims(said)
        told |= {id_: (held.get(id_), claims.get(id_)) for id_ in held.keys() | claims.keys()}
    told = {into: told[id_] for id_, into in sorted(standing.items(), reverse=True) if id_ in told} | told
    changed = {id_: told.get(id_, _NOTHING) for id_, shown in before.items() if told.get(id_, _NOTHING) != shown}
    await calls.show_words(conn, changed)
    return {
        id_
        for id_, (personal, claim) in changed.items()
        if (personal == "held") != (before[id_][0] == "held") or claim != before[id_][1]
    }
