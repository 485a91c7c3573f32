"""A campaign that has reached some browsers, and how these tell what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.fakes.gateway import HttpAnswer
from tests.journeys.shop import ORIGIN, Shop


@dataclass
class Counter:
    shop: Shop
    campaign: str = ""

    def sent(self, browsers: int = 1, **message: Any) -> list[dict[str, Any]]:
        """What each of them reads."""
        self.shop.gather(browsers)
        words = {"message": {"title": "Sale", "url": f"{ORIGIN}/sale", **message}}
        self.campaign = self.shop.draft(**words)
        self.shop.send(self.campaign)
        self.shop.settle()
        return list(self.shop.received())

    def report(self, *events: Any, headers: dict[str, str] | None = None, site_key: str = "") -> HttpAnswer:
        return self.shop.world.client.post(
            f"/v1/sdk/{site_key or self.shop.site['site_key']}/events",
            json={"events": [*events]},
            headers=headers or {"Origin": ORIGIN},
        )

    def click(self, followed: str) -> HttpAnswer:
        return self.shop.world.client.get(f"/c/{followed}")

    def stats(self) -> dict[str, Any]:
        self.shop.settle()
        return self.shop.stats(self.campaign)


def displayed(told: dict[str, Any], **words: Any) -> dict[str, Any]:
    return {"type": "displayed", "receipt": told["receipt"], "at": "2026-03-01T09:00:00.000Z", **words}
