"""structlog, set up once. No phone number, name or token reaches a line: exceptions are told by type and place, never by text."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Literal

import structlog

_FRAMES = 8


def place_of(failed: BaseException) -> str:
    """What broke and where, without the exception's own text: that quotes what a PBX sent (invariant 10)."""
    frames = traceback.extract_tb(failed.__traceback__)[-_FRAMES:]
    return " < ".join([type(failed).__name__, *(f"{Path(one.filename).name}:{one.lineno}" for one in reversed(frames))])


def _exception(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if line.pop("exc_info", None):
        failed = sys.exc_info()[1]
        line["error"] = place_of(failed) if failed is not None else None
    return line


class _Libraries(logging.Handler):
    """What a library says, without what it says it about: aiohttp quotes the request line, and a token with it."""

    def emit(self, record: logging.LogRecord) -> None:
        failed = record.exc_info[1] if record.exc_info else None
        structlog.get_logger(record.name).log(
            record.levelno, str(record.msg).split("\n", 1)[0], error=place_of(failed) if failed is not None else None
        )


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
            _exception,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR if quiet else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Libraries(logging.WARNING)], force=True)
