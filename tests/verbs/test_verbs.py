"""The command line as an administrator types it: installing, asking, mending; exit codes and what is printed where."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from telephony_bridge.cli import app
from tests.notices.receivers import always, site
from tests.street import MONDAY, ami_row, at
from tests.verbs.conftest import Run


async def test_ten_minutes_of_an_administrator(run: Run, tmp_path: Path) -> None:
    assert "nothing to do" in (await run("migrate")).output
    source = json.loads((await run("source", "add", "office", "--dialect", "asterisk", "--trunk", "PJSIP/trunk*=ip")).output)
    assert set(source) == {"name", "dialect", "url", "token"}
    assert source["url"].endswith(f"/webhooks/office/{source['token']}")
    await run("manager", "add", "ivan", "--name", "Иван", "--extension", "office:101", "--extension", "117", "--team", "north")
    base = tmp_path / "base.csv"
    base.write_text(
        "phone,name,company,manager\n8 999 000-00-01,Анна,Ромашка,ivan\n12,Борис,Лютик,\n89990000001,Вера,,\n", "utf-8"
    )
    told = json.loads((await run("lead", "import", str(base))).output)
    assert (told["added"], told["known"], told["rejected"]) == (1, 0, 2)
    rejects = (tmp_path / "base.rejected.csv").read_text("utf-8").splitlines()
    assert rejects[0] == "phone,name,company,manager,reason"
    assert "no phone number" in rejects[1]
    assert "line 2" in rejects[2]
    again = json.loads((await run("lead", "import", str(base))).output)
    assert (again["added"], again["known"]) == (0, 1)

    cdr = tmp_path / "cdr.json"
    cdr.write_text(json.dumps([ami_row(at("10:00"), talk=40), ami_row(at("11:00"))]))
    assert json.loads((await run("import-cdr", "asterisk", str(cdr), "--source", "office")).output) == {
        "deliveries": 1, "known": 0, "refused": 0,
    }  # fmt: skip
    assert json.loads((await run("import-cdr", "asterisk", str(cdr), "--source", "office")).output)["known"] == 1

    await run("norm", "set", "--metric", "dials", "--segment", "cold", "--min", "2", "--target", "3", "--from", "2026-11-23")
    await run("policy", "set", "min_talk", "30", "--from", "2026-11-23", "--reason", "пробуем", "--manager", "ivan")
    assert (await run("work", "--once", "--now", "2026-11-23T23:59:00+03:00")).output == "0 deliveries settled\n"
    board = json.loads((await run("day", str(MONDAY), "--json")).output)
    (line,) = board["managers"]
    assert (line["dials"]["counted"], line["dials"]["min"], line["connects"]["counted"]) == (2, 2, 1)
    assert "Иван (ivan)" in (await run("day", str(MONDAY))).output

    (delivery,) = json.loads((await run("deliveries", "list", "--json")).output)
    shown = json.loads((await run("deliveries", "show", str(delivery["id"]), "--json")).output)
    assert shown["outcome"] == "understood"
    fixture = (await run("deliveries", "capture", str(delivery["id"]), "two_rows")).output.strip()
    assert "+79990000001" not in Path(fixture).read_text() or Path(fixture).read_text() != shown["body"]
    assert "1 deliveries wait" in (await run("deliveries", "replay", "--source", "office")).output
    await run("work", "--once", "--now", "2026-11-23T23:59:00+03:00")
    assert json.loads((await run("day", str(MONDAY), "--json")).output) == board

    token = json.loads((await run("token", "create", "bi", "--role", "supervisor")).output)
    assert set(token) == {"name", "role", "token"}
    user = json.loads((await run("user", "add", "olga", "--role", "manager", "--manager", "ivan")).output)
    assert len(user["password"]) >= 12
    fresh = json.loads((await run("source", "rotate", "office")).output)
    assert fresh["token"] != source["token"]
    assert (await run("source", "retire", "office")).output == "1 tokens retired\n"
    preview = (await run("notices", "preview", "--manager", "ivan", "--at", "2026-11-23T10:00:00+03:00")).output
    assert "На сегодня контактов не запланировано" in preview
    await run("manager", "leave", "ivan", "--on", "2026-12-01")
    (person,) = json.loads((await run("manager", "list", "--json")).output)
    assert (person["last_day"], person["hours"], person["days"]) == ("2026-11-30", "09:00-18:00", "mon-fri")
    assert (person["segments"], len(person["versions"])) == ({"cold": 100}, 1)
    await run("manager", "add", "vera", "--name", "Вера", "--extension", "118", "--segment", "cold:50", "--segment", "warm:30")
    assert "vera" in (await run("manager", "list")).output
    vera = json.loads((await run("manager", "list", "--json")).output)[1]
    assert (vera["segment"], vera["segments"]) == ("cold", {"cold": 50, "warm": 30})


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")  # Apprise's own import
async def test_a_trial_notice_says_which_channel_took_it(run: Run) -> None:
    async with site(always(200)) as good, site(always(404)) as bad:
        await run("migrate")
        await run("manager", "add", "ivan", "--name", "Иван", "--extension", "101", "--notify", good.url("/s3cret"))
        assert json.loads((await run("notify", "test", "ivan")).output) == [
            {"channel": "json", "outcome": "sent", "why": "HTTP 200"}
        ]
        await run(
            "manager",
            "add",
            "olga",
            "--name",
            "Ольга",
            "--extension",
            "102",
            "--notify",
            good.url(),
            "--notify",
            bad.url("/s3cret"),
        )
        told = await run("notify", "test", "olga", code=1)
    assert [one["outcome"] for one in json.loads(told.stdout)] == ["sent", "refused"]
    assert "json (HTTP 404)" in told.stderr
    assert "s3cret" not in told.output


async def test_r23_a_leavers_cards_are_passed_on(run: Run, tmp_path: Path) -> None:
    for handle, extension in (("ivan", "101"), ("olga", "102"), ("petr", "103")):
        await run("manager", "add", handle, "--name", handle.title(), "--extension", extension)
    lines = [f"+7999000000{number},Ромашка,ivan" for number in range(1, 4)]
    (tmp_path / "base.csv").write_text("\n".join(["phone,name,manager", *lines]), "utf-8")
    await run("lead", "import", "base.csv")
    asked = ("handover", "ivan", "--to", "olga", "--to", "petr")
    assert "nothing is moved yet" in (await run(*asked, "--preview")).output
    told = json.loads((await run(*asked, "--preview", "--json")).output)
    assert (told["id"], told["leads"], told["gaps"]) == (None, 3, [])
    assert "3 cards moved, hand-over 1" in (await run(*asked)).output
    again = json.loads((await run(*asked, "--json")).output)
    assert (again["id"], again["cards"]) == (1, 0)
    assert [(one["manager"], one["leads"]) for one in told["shares"]] == [("olga", 2), ("petr", 1)]
    await run("manager", "leave", "olga", "--on", "2026-01-01")
    assert "olga worked here until 2025-12-31" in (await run("handover", "petr", "--to", "olga", code=1)).stderr


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["source", "add", "office", "--dialect", "avaya"], 1, "asterisk"),
        (["source", "rotate", "nowhere"], 1, "nowhere"),
        (["manager", "leave", "nobody", "--on", "2026-12-01"], 1, "nobody"),
        (["manager", "leave", "nobody", "--on", "tomorrow"], 2, "tomorrow"),
        (["manager", "add", "ivan", "--name", "Иван", "--extension", "nowhere:101"], 1, "nowhere"),
        (["manager", "add", "ivan", "--name", "Иван", "--extension", "101", "--segment", "cold:half"], 1, "cold:50"),
        (["manager", "add", "ivan", "--name", "Иван", "--extension", "101", "--segment", "a:60", "--segment", "b:60"], 1, "100"),
        (["policy", "set", "ramp", "25,50"], 1, "25/50/75/100"),
        (["work", "--now", "2026-11-23T23:59:00+03:00"], 2, "--once"),
        (["work", "--once", "--now", "2026-11-23"], 2, "RFC 3339"),
        (["policy", "set", "min_talk", "ten"], 1, "seconds"),
        (["policy", "set", "colour", "red"], 1, "colour"),
        (["norm", "set", "--metric", "smiles", "--segment", "cold", "--min", "1", "--target", "2"], 1, "smiles"),
        (["day", "today"], 2, "today"),
        (["policy", "show", "--on", "today"], 2, "today"),
        (["policy", "show", "--manager", "nobody"], 1, "nobody"),
        (["policy", "try", "missing.json", "--from", "2026-11-23", "--to", "2026-11-24"], 1, "missing.json"),
        (["policy", "try", "missing.json", "--from", "2026-11-23"], 2, "--to"),
        (["deliveries", "show", "99"], 1, "99"),
        (["deliveries", "show", "99999999999999999999"], 2, "less than"),
        (["deliveries", "replay", "99999999999999999999"], 2, "less than"),
        (["deliveries", "capture", "99999999999999999999", "x"], 2, "less than"),
        (["source", "add", "x", "--dialect", "asterisk", "--region", "Россия"], 1, "two-letter"),
        (["source", "add", "x", "--dialect", "asterisk", "--timezone", "Europe"], 1, "IANA"),
        (["source", "add", "x", "--dialect", "asterisk", "--min-talk", "0"], 1, "min-talk"),
        (["source", "add", "x", "--dialect", "asterisk", "--clock-ahead", "-86401"], 1, "clock-ahead"),
        (["source", "add", "x", "--dialect", "asterisk", "--extension-pattern", "a{99999999999}"], 1, "extension-pattern"),
        (["deliveries", "replay"], 2, "which"),
        (["lead", "import", "missing.csv"], 1, "missing.csv"),
        (["import-cdr", "asterisk", "missing.csv", "--source", "office"], 1, "missing.csv"),
        (["token", "create", "x", "--role", "manager"], 1, "--manager"),
        (["token", "create", "x", "--role", "king"], 1, "king"),
        (["handover", "nobody", "--to", "olga"], 1, "nobody"),
        (["handover", "ivan"], 2, "--to"),
        (["notify", "test", "nobody"], 1, "nobody"),
        (["understand", "avaya", "x"], 2, "avaya"),
        (["understand", "asterisk", "missing.json"], 1, "missing.json"),
        (["dance"], 2, "dance"),
    ],
)
async def test_what_cannot_be_done_says_why_on_stderr(run: Run, args: list[str], code: int, says: str) -> None:
    result = await run(*args, code=code)
    assert says in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("TELEPHONY_BRIDGE_PORT", "eighty", "PORT"),
        ("TELEPHONY_BRIDGE_COLOUR", "red", "COLOUR is not a setting"),
        ("TELEPHONY_BRIDGE_TIMEZONE", "Moscow", "IANA"),
        ("TELEPHONY_BRIDGE_TIMEZONE", "Europe", "IANA"),
        ("TELEPHONY_BRIDGE_LANGUAGE", "de", "LANGUAGE"),
        ("TELEPHONY_BRIDGE_DATABASE_URL", "mysql://secret@x/y", "postgresql://"),
        ("TELEPHONY_BRIDGE_ADMIN_TOKEN", "short", "ADMIN_TOKEN"),
    ],
)
async def test_a_wrong_setting_stops_with_one_line(run: Run, name: str, value: str, says: str) -> None:
    result = await run("norm", "list", code=1, **{name: value})
    assert says in result.stderr
    assert "secret" not in result.stderr
    assert result.stderr.count("\n") == 1


async def test_an_empty_schema_asks_to_be_migrated(run: Run) -> None:
    result = await run("norm", "list", code=1, TELEPHONY_BRIDGE_SCHEMA="nothing_here")
    assert "telephony-bridge migrate" in result.stderr


async def test_understand_needs_no_database_and_prints_a_line_a_call(run: Run, tmp_path: Path) -> None:
    good, broken, other = tmp_path / "a.json", tmp_path / "b.json", tmp_path / "c.json"
    good.write_text(json.dumps([ami_row(at("10:00"), talk=40), ami_row(at("11:00"))]))
    broken.write_text('{"clid":""Анна" <101>"}')
    other.write_text(json.dumps({"Event": "Newchannel", "Channel": "PJSIP/1-1", "Uniqueid": "1.1"}))
    result = await run(
        "understand", "asterisk", *(str(path) for path in (good, broken, other)), "--timezone", "Europe/Moscow",
        "--trunk", "PJSIP/trunk*=ip", TELEPHONY_BRIDGE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing",
    )  # fmt: skip
    lines: list[dict[str, Any]] = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line.get("refused", line.get("started_at")) for line in lines] == [
        "2026-11-23T07:00:00Z", "2026-11-23T08:00:00Z", "malformed", "not_a_call",
    ]  # fmt: skip
    assert lines[2]["file"] == str(broken)


def _verbs(group: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        found += _verbs(command, (*path, name)) if hasattr(command, "commands") else [(*path, name)]
    return found


async def test_every_verb_has_help_with_an_example(run: Run) -> None:
    import typer.main

    verbs = _verbs(typer.main.get_command(app))
    assert len(verbs) > 20
    for verb in verbs:
        told = (await run(*verb, "--help")).output
        assert "Example: telephony-bridge " + " ".join(verb) in " ".join(told.split()), verb


@pytest.mark.parametrize("shape", ["array", "lines", "csv"])
async def test_a_broken_row_of_an_export_refuses_no_other(run: Run, tmp_path: Path, shape: str) -> None:
    await run("source", "add", "office", "--dialect", "asterisk", "--trunk", "PJSIP/trunk*=ip")
    rows = [ami_row(at("10:00"), talk=40), ami_row(at("11:00")) | {"Duration": "-5"}, ami_row(at("12:00"), talk=20)]
    export = tmp_path / "export"
    if shape == "csv":
        with export.open("w", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    else:
        export.write_text(json.dumps(rows) if shape == "array" else "\n".join(json.dumps(row) for row in rows))
    told = json.loads((await run("import-cdr", "asterisk", str(export), "--source", "office")).output)
    assert told == {"deliveries": 3, "known": 0, "refused": 1}
    outcomes = [one["outcome"] for one in json.loads((await run("deliveries", "list", "--json")).output)]
    assert sorted(outcomes) == ["malformed", "understood", "understood"]


@pytest.mark.parametrize("text", ["", "[1, 2", "\x00\x01", "<a/>", "Event,Source\n"])
async def test_an_export_that_is_none_is_refused(run: Run, tmp_path: Path, text: str) -> None:
    await run("source", "add", "office", "--dialect", "asterisk")
    (tmp_path / "export").write_text(text)
    result = await run("import-cdr", "asterisk", str(tmp_path / "export"), "--source", "office", code=1)
    assert "Traceback" not in result.output


async def test_exports_of_other_hands_are_read(run: Run, tmp_path: Path) -> None:
    await run("source", "add", "office", "--dialect", "asterisk")
    named = ami_row(at("10:00"), talk=40) | {"CallerID": '"Анна" <101>', "UserField": "\ud800"}
    export = tmp_path / "export"
    for number, body in enumerate((
        json.dumps([named | {"UserField": ""}], ensure_ascii=False).encode("cp1251"),
        json.dumps([named | {"UniqueID": "2.1", "LinkedID": "2.1"}]).encode(),
        json.dumps(named | {"UniqueID": "3.1", "LinkedID": "3.1"}, indent=1).encode(),
    ), 1):  # fmt: skip
        export.write_bytes(body)
        told = json.loads((await run("import-cdr", "asterisk", str(export), "--source", "office")).output)
        assert told == {"deliveries": 1, "known": 0, "refused": 0}, number
    outcomes = [one["outcome"] for one in json.loads((await run("deliveries", "list", "--json")).output)]
    assert outcomes == ["understood"] * 3


async def test_what_a_stranger_wrote_is_shown_as_it_is(run: Run, tmp_path: Path) -> None:
    await run("source", "add", "office", "--dialect", "asterisk")
    rows = [ami_row(at("10:00")) | {"StartTime": "[/b]Иванов"}, ami_row(at("11:00")) | {"Disposition": "[/b]89990000001 Иванов"}]
    (tmp_path / "export").write_text(json.dumps(rows))
    await run("import-cdr", "asterisk", str(tmp_path / "export"), "--source", "office")
    for verb in ("list", "reasons"):
        told = "".join((await run("deliveries", verb)).output.split())
        assert "[/b]" in told
        assert "Иванов" not in told
        assert "8999" not in told


async def test_a_grown_export_adds_what_is_new_and_one_event_dialects_take_exports_too(run: Run, tmp_path: Path) -> None:
    await run("source", "add", "own", "--dialect", "generic")
    await run("source", "add", "cloud", "--dialect", "mango")

    def line(number: int) -> str:
        return json.dumps({"id": number, "direction": "outbound", "number": f"+7999000{number:04}", "disposition": "no_answer",
                           "started_at": "2026-11-23T10:00:00+03:00", "ended_at": "2026-11-23T10:00:20+03:00"})  # fmt: skip

    export = tmp_path / "calls.jsonl"
    export.write_text("\n".join(line(number) for number in range(1200)))
    assert json.loads((await run("import-cdr", "generic", str(export), "--source", "own")).output)["deliveries"] == 3
    export.write_text("\n".join(line(number) for number in range(1210)))
    told = json.loads((await run("import-cdr", "generic", str(export), "--source", "own")).output)
    assert (told["deliveries"], told["known"]) == (1, 2)

    summary = {"entry_id": "a", "call_direction": 2, "from": {"extension": "101"}, "to": {"number": "79990000101"},
               "create_time": 1795417200, "talk_time": 0, "end_time": 1795417230, "disconnect_reason": 1111}  # fmt: skip
    export.write_text(json.dumps({**summary, "entry_id": "c"}, indent=2))
    assert json.loads((await run("import-cdr", "mango", str(export), "--source", "cloud")).output)["refused"] == 0
    export.write_text(json.dumps([summary, {**summary, "entry_id": "b"}]))
    told = json.loads((await run("import-cdr", "mango", str(export), "--source", "cloud")).output)
    assert told == {"deliveries": 2, "known": 0, "refused": 0}


async def test_other_settings_are_tried_out_of_a_file(run: Run, tmp_path: Path) -> None:
    await run("source", "add", "office", "--dialect", "asterisk", "--trunk", "PJSIP/trunk*=ip")
    await run("manager", "add", "ivan", "--name", "Иван", "--extension", "101")
    await run("policy", "set", "calendar", "none", "--from", "2001-01-01")  # whatever day the test is run on
    base, cdr = tmp_path / "base.csv", tmp_path / "cdr.json"
    base.write_text("phone,name\n+79990000001,Анна\n")
    monday = datetime.now(UTC).date() - timedelta(days=10)
    monday -= timedelta(days=monday.weekday())
    cdr.write_text(json.dumps([ami_row(at(f"{9 + index // 2}:{10 + index % 2 * 30}", monday), talk=40) for index in range(18)]))
    await run("lead", "import", str(base))
    await run("import-cdr", "asterisk", str(cdr), "--source", "office")
    await run("work", "--once")
    period = ("--from", str(monday), "--to", str(monday))
    tried = tmp_path / "tried.json"

    tried.write_text("{}")
    assert (await run("policy", "try", str(tried), *period)).output == f"{monday} to {monday}: nothing would change\n"
    tried.write_text(json.dumps({"policy": [{"name": "repeat_cap", "value": 18}],
                                 "norms": [{"metric": "dials", "segment": "cold", "min": 10, "target": 18, "manager": "ivan"}]}))  # fmt: skip
    told = json.loads((await run("policy", "try", str(tried), *period, "--json")).stdout)
    assert told["managers"][0]["violations"]["V06"] == {"before": 1, "after": 0}
    shown = (await run("policy", "try", str(tried), *period)).stdout
    for part in ("Иван (ivan)", "3 -> 18", "V06 1 -> 0"):
        assert part in shown
    as_toml = tmp_path / "tried.toml"
    as_toml.write_text(
        '[[policy]]\nname = "repeat_cap"\nvalue = 18\n'
        '[[norms]]\nmetric = "dials"\nsegment = "cold"\nmin = 10\ntarget = 18\nmanager = "ivan"\n'
    )
    assert json.loads((await run("policy", "try", str(as_toml), *period, "--json")).stdout) == told

    for text, says in (
        ("{", "JSON"),
        ('{"policy": [{"name": "colour", "value": 1}]}', "colour"),
        ('{"norms": [{"metric": "dials"}]}', "norms.0"),
    ):
        tried.write_text(text)
        refused = await run("policy", "try", str(tried), *period, code=1)
        assert says in refused.stderr
        assert refused.stdout == ""
    await run("policy", "set", "repeat_cap", "5", "--manager", "ivan", "--from", str(monday + timedelta(days=1)))
    for on, holds in (
        (monday, ("3", "default", None)),
        (monday + timedelta(days=1), ("5", "manager", str(monday + timedelta(days=1)))),
    ):
        told = json.loads((await run("policy", "show", "--manager", "ivan", "--on", str(on), "--json")).output)
        assert next((one["value"], one["for"], one["from"]) for one in told if one["name"] == "repeat_cap") == holds


async def test_ec_33_ec_66_a_source_has_its_own_threshold_and_its_clock_is_put_right(run: Run) -> None:
    await run("source", "add", "office", "--dialect", "asterisk", "--min-talk", "20", "--clock-ahead", "-90")
    (listed,) = json.loads((await run("source", "list", "--json")).output)
    assert listed["options"] == {"min_talk": 20, "clock_ahead": -90}
    told = json.loads((await run("source", "change", "office", "--clock-ahead", "0")).output)
    assert told["options"] == {"min_talk": 20, "clock_ahead": 0}


async def test_r33_the_base_as_a_table_and_as_json(run: Run, tmp_path: Path) -> None:
    await run("manager", "add", "ivan", "--name", "Иван", "--extension", "101")
    base = tmp_path / "base.csv"
    base.write_text("phone,name,manager\n+79990000001,Анна,ivan\n+79990000002,Борис,\n", "utf-8")
    await run("lead", "import", str(base))
    told = json.loads((await run("base", "--json")).output)
    assert (told["company"]["open"], told["company"]["untouched"]) == (2, 2)
    assert [(line["manager"], line["untouched"]) for line in told["managers"]] == [("ivan", 1), (None, 1)]
    table = (await run("base")).output
    assert "(nobody)" in table
    assert "in all" in table


async def test_a_delivery_shows_its_whole_life(run: Run, tmp_path: Path) -> None:
    await run("migrate")
    await run("source", "add", "office", "--dialect", "asterisk", "--trunk", "PJSIP/trunk*=ip")
    await run("manager", "add", "ivan", "--name", "Иван", "--extension", "101")
    base, cdr = tmp_path / "base.csv", tmp_path / "cdr.json"
    base.write_text("phone,name,manager\n+79990000001,Ромашка,ivan\n", "utf-8")
    cdr.write_text(json.dumps([ami_row(at("10:00"), talk=40)]))
    await run("lead", "import", str(base))
    await run("import-cdr", "asterisk", str(cdr), "--source", "office")
    for clock in ("09:30", "10:40", "19:05"):
        await run("work", "--once", "--now", f"2026-11-23T{clock}:00+03:00")
    told = json.loads((await run("deliveries", "show", "1", "--json")).output)
    (call,) = told["life"]
    assert (call["manager"], call["match"], call["dial"], call["comment"]) == ("ivan", "matched", "counts", "late")
    assert call["number"] == "+7***01"
    (comment,) = [one for one in call["owed"] if one["code"] == "V01"]
    assert [move["to"] for move in comment["moves"]] == ["reminded", "open"]
    assert [(one["kind"], one["stage"]) for one in comment["notices"]] == [("debts", "reminded"), ("debts", "open")]
