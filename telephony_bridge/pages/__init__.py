"""Server-rendered pages: what opens behind a notice's link, for one person, without sign-in and without JavaScript."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from aiohttp import web

from telephony_bridge import db
from telephony_bridge.model import Company
from telephony_bridge.pages import calendar
from telephony_bridge.pages.serving import Pages
from telephony_bridge.settings import Settings

__all__ = ["routes"]


def routes(
    database: db.Database, settings: Settings, company: Company, clock: Callable[[], datetime]
) -> list[web.AbstractRouteDef]:
    """The forms below ``/f/``, and the calendar feeds; ``settings`` name the address they are reached by."""
    return [*Pages(database, company, clock).routes(), *calendar.routes(database, settings, company, clock)]
