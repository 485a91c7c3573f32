"""People: users are global, a membership is per tenant, and before both there is a registration awaiting its proof."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.core import ids
from chalicelib.core.errors import Conflict, Forbidden, Unauthenticated
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.signature import Signer

REGISTRATION_KEPT_FOR = timedelta(hours=24)
MOST_ATTEMPTS = 5
NOBODY = "usr_nobody"  # where to look when nobody has the address, so that somebody looks
_LINK = re.compile(r"vt_([0-9a-f]{32})_([0-9a-hjkmnp-tv-z]{26})")


class InvalidToken(Unauthenticated):
    """A token we cannot honour. Nothing more is said of it, because whoever forges tokens would like to know.

    When: The token is mistyped, used up, revoked or made up, or a link was tried with five wrong passwords.

    Do: Ask for a new one: sign in, register again, or have another link sent.
    """

    code = "invalid_token"
    title = "This token is not valid, or no longer."


class EmailTaken(Conflict):
    """The address has been verified before and has an account. Only the owner of the mailbox gets this answer.

    When: Somebody registers twice and follows both links.

    Do: Sign in.
    """

    code = "email_taken"
    title = "There is an account with this e-mail address already. Sign in."


class NoTenant(Forbidden):
    """The password is right, but this person is no longer a member of any account. It is kept for 30 days, and then
    erased, address and all.

    When: The last account this person belonged to has removed them or was deleted.

    Do: Ask for an invitation, and accept it with the password you have. Registering does not help meanwhile: there is
    somebody with this address already. After 30 days there is not, and you can register as somebody new.
    """

    code = "no_tenant"
    title = "You are not a member of any account."


@dataclass(frozen=True)
class User:
    """`mailbox` is the keyed hash of the address, under which the address is claimed once and for all.

    What was handed out in an earlier `era`, sessions and links alike, is void: one write makes an end of them all.
    `kept_by` names the tenant whose identity provider alone knows this person: such a one has claimed no mailbox.
    """

    id: str
    email: str
    mailbox: str
    password_hash: str
    created_at: datetime
    name: str = ""
    era: int = 1
    second_factor_at: datetime | None = None
    kept_by: str = ""
    rev: int = 1

    @property
    def has_second_factor(self) -> bool:
        return self.second_factor_at is not None


@dataclass(frozen=True)
class Member:
    """One person in one tenant."""

    tenant_id: str
    user_id: str
    role: Role
    joined_at: datetime
    rev: int = 1


@dataclass(frozen=True)
class Registration:
    """All there is before a mailbox is proven.

    `last_attempt` names the attempt that wrote the count, so that of two at once only one can take it for its own.
    """

    id: str
    mailbox: str
    email: str
    tenant_name: str
    password_hash: str
    expires_at: datetime
    attempts: int = 0
    last_attempt: str = ""
    rev: int = 1

    def is_open(self, now: datetime) -> bool:
        return now < self.expires_at and self.attempts < MOST_ATTEMPTS


def register(*, mailbox: str, email: str, tenant_name: str, password_hash: str, now: datetime) -> Registration:
    return Registration(
        id=ids.ulid(),
        mailbox=mailbox,
        email=email,
        tenant_name=tenant_name,
        password_hash=password_hash,
        expires_at=now + REGISTRATION_KEPT_FOR,
    )


def link_token(registration: Registration, signer: Signer) -> str:
    """`vt_<mailbox>_<registration>_<HMAC>`: made again from the row whenever it is needed, never stored."""
    return signer.sign(f"vt_{registration.mailbox}_{registration.id}")


def open_link_token(token: str, signer: Signer) -> tuple[str, str]:
    """Mailbox and registration."""
    parts = signer.read(token, _LINK)
    if parts is None:
        raise InvalidToken
    mailbox, registration_id = parts
    return mailbox, registration_id
