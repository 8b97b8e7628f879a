"""The whole product in one go: a sample team and a whole working day, told over HTTP through the real door and API."""

from __future__ import annotations

import asyncio
import random
import secrets
import socket
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import aiohttp
import typer
from aiohttp import web
from rich.console import Console

from telephony_bridge import db, logs, people, telling, worker
from telephony_bridge.app import build, company_of
from telephony_bridge.errors import BridgeError
from telephony_bridge.settings import Settings, read_settings
from telephony_bridge.verbs.norms import print_board
from telephony_bridge.verbs.running import refuse
from telephony_bridge.verbs.serving import until_told

SCHEMA = "telephony_bridge_demo"
TRUNK, GSM = "PJSIP/provider", "PJSIP/gsm-gate"


@dataclass(frozen=True, slots=True)
class Member:
    """A salesperson and how the sample day goes for him."""

    handle: str
    name: str
    extension: str
    dials: int
    answered: float  # share of dials that a person answers
    new_leads: int
    commented: float = 1.0  # share of conversations he writes about, with a next date
    gsm: float = 0.0  # share of dials through the GSM gateway
    unknown: float = 0.0  # share of dials to numbers that are nobody's lead
    redials: int = 0  # extra dials to one number


TEAM = (
    Member("maria", "Мария Орлова", "101", 72, 0.62, 11),
    Member("ivan", "Иван Лунин", "102", 64, 0.58, 10, commented=0.9),
    Member("olga", "Ольга Зимина", "103", 66, 0.55, 10, commented=0.4),
    Member("pavel", "Павел Гром", "104", 65, 0.6, 10, gsm=0.6),
    Member("anna", "Анна Веткина", "105", 50, 0.6, 4, redials=18),
    Member("denis", "Денис Скворцов", "106", 70, 0.57, 6, unknown=0.5),
)


@dataclass(slots=True)
class SampleDay:
    """The day's CDR rows as an AMI relay would post them, and what people recorded about the calls."""

    day: date
    leads: list[str]
    random: random.Random
    rows: list[dict[str, str]] = field(default_factory=list)
    notes: list[tuple[str, str, datetime, bool]] = field(default_factory=list)  # (handle, number, at, conversation)
    entered: list[tuple[str, str, datetime]] = field(default_factory=list)  # (handle, number, at)
    sequence: int = 0

    def _row(
        self,
        at: datetime,
        channel: str,
        peer: str,
        source: str,
        target: str,
        data: str,
        ring: int,
        talk: int,
        word: str,
        linked: str,
    ) -> None:
        self.sequence += 1
        identity = linked or f"{int(at.timestamp())}.{self.sequence}"
        answer = at + timedelta(seconds=ring) if talk or word == "ANSWERED" else None
        end = at + timedelta(seconds=ring + talk)
        self.rows.append(
            {
                "Event": "Cdr",
                "Source": source,
                "Destination": target,
                "DestinationContext": "from-internal",
                "CallerID": f'"" <{source}>',
                "Channel": f"{channel}-{self.sequence * 2:08x}",
                "DestinationChannel": f"{peer}-{self.sequence * 2 + 1:08x}" if peer else "",
                "LastApplication": "Dial" if peer else "Playback",
                "LastData": data,
                "StartTime": _local(at),
                "AnswerTime": _local(answer) if answer else "",
                "EndTime": _local(end),
                "Duration": str(ring + talk),
                "BillableSeconds": str(talk),
                "Disposition": word,
                "UniqueID": identity,
                "LinkedID": identity,
                "Sequence": str(self.sequence),
            }
        )

    def dial(self, member: Member, at: datetime, number: str, *, talk: int, trunk: str = TRUNK) -> None:
        """One outgoing call, in one row."""
        ring = self.random.randint(4, 25)
        ending = "ANSWERED" if talk else self.random.choice(["NO ANSWER", "NO ANSWER", "BUSY", "FAILED"])
        national = number.removeprefix("+")
        data = f"{trunk.split('/')[0]}/{national}@{trunk.split('/')[1]},30,tT"
        dialled = "8" + national[1:]
        self._row(at, f"PJSIP/{member.extension}", trunk, member.extension, dialled, data, ring, talk, ending, "")
        if number in self.leads or any(number == entered for _, entered, _ in self.entered):
            self.notes.append((member.handle, number, at + timedelta(seconds=ring + talk + 60), talk >= 10))

    def missed_by_all_but(self, taker: Member, at: datetime, number: str, talk: int) -> None:
        """An incoming call that rings three phones at once: three rows, one call, one who took it."""
        linked = f"{int(at.timestamp())}.{self.sequence + 1}"
        for member in (taker, *[other for other in TEAM if other is not taker][:2]):
            took = member is taker
            self._row(
                at, TRUNK, f"PJSIP/{member.extension}", number.removeprefix("+"), "74950000001",
                f"PJSIP/{member.extension}", 6, talk if took else 0, "ANSWERED" if took else "NO ANSWER", linked,
            )  # fmt: skip
        self.notes.append((taker.handle, number, at + timedelta(seconds=talk + 90), True))

    def internal(self, one: Member, other: Member, at: datetime) -> None:
        """Two colleagues."""
        self._row(
            at, f"PJSIP/{one.extension}", f"PJSIP/{other.extension}", one.extension, other.extension,
            f"PJSIP/{other.extension}", 3, 40, "ANSWERED", "",
        )  # fmt: skip


def _local(at: datetime) -> str:
    """As Asterisk writes it: the server's local time without a zone."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


def sample_day(day: date, zone: Any) -> SampleDay:
    """A deterministic day from 09:00 to 18:00 with an hour for lunch."""
    dice = random.Random(20)  # noqa: S311  # a sample day, not a secret
    sample = SampleDay(day, [f"+7999000{index:04d}" for index in range(1, 41)], dice)
    morning = datetime(day.year, day.month, day.day, 9, 2, tzinfo=zone)
    for row, member in enumerate(TEAM):
        numbers = list(_numbers(sample, member, row))
        for index, number in enumerate(numbers):
            minute = index * 470 / len(numbers)
            at = morning + timedelta(minutes=minute + (60 if minute > 220 else 0), seconds=dice.randint(0, 50))
            if number.startswith("+7999001") and all(number != entered for _, entered, _ in sample.entered):
                sample.entered.append((member.handle, number, at - timedelta(minutes=3)))
            talk = dice.randint(15, 160) if dice.random() < member.answered else dice.choice([0, 0, 0, 5])
            trunk = GSM if dice.random() < member.gsm else TRUNK
            sample.dial(member, at, number, talk=talk, trunk=trunk)
    for index in range(12):
        at = morning + timedelta(minutes=31 + index * 38)
        sample.missed_by_all_but(TEAM[index % len(TEAM)], at, sample.leads[index], dice.randint(20, 90))
        sample.internal(TEAM[index % 5], TEAM[index % 5 + 1], at + timedelta(minutes=4))
    return sample


def _numbers(sample: SampleDay, member: Member, row: int) -> Iterator[str]:
    """Whom a member dials: old leads, leads entered today, strangers, and one number again and again."""
    fresh = [f"+7999001{row}{index:03d}" for index in range(member.new_leads)]
    redialled = sample.leads[row]
    queue = fresh + [redialled] * member.redials
    while len(queue) < member.dials:
        if sample.random.random() < member.unknown:
            queue.append(f"+7999002{row}{len(queue):03d}")
        else:
            queue.append(sample.leads[len(queue) % len(sample.leads)])
    sample.random.shuffle(queue)
    return iter(queue)


class Teller:
    """Speaks to the running service as its users do."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address
        self._gate = asyncio.Semaphore(16)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._gate, self._session.post(f"{self._address}/api/v1{path}", json=body) as answer:
            if answer.status >= 400:
                raise BridgeError(f"POST {path} answered {answer.status}: {(await answer.text())[:300]}")
            return await answer.json(content_type=None)

    async def get(self, path: str) -> Any:
        async with self._gate, self._session.get(f"{self._address}/api/v1{path}") as answer:
            if answer.status >= 400:
                raise BridgeError(f"GET {path} answered {answer.status}: {(await answer.text())[:300]}")
            return await answer.json(content_type=None)

    async def deliver(self, url: str, row: dict[str, str]) -> int:
        async with self._gate, self._session.post(url, json=row) as answer:
            await answer.read()
            return answer.status


async def _tell_the_day(teller: Teller, sample: SampleDay, zone: Any) -> Counter[int]:
    """Managers, leads, a source; then the day's rows out of order and with repeats; then what people wrote."""
    since = (sample.day - timedelta(days=30)).isoformat()
    source = await teller.post(
        "/sources",
        {"name": "office", "dialect": "asterisk", "timezone": str(zone), "trunks": ["PJSIP/provider*=ip", "PJSIP/gsm-*=gsm"]},
    )
    for member in TEAM:
        await teller.post("/managers", {"handle": member.handle, "name": member.name, "team": "sales", "from": since})
        await teller.post(
            f"/managers/{member.handle}/extensions", {"source": "office", "extension": member.extension, "from": since}
        )
    before = datetime.combine(sample.day - timedelta(days=10), datetime.min.time(), UTC).isoformat()
    ids: dict[str, int] = {}
    for index, number in enumerate(sample.leads):
        lead = {"name": f"Компания {index + 1}", "phones": [number], "segment": "cold", "at": before}
        ids[number] = (await teller.post("/leads", lead))["id"]
    for handle, number, at in sample.entered:
        lead = {"name": f"Новый лид {number[-4:]}", "phones": [number], "segment": "cold", "author": handle, "at": at.isoformat()}
        ids[number] = (await teller.post("/leads", lead))["id"]

    rows = [*sample.rows, *sample.random.sample(sample.rows, 40)]  # a relay repeats itself now and then
    sample.random.shuffle(rows)
    late, rows = rows[:15], rows[15:]
    answers = Counter(await _deliver(teller, source["url"], rows))

    members = {member.handle: member for member in TEAM}
    for handle, number, at, conversation in sorted(sample.notes, key=lambda note: note[2]):
        if sample.random.random() >= members[handle].commented:
            continue
        later = (at + timedelta(days=sample.random.choice([1, 2, 7]))).isoformat()
        note: dict[str, Any] = {"author": handle, "at": at.isoformat(), "outcome": "talked" if conversation else "no_answer"}
        if conversation:
            note |= {"text": "Рассказал о поставке, попросил прайс и срок.", "goal": "выслать расчёт"}
        note["next_contact"] = {"at": later, "basis": "agreed" if conversation else "own", "goal": "созвон по расчёту"}
        await teller.post(f"/leads/{ids[number]}/comments", note)
    answers.update(await _deliver(teller, source["url"], late))  # after the comments on their calls: late, and as good
    return answers


async def _deliver(teller: Teller, url: str, rows: Sequence[dict[str, str]]) -> list[int]:
    """Posts rows and waits until they are understood; the statuses."""
    answers = await asyncio.gather(*(teller.deliver(url, row) for row in rows))
    while (await teller.get("/deliveries?outcome=waiting"))["items"]:
        await asyncio.sleep(0.05)
    return answers


def last_working_day(today: date) -> date:
    """Monday to Friday, before today."""
    day = today - timedelta(days=1)
    while day.isoweekday() > 5:
        day -= timedelta(days=1)
    return day


def demo(
    port: int | None = typer.Option(None, "--port", help="Where to serve; default: TELEPHONY_BRIDGE_PORT."),
    once: bool = typer.Option(False, "--once", help="Do it all, print the day's board and exit."),
) -> None:
    """A sample sales team and a whole working day through the real webhooks, then serves.

    Example: telephony-bridge demo --once
    """
    try:
        told = read_settings()
        free = _free_port(told.host) if once and port is None else port
        told = told.model_copy(
            update={
                "schema_name": SCHEMA,
                "admin_token": told.admin_token or secrets.token_urlsafe(24),
                "port": told.port if free is None else free,
                "public_url": None,
            }
        )
        asyncio.run(_run(told, once=once))
    except BridgeError as refused:
        refuse(str(refused))


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


async def _run(told: Settings, *, once: bool) -> None:
    logs.set_up(told.log_format, quiet=True)
    company = company_of(told)
    database = await db.open_database(told)
    try:
        async with database.pool.acquire() as conn:
            await conn.execute(f'drop schema if exists "{SCHEMA}" cascade')
        await db.migrate(database)
        runner = web.AppRunner(build(database, told, with_worker=True), access_log=None, shutdown_timeout=20)
        await runner.setup()
        try:
            await web.TCPSite(runner, told.host, told.port).start()
        except OSError as taken:
            raise BridgeError(f"port {told.port} is taken ({taken.strerror}); try --port 8081") from taken
        try:
            await _story(told, database, company)
            if not once:
                await until_told()
        finally:
            await runner.cleanup()
    finally:
        await database.close()


async def _story(told: Settings, database: db.Database, company: Any) -> None:
    day = last_working_day(datetime.now(UTC).astimezone(company.zone).date())
    sample = sample_day(day, company.zone)
    headers = {"Authorization": f"Bearer {told.admin_token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        teller = Teller(session, told.address)
        answers = await _tell_the_day(teller, sample, company.zone)
        await worker.work_once(database, company)
        lines = (await teller.get(f"/days/{day}"))["managers"]
        found = (await teller.get(f"/violations?date={day}&status=open&limit=500"))["items"]
    async with database.begin() as conn:
        anna = (await people.by_handle(conn, "anna"))["id"]
        signs = {
            "supervisor": await people.add_user(conn, "supervisor", "supervisor", None, now=datetime.now(UTC)),
            "anna": await people.add_user(conn, "anna", "manager", anna, now=datetime.now(UTC)),
        }
        form, _ = await telling.link_to(conn, "olga", "owed", address=told.address, company=company, now=datetime.now(UTC))
    out = Console()
    out.print(f"{sum(answers.values())} deliveries posted through the door, answers: {dict(answers)}")
    print_board(day, lines, as_json=False)
    out.print(
        "Open violations: " + ", ".join(f"{code} {number}" for code, number in sorted(Counter(v["code"] for v in found).items()))
    )
    api = f"{told.address}/api/v1"
    out.print(f"\nThe board:      {api}/days/{day}\nAPI:            {api}/openapi.json", soft_wrap=True)
    out.print(f"What Olga owes: {form}", soft_wrap=True, highlight=False)
    out.print(f"Metrics:        {told.address}/metrics\nAdmin token:    {told.admin_token}", soft_wrap=True)
    out.print("Sign in:        " + ", ".join(f"{login} / {password}" for login, password in signs.items()), highlight=False)
    out.print(
        f'\ncurl -H "Authorization: Bearer {told.admin_token}" "{api}/calls?date={day}&manager=anna&counted=repeat"',
        soft_wrap=True,
        highlight=False,
    )
