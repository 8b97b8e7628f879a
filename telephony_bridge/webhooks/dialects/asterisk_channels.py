"""Channels of Asterisk: whose a channel is, which road it takes, and what was dialled through it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Literal

from telephony_bridge.model import Direction, Installation, Via

Side = Literal["extension", "trunk", "local", "none"]

_INSTANCE = re.compile(r"-[0-9a-fA-F]{4,12}(?:;[12])?$")
_DIALLED = re.compile(r"^(?:[A-Za-z0-9_]+)/(?:([^@/,&]+)@([^,/&]+)|([^@/,&]+)/([^,@/&]+))")
_IP = {"PJSIP", "SIP", "IAX2", "IAX", "MOTIF", "OOH323", "H323", "SKINNY", "SCCP"}
_MOBILE = {"DAHDI", "ZAP", "DONGLE", "QUECTEL", "KHOMP", "GSM", "GSMOPEN", "MISDN"}  # cards, dongles and GSM drivers


def endpoint_of(channel: str) -> str:
    """``PJSIP/101-0000001a`` -> ``101``; ``Local/104@from-internal-00000005;1`` -> ``104``."""
    name = _INSTANCE.sub("", channel.partition("/")[2])
    return name.partition("@")[0] if channel.startswith("Local/") else name


def trunk_via(channel: str, installation: Installation) -> Via | None:
    """What the administrator's trunk patterns say of a channel; None where they are silent."""
    return _trunk_via(_INSTANCE.sub("", channel), installation.trunks)


@lru_cache(maxsize=4096)
def _trunk_via(plain: str, trunks: tuple[tuple[str, Via], ...]) -> Via | None:
    for glob, via in trunks:  # with the dash as well: who copies a channel's name writes PJSIP/gsm-*
        if any(fnmatchcase(name, glob) for name in (plain, plain + "-", plain.partition("/")[2])):
            return via
    return None


def side_of(channel: str, installation: Installation) -> Side:
    """Which kind of party a channel is."""
    if not channel:
        return "none"
    return _side_of(_INSTANCE.sub("", channel), installation.trunks, installation.extension_pattern)


@lru_cache(maxsize=4096)
def _side_of(plain: str, trunks: tuple[tuple[str, Via], ...], extension_pattern: str) -> Side:
    if _trunk_via(plain, trunks) is not None:
        return "trunk"
    extension = bool(re.search(extension_pattern, endpoint_of(plain)))
    if plain.startswith("Local/"):
        return "extension" if extension else "local"
    return "extension" if extension else "trunk"


def is_unlisted(channel: str, installation: Installation) -> bool:
    """Neither the extension pattern nor a trunk's glob knows it."""
    return side_of(channel, installation) == "trunk" and trunk_via(channel, installation) is None


def renumbered(channel: str, numbers: Mapping[str, str]) -> str:
    """``SIP/ivan-0000001a`` -> ``SIP/101-0000001a`` where the phone's number is known."""
    number = numbers.get(channel)
    return channel if number is None else channel.replace(endpoint_of(channel), number, 1)


def via_of(channel: str, installation: Installation) -> Via:
    told = trunk_via(channel, installation)
    if told is not None:
        return told
    tech = channel.partition("/")[0].upper()
    return Via.IP if tech in _IP else Via.MOBILE if tech in _MOBILE else Via.UNKNOWN


def via_unseen(direction: Direction, installation: Installation) -> Via:
    """The road of a call whose trunk no row names (a hook's missed dial): known only where all trunks are of one kind."""
    kinds = {via for _, via in installation.trunks}
    return Via.IP if direction is Direction.INTERNAL or kinds == {Via.IP} else Via.UNKNOWN


def dialled_by(lastapp: str, lastdata: str) -> tuple[str, str] | None:
    """(number, trunk channel) out of ``PJSIP/79990000001@trunk,20``: what really went to the provider."""
    if not lastapp.lower().startswith("dial"):
        return None
    found = _DIALLED.match(lastdata)
    if found is None:
        return None
    number, trunk = (found.group(1), found.group(2)) if found.group(1) else (found.group(4), found.group(3))
    return number, f"{lastdata.partition('/')[0]}/{trunk}"
