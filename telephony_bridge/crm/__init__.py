"""The embedded CRM: leads, comments, planned contacts and deals, each with who wrote it and when."""

from __future__ import annotations

from telephony_bridge.crm.connectors import connector_seen, connectors, retire_connector, seen_until
from telephony_bridge.crm.deals import add_deal, change_deal, find_deals, one_deal
from telephony_bridge.crm.handover import (
    CardToRead,
    cards,
    cards_to_read,
    handovers,
    held,
    last_handover,
    leads_given,
    one_card,
    one_handover,
    owed_comments,
    pass_on,
    read_card,
)
from telephony_bridge.crm.importing import Imported, import_leads
from telephony_bridge.crm.leads import (
    Author,
    Buys,
    Changes,
    NewLead,
    Outcome,
    Stage,
    add_lead,
    change_lead,
    find_leads,
    lead_seen_by,
    shown,
)
from telephony_bridge.crm.records import Basis, Note, Plan, comment, history, plan, planned, planned_today
from telephony_bridge.crm.shares import Held, shares

__all__ = [
    "Author",
    "Basis",
    "Buys",
    "CardToRead",
    "Changes",
    "Held",
    "Imported",
    "NewLead",
    "Note",
    "Outcome",
    "Plan",
    "Stage",
    "add_deal",
    "add_lead",
    "cards",
    "cards_to_read",
    "change_deal",
    "change_lead",
    "comment",
    "connector_seen",
    "connectors",
    "find_deals",
    "find_leads",
    "handovers",
    "held",
    "history",
    "import_leads",
    "last_handover",
    "lead_seen_by",
    "leads_given",
    "one_card",
    "one_deal",
    "one_handover",
    "owed_comments",
    "pass_on",
    "plan",
    "planned",
    "planned_today",
    "read_card",
    "retire_connector",
    "seen_until",
    "shares",
    "shown",
]
