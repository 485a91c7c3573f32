"""Worker processes that the kernel kills and freezes, by their own process id; each that dies is replaced."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext, ForkServerProcess
from multiprocessing.synchronize import Lock

from tests.chaos.real.fate import Hand
from tests.chaos.real.labour import Surroundings, labour
from tests.chaos.real.leash import Leash

_END_SECONDS = 60.0
_TURN_SECONDS = 0.5  # longer than it takes to find out that there is nothing to do


@dataclass
class Worker:
    process: ForkServerProcess
    turn: Lock
    hand: Hand

    @property
    def is_frozen(self) -> bool:
        return self.hand.is_still

    @property
    def is_at_work(self) -> bool:
        return bool(self.hand.function)

    def kill(self) -> None:
        self.process.kill()
        self.process.join(_END_SECONDS)

    def thaw(self) -> None:
        assert self.process.pid is not None
        os.kill(self.process.pid, signal.SIGCONT)


@dataclass(frozen=True)
class Death:
    """`function` is what it had in hand, with so many batches if that delivers; a worker that was not killed should not
    have died.
    """

    function: str
    batches: int
    was_killed: bool


@dataclass(frozen=True)
class Report:
    """Sums of what they noted in their hands."""

    unknown: int
    gave_up: int
    broke: int

    def since(self, before: Report) -> Report:
        return Report(self.unknown - before.unknown, self.gave_up - before.gave_up, self.broke - before.broke)


class Crew:
    def __init__(self, size: int, surroundings: Surroundings) -> None:
        self._context = context()
        self._surroundings = surroundings
        self._leash = Leash(self._context)
        self._hands: list[Hand] = []
        self.workers = [self._hire() for _ in range(size)]

    def bury(self) -> Iterator[Death]:
        """Those who died since it was last asked; others have their places."""
        for number, worker in enumerate(self.workers):
            if not worker.process.is_alive():
                self.workers[number] = self._hire()
                hand = worker.hand
                yield Death(hand.function, hand.batches, worker.process.exitcode == -signal.SIGKILL)

    def report(self) -> Report:
        """Of everybody who ever was a member."""
        hands = self._hands
        return Report(
            unknown=sum(hand.unknown for hand in hands),
            gave_up=sum(hand.gave_up for hand in hands),
            broke=sum(hand.broke for hand in hands),
        )

    def all_are_idle(self) -> ExitStack | None:
        """Nobody begins anything before the stack is closed; None while somebody is at work."""
        with ExitStack() as stack:
            for worker in self.workers:
                if worker.is_frozen:
                    continue
                if worker.is_at_work or not worker.turn.acquire(timeout=_TURN_SECONDS):
                    return None
                stack.callback(worker.turn.release)
            return stack.pop_all()

    def dismiss(self) -> None:
        self._leash.pull()
        for worker in self.workers:
            worker.process.join(_END_SECONDS)

    def _hire(self) -> Worker:
        turn, hand = self._context.Lock(), Hand(self._context)
        arguments = (self._surroundings, self._leash.group, turn, hand)
        process = self._context.Process(target=labour, args=arguments, daemon=True)
        process.start()
        self._hands.append(hand)
        return Worker(process, turn, hand)


def context() -> ForkServerContext:
    """Its server has everything imported, so a new worker is there in no time."""
    found = multiprocessing.get_context("forkserver")
    found.set_forkserver_preload(["app", "boto3", "infra.local.runner", "tests.chaos.suite", "tests.chaos.real.labour"])
    return found
