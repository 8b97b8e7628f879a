"""The words of notices: facts and a template give a title and a text, the text gives its HTML (R36). Pure but for templates.

A template's first line is the title; the rest is the text. Names are written as they are, numbers as policy shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import escape

from telephony_bridge import phones
from telephony_bridge.notices import words

LINK = "\ue000"  # where a text has its link: it is made when the notice is sent, and known to the person alone
_LONGEST = 100  # letters of a name or a goal in a list
TEAM = 40  # people in a sheet
SHOWN = 12  # rows of a list; more are counted
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned contact of the day; ``overdue`` when its day is over."""

    lead_name: str
    due_at: datetime
    goal: str | None
    last_outcome: str | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class Debt:
    """What is owed for one call, lead or day: (code, deadline) of each of its violations; an open one's is None.

    ``at`` is when the call began, ``on`` the day where it is about one, ``who`` a lead's name or a number as policy shows it.
    """

    owed: tuple[tuple[str, datetime | None], ...]
    at: datetime | None = None
    on: date | None = None
    who: str | None = None

    @property
    def codes(self) -> list[str]:
        return sorted({code for code, _ in self.owed})

    @property
    def is_open(self) -> bool:
        return self.until is None

    @property
    def until(self) -> datetime | None:
        """The soonest deadline still ahead."""
        return min((until for _, until in self.owed if until is not None), default=None)


@dataclass(frozen=True, slots=True)
class Number:
    """One metric of a day: counted, the floor, the goal, and what the shift will end with at this pace."""

    metric: str
    counted: int
    minimum: int
    target: int
    projected: int | None = None


@dataclass(frozen=True, slots=True)
class DayOf:
    """A day of one person as far as it is known: his numbers, the verdict in a word of the board, what stands open."""

    name: str
    numbers: tuple[Number, ...]
    verdict: str
    open_violations: int


def shown_number(number: str | None, as_policy: str) -> str | None:
    """A phone number as ``notice_numbers`` has it: masked, full or not at all."""
    if number is None or as_policy == "none":
        return None
    return number if as_policy == "full" else phones.masked(number)


@cache
def _environment(language: str) -> Environment:
    found = Environment(
        loader=FileSystemLoader([_TEMPLATES / language, _TEMPLATES]),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  # plain text; html() escapes
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
    )
    found.filters |= {"plural": _plural, "short": _short, "word": words.ONE[language].__getitem__}
    found.globals |= {
        "LINK": LINK,
        "SHOWN": SHOWN,
        "TEAM": TEAM,
        "ONE": words.ONE[language],
        "MANY": words.MANY[language],
        "METRIC": words.METRIC[language],
        "VERDICT": words.VERDICT[language],
        "OUTCOME": words.OUTCOME[language],
    }
    return found


def _short(text: str) -> str:
    """One line, as long as a line may be."""
    line = " ".join(text.replace(LINK, "").split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…"


def _plural(number: int, one: str, few: str, many: str | None = None) -> str:
    """The form that goes with a number: Russian has three, English two."""
    if many is None:
        return f"{number} {one if number == 1 else few}"
    tens, ones = abs(number) % 100, abs(number) % 10
    if ones == 1 and tens != 11:
        return f"{number} {one}"
    return f"{number} {few if 2 <= ones <= 4 and not 12 <= tens <= 14 else many}"


def render(kind: str, language: str, zone: ZoneInfo, *, now: datetime, facts: Mapping[str, object]) -> tuple[str, str]:
    """(title, text) of a notice of this kind to who reads this language and lives in this zone."""
    today = now.astimezone(zone).date()

    def when(at: datetime) -> str:
        local = at.astimezone(zone)
        return f"{local:%H:%M}" if local.date() == today else f"{local:%d.%m %H:%M}"

    def day(on: date) -> str:
        return f"{on:%d.%m.%Y}"

    def short_day(on: date) -> str:
        return f"{on:%d.%m}"

    told = _environment(language).get_template(f"{kind}.txt").render(when=when, day=day, date=short_day, today=today, **facts)
    title, _, text = re.sub(r"\n{3,}", "\n\n", told.strip()).partition("\n")
    return title.strip(), text.strip()


def by_code(debts: Sequence[Debt]) -> list[tuple[str, int, datetime | None]]:
    """(code, how many, the soonest deadline still ahead) of debts, in order of code."""
    found: dict[str, list[datetime | None]] = {}
    for debt in debts:
        for code, until in debt.owed:
            found.setdefault(code, []).append(until)
    return [
        (code, len(mine), min((until for until in mine if until is not None), default=None))
        for code, mine in sorted(found.items())
    ]


def text_of(body: str, link: str | None, reference: str) -> str:
    """The plain text as it goes out, with its link and what names this notice."""
    return f"{body.replace(LINK, link or '')}\n\n{reference}"


_CSS: Mapping[str, str] = {
    "body": "margin:0;padding:16px;font:16px/1.45 system-ui,sans-serif;color:#1b1f24;background:#ffffff",
    "h1": "font-size:18px;margin:0 0 12px",
    "p": "margin:0 0 12px",
    "ul": "margin:0 0 12px;padding-left:20px",
    "a": "display:inline-block;padding:10px 16px;border-radius:6px;background:#0b5cad;color:#ffffff",
    "small": "color:#57606a",
}


def html_of(title: str, body: str, link: str | None, reference: str, language: str) -> str:
    """The same text as a small HTML document: lines that begin with a dash are a list, the link is a button."""
    parts = [f'<h1 style="{_CSS["h1"]}">{escape(title)}</h1>']
    for paragraph in body.split("\n\n"):
        rows: list[str] = []
        for line in paragraph.splitlines():
            if line.startswith("- "):
                rows.append(f"<li>{escape(line[2:])}</li>")
                continue
            parts += _list(rows)
            rows = []
            label, mark, _ = line.partition(LINK)
            if mark and link:
                parts.append(
                    f'<p style="{_CSS["p"]}"><a style="{_CSS["a"]}" href="{escape(link)}">{escape(label.strip(" :"))}</a></p>'
                )
            else:
                parts.append(f'<p style="{_CSS["p"]}">{escape(line.replace(LINK, ""))}</p>')
        parts += _list(rows)
    parts.append(f'<p style="{_CSS["small"]}">{escape(reference)}</p>')
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
    return (
        f'<!doctype html><html lang="{language}"><head>{head}</head><body style="{_CSS["body"]}">{"".join(parts)}</body></html>'
    )


def _list(rows: Sequence[str]) -> list[str]:
    return [f'<ul style="{_CSS["ul"]}">{"".join(rows)}</ul>'] if rows else []
