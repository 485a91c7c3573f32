"""A page of Ada's shop and the browsers that look at it, as HTTP sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.core.encoding import b64url
from chalicelib.features.sites.wiring import sites
from tests.fakes.gateway import HttpAnswer
from tests.unit.subscriptions.memory import AUTH, POINT, endpoint, signed
from tests.world import Person, World

ORIGIN = "https://shop.example"


def subscription(name: object = "x") -> dict[str, Any]:
    """What `PushSubscription.toJSON()` says."""
    keys = {"p256dh": b64url(POINT), "auth": b64url(AUTH)}
    return {"endpoint": endpoint(name), "expirationTime": None, "keys": keys}


@dataclass(frozen=True)
class Shop:
    """One site, and how its pages ask."""

    world: World
    id: str
    site_key: str
    identity_secret: str

    @property
    def sdk(self) -> str:
        return f"/v1/sdk/{self.site_key}/subscriptions"

    @property
    def audience(self) -> str:
        return f"/v1/sites/{self.id}/subscriptions"

    def ask(self, method: str, path: str = "", *, token: str | None = None, **words: Any) -> HttpAnswer:
        """From a page of the shop, unless `headers` say otherwise."""
        headers: Mapping[str, str] = {"Origin": ORIGIN, **words.pop("headers", {})}
        proof = {} if token is None else {"X-Subscription-Token": token}
        return self.world.client.request(method, self.sdk + path, headers={**headers, **proof}, **words)

    def subscribe(self, name: object = "x", **words: Any) -> HttpAnswer:
        return self.ask("POST", json={"subscription": subscription(name), **words})

    def subscribed(self, name: object = "x", **words: Any) -> tuple[str, str]:
        answer = self.subscribe(name, **words)
        assert answer.status in {200, 201}, answer.text
        return answer.json()["subscription_id"], answer.json()["token"]

    def signed(self, external_id: str) -> dict[str, str]:
        return {"external_id": external_id, "external_id_signature": signed(self.identity_secret, external_id)}

    def show(self, subscription_id: str) -> dict[str, Any]:
        answer = self.world.client.get(f"{self.audience}/{subscription_id}", as_=self.world.ada)
        assert answer.status == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


def open_shop(world: World, owner: Person) -> Shop:
    site = sites().create(tenant_id=owner.tenant_id, name="Shop", url=ORIGIN, now=world.clock.now())
    secret = sites().identity_secret(tenant_id=owner.tenant_id, site_id=site.id)
    return Shop(world, site.id, site.site_key, secret)
