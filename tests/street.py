"""A small company on the whole street: a door, an API and a worker on a real Postgres, spoken to as its users do."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient

from telephony_bridge import db, worker
from telephony_bridge.model import Company

ADMIN = "an-admin-token-of-the-tests"
MOSCOW = ZoneInfo("Europe/Moscow")
MONDAY = date(2026, 11, 23)


def at(clock: str, day: date = MONDAY, zone: ZoneInfo = MOSCOW) -> datetime:
    """A local wall-clock time of the test's day, as UTC."""
    hours, minutes, *seconds = (int(part) for part in clock.split(":"))
    return datetime(day.year, day.month, day.day, hours, minutes, *seconds, tzinfo=zone).astimezone(UTC)


def ami_row(
    started: datetime,
    *,
    extension: str = "101",
    number: str = "+79990000001",
    talk: int = 0,
    ring: int = 5,
    trunk: str = "PJSIP/trunk",
    inbound: bool = False,
    word: str | None = None,
    identity: str | None = None,
) -> dict[str, str]:
    """One call in one row, as an AMI relay posts it; the PBX's clock is Moscow's."""
    local = started.astimezone(MOSCOW)
    answer, end = local + timedelta(seconds=ring), local + timedelta(seconds=ring + talk)
    unique = identity or f"{int(started.timestamp())}.{int(extension) * 7 + int(number[-4:])}"
    instance = zlib.crc32(unique.encode()) & 0xFFFFFFF0  # a channel's name is its own, unless a test says otherwise
    inner, outer = f"PJSIP/{extension}-{instance:08x}", f"{trunk}-{instance + 1:08x}"
    plain = number.removeprefix("+")
    return {
        "Event": "Cdr",
        "Source": plain if inbound else extension,
        "Destination": "74950000001" if inbound else "8" + plain[1:],
        "DestinationContext": "from-trunk" if inbound else "from-internal",
        "CallerID": f'"" <{plain if inbound else extension}>',
        "Channel": outer if inbound else inner,
        "DestinationChannel": inner if inbound else outer,
        "LastApplication": "Dial",
        "LastData": inner[:-9] if inbound else f"{trunk.partition('/')[0]}/{plain}@{trunk.partition('/')[2]},30",
        "StartTime": f"{local:%Y-%m-%d %H:%M:%S}",
        "AnswerTime": f"{answer:%Y-%m-%d %H:%M:%S}" if talk else "",
        "EndTime": f"{end:%Y-%m-%d %H:%M:%S}",
        "Duration": str(ring + talk),
        "BillableSeconds": str(talk),
        "Disposition": word or ("ANSWERED" if talk else "NO ANSWER"),
        "UniqueID": unique,
        "LinkedID": unique,
        "Sequence": "1",
    }


@dataclass
class Clock:
    """What the API takes for now: two days after the tests' Monday, whatever day it is."""

    now: datetime = field(default_factory=lambda: at("12:00", MONDAY + timedelta(days=2)))

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Street:
    """``client`` speaks to the service, ``work`` is the worker's pass; the door and the worker's batches go by the real clock."""

    client: TestClient[Any, Any]
    database: db.Database
    company: Company
    clock: Clock
    token: str = ADMIN
    urls: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None, expect: int | None = None) -> Any:
        """JSON of an API answer; ``expect`` is its status, any 2xx if not given."""
        headers = {"Authorization": f"Bearer {token or self.token}"}
        async with self.client.request(method, "/api/v1" + path, json=body, headers=headers) as answer:
            told = await answer.json(content_type=None)
            assert answer.status == expect if expect else answer.status < 300, (answer.status, told)
            return told

    async def source(self, name: str = "office", **options: Any) -> str:
        """Registers an Asterisk; returns the path of its webhook."""
        body = {"name": name, "dialect": "asterisk", "timezone": "Europe/Moscow", "trunks": ["PJSIP/trunk*=ip", "PJSIP/gsm*=gsm"]}
        told = await self.ask("POST", "/sources", body | options)
        self.urls[name] = "/webhooks/" + told["url"].partition("/webhooks/")[2]
        return self.urls[name]

    async def manager(self, handle: str = "ivan", extension: str | None = "101", **particulars: Any) -> None:
        """Registers a salesperson with an extension."""
        await self.ask("POST", "/managers", {"handle": handle, "name": handle.title()} | particulars)
        if extension is not None:
            await self.ask("POST", f"/managers/{handle}/extensions", {"extension": extension})

    async def token_of(self, handle: str) -> str:
        """A token bound to a manager."""
        from telephony_bridge import people

        async with self.database.begin() as conn:
            row = await people.by_handle(conn, handle)
            return await people.create_token(conn, f"{handle}'s", "manager", row["id"], now=datetime.now(UTC))

    async def lead(self, number: str = "+79990000001", **particulars: Any) -> int:
        """Enters a lead long before the test's day unless told otherwise."""
        body = {"name": "Ромашка", "phones": [number], "at": at("09:00", MONDAY - timedelta(days=20)).isoformat()}
        return int((await self.ask("POST", "/leads", body | particulars))["id"])

    async def post(self, row: Any, source: str = "office", **more: Any) -> ClientResponse:
        """A delivery at the door."""
        return await self.client.post(self.urls[source], json=row, **more)

    async def dial(self, clock: str, *, day: date = MONDAY, source: str = "office", **row: Any) -> None:
        """One outgoing call at a local time, delivered and understood."""
        answer = await self.post(ami_row(at(clock, day), **row), source)
        assert answer.status == 200, await answer.text()
        await self.understand()

    async def understand(self) -> None:
        """The worker understands what waits; deadlines stay where they are."""
        while await worker.understand_some(self.database, self.company, now=datetime.now(UTC), wait=True):
            pass

    async def work(self, clock: str, day: date = MONDAY) -> None:
        """``work --once --now``: one full pass as of a local time."""
        await worker.work_once(self.database, self.company, now=at(clock, day))

    async def calls(self, query: str = "", **how: Any) -> list[dict[str, Any]]:
        return list((await self.ask("GET", f"/calls?{query}", **how))["items"])

    async def line(self, handle: str = "ivan", day: date = MONDAY) -> dict[str, Any]:
        """A manager's line of the board."""
        lines = (await self.ask("GET", f"/days/{day}?manager={handle}"))["managers"]
        return dict(lines[0])

    async def violations(self, query: str = "") -> list[tuple[str, str]]:
        """(code, status), in order of code."""
        items = (await self.ask("GET", f"/violations?{query}"))["items"]
        return sorted((one["code"], one["status"]) for one in items)
