"""Measures the door and the whole story against a server that does nothing, side by side in one run."""

from __future__ import annotations
