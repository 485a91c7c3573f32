"""The platform's operator: stops what runs, puts back what failed, and undoes what a push service said wrongly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pycurl
import pytest

from chalicelib.channels import registry
from infra.local.aws import client
from infra.local.connector import Everywhere
from tests.fakes.installation import Installation
from tests.journeys.shop import Shop


class _Meanwhile:
    """A connector at whose n-th push something happens elsewhere."""

    def __init__(self, shop: Shop, push: int, event: Callable[[], object]) -> None:
        self._through = Everywhere(port=shop.push_service.port, ca_path=shop.push_service.ca_path)
        self._left = push
        self._event = event

    def prepare(self, curl: pycurl.Curl, host: str) -> None:
        self._left -= 1
        if self._left == 0:
            self._event()
        self._through.prepare(curl, host)


@pytest.mark.parametrize("is_by_name", [True, False], ids=["one tenant", "everyone"])
def test_a_stop_is_heard_by_a_worker_in_the_middle_of_its_batch(shop: Shop, is_by_name: bool) -> None:
    whose = {"tenant_id": shop.owner.tenant_id} if is_by_name else {}
    shop.gather(400)
    campaign = shop.draft(careful=True)
    shop.send(campaign)
    shop.world.lambdas.work("plan")

    def stop() -> None:
        shop.operate("POST", "/sending/stop", json=whose)
        shop.world.clock.advance(seconds=6)

    registry.use(_Meanwhile(shop, push=50, event=stop))
    shop.world.lambdas.work("send-small")
    registry.use(Everywhere(port=shop.push_service.port, ca_path=shop.push_service.ca_path))
    heard = shop.stats(campaign)
    assert 50 <= heard["accepted"] <= 50 + 25
    assert heard["pending"] == 400 - heard["accepted"]

    shop.pass_time(minutes=30)
    assert shop.stats(campaign) == heard
    shop.operate("POST", "/sending/start", json=whose)
    shop.pass_time(minutes=5)
    assert (shop.status(campaign), shop.stats(campaign)["accepted"]) == ("sent", 400)
    endpoints = [record.endpoint for record in shop.push_service.ledger.received()]
    assert len(endpoints) == len(set(endpoints)) == 400


def test_a_stopped_tenant_sends_nothing_and_the_others_do(shop: Shop) -> None:
    other = Shop(shop.world, shop.push_service, shop.world.cyd).open()
    ada = shop.subscribe()
    for each in (shop, other):
        each.gather(2)
    shop.operate("POST", "/sending/stop", json={"tenant_id": shop.owner.tenant_id})
    campaigns = [(each, each.draft()) for each in (shop, other)]
    for each, campaign in campaigns:
        each.send(campaign)
    notification = shop.notify(subscription_ids=[ada["subscription_id"]])
    shop.settle()
    shop.pass_time(minutes=5)
    assert [each.stats(campaign)["accepted"] for each, campaign in campaigns] == [0, 2]
    assert shop.ask("GET", f"{shop.notifications}/{notification['id']}")["pending"] == 1
    shop.operate("POST", "/sending/start", json={"tenant_id": shop.owner.tenant_id})
    shop.pass_time(minutes=5)
    assert shop.stats(campaigns[0][1])["accepted"] == 3
    assert shop.ask("GET", f"{shop.notifications}/{notification['id']}")["accepted"] == 1


def test_a_stop_outlasts_a_campaign_that_expires(shop: Shop) -> None:
    """Whoever was not reached is accounted for all the same, once sending starts again."""
    shop.gather(3)
    shop.operate("POST", "/sending/stop", json={})
    expires_at = (shop.world.clock.now() + timedelta(minutes=10)).isoformat()
    campaign = shop.draft(expires_at=expires_at)
    shop.send(campaign)
    shop.settle()
    shop.pass_time(minutes=20)
    assert shop.stats(campaign)["accepted"] == 0
    shop.operate("POST", "/sending/start", json={})
    shop.pass_time(minutes=5)
    assert (shop.stats(campaign)["expired"], shop.stats(campaign)["pending"]) == (3, 0)
    assert not list(shop.received())


def test_dead_letters_are_put_back_and_the_campaign_ends(shop: Shop) -> None:
    shop.gather(3)
    campaign = shop.draft()
    shop.send(campaign)
    _bury(shop.world.aws, "plan")
    (queue,) = [each for each in shop.operate("GET", "/queues")["data"] if each["dead_letters"]]
    assert (queue["name"], queue["depth"], queue["dead_letters"]) == ("plan", 0, 1)
    assert shop.operate("POST", "/queues/plan/redrive", json={"dry_run": True})["left"] == 1
    assert shop.operate("POST", "/queues/plan/redrive", json={})["moved"] == 1
    shop.settle()
    assert (shop.status(campaign), shop.stats(campaign)["accepted"]) == ("sent", 3)


def test_a_host_that_errs_is_suspected_then_believed_and_then_undone(shop: Shop) -> None:
    tenant = f"/tenants/{shop.owner.tenant_id}"
    site = f"{tenant}/sites/{shop.site['id']}"
    shop.gather(60)
    shop.push_service.set_rules([{"answer": {"status": 410}}])
    run = _sent(shop)
    (gate,) = shop.operate("GET", f"{site}/gates")["data"]
    assert gate["suspected_at"] is not None
    assert gate["answers"] == gate["gone"] >= 50
    batches = shop.operate("GET", f"{tenant}/runs/{run}")["data"]
    assert {batch["condition"] for batch in batches} == {"final"}
    assert [sum(batch["counts"].get(name, 0) for batch in batches) for name in ("gone:ended", "spared")] == [60, 60]
    assert _active(shop) == 60

    shop.operate("POST", f"{site}/gates/{gate['host']}/trust")
    began = shop.world.clock.now()
    _sent(shop)
    assert _active(shop) == 0

    shop.push_service.set_rules([])
    shop.world.clock.advance(minutes=1)
    span = {"ended_from": began.isoformat(), "ended_until": shop.world.clock.now().isoformat()}
    assert shop.operate("POST", f"{site}/subscriptions/restore", json={**span, "dry_run": True})["restored"] == 60
    assert shop.operate("POST", f"{site}/subscriptions/restore", json=span)["restored"] == 60
    shop.world.clock.advance(seconds=1)
    _sent(shop)
    assert len({record.endpoint for record in shop.push_service.ledger.received() if record.accepted}) == 60


def test_owners_are_told_when_their_signature_is_refused(shop: Shop) -> None:
    """Once, however many workers meet the same refusal; and nobody is pushed to while the gate is closed."""
    browsers = [shop.subscribe()["subscription_id"] for _ in range(24)]
    shop.world.clock.advance(seconds=1)
    shop.push_service.set_rules([{"answer": {"status": 403}}])
    shop.notify(subscription_ids=browsers)
    shop.settle()
    shop.pass_time(minutes=2)
    (letter,) = shop.world.mail_to(shop.owner.email)
    assert "refuses what we send" in letter.text
    assert '"Shop"' in letter.text
    tried = shop.push_service.ledger.total
    _sent(shop)
    assert shop.push_service.ledger.total == tried
    shop.pass_time(minutes=65)
    assert shop.push_service.ledger.total > tried  # when its gate opens, somebody tries the ground
    assert len(shop.world.mail_to(shop.owner.email)) == 1


def _sent(shop: Shop) -> str:
    run = shop.send(shop.draft())
    shop.settle()
    shop.pass_time(minutes=2)
    return run


def _active(shop: Shop) -> int:
    return sum(row["status"] == "active" for row in shop.world.aws.rows("subs"))


def _bury(aws: Installation, queue: str) -> None:
    """As if its messages had failed five times."""
    sqs = client("sqs")
    url, dead = (sqs.get_queue_url(QueueName=f"{aws.prefix}-{name}")["QueueUrl"] for name in (queue, f"{queue}-dlq"))
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]:
        sqs.send_message(QueueUrl=dead, MessageBody=message["Body"])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
