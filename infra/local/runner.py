"""Runs the app's workers locally: every queue, schedule and stream its decorators name, and no list of our own.

Tests turn it by hand (`step`, `drain`: one thread, nothing else moves); the live product lets it run (`start`, `stop`).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from chalice.app import Chalice, DynamoDBEventConfig, ScheduledEventConfig, ScheduleExpression, SQSEventConfig

from infra.local import aws, status
from infra.local.clock import LocalClock
from infra.local.cron_source import CronSource
from infra.local.invocation import Function
from infra.local.queue_levers import hasten
from infra.local.queue_source import QueueSource
from infra.local.status import HandlerStatus, ScheduleStatus, Status
from infra.local.stream_source import StreamSource

LOG = logging.getLogger("local.runner")
_POLL_SECONDS = 1
_PAUSE_SECONDS = 1.0


class UnknownSource(TypeError):
    """The app has a kind of handler that this runner cannot feed: better no start than a silent one."""


class Source(Protocol):
    function: Function
    workers: int

    @property
    def source(self) -> str: ...
    def step(self, *, wait_seconds: int = 0) -> int: ...
    def wake(self) -> None: ...


class Runner:
    """`notes` are those of an earlier life (see `notes()`); `retry_after_seconds` shortens every queue's visibility."""

    def __init__(
        self,
        app: Chalice,
        *,
        clock: LocalClock,
        prefix: str = aws.PREFIX,
        retry_after_seconds: int | None = None,
        most_at_once: int = 4,
        notes: Mapping[str, Any] | None = None,
    ) -> None:
        self._app = app
        self._clock = clock
        self._prefix = prefix
        self._retry_after_seconds = retry_after_seconds
        self._most_at_once = most_at_once
        self._notes = notes or {}
        self.sources: list[Source] = [self._source(config) for config in app.event_sources]
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        clock.on_advance(self._wake)

    def step(self) -> int:
        """Gives every source one turn, in the order of registration; returns the number of invocations."""
        return sum(source.step() for source in self.sources)

    def drain(self, *, limit: int = 1_000, skip_delays: bool = False) -> int:
        """Turns until nothing is left to do, or about `limit` invocations have run; returns how many did."""
        ran = 0
        while ran < limit:
            turned = self.step()
            ran += turned
            if not turned and not (skip_delays and hasten(f"{self._prefix}-")):
                break
        return ran

    def start(self) -> None:
        self._stopping.clear()
        for source in self.sources:
            for number in range(source.workers):
                name = f"{source.function.name}-{number}"
                self._threads.append(threading.Thread(target=self._work, args=(source,), name=name, daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self, *, within_seconds: float = 10.0) -> list[str]:
        """Waits for what is running; returns the names of workers that did not come to an end in time."""
        self._stopping.set()
        self._wake()
        deadline = time.monotonic() + within_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        left = [thread.name for thread in self._threads if thread.is_alive()]
        self._threads = []
        return left

    def status(self) -> Status:
        schedules = [
            ScheduleStatus(s.function.name, s.expression, s.last_at, s.next_at)
            for s in self.sources
            if isinstance(s, CronSource)
        ]
        return Status(self._clock.now(), list(status.queues(self._prefix)), self.handlers(), schedules)

    def handlers(self) -> list[HandlerStatus]:
        """The part of `status` that asks nobody."""
        return [HandlerStatus(s.function.name, s.source, s.function.tally) for s in self.sources]

    def notes(self) -> dict[str, Any]:
        """How far schedules and streams have got, for the snapshot and the next life."""
        crons = {s.function.name: s.seen_at.isoformat() for s in self.sources if isinstance(s, CronSource)}
        streams = {s.function.name: s.checkpoint for s in self.sources if isinstance(s, StreamSource)}
        return {"schedules": crons, "streams": streams}

    def _work(self, source: Source) -> None:
        while not self._stopping.is_set():
            try:
                source.step(wait_seconds=_POLL_SECONDS)
            except Exception:  # a worker must outlive a fault of the runner itself
                LOG.exception("%s: the runner failed", source.function.name)
                self._stopping.wait(_PAUSE_SECONDS)

    def _wake(self) -> None:
        for source in self.sources:
            source.wake()

    def _source(self, config: object) -> Source:
        match config:
            case SQSEventConfig():
                return self._queue_source(config)
            case ScheduledEventConfig():
                return self._cron_source(config)
            case DynamoDBEventConfig():
                return self._stream_source(config)
        raise UnknownSource(f"{type(config).__name__} ({getattr(config, 'name', '?')}) does not run locally")

    def _queue_source(self, config: SQSEventConfig) -> QueueSource:
        return QueueSource(
            self._function(config.name),
            self._queue_name(config),
            batch_size=config.batch_size,
            concurrency=self._at_once(config),
            retry_after_seconds=self._retry_after_seconds,
        )

    def _at_once(self, config: SQSEventConfig) -> int:
        """A limit meant for an account's Lambdas must not become as many threads on a laptop."""
        return min(config.maximum_concurrency or self._most_at_once, self._most_at_once)

    def _cron_source(self, config: ScheduledEventConfig) -> CronSource:
        expression = config.schedule_expression
        seen_at = self._notes.get("schedules", {}).get(config.name)
        return CronSource(
            self._function(config.name),
            expression.to_string() if isinstance(expression, ScheduleExpression) else expression,
            clock=self._clock,
            seen_at=datetime.fromisoformat(seen_at) if seen_at else None,
        )

    def _stream_source(self, config: DynamoDBEventConfig) -> StreamSource:
        return StreamSource(
            self._function(config.name),
            self._table_name(config.stream_arn),
            clock=self._clock,
            batch_size=config.batch_size,
            starts_at=config.starting_position,
            checkpoint=self._notes.get("streams", {}).get(config.name),
        )

    def _function(self, name: str) -> Function:
        return Function(name, self._app.handler_map[name], clock=self._clock)

    def _queue_name(self, config: SQSEventConfig) -> str:
        """Decorators name queues shortly; an ARN is complete."""
        return f"{self._prefix}-{config.queue}" if config.queue else str(config.queue_arn).rsplit(":", 1)[1]

    def _table_name(self, stream: str) -> str:
        return stream.split("/")[1] if "/" in stream else f"{self._prefix}-{stream}"
