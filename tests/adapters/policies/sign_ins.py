"""Signing in with a provider, by everybody who may: the walks leave it out."""

from __future__ import annotations

from infra.local.oidc.desk import Somebody
from infra.local.saml.reply import Somebody as Employee
from tests.fakes.oidc import Browser, providers
from tests.fakes.saml import SamlBrowser, desk, set_up
from tests.journeys.shop import Shop
from tests.world import PASSWORD


def everything_of_a_provider(shop: Shop) -> None:
    """Somebody new, and somebody with an account, who gives its password once and again after it was changed."""
    client, ada, new = shop.world.client, shop.world.ada, "another long password"
    with providers() as there:
        browser = Browser(client, there)
        assert client.get("/signed-in").status == 200
        for name, email, password in (
            ("google", "erin@example.com", None),
            ("google", ada.email, PASSWORD),
            ("microsoft", ada.email, PASSWORD),
            ("google", ada.email, None),
        ):
            given = {"password": password} if password else {}
            exchanged = browser.exchange(browser.code_for(Somebody(email), name), **given)
            assert exchanged.status == 200, exchanged.text
        changed = {"current_password": PASSWORD, "password": new}
        answer = client.post("/v1/me/password", as_=exchanged.json()["access_token"], json=changed)
        assert answer.status < 300, answer.text
        again = browser.exchange(browser.code_for(Somebody(ada.email)), password=new)
        assert again.status == 200, again.text


def everything_of_an_identity_provider(shop: Shop) -> None:
    """Named by an owner; somebody new, a member who opens their membership for it, and a role that changes."""
    client, ada, idp = shop.world.client, shop.world.ada, desk()
    assert client.get("/v1/tenant/sso", as_=ada).status == 200
    set_up(client, ada, idp, role_attribute="groups", roles={"writers": "editor"})
    sso = SamlBrowser(client, idp, ada.tenant_id)
    assert client.get(f"/v1/auth/saml/{ada.tenant_id}/metadata").status == 200
    sso.sign_in(Employee("grace@example.com"))
    sso.sign_in(Employee("grace@example.com", groups=["writers"]))
    opened = sso.exchange(sso.code_for(Employee(shop.world.ben.email, groups=["writers"])), password=PASSWORD)
    assert opened.status == 200, opened.text
    set_up(client, ada, idp, required=True)
    assert client.delete("/v1/tenant/sso", as_=ada).status == 204
