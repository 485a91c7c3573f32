from __future__ import annotations

from pathlib import Path

from tests.architecture.planting import plant
from tests.architecture.rules import pages
from tests.architecture.rules.tree import ROOT


def test_the_map_names_every_slice() -> None:
    assert pages.unmapped_slices(ROOT) == []


def test_a_slice_missing_from_the_map_is_caught(tmp_path: Path) -> None:
    slices = dict.fromkeys([f"chalicelib/features/{name}/__init__.py" for name in ("sites", "mail")], "")
    plant(tmp_path, **slices, **{"docs/architecture.md": "| `sites` | where people subscribe |\n"})
    assert pages.unmapped_slices(tmp_path) == ["docs/architecture.md:1: `mail` has no line"]
