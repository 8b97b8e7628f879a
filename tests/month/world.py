"""Worlds to be judged: people, what they did and when it became known. Plain values from a seed; times are UTC.

A fact has ``at`` or ``started`` (when it happened) and ``known`` (when it is told); the passes say when deadlines are looked at.
Facts between two passes may be told in any order.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Fact = dict[str, Any]
World = dict[str, Any]
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
ZONES = ("Europe/Moscow", "Europe/Kaliningrad", "Asia/Yekaterinburg")
FIRST, HOLIDAY = date(2026, 11, 2), date(2026, 11, 4)
PASSES = [time(18, 30, tzinfo=UTC), time(20, 30, tzinfo=UTC), time(21, 30, tzinfo=UTC)]  # 23:30 in each of the zones


def days_of(first: date, number: int) -> list[date]:
    return [first + index * DAY for index in range(number)]


def norms_of(calls: int) -> dict[str, tuple[int, int]]:
    """Such that of so many calls a day some miss them, some meet them and some reach their target."""
    return {
        "dials": (calls * 5 // 8, calls * 7 // 8),
        "connects": (calls * 3 // 8, calls // 2),
        "new_leads": (calls // 4, calls * 3 // 8),
    }


def passes_of(days: Sequence[date], more: int = 3) -> list[datetime]:
    """At each zone's closing of a day, and of some days more for what falls due after the last."""
    return [
        datetime.combine(day, at) for day in (*days, *(days[-1] + (index + 1) * DAY for index in range(more))) for at in PASSES
    ]


def person(index: int, zone: str, **particulars: Any) -> Fact:
    usual = {"opens": "09:00", "closes": "18:00", "days": ("mon", "tue", "wed", "thu", "fri")}
    return {"handle": f"m{index:02}", "zone": zone, "extension": str(100 + index), **usual, **particulars}


def staff(number: int) -> list[Fact]:
    """Of three zones; every fifth works half a day, one by night, one on Saturdays too."""
    found = []
    for index in range(number):
        particulars: dict[str, Any] = {}
        if index % 5 == 4:
            particulars = {"closes": "13:00"}
        if index == 2:
            particulars = {"opens": "20:00", "closes": "08:00"}
        if index == 3:
            particulars = {"days": ("tue", "wed", "thu", "fri", "sat")}
        found.append(person(index, ZONES[index % 3], **particulars))
    return found


def call(key: str, extension: str, number: str | None, started: datetime, talk: int = 0, **more: Any) -> Fact:
    ring = more.pop("ring", 5)
    return {
        "kind": "call",
        "key": key,
        "revision": 0,
        "direction": "outbound",
        "extension": extension,
        "number": number,
        "started": started,
        "ended": started + timedelta(seconds=ring + talk),
        "talk": talk,
        "disposition": "answered" if talk else "no_answer",
        "via": "ip",
        "known": started + timedelta(seconds=ring + talk + 2),
        **more,
    }


class Month:
    """Writes a month day by day: each manager his calls, and after each what he makes of it, as diligent as he is."""

    def __init__(self, seed: int, *, managers: int, calls: int, days: Sequence[date]) -> None:
        self.dice = random.Random(seed)
        self.calls_a_day = calls
        self.days = days
        self.people = staff(managers)
        self.facts: list[Fact] = []
        self.numbers: dict[str, list[str]] = {one["handle"]: [] for one in self.people}
        self.entered: dict[str, datetime] = {}
        self.taken: set[datetime] = set()
        self.talks: dict[str, list[datetime]] = {}  # none is cut in two by a dropped line: test_found.py, EC-9
        self.made = 0
        work = [day for day in days if day.weekday() == 5]
        self.calendar = {work[1]: "work"} if len(work) > 1 else {}
        for one in self.people:
            for day in days:
                self.day(one, day)
        self.heartbeat()
        self.absences()
        self.outages()
        self.losses()

    def world(self) -> World:
        return {
            "managers": self.people,
            "norms": norms_of(self.calls_a_day),
            "calendar": self.calendar,
            "days": self.days,
            "facts": sorted(self.facts, key=lambda fact: (fact["known"], fact["kind"], fact.get("key", fact.get("ref", 0)))),
            "passes": passes_of(self.days),
        }

    def next(self) -> int:
        self.made += 1
        return self.made

    def day(self, one: Fact, day: date) -> None:
        """On a working day about as many calls as told, on another seldom some."""
        works = day.weekday() < 5 or self.calendar.get(day) == "work" or ("sat" in one["days"] and day.weekday() == 5)
        if not works and self.dice.random() > 0.05:
            return
        zone = ZoneInfo(one["zone"])
        begins = datetime.combine(day, time.fromisoformat(one["opens"]), zone).astimezone(UTC)
        ends = datetime.combine(day, time.fromisoformat(one["closes"]), zone).astimezone(UTC)
        length = (ends - begins) % DAY
        many = self.dice.randint(self.calls_a_day // 2, self.calls_a_day * 3 // 2) * length // (9 * HOUR)
        for _ in range(many if works else 3):
            after = self.dice.random() < 0.03 and one["closes"] > one["opens"]
            moment = begins + length * self.dice.random() + (3 * HOUR if after else timedelta())
            self.one_call(one, moment.replace(microsecond=0))

    def one_call(self, one: Fact, started: datetime) -> None:
        dice = self.dice
        mine = self.numbers[one["handle"]]
        number = dice.choice(mine[-12:]) if mine and dice.random() < 0.35 else None
        if number is None or any(abs(started - other) < 11 * MINUTE for other in self.talks.get(number, [])):
            number = f"+7999{self.next():07}"
            mine.append(number)
        kind = dice.choices(["dial", "answered", "missed", "internal"], [85, 8, 4, 3])[0]
        talk = dice.choice([0, 0, 5, 9, 10, 40, 90, 200] if kind == "dial" else [10, 30, 90])  # test_found.py, EC-49
        key = f"c{self.next()}"
        if kind == "internal":
            fact = call(key, one["extension"], None, started, talk, direction="internal")
        elif kind == "missed":
            fact = call(key, one["extension"], number, started, direction="inbound")
        else:
            fact = call(key, one["extension"], number, started, talk, direction="outbound" if kind == "dial" else "inbound")
            if kind == "dial" and dice.random() < 0.07:
                fact["via"] = "mobile"
        if number is not None and talk:
            self.talks.setdefault(number, []).append(started)
        if dice.random() < 0.03:
            fact["known"] += dice.randint(1, 3) * DAY
        self.facts.append(fact)
        if dice.random() < 0.02:
            self.facts.append(fact | {"revision": 1, "talk": 0, "disposition": "no_answer", "known": fact["known"] + 2 * HOUR})
        if kind != "internal":
            self.after(one, fact)

    def after(self, one: Fact, fact: Fact) -> None:
        """The lead, the comment and the date."""
        dice, number = self.dice, fact["number"]
        if (
            number not in self.entered
            and (when := dice.choices(["before", "soon", "tomorrow", "never"], [25, 60, 5, 10])[0]) != "never"
        ):
            lag = {"before": -dice.randint(1, 40) * HOUR, "soon": dice.randint(1, 240) * MINUTE, "tomorrow": 20 * HOUR}[when]
            self.entered[number] = fact["ended"] + lag
            self.lead(one, number, self.entered[number])
        if number not in self.entered:
            return
        told = dice.choices(["soon", "late", "never"], [88, 6, 6])[0]
        if told != "never":
            lag = dice.randint(1, 50) * MINUTE if told == "soon" else dice.randint(8, 30) * HOUR
            self.comment(one, fact, fact["ended"] + lag)
        if dice.random() < 0.7:
            at = fact["ended"] + dice.choices([dice.randint(1, 60) * MINUTE, 15 * HOUR], [92, 8])[0]
            for _ in range(dice.choices([1, 5], [97, 3])[0]):
                due = (at + dice.randint(0, 9) * DAY).replace(hour=dice.randint(6, 16))
                self.plan(one, number, at, due if due > at + HOUR else due + DAY)  # never by night: test_found.py, EC-51
                at += HOUR

    def own_second(self, at: datetime) -> datetime:
        """Nothing else is written in it: of two dates set at the same moment nobody can say which was the later."""
        while at in self.taken:
            at += timedelta(seconds=1)
        self.taken.add(at)
        return at

    def on_lead(self, number: str, at: datetime) -> datetime:
        """No sooner than there is a lead to write on."""
        return max(at, self.entered[number] + MINUTE)

    def lead(self, one: Fact, number: str, at: datetime) -> None:
        robot, imported = self.dice.random() < 0.05, self.dice.random() < 0.05
        self.facts.append(
            {
                "kind": "lead",
                "ref": self.next(),
                "number": number,
                "segment": "warm" if self.dice.random() < 0.08 else "cold",
                "author": None if robot else one["handle"],
                "source": "import" if imported else None,
                "at": at,
                "known": at,
            }
        )

    def comment(self, one: Fact, fact: Fact, at: datetime) -> None:
        """Written after its call and, of a number not yet entered, once there is a lead to write on."""
        ref = self.next()
        at = self.own_second(self.on_lead(fact["number"], at))
        only_outcome = fact["talk"] < 10 and self.dice.random() < 0.7
        outcome = "no_answer" if only_outcome else "talked"
        self.facts.append(
            {
                "kind": "comment",
                "ref": ref,
                "number": fact["number"],
                "call": fact["key"],
                "author": None if self.dice.random() < 0.03 else one["handle"],
                "text": "" if only_outcome else self.words(ref),
                "outcome": outcome,
                "at": at,
                "known": max(at, fact["known"]),
            }
        )

    def words(self, ref: int) -> str:
        """Mostly of some use; seldom too few, or what one always writes."""
        return self.dice.choices(
            [f"Разговор номер {ref}: прислать прайс и обсудить поставку", "ок", "Перезвонить на неделе, думают"], [90, 5, 5]
        )[0]

    def plan(self, one: Fact, number: str, at: datetime, due: datetime) -> None:
        at = self.own_second(self.on_lead(number, at))
        author = None if self.dice.random() < 0.03 else one["handle"]
        basis = self.dice.choice(["own", "agreed"])
        self.facts.append(
            {
                "kind": "plan",
                "ref": self.next(),
                "number": number,
                "author": author,
                "due": due if due > at else due + DAY,
                "basis": basis,
                "at": at,
                "known": at,
            }
        )

    def heartbeat(self) -> None:
        """Two desks that call each other all night, so that the PBX is heard while one manager is alone with it."""
        at = datetime.combine(self.days[0] - DAY, time(14, 30, tzinfo=UTC))
        while at < datetime.combine(self.days[-1] + 2 * DAY, time(3, tzinfo=UTC)):
            if not 4 <= at.hour < 14:
                self.facts.append(call(f"h{at:%d%H%M}", "900", None, at, 20, direction="internal"))
            at += 15 * MINUTE

    def absences(self) -> None:
        """Entered long before, on the day, and two days after (EC-52)."""
        for place, one in enumerate(self.people[::4]):
            day = self.days[min(3 + 2 * place, len(self.days) - 3)]
            while (day - DAY).weekday() > 4 or day - DAY == HOLIDAY:  # test_found.py, EC-51
                day += DAY
            known = datetime.combine(day + (place % 3 - 1) * 2 * DAY, time(9, tzinfo=UTC))
            if place % 3 == 0:
                known = datetime.combine(self.days[0] - DAY, time(9, tzinfo=UTC))
            self.facts.append(
                {
                    "kind": "absence",
                    "ref": self.next(),
                    "handle": one["handle"],
                    "from": day,
                    "to": day + (place % 2) * DAY,
                    "known": known,
                }
            )

    def losses(self) -> None:
        """Some leads are given up, each after all else that is told of it: a lead is lost when that is said."""
        authors = {fact["number"]: fact["author"] for fact in self.facts if fact["kind"] == "lead" and fact["author"]}
        last: dict[str, datetime] = {}
        for fact in self.facts:
            if (number := fact.get("number")) is not None:
                last[number] = max(last.get(number, fact["known"]), fact["known"])
        for number, author in authors.items():
            if self.dice.random() < 0.02:
                at = last[number] + HOUR
                self.facts.append({"kind": "lost", "ref": self.next(), "number": number, "author": author, "at": at, "known": at})

    def outages(self) -> None:
        """Once nothing of three hours was ever told; once it was told in the evening; once a supervisor recorded an hour."""
        if len(self.days) < 12:
            return
        lost, late, said = (datetime.combine(self.days[index], time(8, tzinfo=UTC)) for index in (8, 9, 11))
        self.facts = [fact for fact in self.facts if not (fact["kind"] == "call" and lost <= fact["started"] < lost + 3 * HOUR)]
        gone = {fact["key"] for fact in self.facts if fact["kind"] == "call"}
        self.facts = [fact for fact in self.facts if fact["kind"] != "comment" or fact["call"] in gone]
        for fact in self.facts:
            if fact["kind"] == "call" and late <= fact["started"] < late + 3 * HOUR:
                fact["known"] = max(fact["known"], late + 10 * HOUR)
        known = {fact["key"]: fact["known"] for fact in self.facts if fact["kind"] == "call" and fact["revision"] == 0}
        for fact in self.facts:
            if fact["kind"] == "comment":
                fact["known"] = max(fact["known"], known[fact["call"]])
        self.facts.append(
            {
                "kind": "silence",
                "ref": self.next(),
                "settled_as": "outage",
                "from": said,
                "to": said + HOUR,
                "known": said + 30 * HOUR,
            }
        )
