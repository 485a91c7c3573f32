"""Worker processes: the real app's handlers, turned by the local runner, over an AWS and push services that live in
another process. They are killed and frozen by the kernel, by their own process id.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Lock
from pathlib import Path

from tests.chaos.real.shared_clock import SharedClock

_NAP_SECONDS = 0.02
_END_SECONDS = 5.0
_HANDLERS = {"tick", "plan", "sweep", "send", "send_small", "send_transactional"}


@dataclass(frozen=True)
class Surroundings:
    """What a worker process must be told."""

    aws_url: str
    push_port: int
    ca_path: Path
    passed: Synchronized[float]
    log: Path


@dataclass
class Worker:
    """`turn` is held while it has something in hand."""

    process: ForkServerProcess
    turn: Lock
    is_frozen: bool = False

    @property
    def is_busy(self) -> bool:
        if self.turn.acquire(block=False):
            self.turn.release()
            return False
        return True

    def kill(self) -> None:
        self.process.kill()
        self.process.join(_END_SECONDS)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)
        self.is_frozen = True

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)
        self.is_frozen = False

    def _signal(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, number)


class Crew:
    """So many workers; each is replaced at once."""

    def __init__(self, size: int, surroundings: Surroundings) -> None:
        self._context = context()
        self._surroundings = surroundings
        self.workers = [self._hire() for _ in range(size)]

    def kill(self, number: int) -> bool:
        """Whether it had something in hand."""
        worker = self.workers[number]
        was_busy = worker.is_busy
        worker.kill()
        self.workers[number] = self._hire()
        return was_busy

    def all_are_idle(self) -> ExitStack | None:
        """Nobody begins anything before the stack is closed; None while somebody is at work."""
        with ExitStack() as stack:
            for worker in self.workers:
                if worker.is_frozen:
                    continue
                if not worker.turn.acquire(block=False):
                    return None
                stack.callback(worker.turn.release)
            return stack.pop_all()

    def dismiss(self) -> None:
        for worker in self.workers:
            worker.kill()

    def _hire(self) -> Worker:
        turn = self._context.Lock()
        process = self._context.Process(target=labour, args=(self._surroundings, turn), daemon=True)
        process.start()
        return Worker(process, turn)


def context() -> ForkServerContext:
    """Its server has everything imported, so a new worker is there in no time."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["app", "boto3", "infra.local.runner", "tests.chaos.real.crew"])
    return found


def labour(surroundings: Surroundings, turn: Lock) -> None:
    """The life of a worker process."""
    os.environ["AWS_ENDPOINT_URL"] = surroundings.aws_url
    _write_to(surroundings.log)

    from app import app
    from chalicelib.channels import registry
    from chalicelib.core import clock as product_clock
    from infra.local.connector import Everywhere
    from infra.local.runner import Runner

    clock = SharedClock(surroundings.passed)
    product_clock.use(clock)
    registry.use(Everywhere(port=surroundings.push_port, ca_path=surroundings.ca_path))
    runner = Runner(app, clock=clock, prefix=os.environ["PREFIX"])
    sources = [source for source in runner.sources if source.function.name in _HANDLERS]
    while True:
        with turn:
            found = sum(source.step() for source in sources)
        if not found:
            time.sleep(_NAP_SECONDS)


def _write_to(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
