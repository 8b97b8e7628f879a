"""Who works here: managers (the salespeople), their extensions and absences by date, and who may ask for what."""

from __future__ import annotations
