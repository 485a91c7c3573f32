from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules import pages
from tests.architecture.rules.tree import ROOT


def test_the_map_names_every_slice() -> None:
    assert pages.unmapped_slices(ROOT) == []


def test_a_slice_missing_from_the_map_is_caught(tmp_path: Path) -> None:
    slices = dict.fromkeys([f"chalicelib/features/{name}/__init__.py" for name in ("sites", "mail")], "")
    plant(tmp_path, **slices, **{"docs/architecture.md": "| `sites` | where people subscribe |\n"})
    assert pages.unmapped_slices(tmp_path) == ["docs/architecture.md:1: `mail` has no line"]


def test_pages_lead_to_what_is_there() -> None:
    assert pages.dead_paths(ROOT) == []


@pytest.mark.parametrize(
    ("line", "dead"),
    [
        ("proof: `tests/unit/aws`", "tests/unit/aws"),
        ("see `web/nowhere.py`", "web/nowhere.py"),
        ("see `nowhere.py`", "nowhere.py"),
        ("see `requirements*.txt`", "requirements*.txt"),
        ("`journeys/` whole walks", "journeys/"),
        ("[the map](nowhere.md#part)", "nowhere.md"),
    ],
)
def test_a_page_that_leads_nowhere_is_caught(tmp_path: Path, line: str, dead: str) -> None:
    plant(tmp_path, **{"docs/x.md": f"On.\n{line}\n", "README.md": "# All well\n", "tests/unit/test_x.py": ""})
    assert pages.dead_paths(tmp_path) == [f"docs/x.md:2: {dead} is not there"]


@pytest.mark.parametrize(
    "line",
    [
        "`docs/x.md`, `docs/`, `docs/*.md`, `x.md`, `web/api.py`, `unit/`, [itself](x.md#on), [above](../README.md)",
        "`/v1/health`, `GET /v1/sites/{id}`, `tests/unit/<slice>`, `application/json`, `Europe/Paris`, `.venv/bin/pre-commit`",
        "[elsewhere](https://example.com/nowhere.md), [below](#on), `a.b`, `application/problem+json`",
    ],
)
def test_what_is_there_and_what_is_no_path_is_fine(tmp_path: Path, line: str) -> None:
    plant(tmp_path, **{"docs/x.md": line, "README.md": "", "chalicelib/web/api.py": "", "tests/unit/test_x.py": ""})
    assert pages.dead_paths(tmp_path) == []
