"""A world told to the product: deliveries through the inbox, what people wrote through the rooms, time through the watch."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import orjson

from telephony_bridge import crm, people, pipeline, worker
from telephony_bridge.model import Delivery
from telephony_bridge.webhooks import inbox
from tests.month.world import Fact, World
from tests.street import Street

TOLD = (
    "violation_moves", "violations", "silences", "closed_days", "calls", "planned_contacts", "comments", "lead_phones", "leads",
    "absences", "ties", "deliveries",
)  # fmt: skip
CRM = ("lead", "comment", "plan", "lost")


def message(fact: Fact) -> bytes:
    """A call in our own JSON."""
    told = {
        "id": fact["key"],
        "revision": fact["revision"],
        "direction": fact["direction"],
        "extension": fact["extension"],
        "number": fact["number"],
        "started_at": fact["started"].isoformat(),
        "ended_at": fact["ended"].isoformat(),
        "talk_seconds": fact["talk"],
        "disposition": fact["disposition"],
        "via": fact["via"],
        "talked": fact.get("talked", []),
    }
    return orjson.dumps({name: value for name, value in told.items() if value is not None})


class Teller:
    """Tells a world pass by pass, and between two passes kind by kind; or ``as_it_came``; or by ``dice``: in any order, in batches
    of any size, some of it twice.
    """

    def __init__(self, street: Street, world: World, dice: random.Random | None = None, *, as_it_came: bool = False) -> None:
        self.street, self.world, self.dice, self.as_it_came = street, world, dice, as_it_came
        self.managers: dict[str, int] = {}
        self.leads: dict[str, int] = {}
        self.plans: dict[str, int] = {}  # id -> our own number of it

    async def tell(self) -> None:
        """The company is there already."""
        await self.meet()
        facts = list(self.world["facts"])
        for moment in self.world["passes"]:
            due = [fact for fact in facts if fact["known"] <= moment]
            facts = [fact for fact in facts if fact["known"] > moment]
            for batch in self.batches(due):
                await self.tell_batch(batch)
            await worker.watch(self.street.database, self.street.company, now=moment)

    async def settle_in(self) -> None:
        """The company before the first day."""
        street = self.street
        street.clock.now = self.world["passes"][0].replace(day=1)
        await street.source("office", dialect="generic", trunks=[])
        for one in self.world["managers"]:
            await street.manager(
                one["handle"],
                one["extension"],
                timezone=one["zone"],
                hours=f"{one['opens']}-{one['closes']}",
                days=",".join(one["days"]),
            )
        for metric, (low, high) in self.world["norms"].items():
            await street.ask(
                "POST", "/norms", {"metric": metric, "segment": "cold", "min": low, "target": high, "from": "2026-10-01"}
            )
        for day, kind in self.world["calendar"].items():
            await street.ask("POST", "/calendar", {"date": day.isoformat(), "kind": kind})

    async def forget(self) -> None:
        """All that was told; the company stays."""
        async with self.street.database.begin() as conn:
            for table in TOLD:
                await conn.execute(f"delete from {table}")
            await conn.execute("update pen set judged_at = 'epoch'")

    async def meet(self) -> None:
        async with self.street.database.begin() as conn:
            self.managers = {row["handle"]: row["id"] for row in await people.all_managers(conn)}

    def batches(self, due: Sequence[Fact]) -> Iterable[list[Fact]]:
        """Of one kind each: neighbours in time, or all of a kind, or by dice, but nothing is written where its lead or call is not."""
        if self.as_it_came:
            yield from (list(run) for _, run in groupby(due, lambda fact: fact["kind"]))
            return
        if self.dice is None:
            for kinds in (("call",), ("lead",), ("comment",), ("plan",), ("lost",), ("absence",), ("silence",)):
                yield from (
                    list(run) for _, run in groupby([fact for fact in due if fact["kind"] in kinds], lambda fact: fact["kind"])
                )
            return
        due = [*due, *(fact for fact in due if fact["kind"] == "call" and self.dice.random() < 0.1)]
        for kinds in (("call", "lead", "absence", "silence"), ("comment", "plan"), ("lost",)):  # lost last: test_found.py, R12
            some = [fact for fact in due if fact["kind"] in kinds]
            self.dice.shuffle(some)
            while some:
                head = some[: self.dice.randint(1, max(2, len(some)))]
                del some[: len(head)]
                for kind in sorted({fact["kind"] for fact in head}, key=lambda _: self.dice.random() if self.dice else 0):
                    yield [fact for fact in head if fact["kind"] == kind]

    async def tell_batch(self, batch: list[Fact]) -> None:
        kind, now = batch[0]["kind"], max(fact["known"] for fact in batch)
        if kind == "call":
            await self.deliver(batch, now)
        elif kind in CRM:
            await self.write(kind, batch, now)
        elif kind == "absence":
            for fact in batch:
                self.street.clock.now = fact["known"]
                away = {"from": fact["from"].isoformat(), "to": fact["to"].isoformat(), "kind": "sick"}
                await self.street.ask("POST", f"/managers/{fact['handle']}/absences", away)
        else:
            for fact in batch:
                self.street.clock.now = fact["known"]
                settled = {"source": "office", "settled_as": fact["settled_as"], "reason": "known to the supervisor"}
                span = {"from": fact["from"].isoformat(), "to": fact["to"].isoformat()}
                await self.street.ask("POST", "/silences", settled | span)

    async def deliver(self, batch: list[Fact], now: datetime) -> None:
        """Each call a delivery of its own, kept and understood in one transaction."""
        arrivals = [inbox.Arrival(1, Delivery(0, fact["known"], message(fact)), "waiting", None) for fact in batch]
        async with self.street.database.begin() as conn:
            kept = await inbox.keep(conn, arrivals)
            ids = {one.id for one in kept if not one.duplicate}
            for some in _chunks(sorted(ids), 400):
                await pipeline.deliveries_came(conn, await inbox.by_ids(conn, some), company=self.street.company, now=now)

    async def write(self, kind: str, batch: list[Fact], now: datetime) -> None:
        """Many at once, and then one story."""
        company = self.street.company
        async with self.street.database.begin() as conn:
            await pipeline.hold(conn)
            calls = (
                {row["call_key"]: row["id"] for row in await conn.fetch("select call_key, id from calls")}
                if kind == "comment"
                else {}
            )
            for fact in batch:
                manager_id = self.managers.get(fact["author"] or "")
                author = crm.Author("person" if manager_id else "machine", fact["author"] or "robot", manager_id)
                if kind == "lead":
                    lead = crm.NewLead("Ромашка", [fact["number"]], fact["segment"], manager_id=manager_id, source=fact["source"])
                    self.leads[fact["number"]] = await crm.add_lead(
                        conn, lead, author=author, at=fact["at"], now=now, region=company.region
                    )
                elif kind == "comment":
                    note = crm.Note(fact["text"], fact["outcome"], call_id=calls[fact["call"]] if fact["call"] else None)
                    await crm.comment(
                        conn, self.leads[fact["number"]], note, author=author, manager_id=manager_id, at=fact["at"], now=now
                    )
                elif kind == "plan":
                    plan = crm.Plan(fact["due"], fact["basis"])
                    id_ = await crm.plan(
                        conn, self.leads[fact["number"]], plan, author=author, manager_id=manager_id, at=fact["at"]
                    )
                    self.plans[str(id_)] = fact["ref"]
                else:
                    lost = crm.Changes({"stage": "lost", "lost_reason": "no interest"})
                    await crm.change_lead(
                        conn,
                        self.leads[fact["number"]],
                        lost,
                        author="month",
                        by=manager_id,
                        at=fact["at"],
                        now=now,
                        region=company.region,
                    )
            story = pipeline.leads_changed if kind in ("lead", "lost") else pipeline.notes_came
            touched = [self.leads[fact["number"]] for fact in batch]
            await story(conn, touched, at=min(fact["at"] for fact in batch), company=company, now=now)

    async def replay(self) -> None:
        """Everything the PBX ever said, understood again."""
        now = self.world["passes"][-1]
        async with self.street.database.begin() as conn:
            ids = [row["id"] for row in await conn.fetch("select id from deliveries")]
            await pipeline.replay(conn, ids, now=now)
        if self.dice is not None:
            self.dice.shuffle(ids)
        for some in _chunks(ids, 400):
            async with self.street.database.begin() as conn:
                await pipeline.deliveries_came(conn, await inbox.by_ids(conn, some), company=self.street.company, now=now)
        await worker.watch(self.street.database, self.street.company, now=now)

    async def lines(self) -> dict[tuple[str, str], dict[str, Any]]:
        """(handle, day) -> the board's line, without what is compared elsewhere."""
        found = {}
        self.street.clock.now = self.world["passes"][-1]
        for day in self.world["days"]:
            for line in (await self.street.ask("GET", f"/days/{day}"))["managers"]:
                found[line["manager"], day.isoformat()] = line
        return found

    async def violations(self) -> set[tuple[Any, ...]]:
        """(code, subject, handle, day, status) of what is or was a violation."""
        async with self.street.database.begin() as conn:
            rows = await conn.fetch(
                "select v.code, v.day, v.status, m.handle, v.subject_kind, v.subject_id, c.call_key, p.phone "
                "from violations v join managers m on m.id = v.manager_id "
                "left join calls c on v.subject_kind = 'call' and c.id::text = v.subject_id "
                "left join lead_phones p on v.subject_kind = 'lead' and p.lead_id::text = v.subject_id "
                "where v.status not in ('closed', 'watching', 'reminded') and v.day = any($1::date[])",
                self.world["days"],
            )
        return {(row["code"], self.subject(row), row["handle"], row["day"], row["status"]) for row in rows}

    def subject(self, row: Any) -> str:
        if row["subject_kind"] == "planned":
            return f"plan {self.plans[row['subject_id']]}"
        return str(row["call_key"] or row["phone"] or "day")


def _chunks(ids: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return [ids[place : place + size] for place in range(0, len(ids), size)]
