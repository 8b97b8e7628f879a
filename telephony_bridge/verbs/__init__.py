"""The verbs of the command line, a module a subject; ``cli.py`` puts them together."""

from __future__ import annotations
