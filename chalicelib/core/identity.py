"""Who is asking: a person in a tenant, an API key, or the platform's operator, and what that lets them do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.core.errors import Forbidden


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    ANALYST = "analyst"
    AGENT = "agent"


class Mode(StrEnum):
    """What a test key sends goes through everything up to the socket, and costs nothing."""

    LIVE = "live"
    TEST = "test"


class Scope(StrEnum):
    SITES_READ = "sites:read"
    SITES_WRITE = "sites:write"
    AUDIENCE_READ = "audience:read"
    AUDIENCE_WRITE = "audience:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    CAMPAIGNS_SEND = "campaigns:send"
    NOTIFICATIONS_SEND = "notifications:send"
    ANALYTICS_READ = "analytics:read"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    TEAM_READ = "team:read"
    TEAM_WRITE = "team:write"
    AUDIT_READ = "audit:read"
    PRIVACY_WRITE = "privacy:write"
    OPS = "ops"


TENANT_SCOPES = frozenset(Scope) - {Scope.OPS}
_EDITOR = frozenset(
    {
        Scope.SITES_READ,
        Scope.AUDIENCE_READ,
        Scope.AUDIENCE_WRITE,
        Scope.CAMPAIGNS_READ,
        Scope.CAMPAIGNS_WRITE,
        Scope.CAMPAIGNS_SEND,
        Scope.NOTIFICATIONS_SEND,
        Scope.ANALYTICS_READ,
        Scope.TEAM_READ,
    }
)
_READS = frozenset({Scope.SITES_READ, Scope.AUDIENCE_READ, Scope.CAMPAIGNS_READ, Scope.ANALYTICS_READ})

ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    Role.OWNER: TENANT_SCOPES,
    Role.ADMIN: TENANT_SCOPES - {Scope.BILLING_WRITE},
    Role.EDITOR: _EDITOR,
    Role.ANALYST: _READS | {Scope.BILLING_READ},
    Role.AGENT: frozenset({Scope.AUDIENCE_READ}),
}


class SsoSession(Forbidden):
    """A tenant's identity provider speaks for that tenant. What it opens is that tenant, and no account beyond it.

    When: Somebody who signed in by SAML asks for what belongs to a person, not to a tenant: password, address, second
    factor, other sessions, other tenants.

    Do: Sign in with your password, or with Google or Microsoft. Whom only the tenant's identity provider knows has none
    of these things.
    """

    code = "sso_session"
    title = "A session of a tenant's identity provider is good for that tenant only."


@dataclass(frozen=True)
class Principal:
    """`subject` is a user id or a key id. `tenant_id` is empty for the operator, who belongs to no tenant."""

    subject: str
    tenant_id: str
    scopes: frozenset[Scope]
    role: Role | None = None
    mode: Mode = Mode.LIVE
    site_id: str | None = None
    session_id: str | None = None  # a person's; keys have none
    proven_at: datetime | None = None  # when this person last showed all that a sign-in asks of them
    owes_second_factor: bool = False  # the tenant asks for one, and this person has none
    is_by_sso: bool = False  # signed in by the tenant's identity provider: to this tenant, and to nothing else
    owes_sso: bool = False  # the tenant asks for that, and this person signed in otherwise
    email: str = field(default="", repr=False)  # a person's, where the door has looked who they are

    @property
    def is_operator(self) -> bool:
        return Scope.OPS in self.scopes

    @property
    def is_user(self) -> bool:
        return self.role is not None

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def may_grant(self, role: Role) -> bool:
        """Or take it away: nobody gives what they do not have."""
        return ROLE_SCOPES[role] <= self.scopes

    def may_see_site(self, site_id: str) -> bool:
        """A key bound to one site knows of no other."""
        return self.site_id in {None, site_id}
