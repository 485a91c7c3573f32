"""The import contracts of pyproject.toml, each seen catching its own breach in a house of the same plan."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules.tree import ROOT

_FEATURES = "chalicelib/features"
_HOUSE = {
    **dict.fromkeys(
        ["infra/__init__.py", "chalicelib/__init__.py", f"{_FEATURES}/__init__.py"]
        + [f"chalicelib/{floor}/__init__.py" for floor in ("core", "aws", "web", "channels")]
        + [f"{_FEATURES}/{name}/__init__.py" for name in ("campaigns", "sites", "tenants", "audit", "due")],
        "",
    ),
    "chalicelib/core/ids.py": "",
    "chalicelib/config.py": "from chalicelib.core import ids",
    "chalicelib/aws/queues.py": "import boto3\nfrom chalicelib import config",
    "chalicelib/web/schema.py": "import pydantic",
    "chalicelib/channels/webpush.py": "import pycurl\nfrom chalicelib.aws import queues",
    f"{_FEATURES}/tenants/service.py": "",
    f"{_FEATURES}/audit/service.py": "",
    f"{_FEATURES}/due/model.py": "from chalicelib.aws.messages import Message",
    f"{_FEATURES}/sites/model.py": "import msgspec",
    f"{_FEATURES}/sites/service.py": "from chalicelib.features.sites import model",
    f"{_FEATURES}/sites/store.py": "import pynamodb\nfrom chalicelib.features.sites import service, model",
    f"{_FEATURES}/sites/schemas.py": "from chalicelib.web import schema",
    f"{_FEATURES}/sites/wiring.py": "from chalicelib.features.sites import service, store",
    f"{_FEATURES}/sites/api.py": "from chalicelib.features.sites import schemas, wiring",
    f"{_FEATURES}/sites/worker.py": "from chalicelib.features.sites import wiring",
    f"{_FEATURES}/campaigns/service.py": "from chalicelib.features.sites import service\nfrom chalicelib.features.due import model",
}


@pytest.fixture
def house(tmp_path: Path) -> Path:
    return plant(tmp_path, **_HOUSE)


def _judge(house: Path, *options: str) -> subprocess.CompletedProcess[str]:
    program = [
        str(Path(sys.executable).with_name("lint-imports")),
        "--no-cache",
        "--config",
        str(ROOT / "pyproject.toml"),
        *options,
    ]
    return subprocess.run(program, cwd=house, capture_output=True, text=True, check=False)


def test_a_house_of_that_plan_stands(house: Path) -> None:
    judged = _judge(house)
    assert judged.returncode == 0, judged.stdout


@pytest.mark.parametrize(
    ("contract", "place", "line"),
    [
        ("floors", "chalicelib/core/ids.py", "from chalicelib import config"),
        ("floors", "chalicelib/web/schema.py", "from chalicelib.aws import queues"),
        ("floors", "chalicelib/aws/queues.py", "from chalicelib.web import schema"),
        ("floors", "chalicelib/channels/webpush.py", "from chalicelib.features.sites import service"),
        ("floors", "chalicelib/attic.py", ""),
        ("tiers", f"{_FEATURES}/sites/service.py", "from chalicelib.features.campaigns import service"),
        ("tiers", f"{_FEATURES}/tenants/service.py", "def late():\n    from chalicelib.features.audit import service"),
        ("tiers", f"{_FEATURES}/newcomer/__init__.py", ""),
        ("rooms", f"{_FEATURES}/sites/model.py", "from chalicelib.features.sites import service"),
        ("rooms", f"{_FEATURES}/sites/service.py", "from chalicelib.features.sites import store"),
        ("rooms", f"{_FEATURES}/sites/worker.py", "from chalicelib.features.sites import api"),
        ("rooms", f"{_FEATURES}/sites/presenter.py", ""),
        ("pure", f"{_FEATURES}/sites/model.py", "import boto3"),
        ("pure", f"{_FEATURES}/sites/service.py", "from chalicelib.web import schema"),
        ("pure", f"{_FEATURES}/sites/service.py", "from chalicelib.aws import queues"),
        ("light", f"{_FEATURES}/sites/wiring.py", "def late():\n    import pywebpush"),
        ("light", f"{_FEATURES}/sites/worker.py", "from chalicelib.features.sites import schemas"),
        ("light", "chalicelib/channels/webpush.py", "import aiohttp"),
        ("product", f"{_FEATURES}/sites/service.py", "from app import app"),
        ("product", "chalicelib/aws/queues.py", "from infra.local import aws"),
        ("product", "chalicelib/web/schema.py", "import moto"),
        ("tools", "infra/demo.py", "from tests import world"),
    ],
)
def test_a_breach_is_caught(house: Path, contract: str, place: str, line: str) -> None:
    plant(house, **{place: f"{_HOUSE.get(place, '')}\n{line}\n"})
    judged = _judge(house, "--contract", contract)
    assert judged.returncode == 1, judged.stdout
    assert "BROKEN" in judged.stdout
