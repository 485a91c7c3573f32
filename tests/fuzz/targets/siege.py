"""All targets after each other, each in a process of its own: one that hangs or takes its process down has broken, too."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.fuzz.targets.registry import TARGETS

_ROOT = Path(__file__).parents[3]
_PATIENCE_SECONDS = 60
_SECONDS_EACH = 0.5  # ten times what the slowest needs


class Siege(NamedTuple):
    examples: int
    fallen: list[str]


def besiege(examples: int, names: Iterable[str] = TARGETS) -> Siege:
    tried, fallen = 0, []
    for name in names:
        count = _tried(name, examples)
        sys.stdout.write(f"target {name}: {f'{count} examples' if count else 'BROKEN'}\n")
        tried += count
        fallen += [] if count else [name]
    return Siege(tried, fallen)


def _tried(name: str, examples: int) -> int:
    """0 when it broke; what broke it is on standard error."""
    program = [sys.executable, "-m", "tests.fuzz.targets", name, str(examples)]
    longest_seconds = _PATIENCE_SECONDS + examples * _SECONDS_EACH
    try:
        ended = subprocess.run(
            program, cwd=_ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=longest_seconds
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return 0
    return int(ended.stdout)
