"""Where checkov lives: beside ours, not in it, because the two want different versions of boto3. Made once per lock."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

LOCK = "requirements-checkov.txt"
_UV = Path(sys.executable).with_name("uv")  # pip takes a minute and a half, and this four seconds


@dataclass(frozen=True)
class Environment:
    place: Path

    def program(self, name: str) -> str:
        return str(self.place / "bin" / name)


def ready(root: Path) -> Environment:
    """One that was cut short is made anew."""
    lock = root / LOCK
    place = root / "build" / f"checkov-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    stamp = place / "complete"
    if not stamp.exists():
        for old in place.parent.glob("checkov-*"):
            shutil.rmtree(old)
        _run("venv", "--python", sys.executable, str(place))
        _run("pip", "install", "--require-hashes", "--python", str(place / "bin" / "python"), "-r", str(lock))
        stamp.touch()
    return Environment(place)


def _run(*words: str) -> None:
    subprocess.run([_UV, *words, "--quiet"], check=True)
