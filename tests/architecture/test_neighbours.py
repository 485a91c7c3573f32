from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules import neighbours, purity
from tests.architecture.rules.tree import ROOT

_SITES = "chalicelib.features.sites"


def test_neighbours_come_in_through_the_open_doors() -> None:
    assert neighbours.trespassers(ROOT) == []


def test_core_stands_on_the_standard_library() -> None:
    assert purity.impure_core(ROOT) == []


def test_the_product_imports_only_what_lambda_installs() -> None:
    assert purity.unlocked_imports(ROOT) == []


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("service", f"from {_SITES}.store import SiteRows"),
        ("service", f"import {_SITES}.store"),
        ("service", f"from {_SITES} import store"),
        ("service", f"from {_SITES}.wiring import sites"),
        ("service", f"from {_SITES}.schemas import SiteView"),
        ("api", f"from {_SITES}.api import api"),
        ("wiring", f"from {_SITES}.store import SiteRows"),
        ("wiring", f"from {_SITES}.adapters.stripe import Stripe"),
        ("worker", f"from {_SITES}.worker import worker"),
    ],
)
def test_a_neighbour_through_the_window_is_caught(tmp_path: Path, room: str, line: str) -> None:
    plant(tmp_path, **{f"chalicelib/features/campaigns/{room}.py": f"def late() -> None:\n    {line}\n"})
    (finding,) = neighbours.trespassers(tmp_path)
    assert finding.startswith(f"chalicelib/features/campaigns/{room}.py:2: campaigns.{room} may not import {_SITES}")


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("service", f"from {_SITES}.model import Site"),
        ("service", f"from {_SITES}.service.checks import Checks"),
        ("worker", f"from {_SITES}.service import Sites"),
        ("wiring", f"from {_SITES}.wiring import sites"),
    ],
)
def test_a_neighbour_through_the_door_is_welcome(tmp_path: Path, room: str, line: str) -> None:
    plant(tmp_path, **{f"chalicelib/features/campaigns/{room}.py": line})
    assert neighbours.trespassers(tmp_path) == []


@pytest.mark.parametrize("room", ["api", "worker", "service", "model", "schemas"])
def test_a_store_outside_its_own_wiring_is_caught(tmp_path: Path, room: str) -> None:
    plant(tmp_path, **{f"chalicelib/features/sites/{room}.py": f"from {_SITES}.store import SiteRows"})
    assert len(neighbours.trespassers(tmp_path)) == 1


def test_wiring_and_adapters_know_their_own_stores(tmp_path: Path) -> None:
    plant(
        tmp_path,
        **{
            "chalicelib/features/sites/wiring.py": f"from {_SITES}.store import SiteRows",
            "chalicelib/features/sites/adapters/pdf.py": f"from {_SITES}.store import SiteRows",
        },
    )
    assert neighbours.trespassers(tmp_path) == []


def test_the_app_reaching_into_a_slice_is_caught(tmp_path: Path) -> None:
    plant(tmp_path, **{"app.py": f"from {_SITES}.api import api\nfrom {_SITES}.store import SiteRows\n"})
    assert neighbours.trespassers(tmp_path) == [f"app.py:2: app.- may not import {_SITES}.store.SiteRows"]


@pytest.mark.parametrize(
    "line", ["import msgspec", "from pydantic import BaseModel", "from chalicelib.config import settings"]
)
def test_core_on_anything_else_is_caught(tmp_path: Path, line: str) -> None:
    plant(tmp_path, **{"chalicelib/core/x.py": f"import json\nfrom chalicelib.core import ids\n{line}\n"})
    (finding,) = purity.impure_core(tmp_path)
    assert finding.startswith("chalicelib/core/x.py:3:")


def test_an_import_that_lambda_would_not_find_is_caught(tmp_path: Path) -> None:
    lock = (ROOT / "requirements.txt").read_text()
    plant(
        tmp_path,
        **{"requirements.txt": lock, "chalicelib/x.py": "import jwt, chalice, botocore\nimport yaml\nimport nowhere\n"},
    )
    assert purity.unlocked_imports(tmp_path) == [
        "chalicelib/x.py:2: yaml is not in requirements.txt",
        "chalicelib/x.py:3: nowhere is not in requirements.txt",
    ]
