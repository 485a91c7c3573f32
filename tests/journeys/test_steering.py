"""Holding a campaign half-way, letting it go on slowly, and a message to one person in the middle of it."""

from __future__ import annotations

import json

from tests.journeys.shop import MESSAGE, Shop


def test_a_campaign_held_half_way_goes_on_from_there(shop: Shop) -> None:
    shop.gather(40)
    campaign = shop.draft(throttle_per_minute=10)
    shop.send(campaign)
    shop.settle()
    shop.pass_time(minutes=1)
    half_way = shop.stats(campaign)["accepted"]
    assert 0 < half_way < 40

    shop.ask("POST", f"{campaign}/pause")
    shop.settle()
    shop.pass_time(minutes=30)
    held = shop.stats(campaign)
    assert (held["state"], held["accepted"], held["pending"]) == ("paused", half_way, 40 - half_way)
    assert shop.status(campaign) == "paused"
    assert len(list(shop.received())) == half_way

    shop.ask("POST", f"{campaign}/resume")
    shop.settle()
    assert shop.stats(campaign)["accepted"] < 40  # the throttle holds still
    shop.pass_time(minutes=10)
    done = shop.stats(campaign)
    assert (done["state"], done["accepted"], done["audience"], done["pending"]) == ("sent", 40, 40, 0)
    assert shop.status(campaign) == "sent"
    records = list(shop.push_service.ledger.received())
    assert len(records) == len({record.endpoint for record in records}) == 40


def test_a_person_is_told_at_once_while_a_campaign_is_being_sent(shop: Shop) -> None:
    shop.gather(30)
    ada = shop.subscribe()
    shop.ask("PATCH", f"{shop.audience}/{ada['subscription_id']}", json={"external_id": "ada@shop"})
    shop.world.clock.advance(seconds=1)
    campaign = shop.draft(throttle_per_minute=5)
    shop.send(campaign)
    shop.settle()
    assert shop.stats(campaign)["pending"] > 0

    shop.push_service.ledger.clear()
    notification = shop.notify(external_ids=["ada@shop"])
    shop.world.lambdas.work("send-transactional")
    (record,) = shop.push_service.ledger.received()
    assert record.endpoint == ada["endpoint"]
    assert json.loads(record.plaintext or b"{}")["notification"]["title"] == MESSAGE["title"]
    found = shop.ask("GET", f"{shop.notifications}/{notification['id']}")
    assert (found["state"], found["accepted"], found["audience"]) == ("sent", 1, 1)

    shop.pass_time(minutes=15)
    assert shop.stats(campaign)["accepted"] == 31
    assert shop.status(campaign) == "sent"
