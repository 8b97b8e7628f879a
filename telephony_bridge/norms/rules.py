"""Does this call count, and if not, why not (R14 to R16, R39 to R42). Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from telephony_bridge.model import Call, Direction, Disposition, MatchResult, Via, Weight, WhyNot

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What weighing needs beside the call. ``lead_in_time``: the lead was there by day close (R14)."""

    has_manager: bool
    match: MatchResult
    lead_segment: str | None
    lead_in_time: bool
    norm_segments: frozenset[str]  # the manager's own (EC-57)
    repeat_cap: int = 3
    min_talk: int = 10
    needs_crm_match: bool = True
    said_machine: bool = False  # a person said that an answering machine took it (EC-32)
    personal: bool = False  # of what is excluded: a private number or a private mark that holds (EC-25)
    accepted: bool = False  # a supervisor accepts that it was a conversation, though short (EC-33)
    lacks_comment: bool = False  # and only a dial with its comment counts


def _why_no_dial(call: Call, facts: CallFacts) -> WhyNot | None:
    """The first reason in a fixed order: what kind of call it is, whose it is, how it went out, whom it reached for."""
    if call.direction is Direction.INBOUND:
        return WhyNot.INBOUND
    if call.direction is Direction.INTERNAL:
        return WhyNot.INTERNAL
    if facts.match is MatchResult.EXCLUDED:
        return WhyNot.PERSONAL if facts.personal else WhyNot.EXCLUDED_NUMBER
    if not call.final:
        return WhyNot.NOT_FINAL
    if call.robot and not (facts.has_manager and _why_no_connect(call, facts) is None):
        return WhyNot.ROBOT  # what a dialler dials is a manager's once he talks (EC-31)
    if not facts.has_manager:
        return WhyNot.NO_MANAGER
    if call.via is not Via.IP:
        return WhyNot.NON_IP
    if facts.needs_crm_match and not facts.lead_in_time:
        return WhyNot.NO_LEAD
    if facts.lead_segment is not None and facts.lead_segment not in facts.norm_segments:
        return WhyNot.WRONG_SEGMENT
    return None


def _why_no_connect(call: Call, facts: CallFacts) -> WhyNot | None:
    if call.disposition is Disposition.VOICEMAIL or (call.disposition is Disposition.ANSWERED and facts.said_machine):
        return WhyNot.VOICEMAIL
    if call.disposition is not Disposition.ANSWERED:
        return WhyNot.NOT_ANSWERED
    if call.talk_seconds < facts.min_talk and not facts.accepted:
        return WhyNot.TOO_SHORT
    return None


def weigh(call: Call, facts: CallFacts, *, earlier_dials: int = 0) -> Weight:
    """What a call counts for. ``earlier_dials``: counted dials of this manager to this number earlier that day (EC-34).

    A connect is also a dial (rules.md §1): what is no dial is no connect, for the same reason.
    """
    dial = _why_no_dial(call, facts)
    if dial is None and facts.lacks_comment:
        dial = WhyNot.NO_COMMENT
    if dial is None and earlier_dials >= facts.repeat_cap:
        dial = WhyNot.REPEAT
    return Weight(dial, dial if dial is not None else _why_no_connect(call, facts))


def weigh_series(calls: Sequence[tuple[Key, Call, CallFacts]]) -> dict[Key, Weight]:
    """All calls of one (manager, day, number): the first ones that otherwise count fill the cap, whatever the input order."""
    weights: dict[Key, Weight] = {}
    counted = 0
    for key, call, facts in sorted(calls, key=lambda one: (one[1].started_at, repr(one[0]))):
        weights[key] = weigh(call, facts, earlier_dials=counted)
        counted += weights[key].dial
    return weights


def on_norm_lead(call: Call, facts: CallFacts) -> bool:
    """The middle number of a norm: an IP dial on a lead of a segment of his, repeats included (CONTRACT §6.2)."""
    return _why_no_dial(call, facts) is None and facts.lead_in_time
