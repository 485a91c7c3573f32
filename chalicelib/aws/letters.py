"""The mail queue's message: what one slice writes and another posts. Never logged: it may open an account."""

from __future__ import annotations

import msgspec

from chalicelib.aws.messages import Message
from chalicelib.aws.queues import Queue

_GROUP = "letters"


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What a rule of EventBridge makes of SES's word that a letter came back: `reason` is SES's `eventType`."""

    reason: str
    addresses: list[str]


class Letter(Message, frozen=True, kw_only=True):
    """Without `to` it is a decoy: a call that has nobody to write to takes the same steps as one that has.

    `is_wanted`: somebody has just asked for it, as one asks for a link. With `returned` it is no letter to be posted,
    but news of one: both come by the one queue.
    """

    to: str | None
    subject: str
    text: str
    is_wanted: bool = False
    returned: Returned | None = None
    v: int = 2  # who reads only 1 would take news of a letter for a decoy


def post(*letters: Letter) -> None:
    """Together: up to ten in one call. Should the queue take only some of them for good, it raises, and whoever tries
    again writes to those a second time.
    """
    Queue("mail").send_many(letters, group=_GROUP)
