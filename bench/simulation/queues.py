"""SQS standard queues in two moods: plainly first come, first served, or fair to tenants as AWS describes it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Protocol

from bench.simulation import limits


@dataclass(frozen=True)
class Message:
    """`batch` is None for who asks for a plan. `shift` is which of the batch's or plan's invocations it wakes."""

    tenant: str
    run: str
    batch: int | None = None
    shift: int = 0


class Queue(Protocol):
    def put(self, message: Message) -> None: ...
    def take(self) -> Message: ...
    def done(self, message: Message) -> None:
        """It is no longer in flight."""
        ...

    def __len__(self) -> int: ...


@dataclass
class Plain:
    """As if fair queues did not exist: whoever comes behind a million waits for all of it."""

    _waiting: deque[Message] = field(default_factory=deque)

    def put(self, message: Message) -> None:
        self._waiting.append(message)

    def take(self) -> Message:
        return self._waiting.popleft()

    def done(self, message: Message) -> None:
        """Nobody asks who is at work."""

    def __len__(self) -> int:
        return len(self._waiting)


@dataclass
class Fair:
    """Quiet tenants first, each in its turn; when all are noisy, the one with the fewest in flight."""

    _waiting: dict[str, deque[Message]] = field(default_factory=dict)
    _in_flight: Counter[str] = field(default_factory=Counter)
    _length: int = 0

    def put(self, message: Message) -> None:
        self._waiting.setdefault(message.tenant, deque()).append(message)
        self._length += 1

    def take(self) -> Message:
        quiet = next((tenant for tenant in self._waiting if not self._is_noisy(tenant)), None)
        tenant = quiet or min(self._waiting, key=self._in_flight.__getitem__)
        own = self._waiting.pop(tenant)
        message = own.popleft()
        if own:
            self._waiting[tenant] = own  # behind all others: turns go round
        self._in_flight[tenant] += 1
        self._length -= 1
        return message

    def done(self, message: Message) -> None:
        self._in_flight[message.tenant] -= 1

    def _is_noisy(self, tenant: str) -> bool:
        own = self._in_flight[tenant]
        return own >= limits.NOISY_FROM.value and own > limits.NOISY_SHARE.value * self._in_flight.total()

    def __len__(self) -> int:
        return self._length
