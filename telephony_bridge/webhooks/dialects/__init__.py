"""The dialects this house speaks: an explicit list, no discovery. Adding one: ``README.md`` beside this file."""

from __future__ import annotations

from telephony_bridge.webhooks.dialects import asterisk, freepbx, generic, mango, plivo, telnyx, twilio
from telephony_bridge.webhooks.dialects.engine import connected, understand
from telephony_bridge.webhooks.dialects.reading import Dialect

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        asterisk.DIALECT,
        freepbx.DIALECT,
        generic.DIALECT,
        mango.DIALECT,
        plivo.DIALECT,
        telnyx.DIALECT,
        twilio.DIALECT,
    )
}

__all__ = ["DIALECTS", "Dialect", "connected", "understand"]
