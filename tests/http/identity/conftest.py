"""The stand-in providers, and a browser that signs in with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fakes.oidc import Browser, Providers, providers
from tests.fakes.saml import SamlBrowser, desk, set_up
from tests.world import World


@pytest.fixture
def there(world: World) -> Iterator[Providers]:
    with providers() as standing:
        yield standing


@pytest.fixture
def browser(world: World, there: Providers) -> Browser:
    return Browser(world.client, there)


@pytest.fixture
def sso(world: World) -> SamlBrowser:
    """A browser of somebody at Ada's company, which has named an identity provider."""
    idp = desk()
    set_up(world.client, world.ada, idp)
    return SamlBrowser(world.client, idp, world.ada.tenant_id)


@pytest.fixture
def nobody_gets_in(world: World, sso: SamlBrowser, request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever was answered: there is no new member, and no code to come by one."""
    before = len(world.client.get("/v1/members", as_=world.ada).json()["data"])
    yield
    if "opens" not in request.keywords:
        assert len(world.client.get("/v1/members", as_=world.ada).json()["data"]) == before
        assert [row for row in world.aws.rows("idem") if row["pk"].startswith("SAML#")] == []
