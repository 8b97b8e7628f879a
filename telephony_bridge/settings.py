"""The environment, read once into one frozen model (CONTRACT §1)."""

from __future__ import annotations

import os
import re
import sys
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from dotenv import dotenv_values
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from telephony_bridge.errors import Refused

PREFIX = "TELEPHONY_BRIDGE_"


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise ValueError("an IANA zone such as Europe/Moscow") from unknown
    return value


def _region(value: str) -> str:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("a two-letter country code such as RU")
    return value


def _schema(value: str) -> str:
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", value):
        raise ValueError("a Postgres schema name of lower-case letters, digits and underscores")
    return value


def _dsn(value: str) -> str:
    if not value.startswith(("postgres://", "postgresql://")):
        raise ValueError("a Postgres address such as postgresql://user@host/database")
    return value


def _url(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("an address such as https://bridge.example.com")
    return value.rstrip("/")


def _networks(value: str) -> str:
    try:
        for block in value.split(","):
            ip_network(block.strip(), strict=False)
    except ValueError as unknown:
        raise ValueError("addresses or blocks such as 127.0.0.1,10.0.0.0/8") from unknown
    return value


class Settings(BaseModel):
    """How this process runs. Names are the environment's, without the prefix and in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: Annotated[str, AfterValidator(_dsn)] | None = Field(None, repr=False)  # it may hold a password
    schema_name: Annotated[str, AfterValidator(_schema)] = Field("telephony_bridge", alias="schema")
    data_dir: Path = Path("./var")
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    metrics_port: int | None = Field(None, ge=1, le=65535)
    public_url: Annotated[str, AfterValidator(_url)] | None = None
    proxies: Annotated[str, AfterValidator(_networks)] = "127.0.0.1,::1"
    admin_token: str | None = Field(None, min_length=16, repr=False)
    secret_key: str | None = Field(None, min_length=16, repr=False)
    timezone: Annotated[str, AfterValidator(_zone)] = "Europe/Moscow"
    region: Annotated[str, AfterValidator(_region)] = "RU"
    language: Literal["ru", "en"] = "ru"
    log_format: Literal["console", "json"] = Field(default_factory=lambda: "console" if sys.stderr.isatty() else "json")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def trusted_proxies(self) -> list[IPv4Network | IPv6Network]:
        """Whose X-Forwarded-For is believed."""
        return [ip_network(block.strip(), strict=False) for block in self.proxies.split(",")]

    @property
    def address(self) -> str:
        """How PBXs and people reach this service, without a trailing slash."""
        return self.public_url or f"http://{self.host}:{self.port}"


NAMES = tuple(PREFIX + (field.alias or name).upper() for name, field in Settings.model_fields.items())
_SECRET = {"DATABASE_URL", "ADMIN_TOKEN", "SECRET_KEY"}


def read_settings(environ: dict[str, str] | None = None, dotenv: Path = Path(".env")) -> Settings:
    """The settings of the process; the environment wins over the ``.env`` file.

    Raises ``Refused`` with one line that names the setting, what was read and what is expected.
    """
    told: dict[str, str] = {k: v for k, v in dotenv_values(dotenv).items() if v is not None} if dotenv.is_file() else {}
    told |= dict(os.environ if environ is None else environ)
    values = {name.removeprefix(PREFIX): value for name, value in told.items() if name.startswith(PREFIX)}
    known = {name.removeprefix(PREFIX) for name in NAMES}
    for name in sorted(set(values) - known):
        raise Refused(f"{PREFIX}{name} is not a setting; known are {', '.join(NAMES)}")
    try:
        return Settings.model_validate({name.lower(): value for name, value in values.items() if value != ""})
    except ValidationError as wrong:
        first: Any = wrong.errors()[0]
        name = str(first["loc"][0]).upper()
        read = "a value" if name in _SECRET else repr(values.get(name))
        expected = first["msg"].removeprefix("Value error, ")
        raise Refused(f"{PREFIX}{name}: read {read}, expected {expected}") from None
