"""An invitation into a tenant: one for each address, open for seven days, good once, by the newest letter only.

Whoever has its token reads the mailbox that it was sent to. That makes a newcomer's address a proven one; it does not
make the reader somebody who has an account already.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from chalicelib.core import ids
from chalicelib.core.errors import Conflict, OverLimit
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.person import MOST_ATTEMPTS, InvalidToken, Member, User
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.tenants.model import Tenant

GOOD_FOR = timedelta(days=7)
LETTER_EVERY = timedelta(minutes=3)
MOST_PENDING = 50
MOST_LETTERS_A_DAY = 100
_ULID = "[0-9a-hjkmnp-tv-z]{26}"
_LINK = re.compile(rf"it_(ten_{_ULID})_([0-9a-f]{{32}})_(inv_{_ULID})_([1-9][0-9]{{0,5}})")


class TooManyInvitations(Conflict):
    """So many people are invited to this account and have not answered that no more can be.

    When: Somebody is invited while fifty invitations are open.

    Do: Revoke those that nobody waits for any more, or wait until they expire, seven days after their letter.
    """

    code = "too_many_invitations"
    title = "Too many invitations are open."


@dataclass(frozen=True)
class Invitation:
    """`letter` counts those that were sent; `attempts` and `last_attempt` as in a registration."""

    id: str
    tenant_id: str
    email: str
    mailbox: str
    role: Role
    invited_by: str
    created_at: datetime
    sent_at: datetime
    letter: int = 1
    attempts: int = 0
    last_attempt: str = ""
    rev: int = 1

    @property
    def expires_at(self) -> datetime:
        return self.sent_at + GOOD_FOR

    def is_pending(self, now: datetime) -> bool:
        return now < self.expires_at

    def is_open(self, now: datetime) -> bool:
        return self.is_pending(now) and self.attempts < MOST_ATTEMPTS

    def is_recent(self, now: datetime) -> bool:
        """So recent that no second letter is sent: nobody's mailbox is filled by inviting them."""
        return now - self.sent_at < LETTER_EVERY

    def again(self, *, role: Role, invited_by: str, now: datetime) -> Invitation:
        """Asked for once more: with a letter of its own, which makes those before it void, unless one is on its way."""
        same = replace(self, role=role, invited_by=invited_by)
        return same if self.is_recent(now) else replace(same, sent_at=now, letter=self.letter + 1, attempts=0)


@dataclass(frozen=True)
class Ledger:
    """How many letters a tenant has had written on one day. Every invitation changes it, so none goes uncounted."""

    on: str = ""
    letters: int = 0
    rev: int = 0

    def counted(self, now: datetime, *, letters: int) -> Ledger:
        today = now.astimezone(UTC).date().isoformat()
        total = letters + (self.letters if self.on == today else 0)
        if total > MOST_LETTERS_A_DAY:
            raise OverLimit(
                f"No more than {MOST_LETTERS_A_DAY} invitations a day.", retry_after_seconds=_until_midnight(now)
            )
        return Ledger(today, total, self.rev + 1)


@dataclass(frozen=True)
class Desk:
    """All invitations of a tenant, and the ledger."""

    ledger: Ledger
    invitations: Sequence[Invitation]

    def pending(self, now: datetime) -> dict[str, Invitation]:
        """By id."""
        return {each.id: each for each in self.invitations if each.is_pending(now)}

    def at(self, mailbox: str) -> Invitation | None:
        """Perhaps one that has expired."""
        return next((each for each in self.invitations if each.mailbox == mailbox), None)

    def pending_at(self, mailbox: str, now: datetime) -> Invitation | None:
        found = self.at(mailbox)
        return found if found and found.is_pending(now) else None

    def with_room(self, invitation: Invitation) -> Invitation:
        """For one more."""
        if len(self.pending(invitation.created_at)) >= MOST_PENDING:
            raise TooManyInvitations(f"{MOST_PENDING} invitations are open.")
        return invitation


@dataclass(frozen=True)
class Reception:
    """What an invitation opens, who gave it, and who has its mailbox; None for what is not there, or no more."""

    invitation: Invitation | None
    tenant: Tenant | None
    giver: Member | None
    user: User | None


@dataclass(frozen=True)
class InvitationClaim:
    tenant_id: str
    mailbox: str
    invitation_id: str
    letter: int

    def fits(self, invitation: Invitation) -> bool:
        return (self.invitation_id, self.letter) == (invitation.id, invitation.letter)


def invite(*, tenant_id: str, email: str, mailbox: str, role: Role, invited_by: str, now: datetime) -> Invitation:
    return Invitation(
        id=ids.new("inv"),
        tenant_id=tenant_id,
        email=email,
        mailbox=mailbox,
        role=role,
        invited_by=invited_by,
        created_at=now,
        sent_at=now,
    )


def invitation_token(invitation: Invitation, signer: Signer) -> str:
    """`it_<tenant>_<mailbox>_<invitation>_<letter>_<HMAC>`: made for the letter, and stored nowhere."""
    place = f"{invitation.tenant_id}_{invitation.mailbox}"
    return signer.sign(f"it_{place}_{invitation.id}_{invitation.letter}")


def open_invitation_token(token: str, signer: Signer) -> InvitationClaim:
    parts = signer.read(token, _LINK)
    if parts is None:
        raise InvalidToken
    tenant_id, mailbox, invitation_id, letter = parts
    return InvitationClaim(tenant_id, mailbox, invitation_id, int(letter))


def _until_midnight(now: datetime) -> float:
    present = now.astimezone(UTC)
    midnight = datetime.combine(present.date() + timedelta(days=1), time(), UTC)
    return (midnight - present).total_seconds()
