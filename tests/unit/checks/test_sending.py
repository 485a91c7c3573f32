"""What browsers told by coming, and what lies between a subscription and its push."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chalicelib.channels.message import Action, Message
from chalicelib.channels.webpush.payload import LARGEST_BYTES
from chalicelib.features.checks.model.finding import Finding, Status
from chalicelib.features.checks.model.presence import last_refusal, lately, sdk_seen
from chalicelib.features.checks.model.sending import ROOM, Sizes, key_match, payload, push_services, subject
from chalicelib.features.checks.service.checks import sizes
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sightings.model import Refusal, Sight, Sightings
from chalicelib.features.subscriptions.model import Recipient
from tests.unit.checks.cases import NOW, PRODUCT, SHOP, SITE, site

DAY = timedelta(days=1)
CLICKS = PRODUCT.clicks_url


# --- Who came ---


def seen(days_ago: float) -> Sightings:
    return Sightings().with_sight("config", Sight(SHOP, NOW - days_ago * DAY))


def refused(code: str, days_ago: float = 1, origin: str = "https://evil.test") -> Sightings:
    return Sightings().with_refusal(Refusal(code, "config", origin, NOW - days_ago * DAY))


def test_the_sdk_is_seen_or_not_or_not_any_more() -> None:
    assert sdk_seen(Sightings(), now=NOW).status is Status.WARNING
    assert sdk_seen(seen(8), now=NOW).status is Status.WARNING
    found = sdk_seen(seen(6), now=NOW)
    assert (found.status, found.seen_at, SHOP in found.detail) == (Status.OK, NOW - 6 * DAY, True)


def test_the_sdks_version_is_named_where_it_told() -> None:
    told = Sightings().with_sight("config", Sight(SHOP, NOW - DAY, "0.1.0"))
    assert sdk_seen(told, now=NOW).detail == f"The SDK, version 0.1.0, came from `{SHOP}`."
    assert sdk_seen(seen(1), now=NOW).detail == f"The SDK came from `{SHOP}`."


def test_lately_is_a_week() -> None:
    assert lately(Sightings(), now=NOW) is None
    assert lately(seen(8), now=NOW) is None
    assert lately(seen(7), now=NOW) == Sight(SHOP, NOW - 7 * DAY)


def test_what_was_refused_is_told_for_a_week() -> None:
    assert last_refusal(Sightings(), now=NOW).status is Status.OK
    assert last_refusal(refused("invalid", 8), now=NOW).status is Status.OK
    found = last_refusal(refused("endpoint_not_allowed"), now=NOW)
    assert (found.status, found.seen_at) == (Status.WARNING, NOW - DAY)
    assert "toJSON()" in found.fix
    assert "Before it" not in found.detail


def test_a_reason_without_advice_has_its_page() -> None:
    assert "/problems/body_too_large" in last_refusal(refused("body_too_large"), now=NOW).fix


def test_earlier_refusals_are_told_too() -> None:
    both = refused("invalid", 2).with_refusal(Refusal("rate_limited", "config", SHOP, NOW))
    assert "Before it: `invalid` from `https://evil.test`" in last_refusal(both, now=NOW).detail


# --- Contact and key ---


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("mailto:ada@shop.dev", Status.OK),
        ("https://shop.dev/contact", Status.OK),
        ("mailto:push@localhost", Status.PROBLEM),
        ("mailto:push@127.0.0.1", Status.PROBLEM),
        ("https://localhost/", Status.PROBLEM),
        ("ada@shop.dev", Status.PROBLEM),
        ("mailto:push@example.com", Status.WARNING),
        ("mailto:push@mail.example.org", Status.WARNING),
        ("https://example.net/contact", Status.WARNING),
        ("mailto:push@my-example.com", Status.OK),
    ],
)
def test_a_contact_is_one_that_apple_takes(said: str, status: Status) -> None:
    found = subject(site(subject=said))
    assert (found.status, bool(found.fix)) == (status, status is not Status.OK)


def browser(key_id: str, since: int, *, is_active: bool = True) -> Recipient:
    return Recipient(bytes(16), is_active, since, key_id, None, b"")


def matched(*browsers: Recipient, opened: str | None = SITE.vapid_public_key) -> Finding:
    return key_match(SITE, browsers, opened=opened)


def test_a_site_without_browsers_has_nothing_to_compare() -> None:
    assert matched().status is Status.UNKNOWN
    assert matched(browser("vap_0", 1, is_active=False)).status is Status.UNKNOWN


def test_browsers_are_under_the_present_key_or_an_older_one() -> None:
    assert matched(browser("vap_1", 1)).status is Status.OK
    mixed = matched(browser("vap_1", 2), browser("vap_0", 1), browser("vap_0", 1), browser("vap_1", 1))
    assert (mixed.status, "50 %" in mixed.detail) == (Status.OK, True)
    assert matched(browser("vap_1", 1), browser("vap_0", 2)).status is Status.WARNING


@pytest.mark.parametrize("opened", [None, "BOther"])
def test_a_key_that_does_not_sign_for_what_browsers_know_is_a_problem(opened: str | None) -> None:
    assert matched(browser("vap_1", 1), opened=opened).status is Status.PROBLEM


# --- Size ---


def test_what_we_stop_at_is_within_every_service() -> None:
    assert min(ROOM.values()) >= LARGEST_BYTES


def test_a_message_that_fits_is_fine() -> None:
    small = payload(sizes(SHOP, {"Sale": Message(title="Sale", url=SHOP, body="now")}, clicks=CLICKS))
    assert (small.status, "largest of the last campaigns" in small.detail) == (Status.OK, True)
    nothing = payload(sizes(SHOP, {}, clicks=CLICKS))
    assert (nothing.status, "largest" in nothing.detail) == (Status.OK, False)


def test_an_address_that_leaves_no_room_is_told() -> None:
    assert payload(sizes(f"{SHOP}/{'x' * 2_000}", {}, clicks=CLICKS)).status is Status.WARNING


def test_campaigns_that_lose_something_are_named_with_it() -> None:
    picture = f"{SHOP}/{'p' * 1_500}"
    buttons = tuple(Action(action=f"a{number}", title="b" * 300, url=SHOP) for number in range(2))
    messages = {
        "fits": Message(title="Sale", url=SHOP, image=picture),
        "loses its picture": Message(title="Sale", url=SHOP, image=picture, body="x" * 1_200),
        "loses buttons": Message(title="Sale", url=SHOP, image=picture, actions=buttons, body="x" * 1_400),
        "loses text": Message(title="Sale", url=SHOP, body="x" * 3_000),
        "does not fit": Message(title="x" * 3_000, url=SHOP, body="x"),
    }
    found = sizes(SHOP, messages, clicks=CLICKS)
    assert dict(found.cut) == {
        "loses its picture": ["its picture"],
        "loses buttons": ["its picture", "its buttons"],
        "loses text": ["the end of its text"],
        "does not fit": ["the end of its text"],
    }
    told = payload(found)
    assert (told.status, "and 3 more" in told.detail) == (Status.WARNING, True)
    one = payload(Sizes(LARGEST_BYTES, 90, 2_000, {"Sale": ["its picture", "its buttons"]}))
    assert "loses its picture and its buttons." in one.detail


# --- Push services ---


def gate(host: str = "fcm.googleapis.com") -> Gate:
    return Gate(host)


def test_services_without_a_complaint_are_fine() -> None:
    assert push_services([], now=NOW).status is Status.OK
    past = gate().closed(Closure.REFUSED, now=NOW - 2 * DAY, wish=timedelta())
    assert push_services([gate(), past], now=NOW).status is Status.OK


def test_the_worst_is_told_first() -> None:
    busy = gate("a.example").closed(Closure.BUSY, now=NOW, wish=timedelta())
    suspected = gate("b.example").suspected(now=NOW - DAY, answers=100, gone=60)
    refusing = gate("c.example").closed(Closure.REFUSED, now=NOW, wish=timedelta())
    assert push_services([busy], now=NOW).status is Status.WARNING
    doubted = push_services([busy, suspected], now=NOW)
    assert (doubted.status, doubted.seen_at) == (Status.WARNING, NOW - DAY)
    assert "`b.example`" in doubted.detail
    worst = push_services([busy, suspected, refusing], now=NOW)
    assert (worst.status, "`c.example`" in worst.detail) == (Status.PROBLEM, True)
    assert "2026-03-01 13:00 UTC" in worst.detail
