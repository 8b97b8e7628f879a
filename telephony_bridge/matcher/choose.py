"""Which of several leads with the same number a call belongs to (EC-17). Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

from telephony_bridge.model import LeadCandidate, Match, MatchResult

_NEVER = datetime.min.replace(tzinfo=UTC)


def choose(candidates: Sequence[LeadCandidate], *, caller_id: int | None, day: date) -> Match:
    """Open and the caller's own > a planned contact that day > closed and the caller's own > the last activity.

    When a reason singles out one lead it is ``matched``; where only activity decides among several it is ``ambiguous``,
    with a lead all the same, so that the call is somewhere.
    """
    if not candidates:
        return Match(MatchResult.NONE, reason="no_lead")
    ids = tuple(sorted(lead.lead_id for lead in candidates))
    if len(candidates) == 1:
        return Match(MatchResult.MATCHED, ids[0], ids, "only_one")
    owned = caller_id is not None
    reasons: tuple[tuple[str, Callable[[LeadCandidate], bool]], ...] = (
        ("own_open", lambda lead: owned and lead.is_open and lead.manager_id == caller_id),
        ("planned_today", lambda lead: lead.planned_on == day),
        ("own_closed", lambda lead: owned and not lead.is_open and lead.manager_id == caller_id),
    )
    for reason, holds in reasons:
        singled = [lead for lead in candidates if holds(lead)]
        if len(singled) == 1:
            return Match(MatchResult.MATCHED, singled[0].lead_id, ids, reason)
        if singled:
            return Match(MatchResult.AMBIGUOUS, _most_active(singled), ids, reason)
    return Match(MatchResult.AMBIGUOUS, _most_active(candidates), ids, "last_activity")


def _most_active(leads: Sequence[LeadCandidate]) -> int:
    return min(leads, key=lambda lead: (-(lead.last_activity_at or _NEVER).timestamp(), lead.lead_id)).lead_id
