"""The product, and all that browsers need around them, for a whole run of tests: it takes seconds to stand, so each test
gets a shop of its own instead, with a site, an origin and nobody subscribed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from infra.local.push_service.guests import Guest
from infra.local.push_service.service import PushService
from infra.local.seed import EMAIL, PASSWORD, SITE_NAME
from infra.local.shop.server import ShopServer
from infra.local.shop.shop import Account, Shop
from tests.e2e.browsers.chromium import chromium
from tests.e2e.browsers.desktop import Desktop, desktop
from tests.e2e.browsers.firefox import firefox
from tests.e2e.browsers.google import google
from tests.e2e.browsers.mozilla import mozilla
from tests.e2e.browsers.person import Browser, Courier
from tests.fakes import local_product
from tests.fakes.outsider import Caller, patiently


@dataclass(frozen=True)
class Equipment:
    """One browser, the push service it was built for, and the desktop it shows on."""

    name: str
    browser: Browser
    service: Courier
    desktop: Desktop


@dataclass
class Site:
    """A shop's site at the product, as its owner has it."""

    api: Caller
    id: str
    key: str
    sent: list[str] = field(default_factory=list)

    def send(self, **message: Any) -> str:
        """A campaign to everyone, now; its id."""
        path = f"/v1/sites/{self.id}/campaigns"
        asked = {"name": "Test", "message": message, "audience": {"all": True}}
        campaign = str(self.api.post(path, asked)["id"])
        self.api.post(f"{path}/{campaign}/send", {})
        self.sent.append(campaign)
        return campaign

    def stats(self, campaign: str) -> dict[str, Any]:
        found: dict[str, Any] = self.api.get(f"/v1/sites/{self.id}/campaigns/{campaign}/stats")
        return found

    def outcome(self, campaign: str) -> dict[str, Any]:
        """Its statistics, once everyone's fate is known."""

        def look() -> dict[str, Any] | None:
            found = self.stats(campaign)
            return found if found["state"] == "sent" else None

        found = patiently(look, f"the end of {campaign}", seconds=60)
        assert found is not None
        return found

    def active(self) -> list[dict[str, Any]]:
        return [one for one in self.subscriptions() if one["status"] == "active"]

    def subscriptions(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.api.get(f"/v1/sites/{self.id}/subscriptions")["data"]
        return found


class Scene:
    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack = stack
        self.folder = folder
        self._mozilla = stack.enter_context(mozilla())
        self._google = stack.enter_context(google(folder / "google"))
        self.push_service = stack.enter_context(PushService(guests=self._find))
        log = stack.enter_context((folder / "product.log").open("w"))
        self.product = stack.enter_context(local_product.standing(log, push_service=self.push_service))
        self._api = Caller(self.product.url, self.product.api_key)
        self._equipment: dict[str, Equipment] = {}

    def equipment(self, name: str) -> Equipment:
        if name not in self._equipment:
            self._equipment[name] = self._unpacked(name)
        return self._equipment[name]

    @contextmanager
    def shop(self) -> Iterator[tuple[ShopServer, Site, Shop]]:
        """Not open yet: who wants it otherwise puts something in front."""
        server = ShopServer()
        made = self._api.post("/v1/sites", {"name": "Shop", "url": server.origin})
        site = Site(self._api, made["id"], made["site_key"])
        secret = self._owner().get(f"/v1/sites/{site.id}/identity-secret")["identity_secret"]
        shop = Shop(Account(product_url=self.product.url, site_key=site.key, identity_secret=secret))
        try:
            yield server, site, shop
        finally:
            server.close()

    def console(self) -> Any:
        """What the product's console shows: runs, queues, handlers, and the end of its log."""
        return self._api.get("/local/state")

    def demo_site(self) -> Site:
        """The one that the product is born with."""
        (made,) = (one for one in self._api.get("/v1/sites")["data"] if one["name"] == SITE_NAME)
        return Site(self._api, made["id"], made["site_key"])

    def _owner(self) -> Caller:
        tokens = Caller(self.product.url).post("/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
        return Caller(self.product.url, tokens["access_token"])

    def _unpacked(self, name: str) -> Equipment:
        screen = self._stack.enter_context(desktop(self.folder / f"{name}-desktop"))
        if name == "firefox":
            context = firefox(self.folder / name, service=self._mozilla, desktop=screen)
            return Equipment(name, self._stack.enter_context(context), self._mozilla, screen)
        started = self._stack.enter_context(chromium(self.folder / name, service=self._google, desktop=screen))
        return Equipment(name, started, self._google, screen)

    def _find(self, host: str, endpoint_id: str) -> Guest | None:
        return self._mozilla.find(host, endpoint_id) or self._google.find(host, endpoint_id)


@contextmanager
def standing(folder: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(stack, folder)
