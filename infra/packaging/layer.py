"""The dependency layer: what requirements.txt locks, as wheels for Lambda's Python and processor, from any machine.

Kept in `build/` under everything that decides what is in it, so that only a change of those builds it again.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.packaging import bytecode
from infra.packaging.archive import pack
from infra.packaging.bytecode import Compiler
from infra.packaging.refusal import Refused

_GLIBCS = (17, 26, 28, 31, 34)  # Amazon Linux 2023 has 2.34; wheels name the oldest they can do with
_TARGET = [
    *("--python-version", bytecode.VERSION, "--implementation", "cp", "--only-binary", ":all:"),
    *(word for minor in _GLIBCS for word in ("--platform", f"manylinux_2_{minor}_aarch64")),
]
_INSTALL = ("-m", "pip", "install", "--quiet", "--no-compile", "--no-deps", "--require-hashes", "--no-input")
_IN_LAMBDA = "/opt"
_LONGEST_COMPLAINT = 600
_MAKERS = ("layer.py", "bytecode.py", "archive.py")  # the code that makes a layer decides what is in it, too
_JUNK = ("bin", "*.dist-info/RECORD", "*.dist-info/INSTALLER", "*.dist-info/REQUESTED", "**/tests", "**/__pycache__")


@dataclass(frozen=True)
class Recipe:
    lock: Path
    services: frozenset[str]
    compiler: Compiler | None

    @property
    def key(self) -> str:
        what = [self.lock.read_text(), *sorted(self.services), str(self.compiler and self.compiler.version)]
        how = [Path(__file__).with_name(name).read_text() for name in _MAKERS]
        return hashlib.sha256("\0".join(what + how).encode()).hexdigest()[:16]


def build(recipe: Recipe, cache: Path) -> Path:
    """The archive, from the cache or new."""
    if not recipe.lock.exists():
        raise Refused(f"{recipe.lock.name} is not there: it says which libraries go into the layer")
    archive = cache / f"layer-{recipe.key}.zip"
    if archive.exists():
        return archive
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        _install(recipe.lock, tree / "python")
        _prune(tree / "python", recipe.services)
        if recipe.compiler:
            recipe.compiler.compile(tree, at=_IN_LAMBDA)
        return pack(tree, archive)


def _install(lock: Path, target: Path) -> None:
    command = [sys.executable, *_INSTALL, *_TARGET, "--target", str(target), "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"pip: {_essence(done.stderr)}")


def _prune(site: Path, services: frozenset[str]) -> None:
    junk = [path for pattern in _JUNK for path in site.glob(pattern)]
    for path in (*junk, *_other_services(site, services)):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _other_services(site: Path, services: frozenset[str]) -> list[Path]:
    described = list(site.glob("boto*/data/*/"))
    if unknown := sorted(services - {path.name for path in described}):
        raise Refused(f"botocore has no service {', '.join(unknown)}")
    return [path for path in described if path.name not in services]


def _essence(words: str) -> str:
    """From the first error on, in one line: before it, pip tells of its attempts. An index that does not answer and one
    that has nothing look alike to it.
    """
    _, _, complaint = words.partition("ERROR: ")
    line = " ".join((complaint or words).replace("ERROR: ", "").split())
    return line.replace("(from versions: none)", "(no wheel for Lambda, or no network)")[:_LONGEST_COMPLAINT]
