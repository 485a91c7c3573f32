"""A forgotten password: one open link for each mailbox. A newer link takes its place, and a new era makes it void.

A row is written for every address that is asked about, so that what follows is the same for those nobody has.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core import ids
from chalicelib.features.identity.model.person import InvalidToken, User
from chalicelib.features.identity.model.signature import Signer

GOOD_FOR = timedelta(hours=1)
LETTER_EVERY = timedelta(minutes=3)
_LINK = re.compile(r"pt_([0-9a-f]{32})_([0-9a-hjkmnp-tv-z]{26})")


@dataclass(frozen=True)
class PasswordReset:
    """`user_id` is empty where nobody has the address."""

    id: str
    mailbox: str
    user_id: str
    era: int
    asked_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.asked_at + GOOD_FOR

    def is_recent(self, now: datetime) -> bool:
        """So recent that no second letter is sent: a mailbox cannot be filled by asking."""
        return now - self.asked_at < LETTER_EVERY

    def lets_in(self, user: User, now: datetime) -> bool:
        """`user` is who asked, as last written: with another address or in another era, they are no longer the same."""
        return now < self.expires_at and (self.mailbox, self.era) == (user.mailbox, user.era)


def ask_for_reset(*, mailbox: str, user: User | None, now: datetime) -> PasswordReset:
    return PasswordReset(
        id=ids.ulid(),
        mailbox=mailbox,
        user_id=user.id if user else "",
        era=user.era if user else 0,
        asked_at=now,
    )


def reset_token(reset: PasswordReset, signer: Signer) -> str:
    """`pt_<mailbox>_<id>_<HMAC>`: made once, for the letter, and stored nowhere."""
    return signer.sign(f"pt_{reset.mailbox}_{reset.id}")


def open_reset_token(token: str, signer: Signer) -> tuple[str, str]:
    """Mailbox and id."""
    parts = signer.read(token, _LINK)
    if parts is None:
        raise InvalidToken
    mailbox, reset_id = parts
    return mailbox, reset_id
