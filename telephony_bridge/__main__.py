"""``python -m telephony_bridge VERB``."""

from __future__ import annotations

from telephony_bridge.cli import main

if __name__ == "__main__":
    main()
