from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.planting import plant
from tests.architecture.rules import locks
from tests.architecture.rules.tree import ROOT

_PINNED = "thing==1.0 \\\n    --hash=sha256:00\n    # via other\n"


def test_everything_is_pinned_and_hashed() -> None:
    assert list(locks.loose_locks(ROOT)) == []


def test_what_runs_is_what_is_tested() -> None:
    assert list(locks.diverging_locks(ROOT)) == []


@pytest.mark.parametrize(
    "lock",
    ["thing>=1.0\n", "thing==1.0\n", "thing==1.0 ; python_version > '3'\n", f"--index-url https://example.com/simple\n{_PINNED}",
     "thing @ https://example.com/thing.whl\n"],
)  # fmt: skip
def test_a_loose_lock_is_caught(tmp_path: Path, lock: str) -> None:
    plant(tmp_path, **dict.fromkeys(locks.LOCKS, _PINNED) | {"requirements-run.txt": lock})
    found = list(locks.loose_locks(tmp_path))
    assert found
    assert all(finding.startswith("requirements-run.txt:") for finding in found)


def test_two_versions_of_one_thing_are_caught(tmp_path: Path) -> None:
    plant(tmp_path, **dict.fromkeys(locks.LOCKS, _PINNED) | {"requirements.txt": _PINNED.replace("1.0", "1.1")})
    assert list(locks.diverging_locks(tmp_path)) == ["requirements.txt has thing 1.1, requirements-run.txt has not"]


@pytest.mark.parametrize("changed", ["requirements.in", "requirements-run.in", "requirements-dev.in"])
def test_a_lock_older_than_its_inputs_is_caught(tmp_path: Path, changed: str) -> None:
    for path in [*ROOT.glob("requirements*"), ROOT / ".ci" / "lock"]:
        (tmp_path / path.relative_to(ROOT)).parent.mkdir(exist_ok=True)
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    check = [str(tmp_path / ".ci" / "lock"), "--check"]
    assert subprocess.run(check, check=False).returncode == 0
    with (tmp_path / changed).open("a") as file:
        file.write("another\n")
    assert subprocess.run(check, capture_output=True, check=False).returncode == 1
