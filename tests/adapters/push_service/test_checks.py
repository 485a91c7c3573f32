"""What a push service insists on: for each check one message that passes and those that do not, over the wire."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from chalicelib.core import clock
from infra.local.push_service.service import STAND_IN_HOST, PushService
from infra.local.push_service.subscriber import ANY_KEY
from tests.adapters.push_service.sender import H1, H2, Sender, generate_key, point_of, post
from tests.fakes.clock import ManualClock

ENDPOINT = f"https://{STAND_IN_HOST}/wpush/v2/unknown"


def seconds_ahead(seconds: float) -> int:
    return int(clock.now().timestamp() + seconds)


@pytest.mark.parametrize("version", [H2, H1])
def test_a_sound_message_is_accepted_and_read(
    service: PushService, sender: Sender, subscription: dict[str, Any], version: str
) -> None:
    answered = sender.push(service, subscription, b"hello", version=version, urgency="high", topic="news")
    assert (answered.status, answered.error, answered.body) == (201, 0, b"")
    assert answered.headers["location"].startswith(f"https://{STAND_IN_HOST}/m/")
    assert answered.headers["ttl"] == "60"
    [record] = service.ledger.received()
    assert (record.plaintext, record.decryption_error, record.protocol) == (b"hello", None, version)
    assert (record.endpoint, record.status, record.fault) == (subscription["endpoint"], 201, None)
    assert (record.ttl, record.urgency, record.topic) == ("60", "high", "news")
    assert record.body_size == len(b"hello") + 103
    assert not record.answer_lost


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ttl", "0"),
        ("ttl", "2419200"),
        ("urgency", "very-low"),
        ("urgency", "low"),
        ("urgency", "normal"),
        ("urgency", None),
        ("topic", "a" * 32),
        ("topic", "_-09azAZ"),
        ("topic", None),
    ],
)
def test_headers_that_pass(
    service: PushService, sender: Sender, subscription: dict[str, Any], header: str, value: str | None
) -> None:
    changed: Any = {header: value}
    assert sender.push(service, subscription, **changed).status == 201


@pytest.mark.parametrize(
    ("header", "value", "status", "errno", "fault"),
    [
        ("ttl", None, 400, 111, "ttl_missing"),
        ("ttl", "-1", 400, 112, "ttl_invalid"),
        ("ttl", "60.5", 400, 112, "ttl_invalid"),
        ("ttl", "1h", 400, 112, "ttl_invalid"),
        ("ttl", "9" * 5000, 400, 112, "ttl_invalid"),
        ("content_encoding", None, 400, 110, "encoding_invalid"),
        ("content_encoding", "aesgcm", 400, 110, "encoding_invalid"),
        ("topic", "a" * 33, 400, 113, "topic_invalid"),
        ("topic", "not base64url", 400, 113, "topic_invalid"),
        ("topic", "YQ==", 400, 113, "topic_invalid"),
        ("urgency", "urgent", 400, 110, "urgency_invalid"),
        ("urgency", "High", 400, 110, "urgency_invalid"),
        ("authorization", None, 401, 109, "token_missing"),
    ],
)
def test_headers_that_do_not(
    service: PushService,
    sender: Sender,
    subscription: dict[str, Any],
    header: str,
    value: str | None,
    status: int,
    errno: int,
    fault: str,
) -> None:
    changed: Any = {header: value}
    answered = sender.push(service, subscription, **changed)
    assert answered.status == status
    assert answered.json()["code"] == status
    assert answered.json()["errno"] == errno
    [record] = service.ledger.received()
    assert (record.status, record.fault, record.accepted) == (status, fault, False)
    assert service.ledger.accepted_endpoints() == frozenset()


@pytest.mark.parametrize("header", ["ttl", "topic", "urgency", "authorization"])
def test_a_repeated_header_is_a_mistake(
    service: PushService, sender: Sender, subscription: dict[str, Any], header: str
) -> None:
    url = subscription["endpoint"]
    headers = sender.headers(url, topic="news", urgency="low")
    again = next(line for line in headers if line.startswith(header))
    assert post(service, url, sender.encrypt(b"x", subscription), [*headers, again]).status in {400, 401}


@pytest.mark.parametrize("version", [H2, H1])
def test_4096_bytes_pass_and_one_more_is_too_large(
    service: PushService, sender: Sender, subscription: dict[str, Any], version: str
) -> None:
    assert sender.push(service, subscription, b"x" * 3993, version=version).status == 201
    refused = sender.push(service, subscription, b"x" * 3994, version=version)
    assert (refused.status, refused.json()["errno"]) == (413, 104)
    assert [record.body_size for record in service.ledger.received()] == [4096, 4097]


@pytest.mark.parametrize("version", [H2, H1])
def test_five_megabytes_are_too_large_and_not_kept(
    service: PushService, sender: Sender, subscription: dict[str, Any], version: str
) -> None:
    url = subscription["endpoint"]
    refused = post(service, url, b"x" * 5_000_000, sender.headers(url), version=version)
    assert (refused.status, refused.error) == (413, 0)
    [record] = service.ledger.received()
    assert record.body_size == 5_000_000
    assert len(record.body) < 5000


def test_a_message_without_payload_is_legal(service: PushService, sender: Sender, subscription: dict[str, Any]) -> None:
    url = subscription["endpoint"]
    assert post(service, url, b"", sender.headers(url, content_encoding=None)).status == 201
    [record] = service.ledger.received()
    assert (record.plaintext, record.decryption_error) == (None, "no payload")


@pytest.mark.parametrize("version", [H2, H1])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_only_post_is_served(
    service: PushService, sender: Sender, subscription: dict[str, Any], method: str, version: str
) -> None:
    url = subscription["endpoint"]
    answered = post(service, url, b"", sender.headers(url), method=method, version=version)
    assert (answered.status, answered.error) == (405, 0)


@pytest.mark.parametrize(
    "path", ["/", "/wpush/v2/", "/wpush/v2/unknown", "/wpush/v3/x", "/wpush/v2/a/b", "//", "/stand-in/ledger"]
)
def test_an_unknown_endpoint_is_404(service: PushService, sender: Sender, path: str) -> None:
    url = f"https://{STAND_IN_HOST}{path}"
    answered = post(service, url, b"x", sender.headers(url))
    assert (answered.status, answered.json()["errno"]) == (404, 102)


def test_an_unknown_endpoint_passes_when_told_so_but_a_damaged_one_of_ours_never_does(sender: Sender) -> None:
    damaged = PushService.simulated(7, 1)["endpoint"][:-1] + "x"
    with PushService(accept_unknown=True) as tolerant:
        assert post(tolerant, ENDPOINT, b"x" * 200, sender.headers(ENDPOINT)).status == 201
        assert post(tolerant, damaged, b"x" * 200, sender.headers(damaged)).status == 404
        record = tolerant.ledger.received()[0]
    assert (record.plaintext, record.decryption_error) == (None, "not one of our subscribers")


def test_a_host_of_nobodys_is_misdirected(service: PushService, sender: Sender, subscription: dict[str, Any]) -> None:
    headers = [*sender.headers(subscription["endpoint"]), "host: example.com"]
    assert post(service, subscription["endpoint"], b"x", headers, version=H1).status == 421


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"aud": "https://fcm.googleapis.com"}, "aud"),
        ({"aud": f"https://{STAND_IN_HOST}/"}, "aud"),
        ({"aud": f"http://{STAND_IN_HOST}"}, "aud"),
        ({"aud": [f"https://{STAND_IN_HOST}"]}, "aud"),
        ({"aud": None}, "aud"),
        ({"exp": None}, "exp"),
        ({"exp": "tomorrow"}, "exp"),
        ({"exp": True}, "exp is not a number"),
        ({"exp": 0}, "exp has passed"),
        ({"exp": -1e300}, "exp has passed"),
        ({"exp": 1e300}, "24 hours"),
        ({"exp": float("nan")}, "NaN"),
        ({"sub": None}, "sub"),
        ({"sub": "ops@example.com"}, "sub"),
        ({"sub": "mailto:<ops@example.com>"}, "sub"),
        ({"sub": "mailto:"}, "sub"),
        ({"sub": "http://example.com"}, "sub"),
        ({"sub": 7}, "sub"),
    ],
)
def test_claims_that_are_refused(
    service: PushService, sender: Sender, subscription: dict[str, Any], changes: dict[str, Any], why: str
) -> None:
    authorization = sender.authorization(subscription["endpoint"], **changes)
    answered = sender.push(service, subscription, authorization=authorization)
    assert (answered.status, answered.json()["errno"]) == (401, 109)
    [record] = service.ledger.received()
    assert record.fault == "token_invalid"
    assert why in record.detail


@pytest.mark.parametrize("sub", ["mailto:ops@example.com", "https://example.com", "https://example.com/contact?a=b"])
def test_subjects_that_pass(service: PushService, sender: Sender, subscription: dict[str, Any], sub: str) -> None:
    authorization = sender.authorization(subscription["endpoint"], sub=sub)
    assert sender.push(service, subscription, authorization=authorization).status == 201


def test_a_token_lives_at_most_a_day(service: PushService, sender: Sender, subscription: dict[str, Any]) -> None:
    url = subscription["endpoint"]
    a_day, more = (sender.authorization(url, exp=seconds_ahead(24 * 3600 + extra)) for extra in (0, 60))
    assert sender.push(service, subscription, authorization=a_day).status == 201
    assert sender.push(service, subscription, authorization=more).status == 401


def test_a_remembered_token_still_ages(
    clock: ManualClock, service: PushService, sender: Sender, subscription: dict[str, Any]
) -> None:
    authorization = sender.authorization(subscription["endpoint"], exp=seconds_ahead(3600))
    assert sender.push(service, subscription, authorization=authorization).status == 201
    assert sender.push(service, subscription, authorization=authorization).status == 201
    clock.advance(hours=1)
    assert sender.push(service, subscription, authorization=authorization).status == 401


def test_a_token_for_one_host_is_not_good_at_another_even_when_remembered(sender: Sender) -> None:
    elsewhere = PushService.simulated(7, 1, host="updates.push.services.mozilla.com")
    here = PushService.simulated(7, 1)
    authorization = sender.authorization(here["endpoint"])
    with PushService() as service:
        assert sender.push(service, here, authorization=authorization).status == 201
        assert sender.push(service, elsewhere, authorization=authorization).status == 401


def resigned(authorization: str, key: Any) -> str:
    """The same token under another public key."""
    return authorization.split(", k=", maxsplit=1)[0] + f", k={point_of(key)}"


def with_algorithm(authorization: str, algorithm: str) -> str:
    token, rest = authorization.removeprefix("vapid t=").split(", ")
    header = base64.urlsafe_b64encode(json.dumps({"typ": "JWT", "alg": algorithm}).encode()).rstrip(b"=").decode()
    return f"vapid t={'.'.join([header, *token.split('.')[1:]])}, {rest}"


@pytest.mark.parametrize(
    "forge",
    [
        lambda text: resigned(text, generate_key()),
        lambda text: with_algorithm(text, "none"),
        lambda text: with_algorithm(text, "HS256"),
        lambda text: text.replace("vapid t=", "vapid t=A"),
        lambda text: text.replace(", k=", "A, k="),
        lambda text: text.replace("vapid ", "Bearer "),
        lambda text: text.replace("vapid ", "vapid"),
        lambda text: text.split(", ")[0],
        lambda text: "vapid " + text.split(", ")[1],
        lambda text: text + "=",
        lambda text: text[:-4],
        lambda text: text + ", t=x",
        lambda text: text.replace("vapid t=", "vapid t=x, t="),
        lambda text: text + ", x=y",
        lambda text: text.replace(".", ""),
        lambda text: text.replace(", k=", ", k=A"),
        lambda text: text.split(", k=")[0] + ", k=" + "B" + "A" * 86,
        lambda _: "vapid",
        lambda _: "vapid t=, k=",
        lambda _: "vapid t=a.b.c, k=!",
        lambda _: "vapid t=" + "a" * 30_000 + ".b.c, k=d",
        lambda _: "vapid " + "," * 30_000,
        lambda _: "",
    ],
)
def test_forged_and_broken_tokens_are_refused(
    service: PushService, sender: Sender, subscription: dict[str, Any], forge: Any
) -> None:
    authorization = forge(sender.authorization(subscription["endpoint"]))
    refused = sender.push(service, subscription, authorization=authorization)
    assert refused.status == 401
    assert sender.push(service, subscription).status == 201


@pytest.mark.parametrize(
    "spelling", ["vapid t={t},k={k}", "vapid k={k}, t={t}", "VAPID t={t}, k={k}", 'vapid t="{t}", k="{k}"']
)
def test_spellings_of_the_header_that_pass(
    service: PushService, sender: Sender, subscription: dict[str, Any], spelling: str
) -> None:
    token, key = sender.authorization(subscription["endpoint"]).removeprefix("vapid t=").split(", k=")
    assert sender.push(service, subscription, authorization=spelling.format(t=token, k=key)).status == 201


def test_another_senders_key_is_refused(service: PushService, subscription: dict[str, Any]) -> None:
    stranger = Sender()
    assert stranger.push(service, subscription).status == 401
    assert service.ledger.received()[-1].fault == "key_mismatch"


def test_any_key_will_do_for_a_subscription_made_without_one(service: PushService) -> None:
    subscription = service.subscribe()
    assert ANY_KEY in subscription["endpoint"]
    assert Sender().push(service, subscription).status == 201
    assert Sender().push(service, subscription).status == 201
