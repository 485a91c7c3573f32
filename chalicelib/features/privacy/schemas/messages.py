"""The messages of the privacy queue: a job to be gone on with, as its worker hands it on and the calendar spells it."""

from __future__ import annotations

from chalicelib.aws.messages import Message


class Task(Message, frozen=True, kw_only=True):
    """`at` and `minute` are the calendar's: where its entry stands. One that was handed over has none."""

    kind: str
    tenant: str
    id: str
    at: int = 0
    minute: int = 0
