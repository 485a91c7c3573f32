"""The mail queue's message: what one slice writes and another posts. Never logged: it may open an account."""

from __future__ import annotations

from chalicelib.aws.messages import Message
from chalicelib.aws.queues import Queue

_GROUP = "letters"


class Letter(Message, frozen=True, kw_only=True):
    """Without `to` it is a decoy: a call that has nobody to write to takes the same steps as one that has."""

    to: str | None
    subject: str
    text: str


def post(*letters: Letter) -> None:
    """Together: up to ten in one call. Should the queue take only some of them for good, it raises, and whoever tries
    again writes to those a second time.
    """
    Queue("mail").send_many(letters, group=_GROUP)
