"""Sends a text to Apprise URLs: every channel from Telegram to mail by one address each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit


async def send(urls: Sequence[str], title: str, text: str) -> dict[str, bool]:
    """Tries each channel once; channel (the URL's scheme, never its secrets) -> whether it took the text."""
    import apprise  # a tenth of a second that only who sends should pay

    found: dict[str, bool] = {}
    for url in urls:
        channel = apprise.Apprise()
        known = channel.add(url)
        taken = known and bool(await asyncio.to_thread(channel.notify, text, title=title))
        scheme = urlsplit(url).scheme or "unknown"
        found[scheme] = found.get(scheme, True) and taken
    return found
