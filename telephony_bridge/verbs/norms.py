"""norm set | list, policy show | set, day, payroll."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from telephony_bridge import db, norms, payroll, people, pipeline
from telephony_bridge.book import person_of
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import AUTHOR, JSON, day_of, in_transaction, next_midnight, show

norm_app = typer.Typer(help="Floors and goals of a working day, versioned.", no_args_is_help=True)
policy_app = typer.Typer(help="Settings of the regulation, versioned.", no_args_is_help=True)

TEAM = typer.Option(None, "--team", help="Only for this team.")
MANAGER = typer.Option(None, "--manager", help="Only for this manager, by handle.")
FROM = typer.Option(None, "--from", help="Holds from this local day; default: the next one.")


@norm_app.command("set")
def set_norm(
    metric: str = typer.Option(..., "--metric", help="dials, connects or new_leads."),
    segment: str = typer.Option(..., "--segment", help="Client segment, such as cold."),
    minimum: int = typer.Option(..., "--min", help="The floor of a full day."),
    target: int = typer.Option(..., "--target", help="The goal of a full day."),
    team: str | None = TEAM,
    manager: str | None = MANAGER,
    from_day: str | None = FROM,
) -> None:
    """A new version of a norm.

    Example: telephony-bridge norm set --metric dials --segment cold --min 60 --target 70 --from 2026-12-01
    """
    since = day_of(from_day, "--from")

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> int:
        manager_id = (await people.by_handle(conn, manager))["id"] if manager else None
        start = since or next_midnight(company, now)
        version = await norms.set_norm(
            conn,
            metric,
            segment,
            minimum=minimum,
            target=target,
            team=team,
            manager_id=manager_id,
            from_day=start,
            author=AUTHOR,
            now=now,
        )
        await pipeline.norms_changed(conn, company=company, since=start, now=now)
        return version

    print(f"norm {in_transaction(run)}")


@norm_app.command("list")
def list_norms(as_json: bool = JSON) -> None:
    """Every version.

    Example: telephony-bridge norm list
    """

    async def run(conn: db.Connection, *_: object) -> list[dict[str, Any]]:
        return await norms.list_norms(conn)

    show(in_transaction(run), as_json=as_json)


@policy_app.command("show")
def show_policy(
    team: str | None = typer.Option(None, "--team", help="What holds for this team."),
    manager: str | None = typer.Option(
        None, "--manager", help="What holds for this manager, by handle, in his team and segment."
    ),
    segment: str | None = typer.Option(None, "--segment", help="What holds for this segment."),
    on: str | None = typer.Option(None, "--on", help="What holds on this local day; default: today."),
    as_json: bool = JSON,
) -> None:
    """Every setting: what holds for the company or whom you name, whose version that is and since when, its default and meaning.

    Example: telephony-bridge policy show --manager ivan --on 2026-12-01
    """
    asked = day_of(on, "--on")

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> list[dict[str, Any]]:
        day = asked or now.astimezone(company.zone).date()
        person = norms.Person(None, team, segment or norms.COMPANY.segment)
        if manager is not None:
            person = await person_of(conn, manager, day)
        return await norms.list_policy(conn, day, person)

    show(in_transaction(run), as_json=as_json, columns=["name", "value", "for", "from", "unit", "default", "meaning"])


@policy_app.command("set")
def set_policy(
    name: str,
    value: str,
    team: str | None = TEAM,
    manager: str | None = MANAGER,
    segment: str | None = typer.Option(None, "--segment", help="Only for this segment."),
    from_day: str | None = FROM,
    reason: str | None = typer.Option(None, "--reason", help="Why; stored with the version."),
) -> None:
    """A new version of a setting.

    Example: telephony-bridge policy set repeat_cap 2 --from 2026-12-01 --reason "redials rose"
    """
    since = day_of(from_day, "--from")

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> int:
        manager_id = (await people.by_handle(conn, manager))["id"] if manager else None
        start = since or next_midnight(company, now)
        version = await norms.set_policy(
            conn,
            name,
            value,
            team=team,
            manager_id=manager_id,
            segment=segment,
            from_day=start,
            author=AUTHOR,
            reason=reason,
            now=now,
        )
        await pipeline.norms_changed(conn, company=company, since=start, now=now)
        return version

    print(f"policy {in_transaction(run)}")


def day(day: str = typer.Argument(help="The day, such as 2026-11-23."), as_json: bool = JSON) -> None:
    """The board of a day: a line a manager.

    Example: telephony-bridge day 2026-11-23
    """
    asked = day_of(day)
    assert asked is not None

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> list[dict[str, Any]]:
        return await pipeline.board(conn, asked, company=company, now=now)

    print_board(asked, in_transaction(run), as_json=as_json)


def reopen(
    day: str = typer.Argument(help="The closed day, such as 2026-11-23."),
    manager: str | None = typer.Option(None, "--manager", help="One manager, by handle; everybody if absent."),
    reason: str = typer.Option(..., "--reason", help="Why; it is kept with the day."),
    as_json: bool = JSON,
) -> None:
    """A closed day is judged anew by all that is known now (late leads, new rules), and closed again. Prints the board.

    Example: telephony-bridge reopen 2026-11-23 --manager ivan --reason "the CRM was down in the evening"
    """
    asked = day_of(day)
    assert asked is not None

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> list[dict[str, Any]]:
        if manager is not None:
            managers = [(await people.by_handle(conn, manager))["id"]]
        else:
            managers = [row["id"] for row in await people.all_managers(conn)]
        await pipeline.days_reopened(conn, asked, managers, author=AUTHOR, reason=reason, company=company, now=now)
        return await pipeline.board(conn, asked, manager, company=company, now=now)

    print_board(asked, in_transaction(run), as_json=as_json)


def month(
    month: str = typer.Argument(help="The month, such as 2026-11."),
    as_json: bool = JSON,
) -> None:
    """The month of each manager as CSV, or as JSON: days by verdict, counted results, violations by code. No fines.

    Example: telephony-bridge payroll 2026-11 > payroll.csv
    """
    try:
        days = payroll.month_days(month)
    except ValueError:
        raise typer.BadParameter(f"month: read {month!r}, expected YYYY-MM") from None

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> list[dict[str, Any]]:
        return await payroll.payroll(conn, days, company=company, now=now)

    lines = in_transaction(run)
    print(orjson.dumps({"month": month, "managers": lines}).decode() if as_json else payroll.as_csv(lines), end="")


def print_board(asked: date, lines: list[dict[str, Any]], *, as_json: bool) -> None:
    """The board of CONTRACT §6.2 in the terminal."""
    if as_json:
        print(orjson.dumps({"date": asked.isoformat(), "managers": lines}).decode())
        return
    table = Table(title=f"{asked:%A %d %B %Y}: pbx / crm / counted, of norm", title_justify="left", pad_edge=False)
    for name in ("manager", "dials", "connects", "new leads", "not counted", "verdict", "violations"):
        table.add_column(name, no_wrap=name != "not counted")
    for line in lines:
        dials, connects, leads = line["dials"], line["connects"], line["new_leads"]
        table.add_row(
            f"{line['name']} ({line['manager']})",
            _numbers(dials["pbx"], dials["crm"], dials),
            _numbers(connects["pbx"], connects["crm"], connects),
            _numbers(leads["pbx"], leads["entered"], leads),
            ", ".join(f"{reason} {number}" for reason, number in line["not_counted"].items()),
            line["verdict"],
            f"{line['violations']['open']} open, {line['violations']['fixed_late']} late",
        )
    out = Console()
    out.width = max(out.width, 128)  # a narrower terminal wraps lines, which reads better than wrapped cells
    out.print(table)


def _numbers(pbx: int, crm: int, metric: dict[str, int]) -> str:
    return f"{pbx}/{crm}/{metric['counted']} of {metric['min']}-{metric['target']}"
