"""structlog, set up once. No phone number or name reaches a line unmasked."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog


def set_up(log_format: Literal["console", "json"], *, quiet: bool = False) -> None:
    """One line a story on standard error; ``quiet`` leaves only errors."""
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer() if log_format == "console" else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR if quiet else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
