"""Sends one message to one Apprise URL, once, and says what became of it: every channel from Telegram to mail by one address.

Trying again is the outbox's business: nothing here repeats, waits for a receiver's pleasure or remembers.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlsplit

from telephony_bridge.errors import Refused
from telephony_bridge.notices.answers import Message, Sent

DEADLINE = 60.0  # seconds; sockets give up sooner, but a receiver may drip, and a name may take long to resolve
_SENDERS = ThreadPoolExecutor(16, thread_name_prefix="notice")  # our own: slow receivers must not take the default executor
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]{0,30})://", re.IGNORECASE)


async def send(url: str, message: Message, *, now: datetime) -> Sent:
    """Tries once; raises nothing but CancelledError. A send that is cancelled, or overstays, may still arrive: hence the key.

    The deadline counts from when a thread took the message up, not from when it began to queue for one.
    """
    loop = asyncio.get_running_loop()
    begun = asyncio.Event()

    def deliver() -> Sent:
        loop.call_soon_threadsafe(begun.set)
        from telephony_bridge.notices import sending  # a third of a second and 20 MB that only who sends should pay

        return sending.deliver(url, message, now)

    work = loop.run_in_executor(_SENDERS, deliver)
    try:
        await begun.wait()
        return await asyncio.wait_for(work, DEADLINE)
    except TimeoutError:
        return Sent("later", "timed out")
    finally:
        work.cancel()


def scheme_of(url: str) -> str:
    """The channel of an address, "tgram" or "mailto": the only part of it that may be shown. "unknown" when it has none."""
    found = _SCHEME.match(url.strip())
    return found[1].lower() if found else "unknown"


def target_of(url: str) -> str:
    """Who is to be spared together: the scheme and six hex digits of scheme, host and port, the same on every replica.

    Six, because a host may be a bot's token or a phone number: hundreds of numbers share each value, so none is told by it,
    and two targets that share one by chance only wait for each other.
    """
    scheme = scheme_of(url)
    try:
        host = urlsplit(url.strip()).netloc.rpartition("@")[2].lower()
    except ValueError:
        host = ""
    return f"{scheme}-{hashlib.sha256(f'{scheme}://{host}'.encode()).hexdigest()[:6]}"


def check(url: str) -> None:
    """Refuses an address that no channel understands, when it is entered."""
    from telephony_bridge.notices import sending

    if sending.understood(url) is None:
        raise Refused(
            f"this address of the channel {scheme_of(url)} is not understood; its form is described at https://appriseit.com/services/"
        )
