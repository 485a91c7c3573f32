"""What the journeys leave out: every route once, every function, and the turns that few messages take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.aws import letters
from chalicelib.channels.message import Message
from chalicelib.core import drive, ids
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.identity import Mode
from chalicelib.features.campaigns.wiring import campaigns
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sending.model.run import Order, Run, Source
from chalicelib.features.sending.service.look import look_again
from chalicelib.features.sending.wiring import ports
from infra.local import aws
from tests.adapters.aws.faults import Faults
from tests.adapters.policies.fine import fine
from tests.fakes.keyring import Keyring
from tests.journeys.shop import MESSAGE, ORIGIN, QUEUES, Shop

Browser = Mapping[str, Any]
_FUTURE = '{"v": 99, "tenant": "ten_x"}'
_FROM_THE_SHOP = {"Origin": ORIGIN}


def keys_and_their_replays(shop: Shop) -> None:
    client, ada = shop.world.client, shop.world.ada
    asked = {"name": "once", "scopes": ["sites:read"]}
    for _ in range(2):
        made = fine(client.post("/v1/api-keys", as_=ada, json=asked, headers={"Idempotency-Key": "k1"})).json()
    bad = client.post("/v1/api-keys", as_=ada, json=asked | {"site_id": "site_x"}, headers={"Idempotency-Key": "k2"})
    assert bad.status == 404  # which gives its key free again
    fine(client.delete(f"/v1/api-keys/{made['id']}", as_=ada))


def everything_of_a_site(shop: Shop) -> None:
    client, ada = shop.world.client, shop.world.ada
    path = f"/v1/sites/{shop.site['id']}"
    fine(client.get("/v1/sites", as_=ada))
    fine(client.get(path, as_=ada))
    fine(client.patch(path, as_=ada, json={"name": "Renamed"}))
    fine(client.get(f"{path}/identity-secret", as_=ada))
    sdk = f"/v1/sdk/{shop.site['site_key']}"
    fine(client.get(f"{sdk}/config", headers=_FROM_THE_SHOP))
    fine(client.get(f"{path}/check", as_=ada))
    fine(client.options(f"{sdk}/config", headers=_FROM_THE_SHOP))
    fine(client.delete(path, as_=ada))


def a_key_that_is_replaced(shop: Shop) -> None:
    """Whoever reads the site has its secrets sealed anew, by what they may do anyway; whoever sends opens them."""
    shop.gather(1)
    with Keyring.of(shop.world.aws.prefix) as keyring:
        keyring.replace()
        campaign = shop.draft()
        keyring.finish()
        shop.send(campaign)
        shop.settle()
        assert len(list(shop.received())) == 1


def everything_of_a_subscription(shop: Shop) -> None:
    client, ada = shop.world.client, shop.world.ada
    made = shop.subscribe(tags=["a"])
    sdk = f"/v1/sdk/{shop.site['site_key']}/subscriptions"
    own = f"{sdk}/{made['subscription_id']}"
    headers = _FROM_THE_SHOP | {"X-Subscription-Token": made["token"]}
    fine(client.options(sdk, headers=_FROM_THE_SHOP))
    fine(client.options(own, headers=_FROM_THE_SHOP))
    fine(client.patch(own, json={"tags": ["b"]}, headers=headers))
    audience = f"/v1/sites/{shop.site['id']}/subscriptions"
    theirs = f"{audience}/{made['subscription_id']}"
    fine(client.get(theirs, as_=ada))
    fine(client.patch(theirs, as_=ada, json={"external_id": "user-1"}))
    fine(client.get(audience, as_=ada))
    fine(client.get(audience, as_=ada, query={"external_id": "user-1"}))
    fine(client.delete(own, headers=headers))
    fine(client.delete(theirs, as_=ada))


def everything_of_a_campaign(shop: Shop) -> None:
    shop.gather(1)
    campaign = shop.draft()
    _ask(shop, "GET", shop.campaigns)
    _ask(shop, "GET", campaign)
    _ask(shop, "PATCH", campaign, {"name": "Winter"})
    at = shop.world.clock.now() + timedelta(days=1)
    _ask(shop, "POST", f"{campaign}/schedule", {"schedule": {"send_at": at.isoformat()}})
    _ask(shop, "POST", f"{campaign}/unschedule")
    tried = shop.subscribe()["subscription_id"]
    _ask(shop, "PATCH", f"{shop.audience}/{tried}", {"external_id": "tester"})
    _ask(shop, "POST", f"{campaign}/test", {"external_ids": ["tester"]})
    _ask(shop, "POST", f"{campaign}/test", {"subscription_ids": [tried]})
    _ask(shop, "POST", f"{campaign}/send", headers={"Idempotency-Key": "k3"})
    shop.settle()
    _ask(shop, "GET", f"{campaign}/runs")
    _ask(shop, "GET", f"{campaign}/stats")
    held = shop.draft()
    shop.send(held)
    shop.world.lambdas.work("plan")
    _ask(shop, "POST", f"{held}/pause")
    _ask(shop, "POST", f"{held}/resume")
    _ask(shop, "POST", f"{held}/cancel")
    _ask(shop, "DELETE", shop.draft())


def a_letter_that_comes_back(shop: Shop) -> None:
    news = {"v": 1, "to": None, "subject": "", "text": "", "returned": {"reason": "Bounce", "addresses": ["x@y.zz"]}}
    shop.world.lambdas.deliver("mail", json.dumps(news))
    letters.post(letters.Letter(to="x@y.zz", subject="Not posted", text=""))
    shop.world.lambdas.work("mail")


def everything_of_a_notification(shop: Shop) -> None:
    made = shop.subscribe()
    shop.world.clock.advance(seconds=1)
    _ask(shop, "PATCH", f"{shop.audience}/{made['subscription_id']}", {"external_id": "user-1"})
    for to in ({"external_ids": ["user-1", "nobody"]}, {"subscription_ids": [made["subscription_id"]]}):
        notification = shop.notify(**to)
        _ask(shop, "GET", f"{shop.notifications}/{notification['id']}")


def everything_an_operator_may_do(shop: Shop) -> None:
    """What a host is judged by is in the journeys; here are the queues, each with a dead letter, and a closed gate."""
    sqs = aws.client("sqs")
    for queue in QUEUES:
        dead = sqs.get_queue_url(QueueName=f"{shop.world.aws.prefix}-{queue}-dlq")["QueueUrl"]
        sqs.send_message(QueueUrl=dead, MessageBody=_FUTURE)
    shop.operate("GET", "/queues")
    for queue in QUEUES:
        shop.operate("POST", f"/queues/{queue}/redrive", json={})
    shop.operate("GET", "/sending")
    gate = Gate("fcm.googleapis.com").closed(Closure.BUSY, now=shop.world.clock.now(), wish=timedelta())
    drive.run(ports().gates.save(shop.owner.tenant_id, shop.site["id"], gate))
    shop.operate("POST", f"/tenants/{shop.owner.tenant_id}/sites/{shop.site['id']}/gates/{gate.host}/open")


def everything_anyone_may_read(shop: Shop) -> None:
    client = shop.world.client
    for path in ("/openapi.json", "/docs", "/docs/style.css", "/problems", "/problems/not_found"):
        fine(client.get(path))
    for path in ("/verify", "/reset", "/forgot", "/confirm-email", "/join", "/verify.js"):
        fine(client.get(path))
    for path in ("/v1/health", "/v1/health/ready"):
        fine(client.get(path))


def rough_weather_for_a_large_run(shop: Shop) -> None:
    """Batches of eight rows make a large run of a small audience."""
    shop.gather(80)
    gone, busy = _two_browsers(shop)
    run_id = _sent(shop)
    shop.world.lambdas.work("plan")
    _through_rough_weather(shop, run_id, "send", gone=gone, busy=busy)
    assert len(list(shop.received())) == 81


def rough_weather_for_a_small_run(shop: Shop) -> None:
    gone, busy = _two_browsers(shop)
    run_id = _sent(shop)
    shop.world.lambdas.work("plan")
    _through_rough_weather(shop, run_id, "send-small", gone=gone, busy=busy)
    assert len(list(shop.received())) == 1


def rough_weather_for_a_transactional_run(shop: Shop) -> None:
    gone, busy = _two_browsers(shop)
    notification = shop.notify(subscription_ids=[gone["subscription_id"], busy["subscription_id"]])
    run_id = "run_" + notification["id"].removeprefix("ntf_")
    _through_rough_weather(shop, run_id, "send-transactional", gone=gone, busy=busy)
    assert len(list(shop.received())) == 1


def a_host_that_calls_too_many_gone(shop: Shop) -> None:
    """No batch alone can tell: the sweeper adds them up, and writes down whom it does not believe."""
    shop.gather(80)
    shop.push_service.set_rules([{"match": {"fraction": 0.5}, "answer": {"status": 410}}])
    shop.send(shop.draft())
    shop.settle()
    shop.pass_time(minutes=3)
    assert [row["sk"] for row in shop.world.aws.rows("sends") if row["pk"].startswith("H#")]


def signatures_that_are_refused(shop: Shop) -> None:
    """In every lane, days apart: its worker closes the host, after twenty refusals and then after one. At their next
    look the owners are written to.
    """
    browsers = [shop.subscribe()["subscription_id"] for _ in range(24)]
    shop.world.clock.advance(seconds=1)
    shop.push_service.set_rules([{"answer": {"status": 403}}])
    shop.notify(subscription_ids=browsers)
    shop.settle()
    shop.pass_time(minutes=2)
    shop.world.clock.advance(days=2)
    shop.send(shop.draft())
    shop.settle()
    shop.pass_time(minutes=2)
    shop.gather(80)
    shop.world.clock.advance(days=2)
    shop.send(shop.draft())
    shop.settle()
    shop.pass_time(minutes=2)
    assert len(shop.world.mail_to(shop.owner.email)) == 3


def a_planner_that_died(shop: Shop) -> None:
    """It had written the run, but not its plan: the sweeper plans in its stead."""
    shop.gather(1)
    run = _run_to_everyone(shop)
    at = shop.world.clock.now() + timedelta(minutes=1)
    look_at = drive.run(ports().calendar.put(run, at, now=shop.world.clock.now()))
    drive.run(ports().runs.add(run.tenant_id, replace(run, look_at=look_at)))
    shop.pass_time(minutes=2)
    assert len(list(shop.received())) == 1


def a_cancel_that_reached_no_run(shop: Shop) -> None:
    """The campaign was cancelled and then the API died: the planner tells the run."""
    shop.gather(1)
    campaign = shop.draft()
    shop.send(campaign)
    shop.world.lambdas.work("plan")
    found = campaigns().get(
        tenant_id=shop.owner.tenant_id, site_id=shop.site["id"], campaign_id=campaign.rsplit("/", 1)[1]
    )
    campaigns().cancel(found, now=shop.world.clock.now())
    shop.pass_time(minutes=1)
    assert shop.stats(campaign)["state"] == "cancelled"


def messages_from_the_future(shop: Shop) -> None:
    for queue in QUEUES:
        shop.world.lambdas.deliver(queue, _FUTURE)


def a_trail_that_falters(shop: Shop) -> None:
    """The audit table does not answer: the entries take the queue, one had landed all the same, and one had not."""
    landed, lost = shop.draft(), shop.draft()
    with Faults() as faults:
        faults.silence("dynamodb.PutItem", times=4)
        _ask(shop, "DELETE", landed)
        faults.reject("dynamodb.PutItem", times=4)
        _ask(shop, "DELETE", lost)
    shop.settle()
    told = [row["subject"] for row in shop.world.aws.rows("audit") if row.get("action") == "campaign.removed"]
    assert sorted(told) == sorted(path.rsplit("/", 1)[1] for path in (landed, lost))


def _two_browsers(shop: Shop) -> tuple[Browser, Browser]:
    made = shop.subscribe(), shop.subscribe()
    shop.world.clock.advance(seconds=1)  # whoever comes in the instant of a cutoff is not in that audience
    return made


def _sent(shop: Shop) -> str:
    return shop.send(shop.draft())


def _through_rough_weather(shop: Shop, run_id: str, queue: str, *, gone: Browser, busy: Browser) -> None:
    """Its wake-ups went to workers that died. One browser is gone; the other's push service has no time for a minute,
    then for longer than a message can wait, while nobody means to look at the run before its end.
    """
    _take_away(shop, queue)
    _answer(shop, gone, {"status": 410})
    _answer(shop, busy, {"status": 429, "headers": {"Retry-After": "60"}}, times=1)
    _answer(shop, busy, {"status": 429, "headers": {"Retry-After": "1800"}}, times=1)
    shop.pass_time(minutes=3)
    run = drive.run(ports().runs.get(shop.owner.tenant_id, run_id))
    assert run is not None
    drive.run(look_again(ports(), run, run.expires_at))
    shop.pass_time(minutes=2)
    shop.world.clock.advance(minutes=30)
    shop.pass_time(minutes=2)


def _take_away(shop: Shop, queue: str) -> None:
    """Out of sight for as long as a worker has time."""
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{shop.world.aws.prefix}-{queue}")["QueueUrl"]
    while sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        continue


def _run_to_everyone(shop: Shop) -> Run:
    now = shop.world.clock.now()
    message = Message(title=MESSAGE["title"], body=MESSAGE["body"], url=MESSAGE["url"])
    return Run(
        id=ids.new("run"),
        tenant_id=shop.owner.tenant_id,
        site_id=shop.site["id"],
        source=Source.CAMPAIGN,
        mode=Mode.LIVE,
        order=Order(message=message, cutoff=in_milliseconds(now)),
        created_at=now,
        expires_at=now + timedelta(hours=2),
    )


def _answer(shop: Shop, browser: Browser, answer: Mapping[str, Any], *, times: int | None = None) -> None:
    rule = {"match": {"endpoint": browser["endpoint"]}, "answer": answer, "times": times}
    shop.push_service.set_rules([*shop.push_service.rules, rule])


def _ask(shop: Shop, method: str, path: str, body: Mapping[str, Any] | None = None, **words: Any) -> None:
    fine(shop.world.client.request(method, path, as_=shop.bearer, json=body, **words))
