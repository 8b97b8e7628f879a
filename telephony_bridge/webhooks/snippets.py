"""What an administrator is told about his PBX, filled in with the address of his webhook."""

from __future__ import annotations

from pathlib import Path

_HOUSE = Path(__file__).parent.parent
_PAGES = _HOUSE / "_pages" if (_HOUSE / "_pages").is_dir() else _HOUSE.parent / "docs" / "pbx"
_FILES = _HOUSE / "_pbx" if (_HOUSE / "_pbx").is_dir() else _HOUSE.parent / "deploy" / "pbx"


def snippet(dialect: str, url: str) -> str:
    """The page ``docs/pbx/<dialect>.md`` and what lies in ``deploy/pbx/<dialect>/``, with ``@URL@`` filled in."""
    files = [f"--- {path.name} ---\n{path.read_text()}" for path in sorted((_FILES / dialect).glob("*")) if path.is_file()]
    return "\n".join([(_PAGES / f"{dialect}.md").read_text(), *files]).replace("@URL@", url)
