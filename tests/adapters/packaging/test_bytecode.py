from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.packaging.bytecode import Compiler, find_compiler
from infra.packaging.refusal import Refused

_RUNS = "#!/bin/sh\necho '3.13.7 (main) [GCC]'\n"
_OLDER = "#!/bin/sh\necho '3.11.9 (main) [GCC]'\n"
_SHIM = "#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2\nexit 127\n"
Plant = Callable[[str, str], Path]


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    def make(place: str, script: str) -> Path:
        path = tmp_path / place / "python3.13"
        path.parent.mkdir(parents=True)
        path.write_text(script)
        path.chmod(0o755)
        return path

    return make


def test_the_python_on_the_path_is_taken(tmp_path: Path, plant: Plant) -> None:
    python = plant("bin", _RUNS)
    found = find_compiler({"PATH": f"{tmp_path}/nowhere:{tmp_path}/bin"})
    assert found == Compiler(python, "3.13.7 (main) [GCC]")


@pytest.mark.parametrize("useless", [_SHIM, _OLDER, "not a program"])
def test_a_python_that_fails_or_lies_is_passed_over(tmp_path: Path, plant: Plant, useless: str) -> None:
    plant("shims", useless)
    python = plant("home/.pyenv/versions/3.13.0/bin", _RUNS)
    found = find_compiler({"PATH": f"{tmp_path}/shims", "HOME": f"{tmp_path}/home"})
    assert found is not None
    assert found.python == python


def test_the_one_that_is_named_comes_first(tmp_path: Path, plant: Plant) -> None:
    plant("bin", _RUNS)
    chosen = plant("chosen", _RUNS)
    found = find_compiler({"PATH": f"{tmp_path}/bin", "PYTHON313": str(chosen)})
    assert found is not None
    assert found.python == chosen


@pytest.mark.parametrize("script", [None, _SHIM, _OLDER])
def test_naming_one_that_is_not_what_it_seems_is_refused(tmp_path: Path, plant: Plant, script: str | None) -> None:
    chosen = plant("chosen", script) if script else tmp_path / "python3.13"
    with pytest.raises(Refused, match=r"^PYTHON313=.*/python3\.13 is no Python 3\.13$"):
        find_compiler({"PYTHON313": str(chosen)})


def test_a_machine_without_one_does_without(tmp_path: Path) -> None:
    assert find_compiler({"PATH": str(tmp_path), "HOME": str(tmp_path)}) is None


def test_bytecode_is_the_same_each_time_and_knows_where_it_will_stand(tmp_path: Path) -> None:
    compiler = Compiler(Path(sys.executable), sys.version)
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "words.py").write_text("WORDS = {'a', 'b', 'c'}\nIS = 'b' in {'a', 'b', 'c', 'd'}\n")
        compiler.compile(tmp_path / folder, at="/var/task")
    one, other = (next((tmp_path / folder).rglob("*.pyc")).read_bytes() for folder in ("one", "other"))
    assert one == other
    assert b"/var/task/words.py" in one
    assert str(tmp_path).encode() not in one


def test_code_that_cannot_be_compiled_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("def broken(:\n")
    with pytest.raises(Refused, match=r"^compileall: .*broken\.py") as refusal:
        Compiler(Path(sys.executable), sys.version).compile(tmp_path, at="/var/task")
    assert "\n" not in str(refusal.value)
