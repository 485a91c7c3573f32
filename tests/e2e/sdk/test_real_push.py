"""Nothing of the browser is played here but Google's servers: it subscribes, is pushed to, decrypts and shows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.channels.message import Message
from chalicelib.channels.webpush.encrypt import encrypt
from chalicelib.channels.webpush.payload import envelope
from chalicelib.core.receipts import LENGTH
from chalicelib.features.subscriptions.model import Packed, unpack
from chalicelib.features.subscriptions.wiring import audience
from tests.adapters.console.chromium import FLAGS, Browser, browser
from tests.e2e.browsers.google import Google, google
from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e

_MOST_TRIES, _A_TRY_SECONDS = 5, 2.0

SHOWN = (
    "navigator.serviceWorker.getRegistration('/pushsaas/').then((one) => one.getNotifications())"
    ".then((all) => all.map((one) => [one.title, one.body]))"
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Google]:
    with google(Path(tmp_path_factory.mktemp("google"))) as standing:
        yield standing


@pytest.fixture(scope="module")
def connected(chromium: Browser, service: Google, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One more browser, which may talk to its push service. `chromium` is asked for because it knows when to skip."""
    flags = [flag for flag in FLAGS if flag != "--disable-background-networking"]
    with browser(Path(tmp_path_factory.mktemp("connected")), flags=[*flags, *service.flags]) as started:
        yield started


@pytest.fixture
def visitor(connected: Browser, shop: Shop) -> Iterator[Visitor]:
    shop.stand_ins = ("worker_lab",)
    one = Visitor(connected, shop, stand_ins=("visitor",))
    yield one
    one.leave()
    connected.visit("about:blank")


def row(shop: Shop) -> Packed:
    (known,) = shop.active()
    (found,) = audience().pick(shop.site.tenant_id, shop.site.id, [bytes.fromhex(known["id"].removeprefix("sub_"))])
    return unpack(found.packed)


def push(service: Google, shop: Shop, message: Message) -> None:
    to = row(shop)
    sent = envelope(message, tag="run_1", clicks=f"{shop.origin}/c/").addressed(b"r" * LENGTH)
    service.push(to.endpoint.rpartition("/")[2], encrypt(sent, p256dh=to.p256dh, auth=to.auth))


def shown(visitor: Visitor) -> list[list[str]]:
    found: list[list[str]] = visitor.page.evaluate(SHOWN)
    return found


def pushed(visitor: Visitor, service: Google, shop: Shop, message: Message) -> list[list[str]]:
    """What is on the screen then. A Chromium that has just been started acknowledges its first push and may drop it, so
    it is brought again until something shows; the tag makes one of them.
    """
    for _ in range(_MOST_TRIES):
        push(service, shop, message)
        deadline = time.monotonic() + _A_TRY_SECONDS
        while time.monotonic() < deadline:
            if found := shown(visitor):
                return found
            time.sleep(0.05)
    raise AssertionError("nothing was shown")


def test_a_push_is_encrypted_by_the_product_and_shown_by_the_browser(
    visitor: Visitor, shop: Shop, service: Google
) -> None:
    visitor.visits()
    assert visitor.subscribes()["state"] == "subscribed"
    assert row(shop).endpoint.startswith("https://jmt17.google.com/fcm/send/")
    message = Message(title="Größe 42 ist zurück 👟", url=shop.origin, body="日本語")
    assert pushed(visitor, service, shop, message) == [["Größe 42 ist zurück 👟", "日本語"]]


def test_the_largest_message_arrives(visitor: Visitor, shop: Shop, service: Google) -> None:
    visitor.visits()
    visitor.subscribes()
    ((title, body),) = pushed(visitor, service, shop, Message(title="Long", url=shop.origin, body="ä" * 2_000))
    assert title == "Long"
    assert body.startswith("ä" * 1_000)


def test_what_came_twice_is_on_the_screen_once(visitor: Visitor, shop: Shop, service: Google) -> None:
    visitor.visits()
    visitor.subscribes()
    assert pushed(visitor, service, shop, Message(title="first", url=shop.origin)) == [["first", ""]]
    push(service, shop, Message(title="again", url=shop.origin))
    soon(lambda: shown(visitor) == [["again", ""]])


def test_who_unsubscribed_may_come_back(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.subscribes()
    visitor.says("unsubscribe")
    assert shop.active() == []
    visitor.visits("/next")
    visitor.clicks("#bell")
    assert visitor.says("subscribe", {"prompt": False})["state"] == "subscribed"
    assert len(shop.active()) == 1
