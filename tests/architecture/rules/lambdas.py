"""Modules as Lambda imports them: alone, in a fresh interpreter, with the environment of a stage or with none."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TOO_SLOW = frozenset({"pydantic", "pywebpush", "py_vapid", "aiohttp", "requests", "aws_xray_sdk"})
_LONGEST_SECONDS = 60
_PROGRAM = "import sys, {module}; print(' '.join(sorted(sys.modules)))"


@dataclass(frozen=True)
class Import:
    succeeded: bool
    modules: frozenset[str]
    complaint: str


def worker_modules(root: Path) -> list[str]:
    """Every slice's `worker`, be it a module or a package of several."""
    features = root / "chalicelib" / "features"
    found = [*features.glob("**/worker.py"), *features.glob("**/worker/*.py")]
    names = (path.relative_to(root).with_suffix("").as_posix().replace("/", ".") for path in found)
    return sorted(name for name in names if not name.endswith("__init__"))


def import_alone(root: Path, module: str, environment: Mapping[str, str]) -> Import:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM.format(module=module)],
        cwd=root,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=_LONGEST_SECONDS,
        check=False,
    )
    return Import(done.returncode == 0, frozenset(done.stdout.split()), done.stderr)


def slow_imports(imported: Import) -> list[str]:
    return sorted(TOO_SLOW & imported.modules)
