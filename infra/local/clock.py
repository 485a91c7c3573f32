"""The local product's clock: the machine's time plus what somebody advanced it by, or a standing one for tests.

The entry point gives it to the product (`chalicelib.core.clock.use`), the queues (`moto_patch.follow`) and the runner.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from chalicelib.core.clock import SystemClock


class LocalClock:
    """`stands_at` makes it a clock that moves only by `advance`."""

    def __init__(self, *, advanced_seconds: float = 0.0, stands_at: datetime | None = None) -> None:
        self._advanced = timedelta(seconds=advanced_seconds)
        self._stands_at = stands_at
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def now(self) -> datetime:
        with self._lock:
            return (self._stands_at or _machine_time()) + self._advanced

    @property
    def advanced_seconds(self) -> float:
        """For the snapshot: rows written in a future must not lie ahead after a restart."""
        with self._lock:
            return self._advanced.total_seconds()

    def advance(self, seconds: float) -> datetime:
        """Never back: nothing in the product is made for that. Returns the new time."""
        if not 0 <= seconds < float("inf"):
            raise ValueError(f"a clock cannot be advanced by {seconds} seconds")
        with self._lock:
            self._advanced += timedelta(seconds=seconds)
        for listener in list(self._listeners):
            listener()
        return self.now()

    def on_advance(self, listener: Callable[[], None]) -> None:
        self._listeners.append(listener)


def _machine_time() -> datetime:
    """As the product's own clock tells it, in whole milliseconds."""
    return SystemClock().now()
