"""One clock for several processes: the machine's time, plus what the house has let pass for all of them."""

from __future__ import annotations

from ctypes import c_double
from datetime import datetime, timedelta

from chalicelib.core.clock import SystemClock
from infra.local.clock import LocalClock


class SharedClock(LocalClock):
    """`passed` is shared memory: seconds that nobody had to wait for. One process writes, and without a lock: whoever
    is killed while reading would keep it.
    """

    def __init__(self, passed: c_double) -> None:
        super().__init__()
        self._passed = passed
        self._machine = SystemClock()

    def now(self) -> datetime:
        return self._machine.now() + timedelta(seconds=self._passed.value)

    def advance(self, seconds: float) -> datetime:
        self._passed.value += seconds
        return self.now()
