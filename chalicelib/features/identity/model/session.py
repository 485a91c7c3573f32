"""A sign-in: one session, whose refresh token changes with every use. Here it is decided which of them are good.

A client whose answer was lost asks again with the token it has: within ten seconds it gets the same successor. After
that, an old token means that two parties hold this session, and both lose it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.core import ids
from chalicelib.core.errors import Unauthenticated
from chalicelib.core.identity import Role
from chalicelib.features.identity.model.device import UNKNOWN, Device
from chalicelib.features.identity.model.person import MOST_ATTEMPTS, InvalidToken, Member, User
from chalicelib.features.identity.model.second_factor import SecondFactor
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.tenants.model import Tenant

KEPT_FOR = timedelta(days=30)
REPEAT_WITHIN = timedelta(seconds=10)
_ULID = "[0-9a-hjkmnp-tv-z]{26}"
_REFRESH = re.compile(rf"rt_(usr_{_ULID})_(ses_{_ULID})_([1-9][0-9]{{0,8}})")


class TokenReused(Unauthenticated):
    """A refresh token was used again after its successor was in use. Somebody else may hold it, so its session is over.

    When: A refresh token is used a second time, more than ten seconds after the first; and for every later use of any
    token of that session.

    Do: Sign in again. If that was not your own client repeating itself, change the password and sign out everywhere.
    """

    code = "token_reused"
    title = "This refresh token was used before; its session has been ended."


class TokenExpired(Unauthenticated):
    """An access token lives for fifteen minutes, and what it says of its bearer may be over sooner.

    When: A client goes on using an access token without refreshing it, or the person's role has changed meanwhile.

    Do: Exchange the refresh token at `POST /v1/auth/refresh`, then repeat the request.
    """

    code = "token_expired"
    title = "This access token has expired. Refresh it."


class Ending(StrEnum):
    LOGOUT = "logout"
    GUESSING = "guessing"
    REUSE = "reuse"


class Verdict(StrEnum):
    ROTATE = "rotate"
    REPEAT = "repeat"
    REUSED = "reused"
    ENDED = "ended"


@dataclass(frozen=True)
class Session:
    """`proven_at` is when its person last showed all that a sign-in asks for; `attempts` counts passwords tried since
    the last right one, `last_attempt` as in a registration. One that a tenant's identity provider has opened
    (`is_by_sso`) stays in that tenant, proves nothing by a password, and is over at `ends_at`, refreshed or not, and
    with the tenant's `sso_epoch`.
    """

    id: str
    user_id: str
    tenant_id: str
    created_at: datetime
    rotated_at: datetime
    generation: int = 1
    ended: Ending | None = None
    era: int = 1
    proven_at: datetime | None = None
    attempts: int = 0
    last_attempt: str = ""
    user_agent: str = ""
    country: str = ""
    is_by_sso: bool = False
    sso_epoch: int = 0
    ends_at: datetime | None = None
    rev: int = 1

    @property
    def expires_at(self) -> datetime:
        idle = self.rotated_at + KEPT_FOR
        return idle if self.ends_at is None else min(idle, self.ends_at)

    def may_be_of(self, role: Role) -> bool:
        """An owner's way in does not hang on what others have set up."""
        return not (self.is_by_sso and role is Role.OWNER)

    def is_trusted_by(self, tenant: Tenant) -> bool:
        """Whether who has opened it is believed still."""
        return not self.is_by_sso or self.sso_epoch == tenant.sso_epoch

    def is_live(self, user: User, now: datetime) -> bool:
        """`user` is whose session it is, as last written when the session was read, or a little earlier."""
        return not self.ended and now < self.expires_at and self.era >= user.era

    def may_prove(self, user: User, now: datetime) -> bool:
        """Whether another password may be tried in it."""
        return self.is_live(user, now) and not self.is_by_sso and self.attempts < MOST_ATTEMPTS

    def judge(self, generation: int, now: datetime) -> Verdict:
        """What a genuine refresh token of this generation is worth, as far as the session itself can tell."""
        if self.ended is Ending.REUSE:
            return Verdict.REUSED
        if self.ended or now >= self.expires_at or generation > self.generation:
            return Verdict.ENDED
        if generation == self.generation:
            return Verdict.ROTATE
        is_last = generation == self.generation - 1
        return Verdict.REPEAT if is_last and now - self.rotated_at <= REPEAT_WITHIN else Verdict.REUSED


@dataclass(frozen=True)
class RefreshClaim:
    user_id: str
    session_id: str
    generation: int


@dataclass(frozen=True)
class Access:
    """What an access token says of its bearer. It is good no longer than the session, which is over at `ends_at`."""

    user_id: str
    tenant_id: str
    session_id: str
    role: Role
    proven_at: datetime | None = None
    owes_second_factor: bool = False
    is_by_sso: bool = False
    owes_sso: bool = False
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Standing:
    """What has become of somebody since an access token was issued; None for what is not there any more."""

    user: User | None
    session: Session | None
    member: Member | None
    tenant: Tenant | None

    @property
    def owes_second_factor(self) -> bool:
        if self.user is None or self.tenant is None or self.session is None:
            return True
        return owes_second_factor(self.user, self.tenant, self.session)

    @property
    def owes_sso(self) -> bool:
        if self.member is None or self.tenant is None or self.session is None:
            return True
        return owes_sso(self.member.role, self.tenant, self.session)

    @property
    def _is_trusted(self) -> bool:
        return self.session is None or self.tenant is None or self.session.is_trusted_by(self.tenant)

    def check(self, role: Role | None, now: datetime) -> None:
        is_live = self.user is not None and self.session is not None and self.session.is_live(self.user, now)
        if not is_live or self.member is None or not self._is_trusted:
            raise InvalidToken
        if self.member.role is not role:
            raise TokenExpired("Your role has changed. Refresh the access token.")


@dataclass(frozen=True)
class Bearer:
    """Who holds a session, as they stood when it was read or a little earlier, with their second factor where one was
    begun; None for what is not there.
    """

    user: User | None
    session: Session | None
    factor: SecondFactor | None


@dataclass(frozen=True)
class Tokens:
    """What a person has after signing in."""

    user: User
    tenant: Tenant
    role: Role
    access_token: str
    refresh_token: str
    expires_in_seconds: int


def owes_second_factor(user: User, tenant: Tenant, session: Session) -> bool:
    """Whether this tenant asks of its members what this one has not set up. What its own identity provider asks of them
    is the tenant's business.
    """
    return tenant.requires_second_factor and not user.has_second_factor and not session.is_by_sso


def owes_sso(role: Role, tenant: Tenant, session: Session) -> bool:
    """Whether this tenant asks its members to sign in by its identity provider, and this one has not. Owners need not:
    they are who can mend it.
    """
    return tenant.requires_sso and role is not Role.OWNER and not session.is_by_sso


def start(*, user: User, tenant_id: str, now: datetime, device: Device = UNKNOWN) -> Session:
    """Whoever starts one has just proven who they are."""
    return Session(
        id=ids.new("ses"),
        user_id=user.id,
        tenant_id=tenant_id,
        created_at=now,
        rotated_at=now,
        era=user.era,
        proven_at=now,
        user_agent=device.user_agent,
        country=device.country,
    )


def refresh_token(session: Session, signer: Signer) -> str:
    """`rt_<user>_<session>_<generation>_<HMAC>`: the same text whenever it is made for the same generation."""
    return signer.sign(f"rt_{session.user_id}_{session.id}_{session.generation}")


def open_refresh_token(token: str, signer: Signer) -> RefreshClaim:
    parts = signer.read(token, _REFRESH)
    if parts is None:
        raise InvalidToken
    user_id, session_id, generation = parts
    return RefreshClaim(user_id=user_id, session_id=session_id, generation=int(generation))
