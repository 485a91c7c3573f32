"""The same engine with processes that the kernel kills. `python -m tests.chaos --real` does it twenty times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_workers_killed_by_the_kernel_lose_nobody() -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--real", "--seeds", "2"],
        capture_output=True,
        check=False,
        cwd=_ROOT,
        text=True,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    sums = json.loads(told.stdout.splitlines()[-1].removeprefix("REAL "))
    assert (sums["seeds"], sums["lost"]) == (2, 0)
    assert sums["struck_at_work"] > 0
