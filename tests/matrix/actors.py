"""Everybody who may come to a route, each with what the door knows of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.core.identity import ROLE_SCOPES, TENANT_SCOPES, Role, Scope
from infra.local.saml.reply import Somebody
from tests.fakes.saml import SamlBrowser, desk, set_up
from tests.world import Person, World, add_member, open_tenant

_LONG_AGO_MINUTES = 11  # past the ten that a password is fresh for, within the fifteen of an access token


@dataclass(frozen=True)
class Actor:
    """`is_known` is whether the token opens anything at all; `stands`, whether session and role are still what it says;
    `is_by_sso`, whether the tenant's identity provider has opened it.
    """

    name: str
    token: str | None = None
    role: Role | None = None
    scopes: frozenset[Scope] = frozenset()
    site_id: str | None = None
    is_known: bool = True
    is_fresh: bool = True
    stands: bool = True
    is_by_sso: bool = False


@dataclass(frozen=True)
class Cast:
    """`owner` and `stranger` own a tenant each. The others are of the first: who shuts themselves out, who hands the
    tenant over, who is given it, is changed and is removed, and who takes a second factor.
    """

    owner: Person
    stranger: Person
    restless: Person
    generous: Person
    companion: Person
    guarded: Person
    operator: str
    keys_with: dict[Scope, str]
    keys_without: dict[Scope, str]
    bound: str
    everyone: tuple[Actor, ...]

    def before(self, scope: Scope | None) -> Iterator[Actor]:
        """All of them, with the two keys that this scope tells apart."""
        wanted = scope if scope in TENANT_SCOPES else None
        yield from self.everyone
        yield _key(
            "a key with this scope alone", self.keys_with[wanted or Scope.SITES_READ], wanted or Scope.SITES_READ
        )
        others = TENANT_SCOPES - {wanted or Scope.SITES_READ}
        yield _key("a key with every scope but this", self.keys_without[wanted or Scope.SITES_READ], *others)


def cast(world: World, *, site_id: str, other_site_id: str) -> Cast:
    """After this, Ada has been signed in for too long to do what is dangerous."""
    lapsed = list(_lapsed(world))
    world.clock.advance(minutes=_LONG_AGO_MINUTES)
    people = {role: add_member(f"new-{role}", world.ada, role, world.clock) for role in Role}
    owner, stranger = people[Role.OWNER], open_tenant("Dora", world.clock)
    bound = world.api_key(owner, *TENANT_SCOPES, site_id=other_site_id)
    operator = world.operator_key()
    everyone = (
        Actor("nobody", is_known=False),
        Actor("a forged key", "ps_live_00000000_" + "0" * 52, is_known=False),
        Actor("a forged access token", f"{owner.access_token[:-4]}AAAA", is_known=False),
        *(_person(str(role), person, role) for role, person in people.items()),
        Actor("an owner, long signed in", world.ada.access_token, Role.OWNER, ROLE_SCOPES[Role.OWNER], is_fresh=False),
        *_fallen(world, owner),
        _person("another tenant's owner", stranger, Role.OWNER),
        Actor("an admin by SSO", _by_sso(world, owner), Role.ADMIN, ROLE_SCOPES[Role.ADMIN], is_by_sso=True),
        *lapsed,
        _key("a key with every scope", world.api_key(owner, *TENANT_SCOPES), *TENANT_SCOPES),
        _key("a test key", world.api_key(owner, *TENANT_SCOPES, mode="test"), *TENANT_SCOPES),
        _key("a key bound to this site", world.api_key(owner, *TENANT_SCOPES, site_id=site_id), *TENANT_SCOPES, site_id=site_id),
        _key("a key bound to another site", bound, *TENANT_SCOPES, site_id=other_site_id),
        Actor("the operator", operator, scopes=frozenset({Scope.OPS})),
    )  # fmt: skip
    return Cast(
        owner=owner,
        stranger=stranger,
        restless=add_member("Restless", world.ada, Role.ADMIN, world.clock),
        generous=add_member("Generous", world.ada, Role.OWNER, world.clock),
        companion=add_member("Companion", world.ada, Role.EDITOR, world.clock),
        guarded=add_member("Guarded", world.ada, Role.ADMIN, world.clock),
        operator=operator,
        keys_with={scope: world.api_key(owner, scope) for scope in TENANT_SCOPES},
        keys_without={scope: world.api_key(owner, *TENANT_SCOPES - {scope}) for scope in TENANT_SCOPES},
        bound=bound,
        everyone=everyone,
    )


def _lapsed(world: World) -> Iterator[Actor]:
    """Keys that were good once."""
    revoked = world.api_key(world.ada, *TENANT_SCOPES)
    made = world.client.get("/v1/api-keys", as_=world.ada).json()["data"]
    (key_id,) = [key["id"] for key in made if revoked.startswith(key["prefix"])]
    assert world.client.delete(f"/v1/api-keys/{key_id}", as_=world.ada).status == 204
    yield Actor("a revoked key", revoked, is_known=False)
    at = (world.clock.now() + timedelta(minutes=1)).isoformat()
    yield Actor("an expired key", world.api_key(world.ada, *TENANT_SCOPES, expires_at=at), is_known=False)


def _fallen(world: World, owner: Person) -> Iterator[Actor]:
    """Whose access token is still good, and whose session, membership or role is not."""
    scopes = ROLE_SCOPES[Role.ADMIN]
    gone, less, out = (add_member(name, world.ada, Role.ADMIN, world.clock) for name in ("Gone", "Less", "Out"))
    assert world.client.delete(f"/v1/members/{gone.user_id}", as_=owner).status == 204
    assert world.client.patch(f"/v1/members/{less.user_id}", as_=owner, json={"role": "agent"}).status == 200
    assert world.client.post("/v1/auth/logout", as_=out).status == 204
    yield Actor("an admin who was removed", gone.access_token, Role.ADMIN, scopes, stands=False)
    yield Actor("an admin who is an agent now", less.access_token, Role.ADMIN, scopes, stands=False)
    yield Actor("an admin who signed out", out.access_token, Role.ADMIN, scopes, stands=False)


def _by_sso(world: World, owner: Person) -> str:
    idp = desk()
    set_up(world.client, owner, idp, default_role="admin")
    tokens = SamlBrowser(world.client, idp, owner.tenant_id).sign_in(Somebody("sso@example.com"))
    return str(tokens["access_token"])


def _person(name: str, person: Person, role: Role) -> Actor:
    return Actor(name, person.access_token, role, ROLE_SCOPES[role])


def _key(name: str, token: str, *scopes: Scope, site_id: str | None = None) -> Actor:
    return Actor(name, token, scopes=frozenset(scopes), site_id=site_id)
