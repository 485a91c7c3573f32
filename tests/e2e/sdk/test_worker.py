from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.channels.message import Action, Message
from chalicelib.channels.webpush.payload import envelope
from chalicelib.core.receipts import LENGTH
from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e


@pytest.fixture
def subscriber(visitor: Visitor) -> Visitor:
    visitor.visits()
    assert visitor.subscribes()["state"] == "subscribed"
    return visitor


RECEIPT = "r" * LENGTH


def ours(shop: Shop, **more: Any) -> dict[str, Any]:
    """What the product itself sends; without a receipt, unless it says so."""
    message = Message(
        title="Größe 42 ist zurück 👟",
        url=f"{shop.origin}/shoes",
        body="日本語, عربى",
        icon=f"{shop.origin}/favicon.ico",
        image=f"{shop.origin}/favicon.ico",
        badge=f"{shop.origin}/favicon.ico",
        lang="de",
        require_interaction=True,
        app_badge=3,
        actions=(Action(action="buy", title="Kaufen", url=f"{shop.origin}/buy"),),
        extra={"sku": "42"},
    )
    sent = envelope(message, tag="run_1", clicks=f"{shop.origin}/c/").addressed(RECEIPT.encode())
    return {**json.loads(sent), "receipt": None, **more}


def test_the_products_own_envelope_is_shown_in_full(subscriber: Visitor, shop: Shop) -> None:
    (shown,) = subscriber.receives(ours(shop))
    assert (shown["title"], shown["body"]) == ("Größe 42 ist zurück 👟", "日本語, عربى")
    assert (shown["tag"], shown["lang"], shown["requireInteraction"]) == ("run_1", "de", True)
    assert shown["icon"] == shown["image"] == shown["badge"] == f"{shop.origin}/favicon.ico"
    assert [(one["action"], one["title"]) for one in shown["actions"]] == [("buy", "Kaufen")]
    assert shown["data"]["sku"] == "42"


def test_what_is_sent_twice_is_on_the_screen_once(subscriber: Visitor, shop: Shop) -> None:
    subscriber.receives(ours(shop))
    assert len(subscriber.receives(ours(shop))) == 1


@pytest.mark.parametrize(
    ("raw", "title", "body"),
    [
        ('{"title": "Classic", "body": "b", "url": "/x"}', "Classic", "b"),
        ('{"notification": {"title": "Nested", "body": "b", "data": {"url": "/x"}}}', "Nested", "b"),
        ("just text", None, "just text"),
        ("", None, ""),
        ("{}", None, "{}"),
        ("null", None, "null"),
        ("[1]", None, ""),
        ('{"notification": null}', None, ""),
        ('{"notification": {"title": ""}}', None, ""),
        ('{"notification": {"title": 7, "body": "b"}}', None, "b"),
        ('{"notification": {"title": "x", "actions": 1}}', "x", ""),
        ('{"notification": {"title": "x", "actions": [null, 1, {}]}}', "x", ""),
        (
            '{"notification": {"title": "x", "actions": [{"action": {"toString": 1}, "title": {"valueOf": 1}}]}}',
            "x",
            "",
        ),
        ('{"notification": {"title": "x", "body": {"toString": 1}, "app_badge": {"valueOf": 1}}}', "x", ""),
        ('{"notification": {"title": "x", "dir": "sideways", "body": "b"}}', "x", "b"),
        ('{"notification": {"title": "x", "silent": true, "vibrate": [1], "body": "b"}}', "x", "b"),
        ('{"notification": {"title": "x", "renotify": true, "body": "b"}}', "x", "b"),
        ('{"notification": {"title": "x", "navigate": "http://[", "body": "b"}}', "x", "b"),
    ],
)
def test_something_is_shown_whatever_comes(
    subscriber: Visitor, shop: Shop, raw: str, title: str | None, body: str
) -> None:
    shown, *_ = subscriber.receives(raw)
    assert (shown["title"], shown["body"]) == (title or shop.origin.removeprefix("http://"), body)


def test_a_click_opens_the_page(subscriber: Visitor, shop: Shop) -> None:
    subscriber.receives(ours(shop))
    assert subscriber.worker("notificationclick") == [{"opened": f"{shop.origin}/c/{RECEIPT}"}]


def test_a_click_on_a_button_opens_its_page(subscriber: Visitor, shop: Shop) -> None:
    subscriber.receives(ours(shop))
    assert subscriber.worker("notificationclick", action="buy") == [{"opened": f"{shop.origin}/c/{RECEIPT}1"}]


@pytest.mark.parametrize(("action", "path"), [("", "/main"), ("0", "/buy"), ("more", "/more")])
def test_a_button_without_a_name_takes_no_click_but_its_own(
    subscriber: Visitor, shop: Shop, action: str, path: str
) -> None:
    buttons = [{"title": "Buy", "url": f"{shop.origin}/buy"}, {"action": "more", "url": f"{shop.origin}/more"}]
    (shown,) = subscriber.receives({"title": "Classic", "url": f"{shop.origin}/main", "actions": buttons})
    assert [one["action"] for one in shown["actions"]] == ["0", "more"]
    assert subscriber.worker("notificationclick", action=action) == [{"opened": shop.origin + path}]


def test_a_click_brings_the_tab_to_the_front_that_shows_the_page_already(subscriber: Visitor, shop: Shop) -> None:
    subscriber.visits("/sale")
    subscriber.receives(ours(shop, page=f"{shop.origin}/sale"))
    assert subscriber.worker("notificationclick") == [{"focused": f"{shop.origin}/sale"}]


def test_a_frame_is_no_tab(subscriber: Visitor, shop: Shop) -> None:
    shop.scripts += "; frame-src 'self'"
    subscriber.visits("/next")
    subscriber.page.evaluate(
        "new Promise((done) => document.body.append(Object.assign(document.createElement('iframe'), {src: '/sale', onload: done})))"
        ".then(() => true)"
    )
    subscriber.receives({"title": "Sale", "url": f"{shop.origin}/sale"})
    assert subscriber.worker("notificationclick") == [{"opened": f"{shop.origin}/sale"}]


@pytest.mark.parametrize("url", ["http://[", "//", 7, None, ""])
def test_a_click_leads_to_the_site_where_the_message_names_no_page(
    subscriber: Visitor, shop: Shop, url: object
) -> None:
    subscriber.receives({"title": "Lost", "navigate": url})
    (went,) = subscriber.worker("notificationclick")
    assert [url.rstrip("/") for url in went.values()] == [shop.origin]


def test_a_classic_payloads_click_goes_where_it_says(subscriber: Visitor, shop: Shop) -> None:
    subscriber.receives({"title": "Classic", "data": {"url": "/from-data"}})
    assert subscriber.worker("notificationclick") == [{"opened": f"{shop.origin}/from-data"}]


def test_what_became_of_a_notification_is_told(subscriber: Visitor, shop: Shop) -> None:
    subscriber.receives(ours(shop, receipt="r1"))
    soon(lambda: len(shop.receipts.told) == 1)
    subscriber.worker("notificationclick")
    subscriber.receives(ours(shop, receipt="r2"))
    soon(lambda: len(shop.receipts.told) == 3)
    subscriber.worker("notificationclose")
    soon(lambda: len(shop.receipts.told) == 4)
    assert shop.receipts.told == [("displayed", "r1"), ("clicked", "r1"), ("displayed", "r2"), ("dismissed", "r2")]
    assert set(shop.receipts.heard[0][0]) == {"type", "receipt", "at"}
    assert shop.receipts.preflights == 0


def test_without_a_receipt_nothing_is_told(subscriber: Visitor, shop: Shop) -> None:
    subscriber.receives(ours(shop))
    subscriber.worker("notificationclick")
    assert shop.receipts.heard == []


@pytest.mark.parametrize("receipt", ["r" * 257, "\N{SNOWMAN}", "r\n", 7, {"length": 1}])
def test_what_cannot_be_a_receipt_of_ours_is_not_told(subscriber: Visitor, shop: Shop, receipt: object) -> None:
    subscriber.receives(ours(shop, receipt=receipt))
    subscriber.worker("notificationclick")
    assert subscriber.receipts_kept() == 0
    assert shop.receipts.heard == []


def has_tried(*receipts: str, shop: Shop) -> bool:
    """To tell them in one batch."""
    return any({one["receipt"] for one in batch} == set(receipts) for batch in shop.receipts.heard)


def test_what_could_not_be_told_is_kept_and_told_in_one_batch(subscriber: Visitor, shop: Shop) -> None:
    shop.receipts.status = 503
    for number in range(3):
        subscriber.receives(ours(shop, receipt=f"r{number}"))
    soon(lambda: has_tried("r0", "r1", "r2", shop=shop))
    shop.receipts.status = 202
    shop.receipts.heard.clear()
    subscriber.worker("sync", tag="pushsaas")
    assert len(shop.receipts.heard) == 1
    assert shop.receipts.told == [("displayed", "r0"), ("displayed", "r1"), ("displayed", "r2")]
    assert subscriber.receipts_kept() == 0


def test_what_two_want_to_tell_at_once_is_told_once(subscriber: Visitor, shop: Shop) -> None:
    shop.receipts.status = 503
    subscriber.receives(ours(shop, receipt="r1"))
    soon(lambda: has_tried("r1", shop=shop))
    shop.receipts.status = 202
    subscriber.worker("sync", at_once=3, tag="pushsaas")
    assert shop.receipts.told == [("displayed", "r1")]


def test_two_workers_that_share_the_store_take_nothing_from_each_other(subscriber: Visitor, shop: Shop) -> None:
    shop.receipts.status = 503
    for number in range(3):
        subscriber.receives(ours(shop, receipt=f"r{number}"))
    soon(lambda: has_tried("r0", "r1", "r2", shop=shop))
    shop.receipts.status = 202
    shop.receipts.heard.clear()
    subscriber.worker("rob")
    subscriber.worker("sync", tag="pushsaas")
    assert shop.receipts.told == [("displayed", "r0"), ("displayed", "r1"), ("displayed", "r2")]
    assert subscriber.receipts_kept() == 0


def test_what_will_never_be_taken_is_not_told_for_ever(subscriber: Visitor, shop: Shop) -> None:
    shop.receipts.status = 422
    subscriber.receives(ours(shop, receipt="r1"))
    soon(lambda: shop.receipts.heard)
    soon(lambda: subscriber.receipts_kept() == 0)


def test_a_notification_of_somebody_else_is_left_alone(subscriber: Visitor) -> None:
    subscriber.page.evaluate(
        "navigator.serviceWorker.getRegistration('/pushsaas/').then((one) => one.showNotification('Mine', {data: 1}))"
    )
    assert subscriber.worker("notificationclick") == []
    assert subscriber.worker("notificationclose") == []
