"""The whole command, in processes of its own: it comes to an end, and its bill does not hang on the demo run's size."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ROWS = re.compile(r"^  (\S.*?)  +([\d,.]+) ([A-Za-z -]+?) +[\d.]+(?: / \w+)? +([\d.]+)$", re.MULTILINE)
SUBSCRIBERS = 1_920  # in batches of more than fifty answers: fewer wait for their run's sum before anybody is buried

pytestmark = pytest.mark.slow


def test_too_few_subscribers_are_refused_in_words() -> None:
    code, printed = _cost(512, subscribers=400)
    assert code == 1
    assert "so few subscribers" in printed.splitlines()[-1]
    assert "COST" not in printed


@cache
def _cost(rows_per_batch: int, *, subscribers: int = SUBSCRIBERS) -> tuple[int, str]:
    command = [sys.executable, "-m", "infra.cost", "--subscribers", str(subscribers)]
    environment = os.environ | {"ROWS_PER_BATCH": str(rows_per_batch)}  # noqa: TID251 -- a child's own
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


def _quantities(printed: str) -> dict[str, float]:
    campaign = printed.split("\n\n")[1]
    return {f"{item} in {unit}": float(amount.replace(",", "")) for item, amount, unit, _ in ROWS.findall(campaign)}


def test_it_ends_with_a_line_for_machines_and_says_by_its_code_whether_the_bars_hold() -> None:
    code, printed = _cost(240)
    name, figures = printed.splitlines()[-1].split(" ", 1)
    found = json.loads(figures)
    assert name == "COST"
    assert code == int(found["usd_per_million"] > 0.30 or found["usd_idle_month"] > 10)


def test_a_run_in_twice_the_batches_foretells_the_same_million() -> None:
    """Nothing that happens once a run has been taken for something that happens once a batch, or the other way round.

    Such a mistake doubles a figure. A few per cent are the moments at which the sweeper happened to look at the run.
    """
    eight, sixteen = _quantities(_cost(240)[1]), _quantities(_cost(120)[1])
    assert len(eight) > 10
    assert eight.keys() == sixteen.keys()
    assert eight == pytest.approx(sixteen, rel=0.2)
