"""Server-rendered pages: what opens behind a notice's link, for one person, without sign-in and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from telephony_bridge import db
from telephony_bridge.model import Company
from telephony_bridge.pages.serving import Pages

__all__ = ["routes"]


def routes(database: db.Database, company: Company, clock: Callable[[], datetime]) -> list[web.AbstractRouteDef]:
    """Every address below ``/f/``."""
    return Pages(database, company, clock).routes()
