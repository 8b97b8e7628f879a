"""A simulated day of many managers in three zones and two teams: calls, comments, a silence, a hand-over, and what each was told.

As a program it lives the whole day and prints what each person got, and when:
``python -m tests.telling.day_of_fifty [MANAGERS [MINUTES_A_STEP]]``.
"""

from __future__ import annotations

import asyncio
import random
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from aiosmtpd.controller import Controller

from telephony_bridge import db, logs, people, sending, worker
from telephony_bridge.app import build, company_of
from telephony_bridge.settings import Settings
from tests.street import ADMIN, MONDAY, MOSCOW, Clock, Street, ami_row, at

KEY = "a key of the tests"
ZONES = ("Europe/Moscow", "Asia/Yekaterinburg", "Europe/Kaliningrad")
TUESDAY = MONDAY + timedelta(days=1)
SILENT = (at("11:00"), at("12:05"))  # the north's PBX says nothing


@dataclass
class Post:
    """What the receivers took: (person, simulated moment, title, text)."""

    clock: Clock
    got: list[tuple[str, datetime, str, str]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.got.append((request.path.strip("/"), self.clock.now, body["title"], body["message"]))
        return web.Response()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        letter = message_from_bytes(envelope.content, policy=policy.default)
        part = letter.get_body(("plain",))
        assert part is not None
        who = envelope.rcpt_tos[0].partition("@")[0]
        self.got.append((who, self.clock.now, str(letter["Subject"]), part.get_content()))
        return "250 taken"


@dataclass
class Member:
    handle: str
    zone: ZoneInfo
    source: str
    extension: str
    hours: str = "09:00-18:00"
    language: str | None = None
    away: bool = False
    channel: str = "json"
    diligence: float = 0.95

    def calls(self, day: date, dice: random.Random, dials: int) -> Iterator[tuple[datetime, str, int]]:
        """(when, number, seconds of talk) of his shift of a day."""
        if self.away:
            return
        opens, closes = self.hours.split("-")
        begins = at(opens, day, self.zone)
        ends = at(closes, day if closes > opens else day + timedelta(days=1), self.zone)
        minutes = int((ends - begins).total_seconds() // 60)
        wanted = round(dials * min(minutes, 540) / 540)
        for index in range(wanted):
            minute = 5 + index * (minutes - 15) / wanted
            if minutes > 360 and 200 < minute < 260:
                continue
            number = (
                f"+799901{int(self.extension):03d}{index % 25:02d}"
                if dice.random() > 0.04
                else f"+7999020{dice.randint(0, 9999):04d}"
            )
            talk = dice.randint(15, 160) if dice.random() < 0.6 else 0
            yield begins + timedelta(minutes=minute), number, talk


def team(size: int) -> list[Member]:
    found = []
    for index in range(size):
        zone = ZoneInfo(ZONES[0 if index % 5 < 3 else 1 if index % 5 == 3 else 2])
        one = Member(f"m{index:02d}", zone, "north" if index % 2 else "south", f"{101 + index}")
        if index % 16 == 5:
            one.hours = "20:00-08:00"
        elif index % 10 == 7:
            one.hours = "09:00-13:00"
        one.language = "en" if index % 10 == 9 else None
        one.away = index % 20 == 8
        one.channel = "none" if index % 12 == 6 else "mailto" if index % 7 == 2 else "json"
        one.diligence = (0.98, 0.9, 0.5)[index % 3]
        found.append(one)
    return found


async def hire(street: Street, members: list[Member], json_at: str, mail_at: str) -> None:
    vault = people.Vault(KEY)
    for name in ("north", "south"):
        await street.source(name)
    urls = {}
    for one in members:
        await street.manager(
            one.handle, None, name=f"Менеджер {one.handle}", timezone=one.zone.key, team=one.source, hours=one.hours, language=one.language,
        )  # fmt: skip
        await street.ask("POST", f"/managers/{one.handle}/extensions", {"source": one.source, "extension": one.extension})
        if one.away:
            await street.ask(
                "POST", f"/managers/{one.handle}/absences", {"from": str(MONDAY), "to": str(TUESDAY), "kind": "vacation"}
            )
        urls[one.handle] = {
            "json": [f"json://{json_at}/{one.handle}"],
            "mailto": [f"mailto://{mail_at}?from=bridge@example.com&to={one.handle}@example.com&mode=insecure"],
            "none": [],
        }[one.channel]
    users = (("north", "supervisor", "north", False), ("south", "supervisor", "south", False), ("owner", "supervisor", None, True),
             ("admin", "admin", None, False))  # fmt: skip
    for login, role, of_team, is_owner in users:
        await street.ask("POST", "/users", {"login": login, "role": role, "team": of_team, "owner": is_owner})
    async with street.database.begin() as conn:
        for handle, mine in urls.items():
            await conn.execute("update managers set notify = $2 where handle = $1", handle, [vault.close(url) for url in mine])
        for login, *_ in users:
            await conn.execute(
                "update users set notify = $2 where login = $1", login, [vault.close(f"json://{json_at}/u-{login}")]
            )


async def base(street: Street, members: list[Member], dice: random.Random, per_manager: int = 25) -> dict[str, int]:
    """Old leads with planned contacts, some overdue, some on the Saturday before; number -> lead."""
    leads = {}
    for one in members:
        for index in range(per_manager):
            number = f"+799901{int(one.extension):03d}{index:02d}"
            leads[number] = await street.lead(number, name=f"Ромашка {one.extension}-{index}", manager=one.handle)
            if index % 2 == 0:
                day = MONDAY + timedelta(days=dice.choice([-3, -2, 0, 0, 0, 1, 5]))
                hour = 10 + index % 8
                body = {
                    "at": at(f"{hour}:00", day, one.zone).isoformat(),
                    "basis": "agreed",
                    "goal": "прислать прайс",
                    "author": one.handle,
                }
                set_at = at("10:00", MONDAY - timedelta(days=12)).isoformat()
                await street.ask("POST", f"/leads/{leads[number]}/next-contacts", body | {"set_at": set_at})
    return leads


async def live(street: Street, size: int, step: timedelta, *, per_manager: int = 25, dials: int = 68) -> Post:
    """From five in the morning till ten the next one; what everybody got."""
    dice = random.Random(5)
    members = team(size)
    post_box = Post(street.clock)
    app = web.Application()
    app.router.add_post("/{tail:.*}", post_box.take)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        mail_port = int(probe.getsockname()[1])
    mail = Controller(post_box, hostname="127.0.0.1", port=mail_port, ready_timeout=10)  # type: ignore[no-untyped-call]
    mail.start()  # type: ignore[no-untyped-call]
    async with TestServer(app) as server:
        street.clock.now = at("05:00", MONDAY - timedelta(days=20))
        await hire(street, members, f"127.0.0.1:{server.port}", f"127.0.0.1:{mail_port}")
        leads = await base(street, members, dice, per_manager)
        sender = sending.Post(
            street.database, street.company, "https://bridge.example.com", people.Vault(KEY), clock=street.clock
        )
        due: list[tuple[datetime, str, Any]] = []
        for one in members:
            for when, number, talk in (*one.calls(MONDAY, dice, dials), *one.calls(TUESDAY, dice, dials)):
                if when > at("10:00", TUESDAY):
                    continue
                row = ami_row(when, extension=one.extension, number=number, talk=talk)
                ended = when + timedelta(seconds=5 + talk)
                if not (one.source == "north" and SILENT[0] <= when < SILENT[1]):
                    due.append((ended, one.source, row))
                if number in leads and dice.random() < one.diligence:
                    written = ended + timedelta(minutes=dice.randint(1, 20))
                    note: dict[str, Any] = {
                        "author": one.handle,
                        "at": written.isoformat(),
                        "outcome": "talked" if talk else "no_answer",
                    }
                    if talk:
                        note |= {"text": f"Рассказал о поставке, просит прайс на {len(due)} позиций.", "goal": "выслать расчёт"}
                    note["next_contact"] = {"at": (written + timedelta(days=dice.choice([1, 2, 7]))).isoformat(), "basis": "own"}
                    due.append((written, f"/leads/{leads[number]}/comments", note))
        for minute in range(0, 40, 10):
            due.append(
                (
                    at(f"13:{minute:02d}"),
                    "south",
                    ami_row(at(f"13:{minute:02d}"), extension="999", number="+79990300001", talk=20),
                )
            )
        due.append((at("15:30"), "/handovers", {"from": members[2].handle, "to": [members[0].handle, members[1].handle]}))
        due.sort(key=lambda one: one[0])
        now, end = at("05:00"), at("10:00", TUESDAY)
        while now <= end:
            street.clock.now = now
            posted = False
            while due and due[0][0] <= now:
                when, where, body = due.pop(0)
                if where.startswith("/"):
                    if posted:
                        await street.understand()
                        posted = False
                    await street.ask("POST", where, body)
                else:
                    await street.post(body, where)
                    posted = True
            async with street.database.begin() as conn:  # the door goes by the real clock
                await conn.execute(
                    "update deliveries set received_at = $1, received_on = ($1 at time zone 'UTC')::date where received_at > $1",
                    now,
                )
            await worker.work_once(street.database, street.company, post=sender, now=now)
            now += step
    mail.stop()  # type: ignore[no-untyped-call]
    return post_box


async def _main(size: int, step: timedelta) -> None:
    logs.set_up("json", quiet=True)
    with tempfile.TemporaryDirectory() as where:
        database = await db.connect(db.embedded_url(Path(where)), "day_of_fifty")
        await db.migrate(database)
        told = Settings(admin_token=ADMIN, schema=database.schema)
        clock = Clock()
        async with TestClient(TestServer(build(database, told, with_worker=False, clock=clock))) as client:
            street = Street(client, database, company_of(told), clock)
            began = datetime.now(UTC)
            box = await live(street, size, step)
            print(f"lived in {datetime.now(UTC) - began}")
            for name, count in sorted(Counter(who for who, *_ in box.got).items()):
                print(f"{name}: {count}")
            for who, when, title, text in sorted(box.got, key=lambda one: (one[0], one[1])):
                print(f"\n=== {who} {when.astimezone(MOSCOW):%a %H:%M} | {title}\n{text}")
            board = (await street.ask("GET", f"/days/{MONDAY}"))["managers"]
            for line in board:
                print(
                    "BOARD",
                    line["manager"],
                    {m: line[m]["counted"] for m in ("dials", "connects", "new_leads")},
                    line["verdict"],
                    line["violations"],
                )
            print("STATUS", Counter((one["kind"], one["status"]) for one in await _all(street)))
            async with database.begin() as conn:
                rows = await conn.fetch("select code, status, count(*) as n from violations group by 1, 2 order by 1, 2")
                print("REGISTER", [(row["code"], row["status"], row["n"]) for row in rows])
        await database.close()


async def _all(street: Street) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        told = await street.ask("GET", "/notices?limit=500" + (f"&cursor={cursor}" if cursor else ""))
        found += told["items"]
        cursor = told["next"]
        if not cursor:
            return found


if __name__ == "__main__":
    numbers = [int(one) for one in sys.argv[1:]]
    asyncio.run(_main(numbers[0] if numbers else 50, timedelta(minutes=numbers[1] if len(numbers) > 1 else 5)))
