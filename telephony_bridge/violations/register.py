"""The register of violations: one row a (code, subject, manager, day), judged as often as facts change (rules.md §4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

import orjson

from telephony_bridge import db
from telephony_bridge.errors import NotFound, Refused
from telephony_bridge.model import rfc3339

SQL = db.queries("register")

CODES: Mapping[str, tuple[str, str]] = {  # code -> (name, severity), rules.md §4
    "V01": ("CALL_NO_COMMENT", "major"),
    "V02": ("DIAL_NO_OUTCOME", "minor"),
    "V03": ("CALL_NO_NEXT_DATE", "major"),
    "V04": ("DIAL_NO_LEAD", "major"),
    "V05": ("INBOUND_NO_LEAD", "minor"),
    "V06": ("NORM_DIALS", "major"),
    "V07": ("NORM_CONNECTS", "major"),
    "V08": ("NORM_NEW_LEADS", "major"),
    "V09": ("PLANNED_CONTACT_MISSED", "major"),
    "V13": ("SUSPECT_DIALS", "review"),
    "V10": ("LEAD_WITHOUT_DATE", "minor"),
    "V11": ("MISSED_NOT_RETURNED", "major"),
    "V12": ("CRM_CALL_NOT_IN_PBX", "major"),
    "V14": ("LEADS_NEVER_CALLED", "minor"),
    "V15": ("DATE_PUSHED", "minor"),
    "V16": ("COMMENT_POOR", "minor"),
    "V17": ("LEAD_CLOSED_EARLY", "major"),
    "V18": ("HANDOVER_GAP", "minor"),
    "V19": ("FIRST_CALL_NOT_QUALIFIED", "minor"),
}
_FOR_REVIEW = sorted(
    code for code, (_, severity) in CODES.items() if severity == "review"
)  # none before a supervisor confirms it
_SETTLED = frozenset({"disputed", "confirmed", "excused"})  # a person has spoken: facts no longer move the row
_UNSEEN = ("V09", "V14")  # a dial that the PBX did not see
_UNSEEN_CALLS = ("V11", "V12")  # so here, of a number
DISPUTE_DAYS = 3  # working days, EC-68


@dataclass(frozen=True, slots=True)
class Finding:
    """What the facts say of one duty now. ``met_at`` is when it was met, None while it is not.

    ``due_at`` is the hard deadline, ``remind_at`` the soft one; what is a violation at once waits for no watch of deadlines.
    Findings are values: the same facts give the same.
    """

    code: str
    subject_kind: Literal["call", "lead", "day", "planned", "meeting"]
    subject_id: str
    manager_id: int
    day: date
    due_at: datetime
    met_at: datetime | None
    evidence: Mapping[str, Any]
    policy_version: str
    remind_at: datetime | None = None
    met_because: str = "done"
    at_once: bool = False

    @property
    def key(self) -> tuple[str, str, int, date]:
        return (self.code, self.subject_id, self.manager_id, self.day)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a violation stands: its status and the times that go with it."""

    status: str
    closed_because: str | None
    opened_at: datetime | None
    fixed_at: datetime | None
    closed_at: datetime | None


def standing(finding: Finding | None, before: str | None, *, now: datetime) -> Standing | None:
    """The life cycle as a function of the facts. Without a finding the duty is gone; ``before`` is the row's status.

    Returns None where nothing is to be recorded: a duty met in time that nobody watched.
    """
    if before in _SETTLED:
        fixed = finding.met_at if finding is not None else None
        return Standing(before, None, None, fixed, None)
    if finding is None:
        return None if before is None else Standing("closed", "corrected", None, None, now)
    if finding.met_at is not None and finding.met_at <= finding.due_at:
        return None if before is None else Standing("closed", finding.met_because, None, finding.met_at, finding.met_at)
    if finding.met_at is not None:
        return Standing("fixed_late", None, finding.due_at, finding.met_at, None)
    if finding.at_once or finding.due_at <= now:
        return Standing("open", None, finding.due_at, None, None)
    return Standing("reminded" if before == "reminded" else "watching", None, None, None, None)


async def judge(
    conn: db.Connection,
    subject_kind: str,
    subject_ids: Iterable[str],
    findings: Sequence[Finding],
    *,
    codes: Iterable[str],
    since: date | None = None,
    now: datetime,
    at: datetime | None = None,
) -> dict[str, int]:
    """Brings the rows about these subjects, of these codes, to what the findings say. Judging twice changes nothing.

    A row whose finding is gone (the call became another manager's, is no dial after all, is absorbed) closes as ``corrected``.
    ``since``: rows and findings of days before it are left as they are, where the facts are read no further back.
    ``now``: which deadlines have passed; ``at``: when that is found out, the same if not given.
    Returns how many violations opened, by code.
    """
    ids = sorted(set(subject_ids))
    if not ids:
        return {}
    wanted = set(codes)
    rows = {
        (row["code"], row["subject_id"], row["manager_id"], row["day"]): row
        for row in await conn.fetch(SQL.of_subjects, subject_kind, ids)
        if row["code"] in wanted and (since is None or row["day"] >= since)
    }
    found = {finding.key: finding for finding in findings if since is None or finding.day >= since}
    new: list[tuple[Finding, Standing]] = []
    moves: list[tuple[db.Record, Standing, datetime, Finding | None]] = []
    for key in sorted(set(rows) | set(found)):
        row, finding = rows.get(key), found.get(key)
        after = standing(finding, row["status"] if row else None, now=now)
        if after is None:
            continue
        if row is None:
            assert finding is not None
            new.append((finding, after))
            continue
        due = finding.due_at if finding is not None else row["due_at"]
        if (after.status, after.closed_because, due) != (row["status"], row["closed_because"], row["due_at"]) or (
            finding is not None
            and (finding.policy_version, finding.evidence) != (row["policy_version"], row["evidence"])
            and row["status"] not in _SETTLED
        ):
            moves.append((row, after, due, finding))
    opened: dict[str, int] = {}
    if new:
        await conn.fetch(SQL.open_watch, *_new_columns(new))
    if moves:
        await conn.execute(
            SQL.move,
            [row["id"] for row, _, _, _ in moves],
            [after.status for _, after, _, _ in moves],
            [after.closed_because for _, after, _, _ in moves],
            [due for _, _, due, _ in moves],
            [after.opened_at for _, after, _, _ in moves],
            [after.fixed_at for _, after, _, _ in moves],
            [after.closed_at for _, after, _, _ in moves],
            [finding.policy_version if finding is not None else None for _, _, _, finding in moves],
            [orjson.dumps(finding.evidence).decode() if finding is not None else None for _, _, _, finding in moves],
        )
        await _log(
            conn,
            [(row["id"], row["status"], after.status, "facts", after.closed_because) for row, after, _, _ in moves],
            now=at or now,
        )
    for code, after, before in [(f.code, a, None) for f, a in new] + [(r["code"], a, r["status"]) for r, a, _, _ in moves]:
        if after.status in ("open", "fixed_late") and before not in ("open", "fixed_late"):
            opened[code] = opened.get(code, 0) + 1
    return opened


async def opened_against(conn: db.Connection, code: str, call_ids: Iterable[int]) -> dict[int, int]:
    """Call -> the manager against whom a violation of this code has opened, whatever became of it but closing."""
    rows = await conn.fetch(SQL.opened_against, code, [str(id_) for id_ in call_ids])
    return {int(row["subject_id"]): row["manager_id"] for row in rows}


async def subjects_of(conn: db.Connection, codes: Iterable[str], managers: Sequence[int], since: date) -> set[int]:
    """Calls or leads with violations of these codes, of these managers, of a day since a first one or due since then."""
    return {int(row["subject_id"]) for row in await conn.fetch(SQL.subjects_of, list(codes), list(managers), since)}


def _new_columns(new: Sequence[tuple[Finding, Standing]]) -> list[Sequence[object]]:
    return list(
        zip(
            *(
                (
                    finding.code,
                    finding.subject_kind,
                    finding.subject_id,
                    finding.manager_id,
                    finding.day,
                    after.status,
                    finding.remind_at,
                    finding.due_at,
                    after.opened_at,
                    after.fixed_at,
                    after.closed_at,
                    finding.policy_version,
                    orjson.dumps(finding.evidence).decode(),
                )
                for finding, after in new
            ),
            strict=True,
        )
    )


async def _log(conn: db.Connection, moves: Sequence[tuple[int, str, str, str, str | None]], *, now: datetime) -> None:
    changed = [move for move in moves if move[1] != move[2]]
    if changed:
        await conn.execute(SQL.log_moves, *zip(*changed, strict=True), now)


async def deadlines_passed(conn: db.Connection, *, now: datetime, limit: int = 1000) -> list[tuple[str, str, str]]:
    """Opens what was watched and is now overdue; returns (code, subject kind, subject id) of each.

    Not what ``leads_due`` and ``calls_due`` tell of: that no call was seen is looked at once more, for the PBX may have been
    silent.
    """
    rows = await conn.fetch(SQL.passed, now, limit, _UNSEEN + _UNSEEN_CALLS)
    if rows:
        none = [None] * len(rows)
        due = [row["due_at"] for row in rows]
        await conn.execute(SQL.move, [row["id"] for row in rows], ["open"] * len(rows), none, due, due, *[none] * 4)
        await _log(conn, [(row["id"], row["status"], "open", "deadline", None) for row in rows], now=now)
    return [(row["code"], row["subject_kind"], row["subject_id"]) for row in rows]


async def leads_due(conn: db.Connection, *, now: datetime, limit: int = 1000) -> list[int]:
    """Leads of which it is now due to say that nobody dialled them."""
    return [row["lead_id"] for row in await conn.fetch(SQL.leads_due, now, limit, _UNSEEN)]


async def calls_due(conn: db.Connection, *, now: datetime, limit: int = 1000) -> list[int]:
    """Calls of which it is now due to say that nobody returned them, or that no PBX saw them."""
    return [int(row["subject_id"]) for row in await conn.fetch(SQL.calls_due, now, limit, _UNSEEN_CALLS)]


async def reminders_due(conn: db.Connection, *, now: datetime, limit: int = 1000) -> int:
    """Marks what is due for its soft reminder; returns how many."""
    rows = await conn.fetch(SQL.remind, now, limit)
    if rows:
        none = [None] * len(rows)
        due = [row["due_at"] for row in rows]
        await conn.execute(SQL.move, [row["id"] for row in rows], ["reminded"] * len(rows), none, due, *[none] * 5)
        await _log(conn, [(row["id"], row["status"], "reminded", "deadline", None) for row in rows], now=now)
    return len(rows)


async def counts(conn: db.Connection, day: date) -> dict[int, dict[str, int]]:
    """Manager id -> {"open", "fixed_late"} of a day. What is for review is none before it is confirmed."""
    rows = await conn.fetch(SQL.counts, day, _FOR_REVIEW)
    return {row["manager_id"]: {"open": row["open"], "fixed_late": row["fixed_late"]} for row in rows}


async def by_code(conn: db.Connection, first: date, last: date) -> dict[int, dict[str, dict[str, int]]]:
    """Manager id -> code -> {"open", "fixed_late", "excused"} of a stretch of days; disputed and confirmed ones are open.

    What is for review is none before it is confirmed.
    """
    found: dict[int, dict[str, dict[str, int]]] = {}
    for row in await conn.fetch(SQL.by_code, first, last, _FOR_REVIEW):
        found.setdefault(row["manager_id"], {})[row["code"]] = {
            status: row[status] for status in ("open", "fixed_late", "excused")
        }
    return found


async def open_by_code(conn: db.Connection) -> list[tuple[str, str, int]]:
    """(manager handle, code, how many) of what is open."""
    return [(row["manager"], row["code"], row["violations"]) for row in await conn.fetch(SQL.open_by_code)]


async def listed(
    conn: db.Connection,
    *,
    violation_id: int | None = None,
    statuses: Sequence[str] | None = None,
    code: str | None = None,
    manager_id: int | None = None,
    day: date | None = None,
    below: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """CONTRACT §6.3, newest first, each with its moves."""
    rows = await conn.fetch(SQL.listed, violation_id, statuses, code, manager_id, day, below, limit)
    moves: dict[int, list[dict[str, Any]]] = {}
    for move in await conn.fetch(SQL.moves, [row["id"] for row in rows]):
        moves.setdefault(move["violation_id"], []).append(
            {
                "from": move["from_status"],
                "to": move["to_status"],
                "at": rfc3339(move["at"]),
                "author": move["author"],
                "reason": move["reason"],
            }
        )
    return [_json(row, moves.get(row["id"], [])) for row in rows]


def _json(row: db.Record, moves: list[dict[str, Any]]) -> dict[str, Any]:
    name, severity = CODES[row["code"]]
    if row["code"] == "V09" and row["evidence"].get("basis") == "own":
        severity = "minor"  # a date agreed with the client is a graver promise than one's own (R28)
    if row["code"] == "V16" and row["evidence"].get("removed"):
        name = "COMMENT_REMOVED"  # EC-45
    return {
        "id": row["id"],
        "code": row["code"],
        "name": name,
        "severity": severity,
        "status": row["status"],
        "closed_because": row["closed_because"],
        "subject": {
            "kind": row["subject_kind"],
            "id": row["subject_id"] if row["subject_kind"] == "day" else int(row["subject_id"]),
        },
        "manager": row["manager"],
        "date": row["day"].isoformat(),
        **{
            moment: rfc3339(row[moment]) if row[moment] is not None else None
            for moment in ("remind_at", "due_at", "opened_at", "fixed_at", "closed_at")
        },
        "policy_version": row["policy_version"],
        "evidence": row["evidence"],
        "moves": moves,
    }


async def _speak(
    conn: db.Connection, violation_id: int, to: str, allowed: frozenset[str], *, author: str, reason: str, now: datetime
) -> None:
    row = await conn.fetchrow(SQL.one, violation_id)
    if row is None:
        raise NotFound(f"there is no violation {violation_id}")
    if not reason.strip():
        raise Refused("say why: a reason is needed")
    if row["status"] not in allowed:
        raise Refused(f"a violation that is {row['status']} cannot become {to}")
    await conn.execute(SQL.move, [row["id"]], [to], [None], [row["due_at"]], *[[None]] * 5)
    await _log(conn, [(row["id"], row["status"], to, author, reason)], now=now)


async def dispute(
    conn: db.Connection,
    violation_id: int,
    *,
    author: str,
    reason: str,
    is_in_time: Callable[[int, datetime], bool],
    now: datetime,
) -> None:
    """The manager contests it; ``is_in_time``: may this one still, who had it opened then? Raises ``NotFound``, ``Refused``."""
    row = await conn.fetchrow(SQL.one, violation_id)
    if row is not None and row["opened_at"] is not None and not is_in_time(row["manager_id"], row["opened_at"]):
        raise Refused(
            f"a violation may be disputed within {DISPUTE_DAYS} working days of its opening; a supervisor may excuse it"
        )
    await _speak(conn, violation_id, "disputed", frozenset({"open", "fixed_late"}), author=author, reason=reason, now=now)


async def excuse(conn: db.Connection, violation_id: int, *, author: str, reason: str, now: datetime) -> None:
    """A supervisor lets it go, with a reason."""
    allowed = frozenset({"watching", "reminded", "open", "fixed_late", "disputed", "confirmed"})
    await _speak(conn, violation_id, "excused", allowed, author=author, reason=reason, now=now)


async def confirm(conn: db.Connection, violation_id: int, *, author: str, reason: str, now: datetime) -> None:
    """A supervisor upholds a disputed one, or one that is for his review, with a reason."""
    row = await conn.fetchrow(SQL.one, violation_id)
    allowed = frozenset({"disputed", "open"} if row is not None and row["code"] in _FOR_REVIEW else {"disputed"})
    await _speak(conn, violation_id, "confirmed", allowed, author=author, reason=reason, now=now)
