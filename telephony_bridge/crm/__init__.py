"""The embedded CRM: leads, comments, planned contacts and deals, each with who wrote it and when."""

from __future__ import annotations
