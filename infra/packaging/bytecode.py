"""Bytecode for Lambda's Python: a cold start without it takes two to three times as long. Made by a Python of the very
version, when this machine has one. Lambda's file system is read-only and never changes, so the bytecode is not checked
against its source.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.packaging.refusal import Refused

VERSION = "3.13"
_ASK = ("-c", "import sys; print(sys.version)")
_COMPILE = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash")
_REPRODUCIBLE = {"PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Compiler:
    python: Path
    version: str  # with its build: another one may write other bytecode

    def compile(self, tree: Path, *, at: str) -> None:
        """`at` is where the tree will stand on Lambda, for tracebacks."""
        command = [str(self.python), *_COMPILE, "-s", str(tree), "-p", at, str(tree)]
        done = subprocess.run(command, env=_REPRODUCIBLE, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Refused(f"compileall: {' '.join((done.stdout + done.stderr).split())}")


def find_compiler(environment: Mapping[str, str]) -> Compiler | None:
    """The first that runs and is what it seems: version managers leave shims that only fail. `PYTHON313` names one."""
    if chosen := environment.get("PYTHON313"):
        if compiler := _tried(Path(chosen)):
            return compiler
        raise Refused(f"PYTHON313={chosen} is no Python {VERSION}")
    return next(filter(None, map(_tried, _candidates(environment))), None)


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    on_path = environment.get("PATH", os.defpath).split(os.pathsep)
    yield from (path for folder in on_path if (path := Path(folder, f"python{VERSION}")).is_file())
    pyenv = Path(environment.get("PYENV_ROOT") or Path(environment.get("HOME", "/"), ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{VERSION}.*/bin/python{VERSION}"))


def _tried(python: Path) -> Compiler | None:
    try:
        done = subprocess.run([str(python), *_ASK], capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = " ".join(done.stdout.split())
    return Compiler(python, version) if done.returncode == 0 and version.startswith(f"{VERSION}.") else None
