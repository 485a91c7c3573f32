"""A process group for the crew. Its leader waits for the one who hired it: when that one is gone, however it went, or
tells it to go, the whole group is killed, also whoever stands still.
"""

from __future__ import annotations

import os
import signal
from multiprocessing import connection, parent_process
from multiprocessing.context import ForkServerContext
from multiprocessing.synchronize import Event

_MOST_SECONDS = 60.0


class Leash:
    def __init__(self, context: ForkServerContext) -> None:
        is_held = context.Event()
        self._leader = context.Process(target=_lead, args=(is_held,), daemon=True)
        self._leader.start()
        if not is_held.wait(_MOST_SECONDS):
            raise TimeoutError("no process group could be made")

    @property
    def group(self) -> int:
        assert self._leader.pid is not None
        return self._leader.pid

    def pull(self) -> None:
        """Ends everybody on it."""
        if self._leader.is_alive():
            os.killpg(self.group, signal.SIGKILL)
        self._leader.join(_MOST_SECONDS)


def take(group: int) -> None:
    """For members, before anything else. Raises when there is no such group any more: then there is no work either."""
    os.setpgid(0, group)


def _lead(is_held: Event) -> None:
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, lambda *_: _end())
    is_held.set()
    hired_by = parent_process()
    assert hired_by is not None
    connection.wait([hired_by.sentinel])
    _end()


def _end() -> None:
    os.killpg(0, signal.SIGKILL)
