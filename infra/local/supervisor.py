"""`make run`: the product in a child process, started again whenever its code changes. The parent holds the lock."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import IntEnum
from typing import Protocol

from watchfiles import PythonFilter, watch

from infra.local.instance import Lease, only_one, running

REAL, SIMULATED = "real", "simulated"
WATCHED = ("app.py", "chalicelib", "infra")
_KINDS = (".yaml", ".html", ".css", ".js", ".svg")
_LAST_WORDS_SECONDS = 30  # a snapshot of a full product takes a few
_LOOK_EVERY_MS = 500


def supervise(*, port: int, push: str, watched: Sequence[str] = WATCHED) -> int:
    with only_one(port=port) as lease, _polite_end():
        child = Child(lease, push=push)
        try:
            return follow(child, _changes(watched))
        except KeyboardInterrupt:
            print(flush=True)
        finally:
            child.stop()
    return 0


class Child:
    """The process that is the product; one at a time."""

    def __init__(self, lease: Lease, *, push: str) -> None:
        self._lease = lease
        self._push = push
        self._process = self._started()

    def start_again(self) -> None:
        self.stop()
        self._lease.announce()  # without an address: it does not answer yet
        self._process = self._started()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_LAST_WORDS_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def exit_code(self) -> int | None:
        return self._process.poll()

    def has_been_up(self) -> bool:
        here = running()
        return here is not None and here.aws_url is not None

    def _started(self) -> subprocess.Popen[bytes]:
        """In a session of its own: Ctrl-C is for the parent, which asks the child to end. The lock is the child's too:
        as long as either lives, nobody else may touch the state.
        """
        command = [sys.executable, "-m", "infra.local.serve", str(self._lease.instance.port), self._push]
        return subprocess.Popen(command, start_new_session=True, pass_fds=(self._lease.lock,))


class Followed(Protocol):
    """A child, as it is followed."""

    def exit_code(self) -> int | None:
        """None while it lives."""
        ...

    def has_been_up(self) -> bool:
        """Whether it has answered since it was last started."""
        ...

    def start_again(self) -> None: ...


class Ended(IntEnum):
    WELL = 0
    BADLY = 1


def follow(child: Followed, changes: Iterable[bool]) -> Ended:
    """Until the child ends by itself. One that a change of the code has broken is given another change to mend it."""
    is_after_a_change = is_waiting = False
    for has_changed in changes:
        if has_changed:
            print("\nThe code has changed; starting again.", flush=True)
            child.start_again()
            is_after_a_change, is_waiting = True, False
        elif not is_waiting and (code := child.exit_code()) is not None:
            if code == 0:
                return Ended.WELL  # it was asked to end by somebody else
            is_waiting = is_after_a_change and not child.has_been_up()
            print(_last_words(code, is_waiting=is_waiting), flush=True)
            if not is_waiting:
                return Ended.BADLY
    return Ended.WELL


def _last_words(code: int, *, is_waiting: bool) -> str:
    how = f"was killed by signal {-code}" if code < 0 else f"ended by itself with {code}"
    then = "It starts again when the code changes." if is_waiting else "What it had saved is kept: `make run` goes on."
    return f"\nThe local product {how}. {then}"


def _changes(watched: Sequence[str]) -> Iterator[bool]:
    """True when code has changed, False every now and then when it has not."""
    changes = watch(
        *watched,
        watch_filter=PythonFilter(extra_extensions=_KINDS),
        rust_timeout=_LOOK_EVERY_MS,
        yield_on_timeout=True,
        raise_interrupt=True,
    )
    return (bool(seen) for seen in changes)


@contextmanager
def _polite_end() -> Iterator[None]:
    """SIGTERM is a Ctrl-C, and a Ctrl-C is heard even by a shell's background job, which inherits deaf ears."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
