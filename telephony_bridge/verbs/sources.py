"""source add | change | list | check | rotate | retire, understand."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import typer

from telephony_bridge import db, quality, webhooks
from telephony_bridge.app import company_of
from telephony_bridge.errors import BridgeError
from telephony_bridge.model import Company
from telephony_bridge.settings import Settings
from telephony_bridge.verbs.running import JSON, in_transaction, refuse, settings, show
from telephony_bridge.webhooks.dialects.files import understand_files

app = typer.Typer(help="PBX installations and the tokens that prove them.", no_args_is_help=True)

TIMEZONE = typer.Option(None, "--timezone", help="The PBX's clock, an IANA zone; default: the company's.")
REGION = typer.Option(None, "--region", help="Country of numbers without a country code, such as RU.")
PREFIX = typer.Option(None, "--outside-prefix", help="Digits dialled for an outside line, such as 9.")
PATTERN = typer.Option(None, "--extension-pattern", help=r"What an extension looks like; default ^\d{2,5}$.")
TRUNK = typer.Option([], "--trunk", help="NAME_GLOB=ip or NAME_GLOB=gsm; repeatable, the first match wins.")
OWN = typer.Option([], "--own-number", help="A number of the company's own, E.164; repeatable.")
ALLOW = typer.Option([], "--allow", help="Only this address or block may post, such as 192.0.2.0/24; repeatable.")
SETTLE = typer.Option(None, "--settle-after", help="Minutes a call's end may be owed; default: the vendor's.")
CRM = typer.Option(None, "--crm/--pbx", help="A CRM that tells of calls second-hand: a PBX that saw the same call wins.")
MIN_TALK = typer.Option(None, "--min-talk", help="Seconds that make a conversation here; default: the policy's min_talk.")
AHEAD = typer.Option(None, "--clock-ahead", help="Seconds this PBX's clock is ahead; negative: behind.")
SECRET = typer.Option([], "--secret", help="KEY=VALUE the vendor signs with; repeatable.")


@app.command("add")
def add(
    name: str = typer.Argument(help="A short name, such as office."),
    dialect: str = typer.Option(
        ..., "--dialect", help="How this PBX speaks; one of " + ", ".join(sorted(webhooks.DIALECTS)) + "."
    ),
    timezone: str | None = TIMEZONE,
    region: str | None = REGION,
    outside_prefix: str | None = PREFIX,
    extension_pattern: str | None = PATTERN,
    trunk: list[str] = TRUNK,
    own_number: list[str] = OWN,
    allow: list[str] = ALLOW,
    settle_after: int | None = SETTLE,
    crm: bool | None = CRM,
    min_talk: int | None = MIN_TALK,
    clock_ahead: int | None = AHEAD,
    secret: list[str] = SECRET,
) -> None:
    """Registers a PBX installation and prints its webhook address and token, once.

    Example: telephony-bridge source add office --dialect asterisk --timezone Europe/Moscow --trunk 'PJSIP/trunk*=ip'
    """
    secrets = _pairs(secret)

    async def run(conn: db.Connection, told: Settings, company: Company, now: datetime) -> dict[str, str]:
        options = webhooks.options_from(
            company=company,
            timezone=timezone,
            region=region,
            outside_prefix=outside_prefix,
            extension_pattern=extension_pattern,
            trunks=trunk,
            own_numbers=own_number,
            allow=allow,
            settle_after=settle_after,
            crm=crm,
            min_talk=min_talk,
            clock_ahead=clock_ahead,
        )
        return await webhooks.add_source(conn, name, dialect, options, secrets, address=told.address, now=now)

    _told(in_transaction(run))
    signs = webhooks.DIALECTS[dialect].secrets
    if signs and not secrets:
        wanted = " ".join(f"--secret {key}=…" for key in signs)
        print(
            f"{dialect} proves its requests; until you run: telephony-bridge source change {name} {wanted} "
            "the token in the address is the only proof",
            file=sys.stderr,
        )


@app.command("change")
def change(
    name: str,
    timezone: str | None = TIMEZONE,
    region: str | None = REGION,
    outside_prefix: str | None = PREFIX,
    extension_pattern: str | None = PATTERN,
    trunk: list[str] = TRUNK,
    own_number: list[str] = OWN,
    allow: list[str] = ALLOW,
    settle_after: int | None = SETTLE,
    crm: bool | None = CRM,
    min_talk: int | None = MIN_TALK,
    clock_ahead: int | None = AHEAD,
    secret: list[str] = SECRET,
) -> None:
    """What is given replaces what was; the rest stays. For calls that are here already: `deliveries replay --source NAME`.

    Example: telephony-bridge source change office --trunk 'PJSIP/trunk*=ip' --trunk 'PJSIP/gsm*=gsm'
    """
    secrets = _pairs(secret)

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> dict[str, Any]:  # noqa: ARG001
        options = webhooks.options_from(
            company=company,
            timezone=timezone,
            region=region,
            outside_prefix=outside_prefix,
            extension_pattern=extension_pattern,
            trunks=trunk,
            own_numbers=own_number,
            allow=allow,
            settle_after=settle_after,
            crm=crm,
            min_talk=min_talk,
            clock_ahead=clock_ahead,
        )
        return await webhooks.change_source(conn, name, options, secrets)

    print(orjson.dumps(in_transaction(run)).decode())


@app.command("list")
def list_(as_json: bool = JSON) -> None:
    """Every installation, without tokens and secrets.

    Example: telephony-bridge source list
    """

    async def run(conn: db.Connection, *_: object) -> list[dict[str, object]]:
        return await webhooks.list_sources(conn)

    show(in_transaction(run), as_json=as_json)


@app.command("check")
def check(as_json: bool = JSON) -> None:
    """How each source is heard now, and what is wrong with the evidence of the last seven days (D01 to D05).

    Example: telephony-bridge source check
    """

    async def run(conn: db.Connection, _: Settings, company: Company, now: datetime) -> list[dict[str, Any]]:
        today = now.astimezone(company.zone).date()
        found = await quality.marks(conn, today - timedelta(days=7), today, company=company, now=now)
        heard = [
            {"source": one.source, "word": one.word, "last_delivery": one.last_delivery, "advice": ""}
            for one in await quality.sources_heard(conn, company=company, now=now)
        ]
        return heard + [
            {
                "source": mark.source,
                "word": f"{mark.code} {quality.NAMES[mark.code]}" + (f" {mark.extension}" if mark.extension else ""),
                "last_delivery": mark.last_at,
                "advice": mark.advice,
            }
            for mark in found
        ]

    show(in_transaction(run), as_json=as_json)


@app.command("rotate")
def rotate(name: str) -> None:
    """A further token; the old one works too until `source retire`.

    Example: telephony-bridge source rotate office
    """

    async def run(conn: db.Connection, told: Settings, _: Company, now: datetime) -> dict[str, str]:
        return await webhooks.rotate_source(conn, name, address=told.address, now=now)

    _told(in_transaction(run))


@app.command("retire")
def retire(name: str) -> None:
    """All but the newest token stop working.

    Example: telephony-bridge source retire office
    """

    async def run(conn: db.Connection, _: Settings, __: Company, now: datetime) -> int:
        return await webhooks.retire_source(conn, name, now=now)

    print(f"{in_transaction(run)} tokens retired")


def _pairs(told: list[str]) -> dict[str, str]:
    pairs = {}
    for pair in told:
        key, equals, value = pair.partition("=")
        if not (key and equals and value):
            raise typer.BadParameter("--secret: expected KEY=VALUE")
        pairs[key] = value
    return pairs


def _told(source: dict[str, str]) -> None:
    print(orjson.dumps(source).decode())
    if sys.stdout.isatty():
        print("\n" + webhooks.snippet(source["dialect"], source["url"]))


def understand(
    dialect: str = typer.Argument(help="One of " + ", ".join(sorted(webhooks.DIALECTS)) + "."),
    files: list[Path] = typer.Argument(help="Raw bodies, in the order of arrival; FILE.headers beside one holds its headers."),
    timezone: str | None = TIMEZONE,
    region: str | None = REGION,
    outside_prefix: str | None = PREFIX,
    extension_pattern: str | None = PATTERN,
    trunk: list[str] = TRUNK,
    own_number: list[str] = OWN,
) -> None:
    """Reads files as deliveries, without a database, and prints one JSON object a call.

    Example: telephony-bridge understand asterisk call.json --timezone Europe/Moscow --outside-prefix 9
    """
    company = company_of(settings())
    if dialect not in webhooks.DIALECTS:
        raise typer.BadParameter(f"dialect: read {dialect!r}, expected one of {', '.join(sorted(webhooks.DIALECTS))}")
    try:
        options = webhooks.options_from(
            company=company,
            timezone=timezone,
            region=region,
            outside_prefix=outside_prefix,
            extension_pattern=extension_pattern,
            trunks=trunk,
            own_numbers=own_number,
        )
        installation = webhooks.installation_from(options, company)
        for line in understand_files(webhooks.DIALECTS[dialect], files, installation, received_at=datetime.now(UTC)):
            print(orjson.dumps(line).decode())
    except (BridgeError, OSError) as refused:
        refuse(str(refused))
