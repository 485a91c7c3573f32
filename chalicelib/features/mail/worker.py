"""Posts what waits in the mail queue."""

from __future__ import annotations

from chalicelib.aws.letters import Letter
from chalicelib.aws.worker import Invocation, Worker
from chalicelib.features.mail.wiring import mail

worker = Worker(__name__)


@worker.queue("mail", Letter)
def post_letter(letter: Letter, _invocation: Invocation) -> None:
    mail().deliver(to=letter.to, subject=letter.subject, text=letter.text)
