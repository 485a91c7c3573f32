"""Who may call an endpoint. Every endpoint says so; a test refuses one that does not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.core.errors import Forbidden, NotFound
from chalicelib.core.identity import Principal, Scope


class Caller(StrEnum):
    ANYONE = "anyone"
    BROWSER = "browser"  # an SDK route: the service checks site key and origin
    USER = "user"
    TENANT = "tenant"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Allow:
    caller: Caller
    scope: Scope | None = None

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
