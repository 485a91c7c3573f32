"""Who may call an endpoint. Every endpoint says so; a test refuses one that does not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.identity import Principal, Scope


class Caller(StrEnum):
    ANYONE = "anyone"
    BROWSER = "browser"  # an SDK route: the service checks site key and origin
    USER = "user"
    TENANT = "tenant"
    OPERATOR = "operator"


FRESH_FOR = timedelta(minutes=10)


class StepUpRequired(Forbidden):
    """What cannot be undone asks once more who you are: a session that was left open is not enough.

    When: A dangerous request comes more than ten minutes after the password was last given.

    Do: Give the password at `POST /v1/auth/step-up`, and repeat the request with the access token that it answers.
    """

    code = "step_up_required"
    title = "Prove once more who you are, then repeat the request."


@dataclass(frozen=True)
class Allow:
    """A person's token is believed for as long as it lives; where `is_standing`, only while session and role stand as
    it says. `is_fresh` asks for a recent password on top.
    """

    caller: Caller
    scope: Scope | None = None
    is_standing: bool = False
    is_fresh: bool = False

    @property
    def needs_credentials(self) -> bool:
        return self.caller not in {Caller.ANYONE, Caller.BROWSER}

    def check(self, principal: Principal) -> None:
        """The operator's routes do not exist for tenants, nor the tenants' for the operator."""
        if principal.is_operator != (self.caller is Caller.OPERATOR):
            raise NotFound
        if self.caller is Caller.USER and not principal.is_user:
            raise Forbidden("Only a signed-in person may do this, not an API key.")
        if self.scope is not None and not principal.may(self.scope):
            raise Forbidden(f"This needs the scope {self.scope}.", scope=str(self.scope))

    def check_freshness(self, principal: Principal, *, now: datetime) -> None:
        if self.is_fresh and (principal.proven_at is None or now - principal.proven_at > FRESH_FOR):
            raise StepUpRequired


ANYONE = Allow(Caller.ANYONE)
BROWSER = Allow(Caller.BROWSER)
USER = Allow(Caller.USER)
OPERATOR = Allow(Caller.OPERATOR, Scope.OPS)


def holder(scope: Scope) -> Allow:
    """A person whose role, or a key whose scopes, include this one."""
    return Allow(Caller.TENANT, scope)


def person(scope: Scope) -> Allow:
    """A signed-in person whose role includes this scope; no key, whatever its scopes."""
    return Allow(Caller.USER, scope)


def standing(allow: Allow) -> Allow:
    """For what a session that was ended, or a role that was taken away, must not do even once more."""
    return replace(allow, is_standing=True)


def fresh(allow: Allow) -> Allow:
    """For what is dangerous, and done by people only."""
    return replace(allow, is_standing=True, is_fresh=True)
