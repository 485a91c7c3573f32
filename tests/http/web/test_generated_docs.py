"""What `make docs` writes is committed as it would write it now."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import app
from chalicelib.web.explain import explanations
from infra.access import access_page
from infra.contract.current import contract, spelled
from infra.docs import DOCS, health_table, limits_table, problem_pages, renew, suspicion_table, write


def test_the_committed_problem_pages_are_up_to_date() -> None:
    committed = {page.name: page.read_text(encoding="utf-8") for page in (DOCS / "problems").glob("*.md")}
    assert committed == problem_pages(explanations()), "run `make docs`"


def test_the_committed_contract_is_up_to_date() -> None:
    committed = (DOCS / "openapi.json").read_text(encoding="utf-8")
    assert committed == spelled(contract()), "run `make docs`"


def test_the_committed_table_of_who_may_do_what_is_up_to_date() -> None:
    committed = (DOCS / "access.md").read_text(encoding="utf-8")
    assert committed == access_page(app.endpoints), "run `make docs`"


def test_the_committed_limits_are_those_that_hold(tmp_path: Path) -> None:
    committed = (DOCS / "limits.md").read_text(encoding="utf-8")
    page = tmp_path / "limits.md"
    page.write_text(committed, encoding="utf-8")
    renew(page, limits_table())
    assert committed == page.read_text(encoding="utf-8"), "run `make docs`"


def test_the_committed_rules_of_suspicion_are_those_that_hold(tmp_path: Path) -> None:
    committed = (DOCS / "suspicion.md").read_text(encoding="utf-8")
    page = tmp_path / "suspicion.md"
    page.write_text(committed, encoding="utf-8")
    renew(page, suspicion_table())
    assert committed == page.read_text(encoding="utf-8"), "run `make docs`"


def test_the_committed_chances_are_those_that_are_reckoned_with(tmp_path: Path) -> None:
    committed = (DOCS / "health.md").read_text(encoding="utf-8")
    page = tmp_path / "health.md"
    page.write_text(committed, encoding="utf-8")
    renew(page, health_table())
    assert committed == page.read_text(encoding="utf-8"), "run `make docs`"


def test_a_page_without_a_place_for_its_table_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "limits.md"
    page.write_text("# Limits\n", encoding="utf-8")
    with pytest.raises(ValueError, match="no place"):
        renew(page, limits_table())
    assert page.read_text(encoding="utf-8") == "# Limits\n"


def test_links_between_the_pages_lead_somewhere() -> None:
    pages = problem_pages(explanations())
    targets = {target.partition(")")[0] for text in pages.values() for target in text.split("](")[1:]}
    assert targets <= set(pages)


def test_pages_of_errors_that_are_gone_go_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "problems", {"old.md": "old", "kept.md": "old"})
    write(tmp_path / "problems", {"kept.md": "new", "fresh.md": "new"})
    assert {page.name: page.read_text() for page in (tmp_path / "problems").iterdir()} == {
        "kept.md": "new",
        "fresh.md": "new",
    }
    assert "2 pages" in capsys.readouterr().out
