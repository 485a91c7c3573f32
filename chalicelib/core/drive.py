"""Runs a coroutine whose ports block instead of suspending: how production drives the sending engine."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """One step is all it takes. A port that suspends here belongs to another driver, and says so."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: T = finished.value
        return result
    coroutine.close()
    raise RuntimeError("a blocking port suspended")
