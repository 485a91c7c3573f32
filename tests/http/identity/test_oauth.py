"""Signing in with a provider's account over HTTP: what it opens, and what it does not."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from chalicelib.features.identity.model.oauth import challenge_of
from infra.local.oidc.desk import Somebody
from tests.fakes.oidc import Browser, Providers, providers
from tests.world import PASSWORD, World

GRACE = Somebody("grace@example.com", name="Grace Hopper")
ADA = Somebody("ada@example.com", name="Ada Lovelace")


@pytest.fixture
def there(world: World) -> Iterator[Providers]:
    with providers() as standing:
        yield standing


@pytest.fixture
def browser(world: World, there: Providers) -> Browser:
    return Browser(world.client, there)


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_a_new_person_gets_an_account_and_a_tenant_of_their_own(world: World, browser: Browser, provider: str) -> None:
    tokens = browser.exchange(browser.code_for(GRACE, provider)).json()
    assert (tokens["user"]["email"], tokens["user"]["name"]) == (GRACE.email, GRACE.name)
    assert (tokens["tenant"]["name"], tokens["role"]) == (GRACE.name, "owner")
    me = world.client.get("/v1/me", as_=tokens["access_token"])
    assert me.json()["user"]["id"] == tokens["user"]["id"]
    assert browser.exchange(browser.code_for(GRACE, provider)).json()["user"]["id"] == tokens["user"]["id"]
