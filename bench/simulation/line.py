"""A queue, the mapping that reads it and the function behind: how many messages may be at work, and who starts cold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.simulation import limits, settings
from bench.simulation.queues import Message, Queue
from infra.cost import assumptions as assumed

_NEXT_POLLER_SECONDS = 60 / limits.POLLERS_A_MINUTE.value


@dataclass
class Account:
    """What its functions share."""

    room: int

    def takes(self, line: settings.Line) -> bool:
        return self.room > 0 or line.reserved > 0

    def enter(self, line: settings.Line) -> None:
        self.room -= not line.reserved

    def leave(self, line: settings.Line) -> None:
        self.room += not line.reserved


@dataclass(frozen=True)
class Start:
    """One invocation, and what it was handed; `at` is when our code begins to work on it."""

    messages: tuple[Message, ...]
    at: float
    is_cold: bool


@dataclass
class LineAtWork:
    """Pollers are added only while messages are left, evenly over the minute, and are gone as soon as nobody works.
    Each hands on what it finds, up to what the function takes at once: there is no window in which to wait for more.
    """

    setting: settings.Line
    queue: Queue
    account: Account
    in_flight: int = 0
    warm: int = 0
    cold_starts: int = 0
    invocations: int = 0
    received: int = 0  # messages
    seconds: float = 0.0  # of Lambda, billed
    refused: int = 0  # times the account or Lambda's own pace held a poller back
    most_in_flight: int = 0
    _busy_seconds: float = 0.0
    _seen_at: float = 0.0
    _had_backlog: bool = False
    _new_environments: float = field(default=limits.ENVIRONMENTS_A_STEP.value)

    def put(self, message: Message, now: float) -> None:
        self._look(now)
        self.queue.put(message)

    def starts(self, now: float) -> list[Start]:
        """Everything that may begin now."""
        self._look(now)
        found = []
        while len(self.queue) and self.in_flight < self._pollers and self._has_room():
            found.append(self._start(tuple(self._taken()), now))
        self._look(now)
        return found

    def end(self, start: Start, now: float) -> None:
        self._look(now)
        for message in start.messages:
            self.queue.done(message)
        self.account.leave(self.setting)
        self.in_flight -= 1
        self.warm += 1
        self.seconds += now - start.at

    def next_look(self, now: float) -> float | None:
        """When it could take more, if it only waits to grow."""
        return now + _NEXT_POLLER_SECONDS if len(self.queue) and self._pollers < self.setting.most else None

    @property
    def _pollers(self) -> int:
        grown = limits.POLLERS_FIRST.value + limits.POLLERS_A_MINUTE.value * self._busy_seconds / 60
        return sum(min(most, int(grown + 1e-9)) for most in self.setting.mappings)

    def _has_room(self) -> bool:
        has_room = self.account.takes(self.setting) and (self.warm > 0 or self._new_environments >= 1)
        self.refused += not has_room
        return has_room

    def _taken(self) -> Iterator[Message]:
        for _ in range(min(self.setting.at_once, len(self.queue))):
            yield self.queue.take()

    def _start(self, messages: tuple[Message, ...], now: float) -> Start:
        is_cold = not self.warm
        at = now + limits.RECEIVE_SECONDS
        if is_cold:
            starting = self.setting.machine.seconds(assumed.START_CPU_SECONDS)
            at += limits.CREATE_SECONDS + starting
            self.seconds += starting
            self.cold_starts += 1
            self._new_environments -= 1
        else:
            self.warm -= 1
        self.account.enter(self.setting)
        self.invocations += 1
        self.received += len(messages)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        return Start(messages, at, is_cold)

    def _look(self, now: float) -> None:
        passed, self._seen_at = now - self._seen_at, now
        if self._had_backlog:
            self._busy_seconds += passed
        if not len(self.queue) and not self.in_flight:
            self._busy_seconds = 0.0
        self._had_backlog = len(self.queue) > 0
        refill = passed * limits.ENVIRONMENTS_A_STEP.value / limits.STEP_SECONDS.value
        self._new_environments = min(limits.ENVIRONMENTS_A_STEP.value, self._new_environments + refill)
