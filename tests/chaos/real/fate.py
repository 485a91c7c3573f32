"""What befalls the crew, and what each of them has in hand: in memory that all their processes share.

There are no locks in that memory: whoever is killed while holding one would keep it for ever. The batches that a sender
works on side by side, in threads, share a lock of their own process, which goes with it.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import BaseContext
from typing import Any

from chalicelib.core.errors import Unavailable

_one_by_one = threading.Lock()

FUNCTIONS = ("tick", "plan", "sweep", "send", "send_small")


def is_sender(function: str) -> bool:
    return function.startswith("send")


@dataclass(frozen=True)
class Blow:
    """To whoever comes to this step of the function, counted over all its invocations: before a request to the stores
    leaves is one, and when its answer came.
    """

    function: str
    step: int
    freezes: bool = False


class Fate:
    """One blow at a time for each function; the tale deals them, a worker counts down to its own end."""

    def __init__(self, context: BaseContext) -> None:
        self._left = context.RawArray("i", len(FUNCTIONS))
        self._freezes = context.RawArray("i", len(FUNCTIONS))
        self._ticked_minute = context.RawValue("q", 0)

    def ticks(self, minute: int) -> bool:
        """Whether whoever asks is the first to, this minute; or nearly: ticks may overlap."""
        is_first = bool(minute > self._ticked_minute.value)
        self._ticked_minute.value = minute
        return is_first

    def deal(self, blow: Blow) -> None:
        index = FUNCTIONS.index(blow.function)
        self._freezes[index] = blow.freezes
        self._left[index] = blow.step

    def is_dealt(self, function: str) -> bool:
        return bool(self._left[FUNCTIONS.index(function)])

    def forget(self) -> None:
        for index in range(len(FUNCTIONS)):
            self._left[index] = 0

    def meet(self, hand: Hand) -> None:
        """One step of what is in hand; it may be the last."""
        with _one_by_one:
            index = hand.index
            if index < 0 or self._left[index] <= 0:
                return
            self._left[index] -= 1
            if self._left[index] > 0:
                return
            if self._freezes[index]:
                hand.stand_still()
            else:
                os.kill(os.getpid(), signal.SIGKILL)


class Hand:
    """What one worker has in hand, and has heard. It can still be read when the worker is no more."""

    def __init__(self, context: BaseContext) -> None:
        self._index = context.RawValue("i", -1)
        self._is_still = context.RawValue("i", 0)
        self._batches = context.RawValue("i", 0)
        self._unknown = context.RawValue("i", 0)
        self._gave_up = context.RawValue("i", 0)
        self._broke = context.RawValue("i", 0)

    @property
    def index(self) -> int:
        return int(self._index.value)

    @property
    def function(self) -> str:
        """Empty: nothing."""
        return FUNCTIONS[self.index] if self.index >= 0 else ""

    @property
    def is_still(self) -> bool:
        return bool(self._is_still.value)

    @property
    def batches(self) -> int:
        """Of a sender: how many it works on, side by side."""
        return int(self._batches.value)

    @property
    def unknown(self) -> int:
        """Pushes whose answer was lost on the way here."""
        return int(self._unknown.value)

    @property
    def gave_up(self) -> int:
        """Batches for which a store was too slow: their message comes again, as if they had been killed."""
        return int(self._gave_up.value)

    @property
    def broke(self) -> int:
        """Batches and invocations that raised what nobody expected."""
        return int(self._broke.value)

    @contextmanager
    def holding(self, function: str) -> Iterator[None]:
        self._index.value = FUNCTIONS.index(function)
        try:
            yield
        except Unavailable:
            raise  # its message comes again
        except Exception:
            _add(self._broke, 1)
            raise
        finally:
            self._index.value = -1

    @contextmanager
    def delivering(self) -> Iterator[None]:
        """One batch, in whatever thread."""
        _add(self._batches, 1)
        try:
            yield
        except Unavailable:
            _add(self._gave_up, 1)
            raise
        except Exception:
            _add(self._broke, 1)
            raise
        finally:
            _add(self._batches, -1)

    def missed_an_answer(self) -> None:
        _add(self._unknown, 1)

    def stand_still(self) -> None:
        """Until somebody else lets the process go on: the kernel stops all of it, its connections stay open. The signal
        is this thread's own, or it would go on for a moment while another takes it.
        """
        self._is_still.value = 1
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
        self._is_still.value = 0


def _add(figure: Any, number: int) -> None:
    with _one_by_one:
        figure.value += number
