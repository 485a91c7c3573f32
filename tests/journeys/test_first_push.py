"""From nothing to a notification, as a new user would go."""

from __future__ import annotations

import re

from chalicelib.config import settings
from chalicelib.core.identity import Scope
from infra.local.push_service.service import PushService
from tests.journeys.shop import MESSAGE, ORIGIN, Shop
from tests.world import World

_ACCOUNT = {"email": "dora@example.com", "password": "a long enough password"}


def test_a_newcomer_registers_verifies_and_reaches_a_browser(world: World, push_service: PushService) -> None:
    client = world.client
    registered = client.post("/v1/auth/register", json=_ACCOUNT | {"tenant_name": "Dora's"})
    assert (registered.status, registered.json()) == (202, {"status": "check_mail"})

    letter = world.mail_to(_ACCOUNT["email"])[0]
    token = re.search(r"token=([\w.-]+)", letter.text)
    assert token, letter.text
    verified = client.post("/v1/auth/verify-email", json={"token": token[1], "password": _ACCOUNT["password"]})
    assert verified.status == 200, verified.text
    bearer = verified.json()["access_token"]

    site = client.post("/v1/sites", as_=bearer, json={"name": "Shop", "url": ORIGIN}).json()
    key = client.post(
        "/v1/api-keys", as_=bearer, json={"name": "ci", "scopes": ["campaigns:write", "campaigns:send"]}
    ).json()["key"]
    subscription = push_service.subscribe(vapid_public_key=site["vapid_public_key"])
    subscribed = client.post(
        f"/v1/sdk/{site['site_key']}/subscriptions", json={"subscription": subscription}, headers={"Origin": ORIGIN}
    )
    assert subscribed.status == 201, subscribed.text
    world.clock.advance(seconds=1)

    campaigns = f"/v1/sites/{site['id']}/campaigns"
    campaign = client.post(
        campaigns, as_=key, json={"name": "First", "message": MESSAGE, "audience": {"all": True}}
    ).json()
    sent = client.post(f"{campaigns}/{campaign['id']}/send", as_=key)
    assert sent.status == 202, sent.text
    world.lambdas.work("plan")
    world.lambdas.work("send-small")

    (record,) = push_service.ledger.received()
    assert record.plaintext is not None
    assert f'"tag":"{sent.json()["run"]}"'.encode() in record.plaintext
    assert "Grüße 👋".encode() in record.plaintext
    assert record.endpoint == subscription["endpoint"]


def test_one_subscriber_reads_exactly_what_was_written(shop: Shop) -> None:
    shop.subscribe()
    shop.world.clock.advance(seconds=1)
    campaign = shop.draft()
    run = shop.send(campaign)
    shop.settle()
    (told,) = shop.received()
    assert told == {
        "web_push": 8030,
        "notification": {
            "title": MESSAGE["title"],
            "navigate": f"{settings().public_url}/c/{told['receipt']}",
            "body": MESSAGE["body"],
            "tag": run,
        },
        "receipt": told["receipt"],
        "page": MESSAGE["url"],
    }
    assert shop.status(campaign) == "sent"


def test_a_thousand_subscribers_are_reached_once_each(shop: Shop) -> None:
    shop.gather(1_000)
    campaign = shop.draft()
    shop.send(campaign)
    shop.settle()
    stats = shop.stats(campaign)
    assert (stats["accepted"], stats["audience"], stats["audience_estimated"]) == (1_000, 1_000, False)
    records = list(shop.push_service.ledger.received())
    assert len(records) == len({record.endpoint for record in records}) == 1_000
    assert all(record.plaintext for record in records)


def test_a_site_without_subscribers_has_a_campaign_that_ends(shop: Shop) -> None:
    campaign = shop.draft()
    shop.send(campaign)
    shop.settle()
    assert shop.status(campaign) == "sent"
    assert shop.stats(campaign)["audience"] == 0


def test_a_test_key_goes_through_everything_up_to_the_socket(shop: Shop) -> None:
    shop.gather(3)
    scopes = (Scope.CAMPAIGNS_WRITE, Scope.CAMPAIGNS_SEND, Scope.CAMPAIGNS_READ)
    shop.bearer = shop.world.api_key(shop.owner, *scopes, mode="test")
    campaign = shop.draft()
    shop.send(campaign)
    shop.settle()
    assert shop.stats(campaign)["accepted"] == 3
    assert not list(shop.received())
