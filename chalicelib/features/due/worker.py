"""The tick: once a minute, everything whose time has come goes to the queue of its kind."""

from __future__ import annotations

from chalicelib.aws.worker import Invocation, Worker
from chalicelib.features.due.wiring import due

worker = Worker(__name__)

_LEFT_FOR_THE_END_MS = 15_000


@worker.every(minutes=1)
def tick(invocation: Invocation) -> None:
    due().tick(now=invocation.started_at, has_time=lambda: invocation.remaining_ms() > _LEFT_FOR_THE_END_MS)
