"""What one conversation owes, by phone or at a meeting, as findings: V01, V03 and V16."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

from telephony_bridge.violations.duties import CallForDuty, State
from telephony_bridge.violations.meetings import Meeting
from telephony_bridge.violations.register import Finding
from telephony_bridge.violations.removals import Lapse


def owed_for_conversation(
    duty: CallForDuty,
    kind: Literal["call", "meeting"],
    day: date,
    comment: State,
    lapse: Lapse | None,
    evidence: Mapping[str, Any],
    version: str,
) -> list[Finding]:
    """A comment (V01), and one that is there and says something (V16)."""
    assert duty.duty_manager is not None
    subject, due_at = str(abs(duty.id)), duty.comment_due_at
    found = [Finding("V01", kind, subject, duty.duty_manager, day, due_at, comment.met_at, evidence, version, duty.soft_at)]
    if lapse is not None:
        gone = {"removed": True, "comment": lapse.removed} if lapse.removed is not None else {}
        spoilt = {**evidence, **gone}
        found.append(
            Finding("V16", kind, subject, duty.duty_manager, day, lapse.due_at, lapse.met_at, spoilt, version, at_once=bool(gone))
        )
    return found


def owed_for_meeting(
    meeting: Meeting, duty: CallForDuty, day: date, comment: State, contact: State, lapse: Lapse | None, version: str
) -> list[Finding]:
    """What one meeting owes: a comment and a next date, as a conversation does (R8)."""
    assert duty.duty_manager is not None
    evidence = {"meeting": meeting.id, "lead": meeting.lead_id}
    found = owed_for_conversation(duty, "meeting", day, comment, lapse, evidence, version)
    due_at = duty.date_due_at(contact.met_at)
    if due_at is not None:
        who, subject = duty.duty_manager, str(meeting.id)
        found.append(Finding("V03", "meeting", subject, who, day, due_at, contact.met_at, evidence, version, duty.soft_at))
    return found
