"""The queue messages of sending. Apart from HTTP bodies: a worker must not import pydantic."""

from __future__ import annotations

from chalicelib.aws.messages import Message


class WakeMessage(Message, frozen=True):
    """Only a wake-up: ids, never endpoints. The record says what there is to do."""

    tenant: str
    site: str
    run: str
    n: int
