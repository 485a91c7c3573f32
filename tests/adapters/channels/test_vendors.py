"""The whole channel against each vendor's habits: encrypted, signed, posted over TLS, judged by the table."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.channels.webpush.sender import Order, WebPush
from chalicelib.channels.webpush.vapid import Identity, Signer
from chalicelib.core import clock
from chalicelib.core.encoding import unb64url
from infra.local.push_service.service import PushService
from tests.adapters.channels.wires import SENDER, Led, Wires
from tests.unit.channels.browser import scalar_of

FCM, MOZILLA, APPLE, WNS = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "wns2-par02p.notify.windows.com",
)
ALL = (FCM, MOZILLA, APPLE, WNS)
GONE = Outcome(Verdict.GONE, "ended")
PAYLOAD = json.dumps({"web_push": 8030, "notification": {"title": "Grüße 👋"}}).encode()


@pytest.fixture
def channel(wires: Wires, led: Led) -> WebPush:
    return WebPush(wires.to(led), now=clock.now)


def signer(subject: str = "mailto:push@shop.com") -> Signer:
    return Signer(Identity(scalar_of(SENDER.key), subject))


def pushed(
    channel: WebPush, service: PushService, host: str, *, by: Signer | None = None, key: str | None = None, **more: Any
) -> Outcome:
    browser = service.subscribe(host=host, vapid_public_key=key)
    order = Order(
        ticket=b"1",
        endpoint=browser["endpoint"],
        p256dh=unb64url(browser["keys"]["p256dh"]),
        auth=unb64url(browser["keys"]["auth"]),
        payload=PAYLOAD,
        **{"ttl_seconds": 60, "urgency": "normal", **more},
    )
    assert channel.start(order, by or signer()) == host
    found: list[tuple[bytes, Outcome]] = []
    for _ in range(20):
        found = found or channel.outcomes(0.5)
    ((ticket, outcome),) = found
    assert ticket == b"1"
    return outcome


@pytest.mark.parametrize("host", ALL)
def test_every_vendor_takes_what_we_send_and_its_browser_reads_it(
    channel: WebPush, service: PushService, host: str
) -> None:
    outcome = pushed(channel, service, host, key=SENDER.public_key, urgency="high", topic="news", ttl_seconds=0)
    assert outcome is ACCEPTED
    (record,) = service.ledger.received()
    assert (record.plaintext, record.ttl, record.urgency, record.topic) == (PAYLOAD, "1", "high", "news")


@pytest.mark.parametrize(
    ("host", "outcome"),
    [
        (FCM, GONE),
        (MOZILLA, GONE),
        (APPLE, Outcome(Verdict.FAILED, "not_found")),
        (WNS, Outcome(Verdict.FAILED, "not_found")),
    ],
)
def test_not_found_means_what_the_vendor_means(
    channel: WebPush, service: PushService, host: str, outcome: Outcome
) -> None:
    service.set_rules([{"answer": {"fault": "unknown_endpoint"}}])
    assert pushed(channel, service, host) == outcome


@pytest.mark.parametrize("host", ALL)
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("gone", GONE),
        ("too_large", Outcome(Verdict.FAILED, "too_large")),
        ("ttl_invalid", Outcome(Verdict.FAILED, "message_refused")),
        ("token_invalid", Outcome(Verdict.FAILED, "vapid_refused")),
        ("broken", Outcome(Verdict.LATER, "service_busy")),
    ],
)
def test_faults_are_understood_in_every_vendors_words(
    channel: WebPush, service: PushService, host: str, fault: str, outcome: Outcome
) -> None:
    service.set_rules([{"answer": {"fault": fault}}])
    assert pushed(channel, service, host) == outcome


@pytest.mark.parametrize("host", ALL)
@pytest.mark.parametrize(
    ("form", "seconds"), [("seconds", 2.0), ("zero", 1.0), ("date_past", 1.0), ("huge", 86_400.0), ("garbage", None)]
)
def test_throttled_in_every_form(
    channel: WebPush, service: PushService, host: str, form: str, seconds: float | None
) -> None:
    service.set_rules([{"answer": {"fault": "throttled", "retry_after": form}}])
    assert pushed(channel, service, host) == Outcome(Verdict.LATER, "throttled", seconds)


@pytest.mark.parametrize("host", [FCM, APPLE])
def test_a_browser_that_was_subscribed_under_another_key_must_subscribe_again(
    channel: WebPush, service: PushService, host: str
) -> None:
    other = type(SENDER)().public_key
    assert pushed(channel, service, host, key=other) == Outcome(Verdict.FAILED, "needs_resubscribe")


def test_apple_insists_on_a_real_address_to_write_to(channel: WebPush, service: PushService) -> None:
    nobody = signer("mailto:nobody@localhost")
    assert pushed(channel, service, APPLE, by=nobody) == Outcome(Verdict.FAILED, "vapid_refused")
    assert pushed(channel, service, FCM, by=nobody) is ACCEPTED


def test_a_service_that_breaks_off_leaves_the_outcome_unknown(channel: WebPush, service: PushService) -> None:
    service.set_rules([{"action": "lose_answer"}])
    assert pushed(channel, service, FCM) == Outcome(Verdict.UNKNOWN, "no_answer")
