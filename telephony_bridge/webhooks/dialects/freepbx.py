"""FreePBX (and MikoPBX): rows of ``asteriskcdrdb.cdr``; ``calldate`` is the start, and there is no answer column.

Columns that its modules add (cnum, did, outbound_cnum, recordingfile): https://github.com/FreePBX/cdr
"""

from __future__ import annotations

from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.asterisk_calls import tell
from telephony_bridge.webhooks.dialects.asterisk_fields import rows_of
from telephony_bridge.webhooks.dialects.reading import Dialect, Row


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """Rows of one delivery. Raises ``Malformed``, ``NotACall`` or ``Misdirected``."""
    return rows_of(delivery, installation, title="FreePBX")


DIALECT = Dialect("freepbx", "FreePBX", read, tell)
