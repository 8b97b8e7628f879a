"""A PBX tells us about calls; this house keeps what it said, understands it and holds the day to the regulation.

Read ``pipeline.py`` first: it tells each story in domain words.
"""

from __future__ import annotations

__version__ = "0.1.0"
