"""Signing in by a tenant's own identity provider over HTTP: what it opens, and what it does not (SECURITY 13)."""

from __future__ import annotations

from infra.local.saml.reply import Somebody
from tests.fakes.saml import SamlBrowser
from tests.world import World

GRACE = Somebody("grace@example.com", name="Grace Hopper")


def test_somebody_new_becomes_a_member_of_that_tenant(world: World, sso: SamlBrowser) -> None:
    tokens = sso.sign_in(GRACE)
    assert tokens["user"]["email"] == GRACE.email
    assert (tokens["tenant"]["id"], tokens["role"]) == (world.ada.tenant_id, "agent")
    again = sso.sign_in(GRACE)
    assert again["user"]["id"] == tokens["user"]["id"]
