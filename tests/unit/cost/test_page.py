"""Tables are renewed in their place; the words around them are their writer's."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.cost.page import BEGIN, END, PAGE, renew


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# Ours\n{BEGIN}\nold\n{END}\nafterwards\n")
    renew(page, "new")
    renew(page, "newer")
    assert page.read_text() == f"# Ours\n{BEGIN}\n```text\nnewer\n```\n{END}\nafterwards\n"


@pytest.mark.parametrize("text", ["", "# No place", f"{BEGIN} and no end"])
def test_a_page_without_marks_is_left_alone(tmp_path: Path, text: str) -> None:
    page = tmp_path / "page.md"
    page.write_text(text)
    with pytest.raises(ValueError, match="no place"):
        renew(page, "new")
    assert page.read_text() == text


def test_our_page_has_its_tables() -> None:
    text = PAGE.read_text()
    assert "usd_per_million" in text.partition(BEGIN)[2].partition(END)[0]
