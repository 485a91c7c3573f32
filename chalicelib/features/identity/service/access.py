"""Who is asking: turns the token of a request into a principal. Called by the HTTP door for every request with one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.core.identity import ROLE_SCOPES, Principal
from chalicelib.features.identity.model.session import Access, Standing

_KEY_START = "ps_"


class AccessTokenReader(Protocol):
    def read(self, token: str, *, now: datetime) -> Access:
        """Raises Unauthenticated for all but a genuine token that is neither too young nor too old."""
        ...


class KeyRing(Protocol):
    def authenticate(self, token: str, *, now: datetime) -> Principal:
        """Raises Unauthenticated for all but a good key."""
        ...


class Standings(Protocol):
    def of(self, *, user_id: str, session_id: str, tenant_id: str) -> Standing:
        """As last written, all in one look-up."""
        ...


@dataclass(frozen=True)
class Authenticator:
    access_tokens: AccessTokenReader
    api_keys: KeyRing
    standings: Standings

    def authenticate(self, token: str, *, now: datetime) -> Principal:
        """A person's access token is believed for its 15 minutes; a key is looked up every twenty seconds."""
        if token.startswith(_KEY_START):
            return self.api_keys.authenticate(token, now=now)
        access = self.access_tokens.read(token, now=now)
        return Principal(
            subject=access.user_id,
            tenant_id=access.tenant_id,
            scopes=ROLE_SCOPES[access.role],
            role=access.role,
            session_id=access.session_id,
            proven_at=access.proven_at,
            owes_second_factor=access.owes_second_factor,
            is_by_sso=access.is_by_sso,
            owes_sso=access.owes_sso,
        )

    def confirm(self, person: Principal, *, now: datetime) -> Principal:
        """The same person: session and role still stand, and what they owe their tenant is what it asks for now.

        Called where fifteen minutes are too long to be wrong.
        """
        standing = self.standings.of(
            user_id=person.subject, session_id=person.session_id or "", tenant_id=person.tenant_id
        )
        standing.check(person.role, now)
        return replace(
            person,
            owes_second_factor=standing.owes_second_factor,
            owes_sso=standing.owes_sso,
            email=standing.user.email if standing.user else "",
        )
