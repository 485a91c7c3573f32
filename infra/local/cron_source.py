"""Schedules to one function, as EventBridge does it. Time comes from the local clock; the runner turns the wheel.

After an advance over many ticks a schedule fires once, with the new time: AWS would not replay what was missed either.
"""

from __future__ import annotations

import contextlib
import threading
import uuid
from datetime import UTC, datetime
from typing import Any

from chalicelib.core.ports import Clock
from infra.local import aws
from infra.local.invocation import Failed, Function
from infra.local.schedule import parse


class CronSource:
    """`seen_at` is how far an earlier life had got: what fell due since then fires once, now."""

    workers = 1

    def __init__(self, function: Function, expression: str, *, clock: Clock, seen_at: datetime | None = None) -> None:
        self.function = function
        self.expression = expression
        self.last_at: datetime | None = None
        self._schedule = parse(expression)
        self._clock = clock
        self._seen_at = min(seen_at or clock.now(), clock.now())
        self._lock = threading.Lock()
        self._woken = threading.Event()

    @property
    def source(self) -> str:
        return self.expression

    @property
    def seen_at(self) -> datetime:
        return self._seen_at

    @property
    def next_at(self) -> datetime | None:
        return self._schedule.next_after(self._seen_at)

    def step(self, *, wait_seconds: int = 0) -> int:
        if self._claim(now := self._clock.now()):
            with contextlib.suppress(Failed):  # logged; EventBridge would try again, our ticks come again anyway
                self.function.invoke(self._event(now))
            return 1
        if wait_seconds:
            self._woken.wait(min(wait_seconds, _LONGEST_NAP_SECONDS))
            self._woken.clear()
        return 0

    def wake(self) -> None:
        self._woken.set()

    def _claim(self, now: datetime) -> bool:
        with self._lock:
            due_at = self.next_at
            if due_at is None or due_at > now:
                return False
            self._seen_at = self.last_at = now
            return True

    def _event(self, now: datetime) -> dict[str, Any]:
        return {
            "version": "0",
            "id": str(uuid.uuid4()),  # noqa: TID251 -- EventBridge's own id, not the product's
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": aws.ACCOUNT,
            "time": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": aws.REGION,
            "resources": [f"arn:aws:events:{aws.REGION}:{aws.ACCOUNT}:rule/{self.function.name}"],
            "detail": {},
        }


_LONGEST_NAP_SECONDS = 0.5
