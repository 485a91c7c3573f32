"""Several messages of one invocation at once, each in a thread of its own. Threads stay, and with them what they keep
warm: connections that must not be shared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from functools import cache
from typing import TypeVar

T = TypeVar("T")

MOST = 8


def each(do: Callable[[T], None], things: Sequence[T]) -> list[T]:
    """Those whose turn ended with an exception. What is no `Exception` goes on to whoever called."""
    under_way = [(thing, _threads().submit(copy_context().run, do, thing)) for thing in things]
    wait(turn for _, turn in under_way)  # all of them, or Lambda would freeze who is still at work
    return [thing for thing, turn in under_way if _has_failed(turn)]


def rest() -> None:
    """Sends the threads home. Lambda never does; a process that ends in order does."""
    if _threads.cache_info().currsize:
        _threads().shutdown()
        _threads.cache_clear()


def _has_failed(turn: Future[None]) -> bool:
    error = turn.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return error is not None


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=MOST, thread_name_prefix="side-by-side")
