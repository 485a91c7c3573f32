"""A site with all that a site can have; what it leaves behind; and how it is closed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from tests.journeys.shop import Shop


def named(shop: Shop, site_id: str) -> list[tuple[str, str]]:
    """Rows that speak of a site, wherever. The audit log and the record of the job may."""
    return [
        (row["pk"], row["sk"])
        for row in shop.world.aws.rows()
        if site_id in json.dumps(row, default=lambda raw: raw.decode("latin-1"))
        and not row["pk"].startswith(("A#", "JOBS#"))
    ]


def lived(shop: Shop) -> None:
    """A site with all that a site can have."""
    shop.gather(30)
    sent, scheduled, paused = shop.draft(), shop.draft(), shop.draft(throttle_per_minute=1)
    ahead = (shop.world.clock.now() + timedelta(days=2)).isoformat()
    shop.ask("POST", f"{scheduled}/schedule", json={"schedule": {"send_at": ahead}})
    shop.send(sent)
    shop.settle()
    shop.send(paused)
    shop.settle()
    shop.ask("POST", f"{paused}/pause")
    shop.react()
    bound = {"name": "bound", "scopes": ["sites:read"], "site_id": shop.site["id"]}
    assert shop.world.client.post("/v1/api-keys", as_=shop.owner, json=bound).status == 201


def events(shop: Shop) -> set[tuple[str, str]]:
    """Of runs of campaigns, whosever they are: they name no site."""
    return {(row["pk"], row["sk"]) for row in shop.world.aws.rows("events")}


def close(shop: Shop) -> dict[str, Any]:
    closed: dict[str, Any] = shop.ask("DELETE", f"/v1/sites/{shop.site['id']}", expect=202)
    return closed
