"""The commands of the house and the coverage gates, tried on a small project of their own."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules.tree import ROOT

_COMMANDS = [
    "run",
    "demo",
    "reset",
    "sdk",
    "test",
    "check",
    "fmt",
    "lint",
    "lock",
    "chaos",
    "bench",
    "docs",
    "new",
    "shell",
    "logs",
    "operator-key",
    "signing-key",
    "reseal",
]
_HALF = '"""Half of it is tried."""\n\n\ndef sign(x: int) -> int:\n    if x < 0:\n        return -1\n    return 1\n'
_WHOLE = '"""All of it is tried."""\n\n\ndef same(x: int) -> int:\n    return x\n'
_TRIES = "from {module} import {name}\n\n\ndef test_it() -> None:\n    assert {name}(1) == 1\n"


def test_make_alone_lists_every_command_with_its_line() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    described = re.findall(r"^  make ([a-z-]+) +\S", listed, re.MULTILINE)
    assert [command for command in _COMMANDS if command not in described] == []


@pytest.mark.parametrize("script", ["run", "coverage", "lock"])
def test_scripts_are_well_formed_and_may_be_run(script: str) -> None:
    path = ROOT / ".ci" / script
    assert path.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(path)], check=False).returncode == 0


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("pyproject.toml", ".ci/coverage"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return plant(
        tmp_path, **dict.fromkeys(["chalicelib/__init__.py", "chalicelib/core/__init__.py", "infra/__init__.py"], "")
    )


def _cover(project: Path) -> subprocess.CompletedProcess[str]:
    program = [
        "bash",
        "-c",
        'PATH="$0:$PATH" WORKERS=0; export PATH WORKERS; unset MEASURED "${!COVERAGE_@}"; .ci/coverage',
    ]
    program += [str(Path(sys.executable).parent)]
    return subprocess.run(program, cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_full_coverage_passes_both_gates(project: Path) -> None:
    plant(
        project,
        **{
            "chalicelib/core/same.py": _WHOLE,
            "tests/test_same.py": _TRIES.format(module="chalicelib.core.same", name="same"),
        },
    )
    covered = _cover(project)
    assert covered.returncode == 0, covered.stdout + covered.stderr


@pytest.mark.slow
def test_an_untried_branch_of_the_pure_parts_is_caught(project: Path) -> None:
    """The whole is above 90 %, so that only the second gate can object, wherever its parts stand."""
    features = "chalicelib/features"
    places = [
        "chalicelib/core/sign",
        f"{features}/sites/model",
        f"{features}/sites/service/plan",
        f"{features}/identity/tokens/service",
    ]
    filler = "".join(f"x{number} = {number}\n" for number in range(200))
    plant(
        project,
        **{"chalicelib/filler.py": f'"""Filler."""\n\n{filler}', "tests/test_filler.py": "import chalicelib.filler\n"},
    )
    for place in places:
        tries = _TRIES.format(module=place.replace("/", "."), name="sign")
        plant(project, **{f"{place}.py": _HALF, f"tests/test_{len(place)}.py": tries})
    covered = _cover(project)
    assert covered.returncode == 2
    gated = covered.stdout.partition("every branch:")[2]
    assert [place for place in places if f"{place}.py" not in gated] == []


@pytest.mark.slow
def test_an_untried_product_is_caught(project: Path) -> None:
    plant(
        project,
        **{"chalicelib/web.py": _HALF * 3, "tests/test_it.py": "def test_nothing() -> None:\n    assert True\n"},
    )
    covered = _cover(project)
    assert covered.returncode == 2
    assert "less than fail-under=90" in covered.stdout + covered.stderr


@pytest.mark.slow
def test_a_failing_test_fails_the_gate(project: Path) -> None:
    plant(project, **{"tests/test_it.py": "def test_it() -> None:\n    assert False\n"})
    assert _cover(project).returncode == 1
