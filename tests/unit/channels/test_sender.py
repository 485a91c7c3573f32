"""Orders in, outcomes out: what leaves, what is settled on the spot, and how replies are judged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.channels.webpush.sender import Order, Sink, WebPush
from chalicelib.channels.webpush.transport import Reply
from chalicelib.channels.webpush.vapid import Identity, Signer
from tests.unit.channels.browser import Browser, scalar_of
from tests.unit.channels.wire import ScriptedWire

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BROWSER = Browser()
SIGNER = Signer(Identity(scalar_of(generate_private_key(SECP256R1())), "mailto:push@shop.com"))
FCM = "https://fcm.googleapis.com/fcm/send/abc:def"
APPLE = "https://web.push.apple.com/QGuQ"


def order(ticket: bytes = b"1", **changes: Any) -> Order:
    plain = Order(
        ticket=ticket,
        endpoint=FCM,
        p256dh=BROWSER.p256dh,
        auth=BROWSER.auth,
        payload=b'{"hello":1}',
        ttl_seconds=60,
        urgency="normal",
    )
    return msgspec.structs.replace(plain, **changes)


def sender(wire: ScriptedWire) -> WebPush:
    return WebPush(wire, now=lambda: NOW)


def test_an_order_leaves_encrypted_signed_and_with_its_headers() -> None:
    wire = ScriptedWire()
    assert sender(wire).start(order(urgency="high", topic="news"), SIGNER) == "fcm.googleapis.com"
    (started,) = wire.started
    assert (started.ticket, started.url, started.host) == (b"1", FCM, "fcm.googleapis.com")
    assert BROWSER.read(started.body) == b'{"hello":1}'
    assert started.headers == {
        "TTL": "60",
        "Urgency": "high",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "Authorization": SIGNER.authorization("https://fcm.googleapis.com", now=NOW),
        "Expect": "",
        "Topic": "news",
    }


def test_without_a_topic_there_is_no_such_header() -> None:
    wire = ScriptedWire()
    sender(wire).start(order(), SIGNER)
    assert "Topic" not in wire.started[0].headers


@pytest.mark.parametrize(("asked", "sent"), [(0, "1"), (-5, "1"), (1, "1"), (2_419_200, "2419200"), (10**9, "2419200")])
def test_the_time_to_live_is_one_that_every_service_takes(asked: int, sent: str) -> None:
    wire = ScriptedWire()
    sender(wire).start(order(ttl_seconds=asked), SIGNER)
    assert wire.started[0].headers["TTL"] == sent


def test_the_same_status_means_what_its_vendor_means() -> None:
    wire = ScriptedWire()
    push = sender(wire)
    push.start(order(b"fcm"), SIGNER)
    push.start(order(b"apple", endpoint=APPLE), SIGNER)
    wire.come.extend([(b"apple", Reply(404)), (b"fcm", Reply(404))])
    assert push.outcomes(1.0) == [
        (b"apple", Outcome(Verdict.FAILED, "not_found")),
        (b"fcm", Outcome(Verdict.GONE, "ended")),
    ]


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        (Reply(201), ACCEPTED),
        (Reply(429, {"retry-after": "7"}), Outcome(Verdict.LATER, "throttled", 7.0)),
        (Reply(400, {}, b'{"reason":"VapidPkHashMismatch"}'), Outcome(Verdict.FAILED, "needs_resubscribe")),
        (Reply(0, left=True), Outcome(Verdict.UNKNOWN, "no_answer")),
        (Reply(0, left=False), Outcome(Verdict.UNREACHED, "unreachable")),
    ],
)
def test_replies_become_outcomes(reply: Reply, outcome: Outcome) -> None:
    wire = ScriptedWire()
    push = sender(wire)
    push.start(order(), SIGNER)
    wire.come.append((b"1", reply))
    assert push.outcomes(0.25) == [(b"1", outcome)]
    assert wire.waits == [0.25]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"p256dh": bytes(65)}, "bad_key"),
        ({"auth": b"short"}, "bad_key"),
        ({"endpoint": "https://evil.example/x"}, "endpoint_refused"),
        ({"endpoint": "http://fcm.googleapis.com/fcm/send/x"}, "endpoint_refused"),
        ({"endpoint": APPLE}, "endpoint_refused"),
    ],
    ids=["point", "secret", "host", "scheme", "connector"],
)
def test_what_cannot_leave_is_settled_at_once(changes: dict[str, Any], reason: str) -> None:
    wire = ScriptedWire(refuses={"web.push.apple.com"})
    push = sender(wire)
    push.start(order(**changes), SIGNER)
    assert wire.started == []
    assert push.outcomes(5.0) == [(b"1", Outcome(Verdict.FAILED, reason))]
    assert wire.waits == [0.0]  # nobody waits while there is news
    assert push.outcomes(5.0) == []


def test_settled_orders_come_with_the_others() -> None:
    wire = ScriptedWire()
    push = sender(wire)
    push.settle(b"0", Outcome(Verdict.FAILED, "too_large"))
    push.start(order(), SIGNER)
    wire.come.append((b"1", Reply(201)))
    assert push.outcomes(1.0) == [(b"0", Outcome(Verdict.FAILED, "too_large")), (b"1", ACCEPTED)]


def test_an_abandoned_batch_leaves_nothing_to_the_next() -> None:
    wire = ScriptedWire()
    push = sender(wire)
    push.start(order(b"old"), SIGNER)
    push.start(order(b"odd", auth=b""), SIGNER)
    push.abandon()
    assert wire.abandoned == 1
    push.start(order(b"new"), SIGNER)
    wire.come.append((b"new", Reply(201)))
    assert push.outcomes(1.0) == [(b"new", ACCEPTED)]


def test_the_sink_says_yes_to_everything_once() -> None:
    push = WebPush(Sink(), now=lambda: NOW)
    push.start(order(b"1"), SIGNER)
    push.start(order(b"2"), SIGNER)
    assert push.outcomes(1.0) == [(b"1", ACCEPTED), (b"2", ACCEPTED)]
    assert push.outcomes(1.0) == []
    push.start(order(b"3"), SIGNER)
    push.abandon()
    assert push.outcomes(1.0) == []
