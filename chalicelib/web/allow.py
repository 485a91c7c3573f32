"""Who may call an endpoint. Every endpoint says so; a test refuses one that does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.identity import Principal, Role, Scope, SsoSession


class Caller(StrEnum):
    ANYONE = "anyone"
    BROWSER = "browser"  # an SDK route: the service checks site key and origin
    USER = "user"
    TENANT = "tenant"
    OPERATOR = "operator"


FRESH_FOR = timedelta(minutes=10)


class StepUpRequired(Forbidden):
    """What cannot be undone asks once more who you are: a session that was left open is not enough.

    When: A dangerous request comes more than ten minutes after the password, and the second factor where one is on,
    were last given. Any request but those about your own account, while something in your account looks odd: `block`
    then names what.

    Do: Give them at `POST /v1/auth/step-up`, and repeat the request with the access token that it answers. In a session
    of a tenant's identity provider, begin again at `GET /v1/auth/saml/{tenant_id}/start?fresh=true`.

    Members:
    - block: when something looks odd, the id under which owners find why at `GET /v1/security/blocks`
    - rule: the rule that was met
    - until: when this is forgotten by itself
    """

    code = "step_up_required"
    title = "Prove once more who you are, then repeat the request."


class SecondFactorRequired(Forbidden):
    """The tenant asks its members for a second factor, and you have none. Your own account is open to you, and so are
    the other tenants that you are in.

    When: An owner has set `require_second_factor`, and somebody without one asks for anything of that tenant. Access
    tokens from before that are believed for the few minutes they live, except where credentials, members or money are
    changed. API keys go on as before.

    Do: Set one up at `POST /v1/auth/totp` and confirm it. The same access token is good from then on.
    """

    code = "second_factor_required"
    title = "This tenant asks for a second factor, and you have none yet."


class SsoRequired(Forbidden):
    """The tenant asks its members to sign in by its own identity provider, and you have signed in otherwise. Your own
    account is open to you, and so are the other tenants that you are in.

    When: The tenant requires single sign-on, and somebody but an owner asks for anything of it with a password's or
    another provider's session. Access tokens from before that are believed for the few minutes they live, except where
    credentials, members or money are changed. API keys go on as before.

    Do: Begin at `GET /v1/auth/saml/{tenant_id}/start`, in a browser.
    """

    code = "sso_required"
    title = "This tenant asks its members to sign in by its own identity provider."


@dataclass(frozen=True)
class Allow:
    """A person's token is believed for as long as it lives; where `is_standing`, only while session and role stand as
    it says. `is_fresh` asks for a recent password on top. What `is_own` is about the person, not about the tenant; who
    came by a tenant's identity provider gets at it only where it `is_open_to_sso`.
    """

    caller: Caller
    scope: Scope | None = None
    role: Role | None = None
    is_standing: bool = False
    is_fresh: bool = False
    is_own: bool = False
    is_open_to_sso: bool = False

    @property
    def needs_credentials(self) -> bool:
        return self.caller not in {Caller.ANYONE, Caller.BROWSER}

    def check(self, principal: Principal) -> None:
        """The operator's routes do not exist for tenants, nor the tenants' for the operator."""
        if principal.is_operator != (self.caller is Caller.OPERATOR):
            raise NotFound
        if self.caller is Caller.USER and not principal.is_user:
            raise Forbidden("Only a signed-in person may do this, not an API key.")
        if principal.is_by_sso and self.is_own and not self.is_open_to_sso:
            raise SsoSession
        if self.role is not None and principal.role is not self.role:
            raise Forbidden(f"Only an {self.role} may do this.")
        if self.scope is not None and not principal.may(self.scope):
            raise Forbidden(f"This needs the scope {self.scope}.", scope=str(self.scope))

    def check_freshness(self, principal: Principal, *, now: datetime) -> None:
        if self.is_fresh and (principal.proven_at is None or now - principal.proven_at > FRESH_FOR):
            raise step_up(principal)

    def doubts(self, principal: Principal) -> bool:
        """Whether to ask what has become of this person since: also of who may have paid what their token says."""
        owes = (principal.owes_second_factor or principal.owes_sso) and not self.is_own
        return principal.is_user and (self.is_standing or owes)

    def check_debts(self, principal: Principal) -> None:
        if self.is_own:
            return
        if principal.owes_sso:
            raise SsoRequired
        if principal.owes_second_factor:
            raise SecondFactorRequired


def step_up(principal: Principal, **facts: str) -> StepUpRequired:
    """With the way there: whom an identity provider has let in proves it there."""
    if not principal.is_by_sso:
        return StepUpRequired(**facts)
    return StepUpRequired(f"Begin again at GET /v1/auth/saml/{principal.tenant_id}/start?fresh=true.", **facts)


ANYONE = Allow(Caller.ANYONE)
BROWSER = Allow(Caller.BROWSER)
USER = Allow(Caller.USER)
OWN = Allow(Caller.USER, is_own=True)
OWN_OR_SSO = Allow(Caller.USER, is_own=True, is_open_to_sso=True)
OPERATOR = Allow(Caller.OPERATOR, Scope.OPS)


def holder(scope: Scope) -> Allow:
    """A person whose role, or a key whose scopes, include this one."""
    return Allow(Caller.TENANT, scope)


def person(scope: Scope) -> Allow:
    """A signed-in person whose role includes this scope; no key, whatever its scopes."""
    return Allow(Caller.USER, scope)


OWNER = Allow(Caller.USER, role=Role.OWNER)


def standing(allow: Allow) -> Allow:
    """For what a session that was ended, or a role that was taken away, must not do even once more."""
    return replace(allow, is_standing=True)


def fresh(allow: Allow) -> Allow:
    """For what is dangerous, and done by people only."""
    return replace(allow, is_standing=True, is_fresh=True)
