"""What an administrator pastes into his PBX, filled in with the address of his webhook."""

from __future__ import annotations

from pathlib import Path

_PACKAGED = Path(__file__).parent.parent / "_pbx"
_SNIPPETS = _PACKAGED if _PACKAGED.is_dir() else Path(__file__).parent.parent.parent / "deploy" / "pbx"


def snippet(dialect: str, url: str) -> str:
    """The pages of ``deploy/pbx/<dialect>/`` with ``@URL@`` filled in; a sentence where there are none."""
    parts = [f"--- {path.name} ---\n{path.read_text()}" for path in sorted((_SNIPPETS / dialect).glob("*")) if path.is_file()]
    return "\n".join(parts).replace("@URL@", url) or f"Let the PBX post to {url}"
