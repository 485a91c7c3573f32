"""`make run`: the product in a child process, started again whenever its code changes. The parent holds the lock."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from watchfiles import PythonFilter, watch

from infra.local.instance import only_one

REAL, SIMULATED = "real", "simulated"
WATCHED = ("app.py", "chalicelib", "infra")
_KINDS = (".yaml", ".html", ".css", ".js", ".svg")
_LAST_WORDS_SECONDS = 30  # a snapshot of a full product takes a few
_LOOK_EVERY_MS = 500


def supervise(*, port: int, push: str, watched: Sequence[str] = WATCHED) -> int:
    with only_one(port=port), _polite_end():
        child = _start(port, push)
        try:
            for has_changed in _changes(watched):
                if has_changed:
                    print("\nThe code has changed; starting again.", flush=True)
                    _stop(child)
                    child = _start(port, push)
                elif child.poll() == 0:
                    return 0  # it was asked to end by somebody else
        except KeyboardInterrupt:
            print(flush=True)
        finally:
            _stop(child)
    return 0


def _changes(watched: Sequence[str]) -> Iterator[bool]:
    """True when code has changed, False every now and then when it has not. A child that fell over waits for a mend."""
    changes = watch(
        *watched,
        watch_filter=PythonFilter(extra_extensions=_KINDS),
        rust_timeout=_LOOK_EVERY_MS,
        yield_on_timeout=True,
        raise_interrupt=True,
    )
    return (bool(seen) for seen in changes)


def _start(port: int, push: str) -> subprocess.Popen[bytes]:
    """In a session of its own: Ctrl-C is for the parent, which asks the child to end."""
    return subprocess.Popen([sys.executable, "-m", "infra.local.serve", str(port), push], start_new_session=True)


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
    try:
        child.wait(_LAST_WORDS_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


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
