"""The status table: every row of it, in the words the push services really use."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from chalicelib.channels.endpoints import Vendor
from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.channels.webpush.answers import judge

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = tuple(Vendor)


def outcome(status: int, *, vendor: Vendor = Vendor.FCM, body: bytes = b"", retry_after: str | None = None) -> Outcome:
    return judge(vendor, status, {} if retry_after is None else {"retry-after": retry_after}, body, now=NOW)


def failed(reason: str) -> Outcome:
    return Outcome(Verdict.FAILED, reason)


@pytest.mark.parametrize("vendor", ALL)
@pytest.mark.parametrize("status", [200, 201, 202])
def test_yes(vendor: Vendor, status: int) -> None:
    assert outcome(status, vendor=vendor, body=b"\xff not json") is ACCEPTED


@pytest.mark.parametrize("vendor", ALL)
def test_gone_is_gone_everywhere(vendor: Vendor) -> None:
    assert outcome(410, vendor=vendor) == Outcome(Verdict.GONE, "ended")


@pytest.mark.parametrize(
    ("vendor", "expected"),
    [
        (Vendor.FCM, Outcome(Verdict.GONE, "ended")),
        (Vendor.MOZILLA, Outcome(Verdict.GONE, "ended")),
        (Vendor.APPLE, failed("not_found")),
        (Vendor.WNS, failed("not_found")),
    ],
)
def test_only_google_and_mozilla_mean_gone_by_not_found(vendor: Vendor, expected: Outcome) -> None:
    assert outcome(404, vendor=vendor) == expected


@pytest.mark.parametrize("vendor", ALL)
@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_our_fault_and_never_the_subscriptions(vendor: Vendor, status: int) -> None:
    for body in (
        b"",
        b'{"reason":"BadJwtToken"}',
        b'{"errno":109,"message":"Invalid bearer token"}',
        b"<html>no</html>",
    ):
        assert outcome(status, vendor=vendor, body=body) == failed("vapid_refused")


@pytest.mark.parametrize(
    ("vendor", "status", "body"),
    [
        (Vendor.APPLE, 400, b'{"reason":"VapidPkHashMismatch"}'),
        (Vendor.APPLE, 403, b'{"reason":"VapidPkHashMismatch"}'),
        (Vendor.MOZILLA, 401, b'{"code":401,"errno":109,"error":"Unauthorized","message":"VAPID public key mismatch"}'),
        (
            Vendor.FCM,
            403,
            b"the VAPID credentials in the header do not correspond to the credentials used to create the subscriptions.",
        ),
        (
            Vendor.FCM,
            403,
            b"the key in the authorization header does not correspond to the sender ID used to subscribe this user.",
        ),
    ],
)
def test_another_key_than_it_was_made_with_is_the_browsers_to_mend(vendor: Vendor, status: int, body: bytes) -> None:
    assert outcome(status, vendor=vendor, body=body) == failed("needs_resubscribe")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, "message_refused"),
        (413, "too_large"),
        (204, "odd_answer"),
        (206, "odd_answer"),
        (402, "odd_answer"),
        (405, "odd_answer"),
        (418, "odd_answer"),
        (499, "odd_answer"),
        *((status, "redirected") for status in (300, 301, 302, 303, 307, 308)),
    ],
)
def test_other_refusals_fail_this_message_only(status: int, reason: str) -> None:
    assert outcome(status, body=b'{"reason":"PayloadEmpty"}') == failed(reason)


def test_a_body_that_speaks_of_keys_changes_nothing_else() -> None:
    assert outcome(413, body=b"VapidPkHashMismatch") == failed("too_large")
    assert outcome(410, body=b"VapidPkHashMismatch").verdict is Verdict.GONE


def test_throttled_by_429_anywhere_and_by_406_at_microsofts() -> None:
    assert outcome(429) == Outcome(Verdict.LATER, "throttled")
    assert outcome(406, vendor=Vendor.WNS, retry_after="3600") == Outcome(Verdict.LATER, "throttled", 3600.0)
    assert outcome(406, vendor=Vendor.FCM) == failed("message_refused")


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_a_broken_service_is_asked_again(status: int) -> None:
    assert outcome(status) == Outcome(Verdict.LATER, "service_busy")
    assert outcome(status, retry_after="30") == Outcome(Verdict.LATER, "service_busy", 30.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 120 ", 120.0),
        ("0", 1.0),
        ("86401", 86_400.0),
        ("9" * 400, 86_400.0),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2026 14:02:00 +0200", 120.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 1.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("½", None),
        ("Sun, 99 Foo 2026 25:61:61 GMT", None),
    ],
)
def test_retry_after_as_seconds_as_a_date_and_as_garbage(header: str, seconds: float | None) -> None:
    assert outcome(429, retry_after=header) == Outcome(Verdict.LATER, "throttled", seconds)


def test_mozillas_retry_now_is_taken_at_its_word() -> None:
    def said(errno: object) -> bytes:
        return json.dumps({"code": 503, "errno": errno}).encode()

    assert outcome(503, vendor=Vendor.MOZILLA, body=said(202), retry_after="90") == Outcome(
        Verdict.LATER, "service_busy", 1.0
    )
    assert outcome(503, vendor=Vendor.MOZILLA, body=said(201), retry_after="90") == Outcome(
        Verdict.LATER, "service_busy", 90.0
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"[202]", b'"errno"', b"null", b"{", b"\xff\xfe", b'{"errno":"202"}', b"[" * 4_096, b"9" * 4_096],
    ids=["empty", "list", "list of one", "text", "null", "half", "no text", "wrong type", "deep", "long"],
)
def test_no_body_can_trip_the_judge(body: bytes) -> None:
    assert outcome(503, body=body) == Outcome(Verdict.LATER, "service_busy")
    assert outcome(403, body=body) == failed("vapid_refused")
