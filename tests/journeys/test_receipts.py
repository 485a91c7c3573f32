"""From a push to what its reader did with it, as the site's owner sees it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.journeys.shop import MESSAGE, ORIGIN, Shop


def test_what_a_reader_does_shows_in_the_stats_within_seconds(shop: Shop) -> None:
    shop.subscribe()
    shop.world.clock.advance(seconds=1)
    campaign = shop.draft()
    shop.send(campaign)
    shop.settle()
    (told,) = shop.received()

    shop.world.clock.advance(seconds=2)
    for _ in range(2):  # the answer to the first was lost on its way
        _report(shop, told, "displayed")
    _follow(shop, told["notification"]["navigate"], to=MESSAGE["url"])
    _report(shop, told, "clicked")  # as the worker does that opened the page
    shop.settle()

    stats = shop.stats(campaign)
    assert (stats["accepted"], stats["displayed"], stats["clicked"]) == (1, 1, 1)
    assert stats["by_browser"] == {"firefox": {"displayed": 1, "clicked": 1}}


def test_who_reads_and_never_comes_by_is_known_to_live(shop: Shop) -> None:
    made = shop.subscribe()
    shop.world.clock.advance(days=8)
    notification = shop.notify(subscription_ids=[made["subscription_id"]])
    shop.settle()
    (told,) = shop.received()
    _report(shop, told, "dismissed")
    shop.settle()
    seen = shop.ask("GET", f"{shop.audience}/{made['subscription_id']}")["last_seen_at"]
    assert seen == shop.world.clock.now().replace(microsecond=0).isoformat().replace("+00:00", "Z")
    assert shop.ask("GET", f"{shop.notifications}/{notification['id']}")["dismissed"] == 1


def test_a_click_of_next_month_finds_its_page(shop: Shop) -> None:
    shop.gather(1)
    campaign = shop.draft()
    shop.send(campaign)
    shop.settle()
    (told,) = shop.received()
    shop.world.clock.advance(seconds=timedelta(days=30).total_seconds())
    _follow(shop, told["notification"]["navigate"], to=MESSAGE["url"])
    shop.settle()
    assert shop.stats(campaign)["clicked"] == 1
    assert shop.stats(campaign)["by_hour"] == {}


def _report(shop: Shop, told: dict[str, Any], kind: str) -> None:
    path = f"/v1/sdk/{shop.site['site_key']}/events"
    event = {"type": kind, "receipt": told["receipt"], "at": shop.world.clock.now().isoformat()}
    shop.world.client.request("OPTIONS", path, headers={"Origin": ORIGIN})
    answer = shop.world.client.post(path, json={"events": [event]}, headers={"Origin": ORIGIN})
    assert (answer.status, answer.json()) == (202, {"taken": 1, "refused": []})


def _follow(shop: Shop, link: str, *, to: str) -> None:
    answer = shop.world.client.get("/c/" + link.rpartition("/c/")[2])
    assert (answer.status, answer.headers["location"]) == (302, to)
