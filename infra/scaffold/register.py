"""Where a new slice must be known: app.py, the tiers of pyproject.toml, and docs/architecture.md. Text in, text out."""

from __future__ import annotations

import re

_BLUEPRINTS = re.compile(r"(for blueprint in \()(.*?),?\s*(\):)", re.DOTALL)
_ROW = re.compile(r"^\| `(\w+)` \|.*\|$", re.MULTILINE)


class NoPlace(Exception):
    """The file does not look as expected; the message says what was looked for."""


def in_app(text: str, many: str) -> str:
    """The import goes above the others (ruff sorts them), the blueprint to the end of the line."""
    found = _BLUEPRINTS.search(text)
    if found is None:
        raise NoPlace("app.py has no `for blueprint in (…):`")
    line = f"from chalicelib.features.{many}.api import api as {many}_api\n"
    registered = text[: found.start()] + f"{found[1]}{found[2]}, {many}_api{found[3]}" + text[found.end() :]
    return registered.replace("from chalicelib.", f"{line}from chalicelib.", 1)


def in_tiers(text: str, many: str, tier: str) -> str:
    """Beside `tier`, a slice that has its line already."""
    if f"({many})" in text:
        return text
    for line in re.findall(r'^ +"\(.*\)",', text, re.MULTILINE):
        if f"({tier})" in line:
            return text.replace(line, line.removesuffix('",') + f' | ({many})",')
    raise NoPlace(f"no tier holds {tier!r}: name a slice to stand beside, as in TIER=sites")


def in_architecture(text: str, many: str) -> str:
    """One more row below the table of slices."""
    rows = list(_ROW.finditer(text))
    if any(row[1] == many for row in rows) or not rows:
        return text
    last = rows[-1]
    return text[: last.end()] + f"\n| `{many}` | what it is for, in one line |" + text[last.end() :]
