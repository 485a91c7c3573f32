"""What the pure floors need from the world, as seen from inside. The world's own versions are `clock` and `chance`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...


class Chance(Protocol):
    def uniform(self) -> float:
        """A number in [0, 1)."""
        ...

    def token(self, size: int) -> bytes:
        """`size` unguessable bytes."""
        ...
