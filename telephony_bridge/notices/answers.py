"""What goes to a receiver, and what its answer means: taken, to be tried later, or refused for good. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

LONGEST_WAIT = timedelta(hours=6)
# Schemes that carry the key beside the text, in a header; on all others only the text can name it.
CARRY_KEY = frozenset({"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"})
_SECONDS = re.compile(r"\d{1,9}(\.\d+)?")
# 409: who keeps the keys of what came says so while the first of two equal requests is still under way.
_LATER = frozenset({408, 409, 421, 425, 429})


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out: the same in plain text and as a small HTML document."""

    key: str  # tells a repeat from a new notice; the same for every attempt
    title: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one attempt. ``why`` is for people and history ("HTTP 429"): never an address, a token or a body."""

    outcome: Literal["sent", "later", "refused"]
    why: str
    retry_after: timedelta | None = None  # what the receiver asked for


def of_http(status: int, retry_after: str | None, now: datetime) -> Sent:
    """What an HTTP answer means. A redirect that was not followed is a refusal: the receiver is not at this address."""
    why = f"HTTP {status}"
    if 200 <= status < 300:
        return Sent("sent", why)
    if status in _LATER or status >= 500:
        return Sent("later", why, asked(retry_after, now))
    return Sent("refused", why)


def of_smtp(code: int) -> Sent:
    """What an SMTP reply to a login, a sender, a recipient or a letter means."""
    why = f"SMTP {code}"
    if 200 <= code < 300:
        return Sent("sent", why)
    return Sent("refused" if 500 <= code < 600 else "later", why)


def asked(retry_after: str | None, now: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for, in seconds or as an HTTP date; six hours at most; None if it asks for none."""
    told = (retry_after or "").strip()
    if _SECONDS.fullmatch(told):
        wait = timedelta(seconds=float(told))
    else:
        try:
            until = parsedate_to_datetime(told)
        except ValueError:
            return None
        wait = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta()), LONGEST_WAIT)


def judged(answers: Sequence[Sent], *, taken: bool) -> Sent:
    """One attempt out of all answers it got: an address may name several people, a channel may ask in several requests.

    ``taken`` is the channel's own word. What may still get through is tried later, even when others of the address refused.
    A channel that says no without an answer that explains it (a 200 with an error inside) is tried later too: that no may pass,
    and an address is given up for good only on a clear word.
    """
    if taken:
        return Sent("sent", answers[-1].why if answers else "taken")
    later = [one for one in answers if one.outcome == "later"]
    if later:
        return Sent("later", later[-1].why, max((one.retry_after for one in later if one.retry_after is not None), default=None))
    refused = [one for one in answers if one.outcome == "refused"]
    if refused:
        return refused[-1]
    return Sent("later", f"{answers[-1].why}, not taken" if answers else "not taken")
