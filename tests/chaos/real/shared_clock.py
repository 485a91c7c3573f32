"""One clock for several processes: the machine's time, plus what the house has let pass for all of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from multiprocessing.sharedctypes import Synchronized

from chalicelib.core.clock import SystemClock
from infra.local.clock import LocalClock


class SharedClock(LocalClock):
    """`passed` is shared memory: seconds that nobody had to wait for."""

    def __init__(self, passed: Synchronized[float]) -> None:
        super().__init__()
        self._passed = passed
        self._machine = SystemClock()

    def now(self) -> datetime:
        return self._machine.now() + timedelta(seconds=self._passed.value)

    def advance(self, seconds: float) -> datetime:
        with self._passed.get_lock():
            self._passed.value += seconds
        return self.now()
