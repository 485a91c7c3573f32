"""Where a new slice must be known: app.py, the tiers of pyproject.toml, and docs/architecture.md. Text in, text out."""

from __future__ import annotations

import re

_BLUEPRINTS = re.compile(r"(for blueprint in \()(.*?),?\s*(\):)", re.DOTALL)
_LAYER = re.compile(r'^ +"(\(.*\))",', re.MULTILINE)
_TABLE = re.compile(r"^\| tier \| slices \|.*\n\|[-|]+\|\n((?:\|.*\|\n)+)", re.MULTILINE)
_TO_BE_SAID = "what it is for"


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
    for found in _LAYER.finditer(text):
        if f"({tier})" in found[1]:
            return text[: found.end(1)] + f" | ({many})" + text[found.end(1) :]
    raise NoPlace(f"no tier holds {tier!r}: name a slice to stand beside, as in TIER=sites")


def in_architecture(text: str, many: str, tiers: str) -> str:
    """On the line of its tier; a tier nobody lives on yet gets its line above the next lower one."""
    table = _TABLE.search(text)
    if table is None:
        raise NoPlace("docs/architecture.md has no table of tiers and slices")
    rows = [[cell.strip() for cell in row.strip("|").split("|")][1:] for row in table[1].splitlines()]
    layers = [re.findall(r"\w+", found[1]) for found in _LAYER.finditer(tiers)]
    place = next(position for position, layer in enumerate(layers) if many in layer)
    _settle(rows, many, layers[place], [name for lower in layers[place + 1 :] for name in lower])
    lines = [f"| {number} | {slices} | {words} |\n" for number, (slices, words) in enumerate(rows, 1)]
    return text[: table.start(1)] + "".join(lines) + text[table.end(1) :]


def _settle(rows: list[list[str]], many: str, own: list[str], lower: list[str]) -> None:
    for position, row in enumerate(rows):
        if _lives_here(row, [many]):
            return
        if _lives_here(row, own):
            rows[position] = [f"{row[0]} · `{many}`", f"{row[1]} · {_TO_BE_SAID}"]
            return
        if _lives_here(row, lower):
            rows.insert(position, [f"`{many}`", _TO_BE_SAID])
            return
    rows.append([f"`{many}`", _TO_BE_SAID])


def _lives_here(row: list[str], names: list[str]) -> bool:
    return any(f"`{name}`" in row[0] for name in names)
