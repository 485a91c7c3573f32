"""A store that stumbles is asked again: giving up a batch half-way costs more than a moment's patience."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

from chalicelib.core.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

_TRIES = 5


async def patiently(ask: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Only for calls that may be repeated. The SDK has already waited between its own tries."""
    for _ in range(_TRIES - 1):
        try:
            return await ask(*args, **kwargs)
        except Unavailable:
            continue
    return await ask(*args, **kwargs)
