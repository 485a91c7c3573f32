"""The mail queue as identity sees it."""

from __future__ import annotations

from chalicelib.aws import letters
from chalicelib.features.identity.model.letters import Letter


class MailQueue:
    def send(self, letter: Letter) -> None:
        letters.post(letters.Letter(to=letter.to, subject=letter.subject, text=letter.text, is_wanted=letter.is_wanted))
