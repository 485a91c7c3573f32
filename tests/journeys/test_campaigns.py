"""Campaigns over time: scheduled, cancelled, tried out first, and sent into bad weather."""

from __future__ import annotations

from datetime import timedelta

from tests.journeys.shop import Shop


def test_a_scheduled_campaign_waits_for_its_minute(shop: Shop) -> None:
    shop.gather(3)
    at = shop.world.clock.now() + timedelta(minutes=10)
    campaign = shop.draft(schedule={"send_at": at.isoformat()})
    shop.pass_time(minutes=9)
    assert shop.status(campaign) == "scheduled"
    assert not list(shop.received())
    shop.pass_time(minutes=2)
    assert shop.status(campaign) == "sent"
    assert len(list(shop.received())) == 3


def test_a_campaign_whose_tick_was_missed_for_hours_is_sent_by_the_next(shop: Shop) -> None:
    shop.gather(1)
    at = shop.world.clock.now() + timedelta(minutes=10)
    campaign = shop.draft(schedule={"send_at": at.isoformat()})
    shop.pass_time(minutes=1)
    shop.world.clock.advance(hours=3)
    shop.pass_time(minutes=1)
    assert shop.status(campaign) == "sent"


def test_an_unscheduled_campaign_is_a_draft_that_nobody_sends(shop: Shop) -> None:
    shop.gather(1)
    at = shop.world.clock.now() + timedelta(minutes=2)
    campaign = shop.draft(schedule={"send_at": at.isoformat()})
    shop.ask("POST", f"{campaign}/unschedule")
    shop.pass_time(minutes=5)
    assert shop.status(campaign) == "draft"
    assert not list(shop.received())


def test_a_cancelled_campaign_accounts_for_everyone(shop: Shop) -> None:
    shop.gather(20)
    campaign = shop.draft()
    shop.send(campaign)
    shop.world.lambdas.work("plan")  # its wake-up is in the queue, nobody has been pushed to
    shop.ask("POST", f"{campaign}/cancel")
    shop.settle()
    shop.pass_time(minutes=2)
    stats = shop.stats(campaign)
    assert shop.status(campaign) == "cancelled"
    assert (stats["state"], stats["skipped"], stats["reasons"]) == ("cancelled", 20, {"skipped:cancelled": 20})
    assert not list(shop.received())


def test_a_campaign_cancelled_before_its_plan_reaches_nobody(shop: Shop) -> None:
    shop.gather(2)
    campaign = shop.draft()
    shop.send(campaign)
    shop.ask("POST", f"{campaign}/cancel")
    shop.settle()
    shop.pass_time(minutes=4)
    assert shop.status(campaign) == "cancelled"
    assert not list(shop.received())


def test_a_test_push_reaches_only_whom_it_names(shop: Shop) -> None:
    one, _ = shop.subscribe(), shop.subscribe()
    shop.world.clock.advance(seconds=1)
    campaign = shop.draft()
    shop.ask("POST", f"{campaign}/test", json={"subscription_ids": [one["subscription_id"]]}, expect=202)
    shop.settle()
    (record,) = shop.push_service.ledger.received()
    assert record.endpoint == one["endpoint"]
    assert shop.status(campaign) == "draft"


def test_ended_subscriptions_become_tombstones(shop: Shop) -> None:
    gone, stays = shop.subscribe(), shop.subscribe()
    shop.world.clock.advance(seconds=1)
    shop.push_service.set_rules([{"match": {"endpoint": gone["endpoint"]}, "answer": {"status": 410}}])
    campaign = shop.draft()
    shop.send(campaign)
    shop.settle()
    stats = shop.stats(campaign)
    assert (stats["accepted"], stats["gone"]) == (1, 1)
    path = f"/v1/sites/{shop.site['id']}/subscriptions"
    assert shop.ask("GET", f"{path}/{gone['subscription_id']}")["status"] == "ended"
    assert shop.ask("GET", f"{path}/{stays['subscription_id']}")["status"] == "active"


def test_a_throttled_push_is_tried_again_when_the_service_says_so(shop: Shop) -> None:
    shop.gather(3)
    shop.push_service.set_rules(
        [{"match": {}, "answer": {"status": 429, "headers": {"Retry-After": "1200"}}, "times": 3}]
    )
    campaign = shop.draft()
    shop.send(campaign)
    shop.settle()
    assert shop.stats(campaign)["pending"] == 3
    shop.pass_time(minutes=25)
    assert shop.stats(campaign)["accepted"] == 3
    assert shop.status(campaign) == "sent"


def test_an_outage_delays_and_loses_nobody(shop: Shop) -> None:
    shop.gather(5)
    shop.push_service.set_rules([{"match": {}, "answer": {"status": 503}}])
    campaign = shop.draft()
    shop.send(campaign)
    shop.settle()
    shop.pass_time(minutes=1)
    shop.push_service.set_rules([])
    shop.pass_time(minutes=30)
    assert shop.stats(campaign)["accepted"] == 5
