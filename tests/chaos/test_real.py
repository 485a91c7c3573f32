"""The same engine with processes that the kernel kills: two seeds, and what is left behind. `make chaos` tells twenty."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_COMMAND = (sys.executable, "-m", "tests.chaos", "--without-mutants")
_PROC = Path("/proc")
_LINUX = pytest.mark.skipif(not (_PROC / "self" / "stat").exists(), reason="asks /proc who is there")
_ENDS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
_MOST_SECONDS = 60.0


def _environment() -> dict[str, str]:
    """Whoever is killed reports no coverage; measuring it would only make the kills come late."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


@pytest.mark.slow
def test_workers_killed_by_the_kernel_lose_nobody() -> None:
    told = subprocess.run(
        [*_COMMAND, "--real", "--seeds", "2"],
        capture_output=True,
        check=False,
        cwd=_ROOT,
        env=_environment(),
        text=True,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    sums = json.loads(told.stdout.splitlines()[-1].removeprefix("REAL "))
    assert (sums["seeds"], sums["lost"]) == (2, 0)
    assert sums["kills"] > 0


@pytest.mark.slow
@_LINUX
@pytest.mark.parametrize("number", _ENDS, ids=lambda number: number.name)
def test_nobody_outlives_the_one_who_hired_them(number: signal.Signals) -> None:
    with _telling("--real") as told:
        crew = _wait_for(told.pid, lambda pid, group: group not in {told.pid, pid})  # the leader is not of the crew
        os.kill(crew[0], signal.SIGSTOP)  # who stands still hears nothing, and must go all the same
        told.send_signal(number)
        told.wait(_MOST_SECONDS)
        assert not _left(told.pid)


@pytest.mark.slow
@_LINUX
@pytest.mark.parametrize("number", _ENDS, ids=lambda number: number.name)
def test_nobody_outlives_a_simulation(number: signal.Signals) -> None:
    with _telling() as told:
        _wait_for(told.pid, lambda pid, _: pid != told.pid)
        told.send_signal(number)
        told.wait(_MOST_SECONDS)
        assert not _left(told.pid)


@pytest.mark.slow
@pytest.mark.skipif(multiprocessing.get_start_method() != "fork", reason="is interrupted where it forks")
def test_who_is_interrupted_while_hiring_stops() -> None:
    script = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from tests.chaos.suite import tell_all
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGINT))
next(tell_all([1], subscribers=10, processes=2))
"""
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, cwd=_ROOT, timeout=60)
    assert ended.returncode == -signal.SIGINT, ended.stderr


@contextmanager
def _telling(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    """In a session of its own, by which all that it starts can be found.

    Whoever has put us into the background ignores SIGINT, and so would our child; a signal that has a handler it hears.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    told = subprocess.Popen(
        [*_COMMAND, *words],
        cwd=_ROOT,
        env=_environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    signal.signal(signal.SIGINT, before)
    try:
        yield told
    finally:
        for pid in _session(told.pid):
            os.kill(pid, signal.SIGKILL)
        told.wait(_MOST_SECONDS)


def _wait_for(session: int, is_one: Callable[[int, int], bool]) -> list[int]:
    """Two of a kind."""
    deadline = time.monotonic() + _MOST_SECONDS
    while time.monotonic() < deadline:
        found = [pid for pid, group in _session(session).items() if is_one(pid, group)]
        if len(found) > 1:
            return found
        time.sleep(0.05)
    raise TimeoutError("they were not hired")


def _left(session: int) -> dict[int, int]:
    deadline = time.monotonic() + _MOST_SECONDS
    while (left := _session(session)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


def _session(session: int) -> dict[int, int]:
    """Who lives in it, and in which process group."""
    found = {}
    for stat in _PROC.glob("[0-9]*/stat"):
        try:
            state, _, group, its_session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it has just ended
        if int(its_session) == session and state != "Z":
            found[int(stat.parent.name)] = int(group)
    return found
