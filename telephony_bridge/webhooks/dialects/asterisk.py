"""Asterisk: ``cdr`` rows as JSON, form or CSV, from an ``h`` extension, an AMI relay or a database poller.

Columns, AMI keys and Master.csv order: https://github.com/asterisk/asterisk (cdr/, main/cdr.c).
"""

from __future__ import annotations

from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.asterisk_calls import tell
from telephony_bridge.webhooks.dialects.asterisk_fields import rows_of
from telephony_bridge.webhooks.dialects.reading import Dialect, Row


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """Rows of one delivery. Raises ``Malformed``, ``NotACall`` or ``Misdirected``."""
    return rows_of(delivery, installation, title="Asterisk")


DIALECT = Dialect("asterisk", "Asterisk", read, tell)
