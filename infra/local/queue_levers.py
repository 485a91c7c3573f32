"""Levers on the local queues that AWS does not have: tests that will not wait, and a product that was restarted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from moto.sqs.models import sqs_backends

from infra.local.moto_patch import LOCK


def hasten(name_prefix: str) -> int:
    """Makes delayed messages of these queues visible now; returns how many."""
    with LOCK:
        waiting = [message for message in _messages(name_prefix) if message.delayed]
        for message in waiting:
            message.delayed_until = 0.0
        return len(waiting)


def release_in_flight(name_prefix: str) -> int:
    """Makes messages visible that a process now gone had received; their receive count stands. Returns how many."""
    with LOCK:
        held = [message for message in _messages(name_prefix) if not message.visible]
        for message in held:
            message.visible_at = 0.0
        return len(held)


def _messages(name_prefix: str) -> Iterator[Any]:
    backends: list[Any] = [backend for _, _, backend in sqs_backends.iter_backends()]
    for backend in backends:
        for name, queue in backend.queues.items():
            if name.startswith(name_prefix):
                yield from queue._messages  # noqa: SLF001 -- the SQS API offers no such lever
