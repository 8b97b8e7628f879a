"""FreeSWITCH and FusionPBX: a document of mod_json_cdr, mod_format_cdr or mod_xml_cdr a leg, in every encoding they know.

Lines of mod_cdr_csv are taken as well, for history. github:signalwire/freeswitch, src/mod/event_handlers.
"""

from __future__ import annotations

from datetime import timedelta

from telephony_bridge.model import Delivery, Installation
from telephony_bridge.webhooks.dialects.bodies import read_each
from telephony_bridge.webhooks.dialects.freeswitch_bodies import documents_of
from telephony_bridge.webhooks.dialects.freeswitch_calls import tell
from telephony_bridge.webhooks.dialects.freeswitch_legs import row_of
from telephony_bridge.webhooks.dialects.reading import Dialect, Row


def read(delivery: Delivery, installation: Installation) -> list[Row]:
    """A leg a document. Raises ``Malformed``, ``NotACall`` or ``Misdirected``."""
    return read_each(documents_of(delivery), lambda document: row_of(document, installation))


DIALECT = Dialect(
    "freeswitch",
    "FreeSWITCH",
    read,
    tell,
    settle_after=timedelta(hours=1),  # every leg is told when it ends, and the one that began the call ends last
)
