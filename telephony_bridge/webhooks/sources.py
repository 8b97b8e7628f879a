"""Which installation is calling: sources, the tokens that prove them, and how their PBX is to be read."""

from __future__ import annotations

import hashlib
import re
import secrets as random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
from phonenumbers import SUPPORTED_REGIONS

from telephony_bridge import db, phones
from telephony_bridge.errors import Conflict, NotFound, Refused
from telephony_bridge.model import Company, Installation, Via
from telephony_bridge.webhooks.dialects import DIALECTS
from telephony_bridge.webhooks.dialects.reading import Dialect

SQL = db.queries("sources")
Network = IPv4Network | IPv6Network
_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|([\d.]+):\d+")  # some proxies write the sender's port too


@dataclass(frozen=True, slots=True)
class Source:
    """One PBX installation as the door and the worker know it."""

    id: int
    name: str
    dialect: Dialect
    installation: Installation
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    allowed: tuple[Network, ...] = ()  # addresses that may post; none: all may
    settle_after: timedelta = timedelta(hours=3)
    min_talk: int | None = None  # seconds that make a conversation here, whatever the policy says (EC-33)
    clock_ahead: timedelta = timedelta()  # how far the PBX's clock is ahead of the true time (EC-66)


def installation_from(options: Mapping[str, Any], company: Company) -> Installation:
    """The stored or typed options as a value; what is absent is the company's default."""
    return Installation(
        timezone=ZoneInfo(options.get("timezone") or str(company.zone)),
        region=options.get("region") or company.region,
        outside_prefix=options.get("outside_prefix") or "",
        extension_pattern=options.get("extension_pattern") or r"^\d{2,5}$",
        trunks=tuple((glob, Via(via)) for glob, via in options.get("trunks") or ()),
        own_numbers=frozenset(options.get("own_numbers") or ()),
        is_crm=bool(options.get("crm")),
    )


def options_from(
    *,
    company: Company,
    timezone: str | None = None,
    region: str | None = None,
    outside_prefix: str | None = None,
    extension_pattern: str | None = None,
    trunks: Sequence[str] = (),
    own_numbers: Sequence[str] = (),
    allow: Sequence[str] = (),
    settle_after: int | None = None,
    crm: bool | None = None,
    min_talk: int | None = None,
    clock_ahead: int | None = None,
) -> dict[str, Any]:
    """Checks what an administrator typed and returns it as stored. Raises ``Refused`` naming the option.

    ``allow`` are addresses or CIDR blocks; ``settle_after`` is in minutes; ``min_talk`` and ``clock_ahead`` in seconds.
    """
    options: dict[str, Any] = {}
    if timezone:
        try:
            options["timezone"] = str(ZoneInfo(timezone))
        except (KeyError, ValueError, OSError) as unknown:  # the last: a part of a name, such as Europe
            raise Refused(f"timezone: read {timezone!r}, expected an IANA zone such as Europe/Moscow") from unknown
    if region:
        region = region.upper()
        if region not in SUPPORTED_REGIONS:
            raise Refused(f"region: read {region!r}, expected a two-letter country code such as RU")
        options["region"] = region
    if outside_prefix:
        if not re.fullmatch(r"[\d*#]{1,6}", outside_prefix):
            raise Refused(f"outside-prefix: read {outside_prefix!r}, expected digits such as 9")
        options["outside_prefix"] = outside_prefix
    if extension_pattern:
        try:
            re.compile(extension_pattern)
        except (re.error, OverflowError, RecursionError) as broken:
            raise Refused(f"extension-pattern: {broken}") from broken
        options["extension_pattern"] = extension_pattern
    pairs = []
    for trunk in trunks:
        glob, _, via = trunk.rpartition("=")
        if not glob or via not in ("ip", "gsm", "mobile"):
            raise Refused(f"trunk: read {trunk!r}, expected NAME_GLOB=ip or NAME_GLOB=gsm")
        pairs.append([glob, Via.IP.value if via == "ip" else Via.MOBILE.value])
    if pairs:
        options["trunks"] = pairs
    own = []
    for number in own_numbers:
        known = phones.e164(number, region or company.region)
        if known is None:
            raise Refused(f"own-number: read {number!r}, expected a phone number such as +74951234500")
        own.append(known)
    if own:
        options["own_numbers"] = own
    if allow:
        try:
            options["allow"] = [str(ip_network(block.strip(), strict=False)) for block in allow]
        except ValueError as unknown:
            raise Refused(f"allow: {unknown}; expected an address or a block such as 192.0.2.0/24") from unknown
    if crm is not None:
        options["crm"] = crm
    if settle_after is not None:
        if not 1 <= settle_after <= 7 * 1440:
            raise Refused(f"settle-after: read {settle_after}, expected minutes, from 1 to a week (10080)")
        options["settle_after"] = settle_after
    if min_talk is not None:
        if not 1 <= min_talk <= 600:
            raise Refused(f"min-talk: read {min_talk}, expected seconds, from 1 to 600")
        options["min_talk"] = min_talk
    if clock_ahead is not None:
        if not -86_400 <= clock_ahead <= 86_400:
            raise Refused(
                f"clock-ahead: read {clock_ahead}, expected seconds, a day (86400) at most; negative for a clock behind"
            )
        options["clock_ahead"] = clock_ahead
    return options


def secrets_for(dialect: str, told: Mapping[str, str]) -> dict[str, str]:
    """What the vendor signs with, under the names its dialect has for it. Raises ``Refused`` naming what is expected."""
    expected = DIALECTS[dialect].secrets
    unknown = sorted(set(told) - set(expected))
    names = "; ".join(f"{name} ({where})" for name, where in expected.items())
    if unknown:
        wanted = f"expected {names}" if expected else f"{dialect} signs nothing: the token in the address is the proof"
        raise Refused(f"secret {', '.join(unknown)}: {wanted}")
    missing = [name for name in expected if not told.get(name)]
    if told and missing:
        raise Refused(f"secret {', '.join(missing)} is missing; {dialect} needs {names}")
    return dict(told)


def may_post(source: Source, address: str) -> bool:
    """Whether the source's list of addresses, if it has one, holds this one."""
    return not source.allowed or any(is_within(address, block) for block in source.allowed)


def is_within(address: str, block: Network) -> bool:
    """An address of either family, with or without a port; what is no address is within nothing."""
    with_port = _PORT.fullmatch(address)
    try:
        asked = ip_address((with_port[1] or with_port[2] if with_port else address).partition("%")[0])
    except ValueError:
        return False
    if isinstance(asked, IPv6Address) and asked.ipv4_mapped is not None:
        asked = asked.ipv4_mapped
    return asked in block


def token_hash(token: str) -> bytes:
    """What is stored of a token; tokens are 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def webhook_url(address: str, name: str, token: str) -> str:
    return f"{address}/webhooks/{name}/{token}"


async def add_source(
    conn: db.Connection,
    name: str,
    dialect: str,
    options: Mapping[str, Any],
    secrets: Mapping[str, str],
    *,
    address: str,
    now: datetime,
) -> dict[str, str]:
    """Registers an installation; the token is told once. Raises ``Refused`` or ``Conflict``."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,62}", name):
        raise Refused(f"source name: read {name!r}, expected lower-case letters, digits, - and _")
    if dialect not in DIALECTS:
        raise Refused(f"dialect: read {dialect!r}, expected one of {', '.join(sorted(DIALECTS))}")
    secrets = secrets_for(dialect, secrets)
    try:
        async with conn.transaction():
            source_id = await conn.fetchval(SQL.add, name, dialect, dict(options), dict(secrets), now)
    except asyncpg.UniqueViolationError as taken:
        raise Conflict(f"a source named {name} exists; pick another name, or rotate its token") from taken
    token = random.token_urlsafe(32)
    await conn.execute(SQL.issue_token, token_hash(token), source_id, now)
    return {"name": name, "dialect": dialect, "url": webhook_url(address, name, token), "token": token}


async def list_sources(conn: db.Connection) -> list[dict[str, Any]]:
    """Every installation, without its secrets and tokens."""
    return [
        {"name": row["name"], "dialect": row["dialect"], "options": row["options"], "created_at": row["created_at"]}
        for row in await conn.fetch(SQL.all_sources)
    ]


async def change_source(conn: db.Connection, name: str, options: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Options and secrets given anew replace those of the same name; the others stay. Raises ``Refused`` or ``NotFound``."""
    row = await _row_of(conn, name)
    if secrets:
        secrets_for(row["dialect"], {**row["secrets"], **secrets})
    now = await conn.fetchrow(SQL.change, row["id"], dict(options), dict(secrets))
    assert now is not None
    return {"name": name, "dialect": row["dialect"], "options": now["options"], "secrets": sorted(now["secrets"])}


async def _row_of(conn: db.Connection, name: str) -> db.Record:
    for row in await conn.fetch(SQL.all_sources):
        if row["name"] == name:
            return row
    raise NotFound(f"there is no source named {name}; see: telephony-bridge source list")


async def _id_of(conn: db.Connection, name: str) -> tuple[int, str]:
    row = await _row_of(conn, name)
    return row["id"], row["dialect"]


async def rotate_source(conn: db.Connection, name: str, *, address: str, now: datetime) -> dict[str, str]:
    """A further token; the old one works until ``retire_source``."""
    source_id, dialect = await _id_of(conn, name)
    token = random.token_urlsafe(32)
    await conn.execute(SQL.issue_token, token_hash(token), source_id, now)
    return {"name": name, "dialect": dialect, "url": webhook_url(address, name, token), "token": token}


async def retire_source(conn: db.Connection, name: str, *, now: datetime) -> int:
    """Older tokens stop working; returns how many."""
    source_id, _ = await _id_of(conn, name)
    return len(await conn.fetch(SQL.retire_tokens, source_id, now))


async def load_sources(conn: db.Connection, company: Company) -> dict[int, Source]:
    """Every installation whose dialect this program speaks, by id."""
    return {row["id"]: _source_from(row, company) for row in await conn.fetch(SQL.all_sources) if row["dialect"] in DIALECTS}


def _source_from(row: db.Record, company: Company) -> Source:
    options, dialect = row["options"], DIALECTS[row["dialect"]]
    minutes = options.get("settle_after")
    return Source(
        id=row["id"],
        name=row["name"],
        dialect=dialect,
        installation=installation_from(options, company),
        secrets=row["secrets"],
        allowed=tuple(ip_network(block) for block in options.get("allow") or ()),
        settle_after=timedelta(minutes=minutes) if minutes else dialect.settle_after,
        min_talk=options.get("min_talk"),
        clock_ahead=timedelta(seconds=options.get("clock_ahead") or 0),
    )


async def load_tokens(conn: db.Connection) -> dict[bytes, int]:
    """Token hash -> source id, of live sources."""
    return {bytes(row["token_hash"]): row["source_id"] for row in await conn.fetch(SQL.live_tokens)}
