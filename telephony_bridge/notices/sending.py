"""The threads' side of a channel: Apprise reads an address and speaks to its receiver, and we overhear what the receiver said.

Apprise answers yes or no and keeps status and Retry-After to itself. It speaks HTTP through ``requests`` alone, so the one method
all its requests go through is wrapped, once, at import: it does what it did, and leaves what it met to the thread that asked to
know. Imported only by who sends: Apprise is slow to load.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from datetime import datetime
from typing import Any

import apprise
import requests
import urllib3
from apprise.conversion import convert_between
from apprise.plugins.email import NotifyEmail

from telephony_bridge.notices import letters
from telephony_bridge.notices.answers import CARRY_KEY, Message, Sent, judged, of_http

CONNECT = 5.0  # seconds
READ = 15.0
_LINK = re.compile(r"(https?://[^\s<>()\[\]]*[^\s<>()\[\].,;:!?])")
# Redirects: a POST that is sent elsewhere arrives as an empty GET, and its 200 would pass for a notice taken.
# No pictures: they would be links to somebody else's site. Nothing is stored on disk.
_ASSET = apprise.AppriseAsset(
    app_id="Telephony Bridge",
    app_desc="Telephony Bridge",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    interpret_emojis=False,
    interpret_escapes=False,
    http_redirects=False,
    storage_mode="memory",
)

# Both quote addresses, and with them tokens, in what they log.
logging.getLogger("apprise").disabled = True
logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)
urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)  # verify=no stands in the address: its owner knows


class _Seen(threading.local):
    """What this thread's requests met, responses and exceptions in order; None while nobody asks."""

    met: list[Any] | None = None

    def note(self, one: Any) -> None:
        if self.met is not None:
            self.met.append(one)


class _Asked(Exception):
    """A channel wanted to sleep until its receiver's patience returns; the outbox waits instead, and holds no thread."""


_seen = _Seen()
_send = requests.Session.send


@functools.wraps(_send)
def _overheard(*args: Any, **kwargs: Any) -> Any:
    try:
        answer = _send(*args, **kwargs)
    except requests.RequestException as trouble:
        _seen.note(trouble)
        raise
    _seen.note(answer)
    return answer


requests.Session.send = _overheard  # type: ignore[method-assign]


def _throttle(last_io: datetime | None = None, wait: float | None = None) -> None:  # noqa: ARG001 - as Apprise has it
    """In place of Apprise's. No pause between the several people of one address either: a 429 is for the outbox to heed."""
    if wait:
        raise _Asked


def understood(url: str) -> Any | None:
    """The channel of an address, ready to send once; None if Apprise makes none of it, or it asks for signed letters."""
    try:
        channel = apprise.Apprise.instantiate(url, asset=_ASSET)
    except Exception:  # some channels trip over what they parse before Apprise guards them
        return None
    if channel is None or (type(channel) is NotifyEmail and channel.pgp_mode != "no"):
        return None
    # Whatever the address says: a receiver that is slow holds a thread.
    channel.socket_connect_timeout, channel.socket_read_timeout = CONNECT, READ
    channel.throttle = _throttle  # type: ignore[method-assign]
    return channel


def deliver(url: str, message: Message, now: datetime) -> Sent:
    """Sends once, in this thread, and never raises."""
    channel = understood(url)
    if channel is None:
        return Sent("refused", "address not understood")
    met: list[Any] = []
    broken: list[Sent] = []
    _seen.met, taken = met, False
    try:
        if type(channel) is NotifyEmail:
            return letters.post(channel, message, timeout=READ, now=now)
        taken = _told(channel, message)
    except _Asked:
        pass  # what it was asked for is among what it met
    except Exception as failed:  # a fault in one channel's module ends in history, not in the loop that sends for all
        broken = [Sent("later", type(failed).__name__)]
    finally:
        _seen.met = None
    return judged([*(_meaning(one, now) for one in met), *broken], taken=taken)


def _meaning(met: Any, now: datetime) -> Sent:
    if isinstance(met, requests.Response):
        return of_http(met.status_code, met.headers.get("Retry-After"), now)
    if isinstance(met, requests.Timeout):
        return Sent("later", "timed out")
    if isinstance(met, ValueError):  # requests marks so what no waiting will mend: an impossible URL or header
        return Sent("refused", "address not understood")
    return Sent("later", "encryption failed" if isinstance(met, requests.exceptions.SSLError) else "no connection")


def _told(channel: Any, message: Message) -> bool:
    """Hands the words over in the form the channel keeps, converted here: some channels, Telegram's among them, take a text that
    they are told is plain for their markup."""
    keyed = channel.schema in CARRY_KEY
    if keyed:
        channel.headers["Idempotency-Key"] = message.key
    if channel.notify_format == "html":  # takes nothing else: a mail service behind HTTP
        title, body, kept = message.title, message.html, "html"
    else:
        kept = channel.resolve_format("text")
        body = _as(kept, message.text)
        title = message.title if channel.title_maxlen > 0 else _as(kept, message.title)  # else it will stand in the body
    # Too long for one message: in parts, except where a second part would pass for a repeat of the first.
    return bool(channel.notify(body=body, title=title, body_format=kept, overflow="upstream" if keyed else "split"))


def _as(kept: str, text: str) -> str:
    """Plain text in a channel's format, each character standing for itself. Links in Markdown are ours: Apprise breaks them."""
    if kept != "markdown":
        return str(convert_between("text", kept, text))  # type: ignore[no-untyped-call]
    parts = _LINK.split(text)
    for place, part in enumerate(parts):
        plain: str = convert_between("text", "markdown", part)  # type: ignore[no-untyped-call]
        parts[place] = f"[{plain}]({part})" if place % 2 else plain.replace("\n", "  \n")
    return "".join(parts)
