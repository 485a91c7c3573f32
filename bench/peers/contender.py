"""Processes under test on one core, the push service on another, and what a count of pushes took of the processor."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.peers import workshop
from infra.local.push_service.certificate import make_certificate

SENDERS_CORE, SINKS_CORE = 0, 1
SLOW_SINK = [sys.executable, "-m", "bench.peers.sink"]
_LAST_WORDS_SECONDS = 10


@dataclass(frozen=True)
class Spent:
    """`ready_seconds`: it could have run, but the core was somebody else's."""

    count: int
    cpu_seconds: float
    ready_seconds: float
    wall_seconds: float

    @property
    def cpu_us(self) -> float:
        return self.cpu_seconds / self.count * 1e6

    @property
    def per_second(self) -> float:
        return self.count / self.wall_seconds

    @property
    def busy_share(self) -> float:
        return (self.cpu_seconds + self.ready_seconds) / self.wall_seconds


class Contender:
    """A sender of any kind, as `job` describes it."""

    def __init__(self, command: Sequence[str]) -> None:
        with on_core(SENDERS_CORE):
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def push(self, count: int) -> Spent:
        pid, process = self._process.pid, self._process
        assert process.stdin is not None, "it was asked for"
        assert process.stdout is not None, "it was asked for"
        cpu, ready, wall = cpu_seconds(pid), _ready_seconds(pid), time.monotonic()
        process.stdin.write(f"{count}\n")
        process.stdin.flush()
        said = process.stdout.readline()
        if said.strip() != str(count):
            raise RuntimeError(f"{process.args!r} gave up: {said!r}")
        return Spent(count, cpu_seconds(pid) - cpu, _ready_seconds(pid) - ready, time.monotonic() - wall)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._process.communicate(timeout=_LAST_WORDS_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


def sink_command() -> list[str]:
    return workshop.command(workshop.GO_SINK) or SLOW_SINK


@contextmanager
def sink(command: Sequence[str], folder: Path, *, delay_ms: int) -> Iterator[int]:
    """A push service that says yes to all; yields its port. Its authority is `folder`/ca.pem."""
    make_certificate(folder)
    wishes = ["--folder", str(folder), "--delay-ms", str(delay_ms)]
    with on_core(SINKS_CORE):
        process = subprocess.Popen([*command, *wishes], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None, "it was asked for"
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(_LAST_WORDS_SECONDS)
        process.stdout.close()


@contextmanager
def on_core(number: int) -> Iterator[None]:
    """What is started meanwhile stays there, with all its threads; where there is but one core, all share it."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[number % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def cpu_seconds(pid: int) -> float:
    """Of a process and all it has started, to the nanosecond: Linux has a clock for each."""
    return time.clock_gettime(~pid << 3 | 2) + sum(map(cpu_seconds, _children(pid)))


def _children(pid: int) -> list[int]:
    return [int(child) for path in _tasks(pid) for child in (path / "children").read_text().split()]


def _ready_seconds(pid: int) -> float:
    return sum(int((path / "schedstat").read_text().split()[1]) for path in _tasks(pid)) / 1e9


def _tasks(pid: int) -> list[Path]:
    return list(Path(f"/proc/{pid}/task").iterdir())
