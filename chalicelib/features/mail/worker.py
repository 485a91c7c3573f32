"""Posts what waits in the mail queue, and notes what came back."""

from __future__ import annotations

from chalicelib.aws import telemetry
from chalicelib.aws.letters import Letter, Returned
from chalicelib.aws.worker import Invocation, Worker
from chalicelib.features.mail.model import Reason
from chalicelib.features.mail.wiring import mail

worker = Worker(__name__)


@worker.queue("mail", Letter)
def post_letter(letter: Letter, invocation: Invocation) -> None:
    now = invocation.started_at
    if letter.returned is not None:
        _note(letter.returned, invocation)
    elif not mail().deliver(
        to=letter.to, subject=letter.subject, text=letter.text, now=now, is_wanted=letter.is_wanted
    ):
        telemetry.note("letter_not_posted", reason="refused" if letter.to else "decoy")


def _note(returned: Returned, invocation: Invocation) -> None:
    """What SES may learn to say one day is not ours to guess at."""
    if returned.reason not in set(Reason):
        telemetry.alarm("letter_returned_oddly", reason=returned.reason)
        return
    telemetry.warn("letter_returned", reason=returned.reason, count=len(returned.addresses))
    mail().returned(addresses=returned.addresses, reason=Reason(returned.reason), now=invocation.started_at)
