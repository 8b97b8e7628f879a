"""The regulation said again, slowly and plainly: numbers, verdicts and violations of a world (``world.py``) as of its last pass.

Written from the rules and not from the product: dicts and lists, nothing imported from it, every rule under its number.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from tests.month.days import Days, Fact

Owed = tuple[str, str, Fact, date, datetime, datetime | None]  # code, subject, who, day, until when, when it was done
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MOSCOW = ZoneInfo("Europe/Moscow")  # the company's clock
METRICS = {"dials": "V06", "connects": "V07", "new_leads": "V08"}
UNREACHED = {"no_answer", "busy", "voicemail", "wrong_number", "hung_up"}
STOP_LIST = {"ок", "звонил", "-"}


class Reference:
    """All that is asked of a world: ``lines`` and ``violations``."""

    def __init__(self, world: dict[str, Any]) -> None:
        self.world = world
        self.now: datetime = world["passes"][-1]
        self.people = {person["handle"]: person for person in world["managers"]}
        self.by_extension = {person["extension"]: person for person in world["managers"]}
        told = [fact for fact in world["facts"] if fact["known"] <= self.now]
        self.calls = sorted(last_words(told), key=lambda call: (call["started"], call["key"]))
        self.leads = {lead["number"]: lead for lead in told if lead["kind"] == "lead"}
        self.comments, self.plans = by_number(told, "comment"), by_number(told, "plan")
        self.silences = [fact for fact in told if fact["kind"] == "silence"]
        self.days = Days(world["calendar"], [fact for fact in told if fact["kind"] == "absence"])
        self.losses = {fact["number"]: fact for fact in told if fact["kind"] == "lost"}
        self.starts = [call["started"] for call in self.calls]
        self.told_on = Counter(call["started"].date() for call in self.calls)
        self.of_day: dict[tuple[str, date | None], list[Fact]] = {}
        self.on_number: dict[str, list[Fact]] = {}
        for call in self.calls:
            call["who"] = self.by_extension.get(call["extension"])
            call["day"] = self.days.day_of(call["who"], call["started"]) if call["who"] else None
            self.of_day.setdefault((call["extension"], call["day"]), []).append(call)
            if call["number"] is not None:
                self.on_number.setdefault(call["number"], []).append(call)
        self.answers: dict[str, list[datetime]] = {}  # call -> when something was written of it
        self.onwards: dict[str, list[str]] = {}  # call -> it and the later ones of its series
        self.find_answers()

    # --- numbers -----------------------------------------------------------------------------------------------------------

    def lead_of(self, call: Fact) -> Fact | None:
        """EC-14, EC-15: the lead that has the number, entered before the call or in the seven days after its own."""
        lead = self.leads.get(call["number"])
        return lead if lead is not None and lead["at"].astimezone(MOSCOW).date() <= call["day"] + 7 * DAY else None

    def reflected(self, call: Fact) -> bool:
        """R14: on a lead by the day's closing."""
        lead = self.lead_of(call)
        return lead is not None and lead["at"] <= self.days.closes(call["who"], call["day"])

    def line(self, person: Fact, day: date) -> dict[str, Any]:
        """His day as the board has it (CONTRACT §6.2)."""
        dials = [call for call in self.of_day.get((person["extension"], day), []) if call["direction"] == "outbound"]
        counted, connected = 0, 0
        why: dict[str, int] = {}
        per_number: dict[str, int] = {}
        for call in dials:
            word = None
            if call["via"] != "ip":
                word = "non_ip"  # R15
            elif not self.reflected(call):
                word = "no_lead"  # R14
            elif self.leads[call["number"]]["segment"] != "cold":
                word = "wrong_segment"  # R42
            elif per_number.get(call["number"], 0) >= 3:
                word = "repeat"  # EC-34
            if word is not None:
                why[word] = why.get(word, 0) + 1
                continue
            per_number[call["number"]] = per_number.get(call["number"], 0) + 1
            counted += 1
            connected += self.is_conversation(call)
        on_lead = [
            call
            for call in dials
            if call["via"] == "ip" and self.reflected(call) and self.leads[call["number"]]["segment"] == "cold"
        ]
        entered = self.entered(person, day)
        found: dict[str, Any] = {
            "dials": {"pbx": len(dials), "crm": len(on_lead), "counted": counted},
            "connects": {
                "pbx": sum(call["disposition"] == "answered" for call in dials),
                "crm": sum(call["disposition"] == "answered" for call in on_lead),
                "counted": connected,
            },
            "new_leads": {
                "pbx": sum(self.was_dialled(person, lead, day) for lead in entered),
                "entered": len(entered),
                "counted": sum(self.was_dialled(person, lead, day) and lead["segment"] == "cold" for lead in entered),
            },
            "not_counted": why,
        }
        for metric in METRICS:
            found[metric] |= self.bounds(person, day, metric)
        found["scheduled"] = self.days.is_worked(person, day)
        found["verdict"] = self.verdict(person, day, found)
        return found

    def entered(self, person: Fact, day: date) -> list[Fact]:
        """R41, EC-62, EC-63: what he himself entered that day, by his own hand."""
        return [
            lead
            for lead in self.leads.values()
            if lead["author"] == person["handle"] and lead["source"] != "import" and self.days.day_of(person, lead["at"]) == day
        ]

    def was_dialled(self, person: Fact, lead: Fact, day: date) -> bool:
        """EC-62: by him, by IP, within one working day before or after it was entered."""
        first, last = self.days.worked_beside(person, day, -1), self.days.worked_beside(person, day, 1)
        return any(
            call["who"] is person and call["direction"] == "outbound" and call["via"] == "ip" and first <= call["day"] <= last
            for call in self.on_number.get(lead["number"], [])
        )

    def bounds(self, person: Fact, day: date, metric: str) -> dict[str, int]:
        """EC-53, EC-54, EC-55: the norm by his hours of that day, rounded half up; none on a day off."""
        share = self.days.hours(person, day) / 8 if self.days.is_worked(person, day) else 0
        low, high = self.world["norms"][metric]
        return {"min": int(low * share + 0.5), "target": int(high * share + 0.5)}

    def verdict(self, person: Fact, day: date, line: dict[str, Any]) -> str:
        """R43: of three metrics the worst; none without evidence."""
        if not self.days.is_worked(person, day):
            return "off"
        if not self.is_closed(person, day):
            return "pending"
        if self.gaps(person, day):
            return "not_evaluated"
        zones = ["not_met", "met", "target"]
        return zones[min(self.zone(line[metric]) for metric in METRICS)]

    @staticmethod
    def zone(numbers: dict[str, int]) -> int:
        return 0 if numbers["counted"] < numbers["min"] else 1 if numbers["counted"] < numbers["target"] else 2

    def is_closed(self, person: Fact, day: date) -> bool:
        return self.days.closes(person, day) <= self.now

    def gaps(self, person: Fact, day: date) -> list[tuple[datetime, datetime]]:
        """EC-40, CONTRACT §8: silences of the PBX in his shift longer than it takes, beyond one break; recorded outages always."""
        begins, ends = self.days.shift(person, day)
        outages = [
            (one["from"], one["to"])
            for one in self.silences
            if one["settled_as"] == "outage" and one["from"] < ends and one["to"] > begins
        ]
        reach = self.calls[bisect_left(self.starts, begins - 4 * HOUR) : bisect_left(self.starts, ends)]
        begun = [call["started"] for call in reach if call["started"] >= begins]
        between = [later - earlier for earlier, later in pairwise(begun)]
        longest = max(30 * MINUTE, 3 * median(between)) if between else 30 * MINUTE
        pauses = [(one["from"], one["to"]) for one in self.silences if one["settled_as"] == "pause"]
        heard, silent = begins, []
        for started, ended in [*sorted([(call["started"], call["ended"]) for call in reach] + pauses), (ends, ends)]:
            if min(started, ends) - heard > longest:
                silent.append((heard, min(started, ends)))
            heard = max(heard, ended)
        silent.sort(key=lambda gap: gap[1] - gap[0])
        if silent and silent[-1][1] - silent[-1][0] <= longest + HOUR:
            silent.pop()
        return outages + silent

    # --- who wrote what of which call ----------------------------------------------------------------------------------------

    def duty_of(self, call: Fact) -> Fact | None:
        """EC-27: the last who talked ten seconds or more with the client, else whose call it is."""
        last = [self.by_extension.get(one["extension"]) for one in call.get("talked", []) if one["seconds"] >= 10]
        return last[-1] if last else call["who"]

    def is_conversation(self, call: Fact) -> bool:
        """R40, EC-32, EC-33: a person answered and talked ten seconds; an answering machine, by the manager's own word, is none."""
        if call["disposition"] != "answered" or call["talk"] < 10:
            return False
        return not any(one["call"] == call["key"] and one["outcome"] == "voicemail" for one in self.by_person(call))

    def by_person(self, call: Fact) -> list[Fact]:
        """R19, EC-5, EC-6: comments on the call's lead by people, no older than two minutes before it began."""
        return [
            one
            for one in self.comments.get(call["number"], [])
            if one["author"] is not None and one["at"] >= call["started"] - 2 * MINUTE
        ]

    def find_answers(self) -> None:
        """EC-9, EC-10: each comment, in the order of time, answers for the calls of a series."""
        for lead in self.leads.values():
            calls = self.on_number.get(lead["number"], [])
            owing = [call for call in calls if call["direction"] == "outbound" or call["disposition"] == "answered"]
            chains = self.series([call for call in owing if self.duty_of(call) is not None])
            for chain in chains:
                keys = [call["key"] for call in chain]
                self.onwards |= {key: keys[place:] for place, key in enumerate(keys)}
            for one in self.comments.get(lead["number"], []):
                if one["author"] is not None:
                    for call in self.answered_by(one, chains):
                        self.answers.setdefault(call["key"], []).append(one["at"])

    def series(self, calls: list[Fact]) -> list[list[Fact]]:
        """EC-9: attempts and the call that follows within half an hour; a conversation and its second part after a dropped line."""
        found: list[list[Fact]] = []
        for call in calls:
            before = found[-1][-1] if found else None
            if before is not None and self.duty_of(before) is self.duty_of(call):
                quiet = call["started"] - before["ended"]
                longest = 5 * MINUTE if self.is_conversation(before) else 30 * MINUTE
                if quiet <= longest and (self.is_conversation(call) or not self.is_conversation(before)):
                    found[-1].append(call)
                    continue
            found.append([call])
        return found

    def answered_by(self, one: Fact, chains: list[list[Fact]]) -> list[Fact]:
        """A comment on a call answers for what has begun of its series, one on the lead for the latest that has no answer (EC-10).

        Words on the lead are about a conversation first, unless their outcome says that nobody was reached. An outcome without
        words is enough only where nobody talked (R18).
        """
        latest = list(reversed(chains))
        if one["call"] is None and one["text"] and one["outcome"] not in UNREACHED:
            talks = [chain for chain in latest if any(self.is_conversation(call) for call in chain)]
            latest = talks + [chain for chain in latest if chain not in talks]
        for chain in latest:
            begun = [call for call in chain if call["started"] - 2 * MINUTE <= one["at"]]  # EC-5, EC-6
            if not any(one["call"] in (None, call["key"]) and self.is_said(one, call) for call in begun):
                continue
            meant = [call for call in begun if self.is_said(one, call)]
            if one["call"] is not None or any(call["key"] not in self.answers for call in meant):
                return meant
        return []

    def is_said(self, one: Fact, call: Fact) -> bool:
        return bool(one["text"]) or (one["outcome"] is not None and not self.is_conversation(call))

    def hard(self, person: Fact, call: Fact) -> datetime:
        """EC-7, EC-4: an hour after the shift's end, and never less than two hours after the call's."""
        soonest: datetime = call["ended"] + 2 * HOUR
        return max(soonest, self.days.shift(person, self.days.day_of(person, call["started"]))[1] + HOUR)

    def by_closing(self, person: Fact, call: Fact) -> datetime:
        """V02, V04, V05: by the day's closing; who calls at night has his two hours too."""
        soonest: datetime = call["ended"] + 2 * HOUR
        return max(soonest, self.days.closes(person, self.days.day_of(person, call["started"])))

    # --- violations ------------------------------------------------------------------------------------------------------------

    def violations(self) -> set[tuple[str, str, str, date, str]]:
        """(code, subject, handle, day, status) of all that is or was owed too long: status open or fixed_late."""
        found: dict[tuple[str, str, str, date], str] = {}
        for code, subject, person, day, due, met in self.owed():
            status = judged(due, met, self.now)
            if status is not None and day in self.world["days"]:
                found[code, subject, person["handle"], day] = status  # of two the same day the later stands
        return {(*key, status) for key, status in found.items()}

    def owed(self) -> Iterator[Owed]:
        for call in self.calls:
            for code, person, due, met in self.duties(call):
                yield code, call["key"], person, self.days.day_of(person, call["started"]), due, met
        for person in self.world["managers"]:
            for day in self.world["days"]:
                yield from self.norms_missed(person, day)
        for duties in (self.planned_contacts, self.uncalled_leads, self.pushed_dates, self.leads_given_up):
            yield from duties()

    def attempts(self, number: str) -> list[datetime]:
        """EC-49, EC-50: dials to a lead, answered or not, and conversations the client began."""
        return [
            call["started"]
            for call in self.on_number.get(number, [])
            if call["who"] is not None
            and self.lead_of(call) is not None
            and (call["direction"] == "outbound" or self.is_conversation(call))
        ]

    def kept_on(self, person: Fact, day: date) -> date:
        """EC-48, EC-51: what falls on a free day is kept on the next working day."""
        return day if self.days.is_worked(person, day) else self.days.worked_beside(person, day, 1)

    def heard_on(self, person: Fact, day: date, met: datetime | None) -> date:
        """EC-40: what was not kept on a day without evidence is due on the next one that has it.

        A recorded outage always is such a day, a silence where the PBX tells twenty calls or more on its usual day.
        """
        while True:
            closing = self.days.closes(person, day)
            if closing > self.now or (met is not None and met <= closing) or not self.is_deaf(person, day):
                return day
            day = self.days.worked_beside(person, day, 1)

    def is_deaf(self, person: Fact, day: date) -> bool:
        begins, ends = self.days.shift(person, day)
        if any(one["settled_as"] == "outage" and one["from"] < ends and one["to"] > begins for one in self.silences):
            return True
        week = [day - ago * DAY for ago in range(1, 8)]
        usual = [number for one in week if (number := self.told_on.get(one, 0))]
        return bool(self.gaps(person, day)) and bool(usual) and median(usual) >= 20

    def ended(self, plans: list[Fact], place: int) -> datetime | None:
        """When a date stopped standing: the next was set, or the lead was lost."""
        one = plans[place]
        lost = [loss["at"] for loss in [self.losses.get(one["number"])] if loss is not None and loss["at"] >= one["at"]]
        later = [other["at"] for other in plans[place + 1 :] if other["author"] is not None]  # R19: a machine's ends no one's
        return min(later[:1] + lost, default=None)

    def planned_contacts(self) -> Iterator[Owed]:
        """V09: the day a date fell on has passed without an attempt; one that was moved before is not missed."""
        for number, plans in self.plans.items():
            for place, one in enumerate(plans):
                if one["author"] is None:
                    continue
                person = self.people[one["author"]]
                due_day = self.days.day_of(person, one["due"])
                tries = [at for at in self.attempts(number) if at >= one["at"] and self.days.day_of(person, at) >= due_day]
                day = self.heard_on(person, self.kept_on(person, due_day), min(tries, default=None))
                closing, ended = self.days.closes(person, day), self.ended(plans, place)
                if ended is not None and ended < closing:
                    continue
                yield "V09", f"plan {one['ref']}", person, day, closing, min(tries, default=None)

    def uncalled_leads(self) -> Iterator[Owed]:
        """V14: entered by hand and never dialled by the end of the next working day."""
        for number, lead in self.leads.items():
            if lead["author"] is None or lead["source"] == "import":
                continue
            person = self.people[lead["author"]]
            day = self.days.day_of(person, lead["at"])
            first = min(self.attempts(number), default=None)
            met = max(first, lead["at"]) if first is not None else None
            closing = self.days.closes(person, self.heard_on(person, self.days.worked_beside(person, day, 1), met))
            yield "V14", number, person, day, closing, met

    def pushed_dates(self) -> Iterator[Owed]:
        """V15: a date moved three times in a row and nobody tried in between."""
        for number, plans in self.plans.items():
            mine, moves = [one for one in plans if one["author"] is not None], 0
            for before, after in pairwise(mine):
                tried = any(before["at"] <= at <= after["at"] for at in self.attempts(number))
                moves = 0 if tried else moves + 1
                if moves == 3:
                    person = self.people[after["author"]]
                    later = min((at for at in self.attempts(number) if at > after["at"]), default=None)
                    yield "V15", number, person, self.days.day_of(person, after["at"]), after["at"], later

    def leads_given_up(self) -> Iterator[Owed]:
        """V17: lost by a manager's own word before three conversations (R12)."""
        for number, loss in self.losses.items():
            talks = [
                call
                for call in self.on_number.get(number, [])
                if self.lead_of(call) is not None and self.is_conversation(call) and call["started"] <= loss["at"]
            ]
            if len(talks) < 3:
                person = self.people[loss["author"]]
                yield "V17", number, person, self.days.day_of(person, loss["at"]), loss["at"], None

    def norms_missed(self, person: Fact, day: date) -> Iterator[Owed]:
        """V06 to V08: counted below the minimum at the day's closing."""
        line = self.line(person, day)
        if line["verdict"] in ("off", "pending", "not_evaluated"):
            return
        for metric, code in METRICS.items():
            if line[metric]["counted"] < line[metric]["min"]:
                yield code, "day", person, day, self.days.closes(person, day), None

    def duties(self, call: Fact) -> list[tuple[str, Fact, datetime, datetime | None]]:
        """(code, who owes it, until when, when it was done) of a call: V01 to V05."""
        if call["number"] is None or call["direction"] == "internal" or self.duty_of(call) is None or call["who"] is None:
            return []
        person = self.duty_of(call)
        assert person is not None
        is_dial, talked = call["direction"] == "outbound", self.is_conversation(call)
        found: list[tuple[str, Fact, datetime, datetime | None]] = []
        lead = self.lead_of(call)
        if is_dial or talked:
            answered = min(self.answers.get(call["key"], []), default=None)
            closing = self.by_closing(person, call)
            found.append(("V01", person, self.hard(person, call), answered) if talked else ("V02", person, closing, answered))
            well = self.said_well(call)
            if talked and answered is not None and well != answered:
                found.append(("V16", person, self.hard(person, call), well))
            entered = lead["at"] if lead else None
            if is_dial:
                found.append(("V04", call["who"], self.by_closing(call["who"], call), entered))
            else:
                found.append(("V05", person, closing, entered))
        if lead is not None and (is_dial or call["disposition"] == "answered"):
            found.append(("V03", person, self.hard(person, call), self.date_set(call)))
        return found

    def said_well(self, call: Fact) -> datetime | None:
        """R20, V16: when a comment on its series, or on the lead, first said something."""
        return min(
            (
                one["at"]
                for one in self.by_person(call)
                if (one["call"] is None or one["call"] in self.onwards[call["key"]]) and one["text"] and not self.is_poor(one)
            ),
            default=None,
        )

    def is_poor(self, one: Fact) -> bool:
        """R20: under fifteen letters, an empty word, or what was said of the lead before."""
        words = plain(one["text"])
        before = [
            other["text"]
            for other in self.comments[one["number"]]
            if other["author"] is not None and other["text"] and (other["at"], other["ref"]) < (one["at"], one["ref"])
        ]
        return (
            sum(letter.isalpha() for letter in words) < 15 or words in STOP_LIST or words == plain(before[-1] if before else "")
        )

    def date_set(self, call: Fact) -> datetime | None:
        """R26, R37: since when a date after the call stands on its lead; one set before it and still ahead is as good."""
        plans = self.plans.get(call["number"], [])
        ahead = []
        for place, one in enumerate(plans):
            ended = self.ended(plans, place)
            stood = ended is None or ended > max(one["at"], call["ended"])
            if one["author"] is not None and one["due"] > call["ended"] and stood:
                ahead.append(max(one["at"], call["started"]))
        return min(ahead, default=None)


def by_number(told: list[Fact], kind: str) -> dict[str, list[Fact]]:
    """Facts of a kind in the order of time, by the lead's number."""
    found: dict[str, list[Fact]] = {}
    for fact in sorted((fact for fact in told if fact["kind"] == kind), key=lambda one: (one["at"], one["ref"])):
        found.setdefault(fact["number"], []).append(fact)
    return found


def last_words(told: list[Fact]) -> list[Fact]:
    """EC-36, EC-39: a call however often it was told; of its revisions the last."""
    calls: dict[str, Fact] = {}
    for fact in told:
        if fact["kind"] == "call" and fact["revision"] >= calls.get(fact["key"], fact)["revision"]:
            calls[fact["key"]] = fact
    return [dict(call) for call in calls.values()]


def plain(text: str) -> str:
    return " ".join(text.lower().split()).strip(" .,!?-")


def judged(due: datetime, met: datetime | None, now: datetime) -> str | None:
    """EC-8: late stays late; nothing is late before its time has come."""
    if met is not None and met <= due:
        return None
    if met is not None:
        return "fixed_late"
    return "open" if due <= now else None
