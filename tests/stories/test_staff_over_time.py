"""The staff over time: zones, shifts, part time, segments with shares and new hires, and what a change leaves alone."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.street import MONDAY, Street, ami_row, at

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)
YEKATERINBURG, BERLIN = ZoneInfo("Asia/Yekaterinburg"), ZoneInfo("Europe/Berlin")


@pytest.fixture
async def office(street: Street) -> Street:
    await street.source()
    return street


async def a_whole_day(office: Street, numbers: list[str], day: date = MONDAY, **row: Any) -> None:
    """A dial every seventeen minutes of the shift: a day with evidence."""
    for index in range(31):
        moment = at("09:05", day) + timedelta(minutes=17 * index)
        await office.post(ami_row(moment, number=numbers[index % len(numbers)], talk=20, **row))
    await office.understand()


async def change(office: Street, handle: str = "ivan", *, expect: int | None = None, **told: Any) -> dict[str, Any]:
    body = {name.removesuffix("_"): value for name, value in told.items()}
    return dict(await office.ask("PATCH", f"/managers/{handle}", body, expect=expect))


async def dates(office: Street) -> list[str]:
    return sorted(call["date"] for call in await office.calls())


async def norm_violations(office: Street) -> dict[str, list[str]]:
    """Code -> subjects that stand open, of the norms."""
    found: dict[str, list[str]] = {}
    for one in (await office.ask("GET", "/violations?status=open"))["items"]:
        if one["subject"]["kind"] == "day" and one["code"] in ("V06", "V07", "V08"):
            found.setdefault(one["code"], []).append(one["subject"]["id"])
    return {code: sorted(subjects) for code, subjects in found.items()}


# --- whose day a call is


async def test_ec_1_a_late_call_is_on_the_managers_next_day(office: Street) -> None:
    await office.manager("ivan", "101", timezone="Asia/Yekaterinburg")
    await office.manager("olga", "102", timezone="UTC")
    for extension in ("101", "102"):
        await office.post(ami_row(at("21:30", MONDAY, ZoneInfo("UTC")), extension=extension))
    await office.understand()
    assert {call["manager"]: call["date"] for call in await office.calls()} == {"ivan": str(TUESDAY), "olga": str(MONDAY)}


async def test_ec_2_both_half_past_two_of_the_long_night_are_one_day(office: Street) -> None:
    await office.manager(timezone="Europe/Berlin")
    long_day = date(2026, 10, 25)
    for hour in ("0:30", "1:30"):
        await office.post(ami_row(at(hour, long_day, ZoneInfo("UTC"))))
    await office.post(ami_row(at("23:30", long_day, BERLIN)))
    await office.understand()
    assert await dates(office) == [str(long_day)] * 3


async def test_ec_3_a_dial_after_midnight_is_on_the_shift_that_began_before(office: Street) -> None:
    await office.manager(hours="20:00-08:00")
    await office.lead()
    await office.dial("0:10", day=TUESDAY)
    await office.dial("9:00", day=TUESDAY)
    assert await dates(office) == [str(MONDAY), str(TUESDAY)]
    assert (await office.line(day=MONDAY))["dials"]["counted"] == 1


async def test_ec_4_a_call_over_midnight_is_on_the_day_it_began_and_due_by_its_end(office: Street) -> None:
    await office.manager()
    await office.dial("23:58", ring=0, talk=22 * 60)
    assert await dates(office) == [str(MONDAY)]
    (owed,) = (await office.ask("GET", "/violations?code=V01"))["items"]
    assert (owed["date"], owed["due_at"]) == (str(MONDAY), "2026-11-23T23:20:00Z")


# --- what a day owes


async def test_ec_51_who_is_away_owes_no_norm_and_promises_wait(office: Street) -> None:
    await office.manager()
    await office.ask("POST", "/managers/ivan/absences", {"from": str(MONDAY), "to": str(TUESDAY), "kind": "vacation"})
    lead = await office.lead(manager="ivan")
    planned = {
        "at": at("12:00").isoformat(),
        "basis": "agreed",
        "author": "ivan",
        "set_at": at("12:00", date(2026, 11, 20)).isoformat(),
    }
    await office.ask("POST", f"/leads/{lead}/next-contacts", planned)
    await office.dial("10:00", number="+79990000009")
    await office.work("23:59", TUESDAY)
    line = await office.line()
    assert (line["scheduled"], line["verdict"], line["dials"]["min"], line["dials"]["pbx"]) == (False, "off", 0, 1)
    assert await norm_violations(office) == {}
    (missed,) = (await office.ask("GET", "/violations?code=V09"))["items"]
    assert (missed["date"], missed["status"]) == (str(WEDNESDAY), "watching")


async def test_ec_52_an_absence_entered_afterwards_excuses_every_segment(office: Street) -> None:
    await office.manager(segments={"cold": 50, "warm": 50})
    await office.ask("POST", "/norms", {"metric": "dials", "segment": "warm", "min": 20, "target": 20, "from": "2026-11-01"})
    await a_whole_day(office, ["+79990000001"])
    await office.work("23:59")
    assert (await norm_violations(office))["V06"] == ["ivan/2026-11-23", "ivan/2026-11-23/warm"]
    await office.ask("POST", "/managers/ivan/absences", {"from": str(MONDAY), "to": str(MONDAY), "kind": "sick"})
    assert await norm_violations(office) == {}


async def test_ec_53_part_time_owes_its_part_from_the_day_it_begins(office: Street) -> None:
    await office.manager()
    await change(office, hours="09:00-13:00", from_=str(TUESDAY))
    await change(office, hours="09:00-12:00", from_=str(WEDNESDAY))
    lines = [await office.line(day=day) for day in (MONDAY, TUESDAY, WEDNESDAY)]
    assert [line["dials"]["min"] for line in lines] == [60, 30, 23]  # 22.5
    assert [line["new_leads"]["min"] for line in lines] == [10, 5, 4]  # 3.75


async def test_ec_54_proportions_multiply_before_they_are_rounded(office: Street) -> None:
    await office.manager(segments={"cold": 50, "warm": 50}, hours="09:00-13:00")
    eve = date(2026, 11, 3)
    line = await office.line(day=eve)
    assert (line["dials"]["min"], line["dials"]["target"]) == (11, 13)  # 60 and 70 of 3/8 and a half: 11.25, 13.125


async def test_ec_55_work_on_a_day_off_is_shown_and_its_calls_owe_as_ever(office: Street) -> None:
    await office.manager(days="tue-fri")
    await office.lead()
    await office.dial("10:00", talk=45)
    await office.work("23:59")
    line = await office.line()
    assert (line["scheduled"], line["verdict"], line["dials"]["counted"], line["dials"]["min"]) == (False, "off", 1, 0)
    assert ("V01", "open") in await office.violations()
    assert await norm_violations(office) == {}


async def test_ec_56_a_new_hire_owes_more_each_week(office: Street) -> None:
    await office.manager(**{"from": "2026-11-16", "segments": {"cold": 50, "warm": 50}})
    await office.manager("olga", "102")
    assert (await office.line())["dials"]["min"] == 30  # off unless the company says so
    await office.ask("POST", "/policy", {"name": "ramp", "value": "25/50/75/100", "from": "2026-11-01"})
    days = [date(2026, 11, 20), MONDAY, date(2026, 11, 30), date(2026, 12, 7), date(2026, 12, 14)]
    assert [(await office.line(day=day))["dials"]["min"] for day in days] == [8, 15, 23, 30, 30]  # 7.5, 15, 22.5
    assert (await office.line("olga"))["dials"]["min"] == 60


@pytest.mark.parametrize("typed", ["25/50/x", "0/50", "101", "", "25//50", "on"])
async def test_ec_56_a_ramp_that_is_none_is_refused(street: Street, typed: str) -> None:
    told = await street.ask("POST", "/policy", {"name": "ramp", "value": typed}, expect=422)
    assert "ramp" in told["title"] or "value" in told["title"]


# --- segments with shares


async def test_ec_57_half_of_the_work_owes_half_of_the_norm(office: Street) -> None:
    await office.manager(segments={"warm": 50, "cold": 50})
    line = await office.line()
    assert (line["segment"], line["dials"]["min"], line["connects"]["min"], line["new_leads"]["min"]) == ("warm", 30, 15, 5)
    assert line["segments"]["cold"]["share"] == 50
    assert (line["segments"]["cold"]["dials"]["min"], line["segments"]["warm"]["dials"]["min"]) == (30, 0)  # warm has no norm


async def test_ec_57_each_segment_is_judged_and_the_worst_stands(office: Street) -> None:
    await office.manager(segments={"cold": 50, "warm": 40})
    await office.ask("POST", "/norms", {"metric": "dials", "segment": "warm", "min": 20, "target": 20, "from": "2026-11-01"})
    for metric in ("connects", "new_leads"):
        await office.ask("POST", "/norms", {"metric": metric, "segment": "cold", "min": 0, "target": 0, "from": "2026-11-01"})
    cold = [f"+7999000{index:04}" for index in range(29)]
    for number in cold:
        await office.lead(number)
    await office.lead("+79990000777", segment="warm")
    await office.lead("+79990000888", segment="client")
    await a_whole_day(office, [*cold, "+79990000777", "+79990000888"])
    await office.dial("17:58", number=cold[0])
    await office.dial("17:59", number="+79990000999")
    await office.work("23:59")
    line = await office.line()
    assert line["dials"] == {"pbx": 33, "crm": 31, "counted": 31, "min": 38, "target": 43}
    of_cold, of_warm = line["segments"]["cold"]["dials"], line["segments"]["warm"]["dials"]
    assert of_cold == {"pbx": 32, "crm": 30, "counted": 30, "min": 30, "target": 35}
    assert of_warm == {"pbx": 1, "crm": 1, "counted": 1, "min": 8, "target": 8}
    assert line["not_counted"] == {"wrong_segment": 1, "no_lead": 1}
    assert line["verdict"] == "not_met"
    assert await norm_violations(office) == {"V06": ["ivan/2026-11-23/warm"]}
    before = (line, await office.violations())
    await office.work("23:59")
    ids = [delivery["id"] for delivery in (await office.ask("GET", "/deliveries?limit=100"))["items"]]
    for delivery_id in ids:
        await office.ask("POST", f"/deliveries/{delivery_id}/replay", {})
    await office.understand()
    assert (await office.line(), await office.violations()) == before


async def test_ec_57_a_lead_that_changes_segment_takes_its_dials_along(office: Street) -> None:
    await office.manager(segments={"cold": 50, "warm": 50})
    lead = await office.lead(author="ivan", at=at("9:30").isoformat())
    await office.dial("10:00", talk=30)

    async def counted() -> dict[str, tuple[int, int, int]]:
        segments = (await office.line())["segments"]
        return {
            name: tuple(one[metric]["counted"] for metric in ("dials", "connects", "new_leads")) for name, one in segments.items()
        }

    assert await counted() == {"cold": (1, 1, 1), "warm": (0, 0, 0)}
    await office.ask("PATCH", f"/leads/{lead}", {"segment": "warm"})
    assert await counted() == {"cold": (0, 0, 0), "warm": (1, 1, 1)}
    await office.ask("PATCH", f"/leads/{lead}", {"segment": "client"})
    assert await counted() == {"cold": (0, 0, 0), "warm": (0, 0, 0)}
    assert (await office.line())["new_leads"] == {"pbx": 1, "entered": 1, "counted": 0, "min": 5, "target": 5}


async def test_ec_57_without_a_lead_a_call_counts_for_the_greatest_share(office: Street) -> None:
    await office.manager(segments={"cold": 40, "warm": 60})
    await office.ask("POST", "/policy", {"name": "norm_needs_crm_match", "value": "false", "from": "2026-11-01"})
    await office.dial("10:00")
    segments = (await office.line())["segments"]
    assert {name: one["dials"]["counted"] for name, one in segments.items()} == {"warm": 1, "cold": 0}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"segments": {"cold": 60, "warm": 50}}, "100"),
        ({"segments": {"cold": 0}}, "segments"),
        ({"segments": {}}, "segments"),
        ({"segments": {"cold": 50}, "segment": "cold"}, "one of them"),
        ({"segments": {"cold": 40, " cold ": 40}}, "twice"),
        ({"segment": " "}, "segment"),
    ],
)
async def test_ec_57_shares_that_cannot_be_are_refused(street: Street, told: dict[str, Any], says: str) -> None:
    await street.manager()
    for method, path, more in (("POST", "/managers", {"handle": "olga", "name": "Ольга"}), ("PATCH", "/managers/ivan", {})):
        assert says in (await street.ask(method, path, more | told, expect=422))["title"]
    assert [one["handle"] for one in (await street.ask("GET", "/managers"))["items"]] == ["ivan"]


# --- versions


async def test_r3_a_change_leaves_closed_days_as_they_were_judged(office: Street) -> None:
    await office.manager()
    await office.lead()
    await a_whole_day(office, ["+79990000001"])
    await office.work("23:59")
    before = (await office.line(), await office.violations())
    told = await change(office, hours="09:00-12:00", days="wed-fri", timezone="America/New_York", team="north", segment="warm")
    assert [(one["from"], one["hours"], one["segment"]) for one in told["versions"]] == [
        (None, "09:00-18:00", "cold"), (str(TUESDAY), "09:00-12:00", "warm")]  # fmt: skip
    assert (told["hours"], told["timezone"], told["team"], told["versions"][1]["author"]) == (
        "09:00-12:00",
        "America/New_York",
        "north",
        "admin token",
    )
    await office.ask("POST", "/policy", {"name": "repeat_cap", "value": "3", "from": str(TUESDAY)})
    for delivery in (await office.ask("GET", "/deliveries?limit=100"))["items"]:
        await office.ask("POST", f"/deliveries/{delivery['id']}/replay", {})
    await office.work("23:59")
    assert (await office.line(), await office.violations()) == before
    assert (await office.line(day=TUESDAY))["scheduled"] is False


async def test_r3_a_day_asked_for_may_not_be_closed(office: Street) -> None:
    await office.manager()
    await office.dial("10:00")
    await office.work("23:59")
    for day in (MONDAY, date(2026, 11, 1)):
        told = await change(office, hours="09:00-13:00", from_=str(day), expect=422)
        assert "2026-11-23 are closed" in told["title"]
    await change(office, hours="09:00-13:00", from_=str(WEDNESDAY))
    assert [(await office.line(day=day))["dials"]["min"] for day in (MONDAY, TUESDAY, WEDNESDAY)] == [60, 60, 30]


async def test_before_any_day_is_closed_a_change_corrects_the_week_as_a_whole(office: Street) -> None:
    await office.manager(hours="09:00-13:00", timezone="America/New_York")
    await office.dial("2:00")
    assert await dates(office) == ["2026-11-22"]
    told = await change(office, hours="09:00-18:00", timezone="Europe/Moscow")
    assert [one["from"] for one in told["versions"]] == [None]
    assert await dates(office) == [str(MONDAY)]
    assert (await office.line())["dials"]["min"] == 60


async def test_a_week_with_no_closed_day_is_corrected_whatever_was_closed_before_it(office: Street) -> None:
    await office.manager()
    await office.dial("10:00")
    await office.work("23:59")
    await change(office, hours="09:00-13:00", from_=str(WEDNESDAY))
    told = await change(office, team="north")  # it is Wednesday
    assert [(one["from"], one["hours"], one["team"]) for one in told["versions"]] == [
        (None, "09:00-18:00", None), (str(WEDNESDAY), "09:00-13:00", "north")]  # fmt: skip


async def test_a_version_of_the_same_day_gives_way_and_telling_twice_changes_nothing(office: Street) -> None:
    await office.manager()
    await change(office, hours="09:00-13:00", from_="2026-12-01")
    once = await change(office, team="north", from_="2026-12-01")
    assert [(one["from"], one["hours"], one["team"]) for one in once["versions"]] == [
        (None, "09:00-18:00", None), ("2026-12-01", "09:00-13:00", "north")]  # fmt: skip
    assert (once["hours"], once["team"]) == ("09:00-18:00", None)  # what holds today
    assert await change(office, team="north", from_="2026-12-01") == once


async def test_from_alone_is_the_first_working_day(office: Street) -> None:
    await office.manager()
    told = await change(office, from_=str(TUESDAY))
    assert (told["from"], len(told["versions"])) == (str(TUESDAY), 1)
    assert (await office.line())["scheduled"] is False
    assert (await office.line(day=TUESDAY))["scheduled"] is True
    assert "from" in (await change(office, name="Иван", from_=str(WEDNESDAY), expect=422))["title"]
    assert (await change(office, name="Иван"))["from"] == str(TUESDAY)
    assert (await change(office, from_=None))["from"] is None


async def test_ec_1_a_new_zone_takes_effect_at_midnight_and_moves_no_call_before_it(office: Street) -> None:
    await office.manager()
    moments = [at("23:30"), at("0:30", TUESDAY), at("21:30", TUESDAY), at("22:30", TUESDAY)]
    for moment in moments:
        await office.post(ami_row(moment))
    await office.understand()
    assert await dates(office) == [str(MONDAY), *[str(TUESDAY)] * 3]
    await change(office, timezone="Asia/Yekaterinburg", from_=str(TUESDAY))
    assert await dates(office) == [str(MONDAY), *[str(TUESDAY)] * 2, str(WEDNESDAY)]
    assert at("0:30", WEDNESDAY, YEKATERINBURG) == moments[-1]


async def test_r38_a_team_has_its_norms_from_the_day_he_is_in_it(office: Street) -> None:
    await office.manager(team="south")
    norm = {"metric": "dials", "segment": "cold", "team": "north", "min": 20, "target": 30, "from": "2026-11-01"}
    await office.ask("POST", "/norms", norm)
    await change(office, team="north", from_=str(TUESDAY))
    assert [(await office.line(day=day))["dials"]["min"] for day in (MONDAY, TUESDAY)] == [60, 20]


async def test_ec_57_other_segments_hold_from_their_day(office: Street) -> None:
    await office.manager()
    await office.lead("+79990000002", segment="warm")
    await office.dial("10:00", number="+79990000002")
    await office.dial("10:00", number="+79990000002", day=TUESDAY)
    await change(office, segments={"cold": 50, "warm": 50}, from_=str(TUESDAY))
    assert [(call["date"], call["counts"]["dial"]) for call in await office.calls()] == [
        (str(TUESDAY), True),
        (str(MONDAY), False),
    ]
    assert "segments" not in await office.line()
    assert (await office.line(day=TUESDAY))["segments"]["warm"]["dials"]["counted"] == 1


async def test_ec_57_ec_38_a_late_call_corrects_the_segment_it_belongs_to(office: Street) -> None:
    await office.manager(segments={"cold": 90, "warm": 10})
    for metric in ("connects", "new_leads"):
        await office.ask("POST", "/norms", {"metric": metric, "segment": "cold", "min": 0, "target": 0, "from": "2026-11-01"})
    await office.ask("POST", "/norms", {"metric": "dials", "segment": "warm", "min": 10, "target": 20, "from": "2026-11-01"})
    await office.lead("+79990000002", segment="warm")
    await a_whole_day(office, ["+79990000009"])
    await office.work("23:59")
    assert await norm_violations(office) == {"V06": ["ivan/2026-11-23", "ivan/2026-11-23/warm"]}
    await office.dial("12:00", number="+79990000002")
    assert await norm_violations(office) == {"V06": ["ivan/2026-11-23"]}
    line = await office.line()
    assert (line["segments"]["warm"]["dials"]["counted"], line["verdict"]) == (1, "not_met")
    assert "corrected_at" in line
    (lead,) = (await office.ask("GET", "/leads?phone=89990000002"))["items"]
    await office.ask("PATCH", f"/leads/{lead['id']}", {"segment": "cold"})
    assert (await office.line())["segments"] == line["segments"]  # a closed day keeps the segment it knew
