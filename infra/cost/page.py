"""Puts the last tables into a page, between two marks; what people wrote around them stays."""

from __future__ import annotations

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "cost.md"
BEGIN, END = "<!-- tables: `make cost ARGS=--write` -->", "<!-- end of tables -->"


def renew(page: Path, tables: str, *, begin: str = BEGIN) -> None:
    """Raises ValueError for a page without the marks."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{page.name} has no place for the tables")
    page.write_text(f"{before}{begin}\n```text\n{tables}\n```\n{END}{after}", encoding="utf-8")
