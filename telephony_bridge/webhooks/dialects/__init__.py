"""The dialects this house speaks: an explicit list, no discovery. Adding one: ``README.md`` beside this file."""

from __future__ import annotations

from telephony_bridge.webhooks.dialects import (
    aircall,
    asterisk,
    beeline,
    binotel,
    freepbx,
    freeswitch,
    generic,
    mango,
    megafon,
    mts,
    onlinepbx,
    plivo,
    ringcentral,
    ringostat,
    rostelecom,
    sipuni,
    telnyx,
    telphin,
    threecx,
    twilio,
    uis,
    vonage,
    zadarma,
    zoom_phone,
)
from telephony_bridge.webhooks.dialects.engine import connected, understand
from telephony_bridge.webhooks.dialects.reading import Dialect

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (
        aircall.DIALECT,
        asterisk.DIALECT,
        beeline.DIALECT,
        binotel.DIALECT,
        freepbx.DIALECT,
        freeswitch.DIALECT,
        generic.DIALECT,
        mango.DIALECT,
        megafon.DIALECT,
        mts.DIALECT,
        onlinepbx.DIALECT,
        plivo.DIALECT,
        ringcentral.DIALECT,
        ringostat.DIALECT,
        rostelecom.DIALECT,
        sipuni.DIALECT,
        telnyx.DIALECT,
        telphin.DIALECT,
        threecx.DIALECT,
        twilio.DIALECT,
        uis.DIALECT,
        vonage.DIALECT,
        zadarma.DIALECT,
        zoom_phone.DIALECT,
    )
}

__all__ = ["DIALECTS", "Dialect", "connected", "understand"]
