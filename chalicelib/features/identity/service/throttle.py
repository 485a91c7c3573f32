"""How often passwords may be guessed, and how often strangers may have us write to a mailbox.

A guess is counted before it is tried, so that guessing at once gains nothing; one that was right is taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Protocol

from chalicelib.core import limits
from chalicelib.core.errors import OverLimit, PushError, Unauthenticated, Unavailable
from chalicelib.core.limits import Attempt, Rule, network_of
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.second_factor import OtpRequired


class Attempts(Protocol):
    def begin(self, *, rule: Rule, whose: str, now: datetime) -> Attempt:
        """Counts one more before it is made. Raises OverLimit, and Unavailable when nobody can say."""
        ...

    def forgive(self, attempt: Attempt) -> None:
        """As if it had never been."""
        ...


class Throttle:
    def __init__(self, attempts: Attempts) -> None:
        self._attempts = attempts

    @contextmanager
    def guess(
        self, *, address: str, now: datetime, account: str | None = None, device: str | None = None
    ) -> Iterator[None]:
        """Around a try at a password. Known devices have a count of their own, and nobody else's wrong guesses in it.

        `account` is None where the guess is counted elsewhere already, as with the links of letters.
        """
        counted = [(limits.GUESSES_AT_ACCOUNT, account)] if account is not None else []
        counted += [(limits.GUESSES_FROM_ADDRESS, network_of(address))]
        if device is not None:
            counted = [(limits.GUESSES_ON_DEVICE, device)]
        begun: list[Attempt] = []
        try:
            for rule, whose in counted:
                begun.append(self._attempts.begin(rule=rule, whose=whose, now=now))
            yield
        except PushError as error:
            if not is_wrong(error):
                self._forgive(begun)
            raise
        self._forgive(begun)

    def may_write(self, *, rule: Rule, mailbox: str, now: datetime) -> bool:
        """Whether this mailbox is written to once more. It counts as written to."""
        try:
            self._attempts.begin(rule=rule, whose=mailbox, now=now)
        except OverLimit:
            return False
        return True

    def _forgive(self, begun: list[Attempt]) -> None:
        """Whose password was right is not turned away because nobody could note it."""
        for attempt in begun:
            with suppress(Unavailable):
                self._attempts.forgive(attempt)


def is_wrong(error: PushError) -> bool:
    """A link that is void is no guess at a password, and who is asked for a code has given the right one. Whatever else
    does not let somebody in may be a guess.
    """
    return isinstance(error, Unauthenticated) and not isinstance(error, InvalidToken | OtpRequired)
