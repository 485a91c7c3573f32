"""The mail queue as identity sees it."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.aws import letters
from chalicelib.features.identity.model.letters import Letter


class MailQueue:
    def send(self, letter: Letter) -> None:
        self.send_many([letter])

    def send_many(self, many: Sequence[Letter]) -> None:
        letters.post(*map(_message, many))


def _message(letter: Letter) -> letters.Letter:
    return letters.Letter(to=letter.to, subject=letter.subject, text=letter.text, is_wanted=letter.is_wanted)
