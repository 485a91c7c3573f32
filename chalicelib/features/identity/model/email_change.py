"""A new address for somebody who has an account: nothing changes before its mailbox is proven, together with the
password. The link alone is not enough, for the address may have been mistyped, and belong to somebody else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core import ids
from chalicelib.core.errors import Invalid
from chalicelib.features.identity.model.person import MOST_ATTEMPTS, InvalidToken, User
from chalicelib.features.identity.model.signature import Signer

GOOD_FOR = timedelta(hours=24)
_LINK = re.compile(r"et_(usr_[0-9a-hjkmnp-tv-z]{26})_([0-9a-hjkmnp-tv-z]{26})")


@dataclass(frozen=True)
class EmailChange:
    """`last_attempt` as in a registration."""

    id: str
    user_id: str
    email: str
    mailbox: str
    era: int
    asked_at: datetime
    attempts: int = 0
    last_attempt: str = ""
    rev: int = 1

    @property
    def expires_at(self) -> datetime:
        return self.asked_at + GOOD_FOR

    def is_open(self, now: datetime) -> bool:
        return now < self.expires_at and self.attempts < MOST_ATTEMPTS

    def fits(self, user: User) -> bool:
        """A password changed since, or a sign-out everywhere, has made it void."""
        return self.era == user.era


def ask_for_change(user: User, *, email: str, mailbox: str, now: datetime) -> EmailChange:
    if mailbox == user.mailbox:
        raise Invalid("This is your address already.", pointer="/email")
    return EmailChange(id=ids.ulid(), user_id=user.id, email=email, mailbox=mailbox, era=user.era, asked_at=now)


def change_token(change: EmailChange, signer: Signer) -> str:
    """`et_<user>_<id>_<HMAC>`: made once, for the letter, and stored nowhere."""
    return signer.sign(f"et_{change.user_id}_{change.id}")


def open_change_token(token: str, signer: Signer) -> tuple[str, str]:
    """User and id."""
    parts = signer.read(token, _LINK)
    if parts is None:
        raise InvalidToken
    user_id, change_id = parts
    return user_id, change_id
