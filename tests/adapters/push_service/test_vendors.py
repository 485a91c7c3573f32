"""Each vendor's own shape of yes and no, and its habits."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.push_service.service import STAND_IN_HOST, PushService
from infra.local.push_service.vendors import LOOPBACK, VENDORS, Fault, vendor_of
from tests.adapters.push_service.sender import H1, H2, Sender

FCM, MOZILLA, APPLE, WNS = "fcm.googleapis.com", STAND_IN_HOST, "web.push.apple.com", "wns2-par02p.notify.windows.com"
HOSTS = (FCM, "jmt17.google.com", MOZILLA, "updates.push.services.mozilla.com", APPLE, WNS)


def subscribed(service: PushService, sender: Sender, host: str) -> dict[str, Any]:
    return service.subscribe(host=host, vapid_public_key=sender.public_key)


@pytest.mark.parametrize("version", [H2, H1])
@pytest.mark.parametrize("host", HOSTS)
def test_all_accept_a_sound_message_under_their_own_certificate(
    service: PushService, sender: Sender, host: str, version: str
) -> None:
    answered = sender.push(service, subscribed(service, sender, host), version=version)
    assert (answered.status, answered.error) == (201, 0)
    assert answered.headers["location"].startswith(f"https://{host}/")
    [record] = service.ledger.received()
    assert (record.host, record.plaintext) == (host, b"hello")


@pytest.mark.parametrize("name", sorted(LOOPBACK))
def test_loopback_names_serve_too_with_the_port_in_the_audience(
    service: PushService, sender: Sender, name: str
) -> None:
    answered = sender.push(service, subscribed(service, sender, f"{name}:{service.port}"))
    assert (answered.status, answered.error) == (201, 0)


def test_every_host_belongs_to_its_vendor_and_lookalikes_to_none() -> None:
    assert [vendor.name for host in HOSTS if (vendor := vendor_of(host))] == [
        "fcm",
        "fcm",
        "mozilla",
        "mozilla",
        "apple",
        "wns",
    ]
    lookalikes = [
        "xfcm.googleapis.com",
        "fcm.googleapis.com.",
        "push.apple.com.evil.example",
        "evil-notify.windows.com",
        "a b.push.apple.com",
        "ü.notify.windows.com",
        "fcm.googleapis.com:https",
        "",
    ]
    assert [vendor_of(host) for host in lookalikes] == [None] * len(lookalikes)


def test_mozilla_speaks_its_errno_contract(service: PushService, sender: Sender) -> None:
    answered = sender.push(service, subscribed(service, sender, MOZILLA), ttl=None)
    assert set(answered.json()) == {"code", "errno", "error", "message", "more_info"}
    assert (answered.json()["code"], answered.json()["errno"], answered.json()["error"]) == (400, 111, "Bad Request")
    assert answered.headers["content-type"] == "application/json"


@pytest.mark.parametrize("errno", [103, 105, 106])
def test_mozilla_can_be_gone_in_three_ways(service: PushService, sender: Sender, errno: int) -> None:
    service.set_rules([{"answer": {"status": 410, "errno": errno}}])
    answered = sender.push(service, subscribed(service, sender, MOZILLA))
    assert (answered.status, answered.json()["errno"]) == (410, errno)


@pytest.mark.parametrize(
    ("status", "errno"),
    [
        (400, 110),
        (401, 109),
        (404, 102),
        (410, 103),
        (413, 104),
        (500, 999),
        (502, 902),
        (503, 201),
        (418, 999),
        (599, 999),
    ],
)
def test_mozillas_usual_errno_for_a_status(service: PushService, sender: Sender, status: int, errno: int) -> None:
    service.set_rules([{"answer": {"status": status}}])
    answered = sender.push(service, subscribed(service, sender, MOZILLA))
    assert (answered.status, answered.json()["code"], answered.json()["errno"]) == (status, status, errno)


@pytest.mark.parametrize(
    "sub", ["mailto:ops@localhost", "mailto:ops@site.local", "https://localhost/x", "mailto:a@b.invalid"]
)
def test_apple_alone_wants_a_subject_at_a_real_domain(service: PushService, sender: Sender, sub: str) -> None:
    for host in (FCM, MOZILLA, WNS, APPLE):
        subscription = subscribed(service, sender, host)
        authorization = sender.authorization(subscription["endpoint"], sub=sub)
        answered = sender.push(service, subscription, authorization=authorization)
        assert answered.status == (403 if host == APPLE else 201)
    assert answered.json() == {"reason": "BadJwtToken"}


def test_apple_gives_a_reason_and_an_id(service: PushService, sender: Sender) -> None:
    subscription = subscribed(service, sender, APPLE)
    assert sender.push(service, subscription).headers["apns-id"]
    assert sender.push(service, subscription, authorization=None).json() == {"reason": "BadJwtToken"}
    assert Sender().push(service, subscription).json() == {"reason": "VapidPkHashMismatch"}
    service.set_rules([{"answer": {"fault": "gone"}}])
    assert sender.push(service, subscription).json() == {"reason": "Unregistered"}


def test_wns_wants_the_cache_policy_to_agree_with_ttl(service: PushService, sender: Sender) -> None:
    subscription = subscribed(service, sender, WNS)
    refused = sender.push(service, subscription, ttl="0")
    assert refused.status == 400
    assert "Ttl value conflicts with X-WNS-Cache-Policy" in refused.headers["x-wns-error-description"]
    assert refused.headers["x-wns-status"] == "dropped"
    assert sender.push(service, subscription, ttl="0", X_WNS_Cache_Policy="no-cache").status == 201
    assert sender.push(service, subscription, ttl="60", X_WNS_Cache_Policy="no-cache").status == 400
    assert sender.push(service, subscription, ttl="60", X_WNS_Cache_Policy="cache").status == 201


def test_wns_throttles_with_406(service: PushService, sender: Sender) -> None:
    service.set_rules([{"answer": {"fault": "throttled", "retry_after": 900}}])
    throttled = sender.push(service, subscribed(service, sender, WNS))
    assert (throttled.status, throttled.headers["x-wns-status"]) == (406, "appthrottled")
    assert (throttled.headers["retry-after"], throttled.body) == ("900", b"")
    assert sender.push(service, subscribed(service, sender, FCM)).status == 429


def test_wns_tells_what_became_of_a_message(service: PushService, sender: Sender) -> None:
    accepted = sender.push(service, subscribed(service, sender, WNS))
    assert (accepted.headers["x-wns-status"], accepted.headers["x-wns-notificationstatus"]) == ("received", "received")


def test_fcm_answers_in_plain_words(service: PushService, sender: Sender) -> None:
    subscription = subscribed(service, sender, FCM)
    refused = Sender().push(service, subscription)
    assert refused.status == 403
    assert b"do not correspond to the credentials used to create the subscriptions" in refused.body
    assert sender.push(service, subscription, authorization=None).status == 401
    service.set_rules([{"answer": {"status": 410}}])
    assert b"push subscription has unsubscribed or expired." in sender.push(service, subscription).body


def test_fcm_keeps_nothing_longer_than_four_weeks(service: PushService, sender: Sender) -> None:
    subscription = subscribed(service, sender, FCM)
    assert sender.push(service, subscription, ttl="2419200").status == 201
    assert sender.push(service, subscription, ttl="2419201").status == 400


def test_every_vendor_has_an_answer_to_every_fault() -> None:
    for vendor in VENDORS:
        for fault in Fault:
            answer = vendor.refuse(fault, "why")
            assert 400 <= answer.status <= 599
            assert vendor.answer(answer.status).status == answer.status
