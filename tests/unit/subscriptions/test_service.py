"""Subscriptions as browsers meet them."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Invalid, NotFound, Unavailable
from chalicelib.features.subscriptions.model import (
    Consent,
    EndReason,
    Profile,
    Status,
    Subscription,
    SubscriptionEnded,
    key_of,
)
from chalicelib.features.subscriptions.service.proofs import BadSubscriptionToken, UnprovenExternalId
from tests.unit.subscriptions.asking import LATER, ON_SITE, UNKNOWN, own, show, subscribe
from tests.unit.subscriptions.memory import (
    ADA,
    CYD,
    NOW,
    MemorySubscriptions,
    OneSiteEach,
    endpoint,
    key_by_hand,
    make_subscriptions,
    signed,
)


def test_one_endpoint_is_one_subscription() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    once, again, other = subscribe(service), subscribe(service, now=LATER), subscribe(service, "y")
    assert [found.is_new for found in (once, again, other)] == [True, False, True]
    assert (once.subscription.id, once.token) == (again.subscription.id, again.token)
    assert once.token != other.token
    assert len(store.rows) == 2
    assert once.subscription.id == "sub_" + key_by_hand("site_a", endpoint())
    assert show(service, once).active_since == in_milliseconds(NOW)


def test_the_same_browser_is_another_subscription_on_another_site() -> None:
    service = make_subscriptions(MemorySubscriptions())
    ids = {subscribe(service, site_id=site_id).subscription.id for site_id in ("site_a", "site_b")}
    ids.add(subscribe(service, tenant_id=CYD, site_id="site_c").subscription.id)
    assert len(ids) == 3


def test_an_unchanged_refresh_is_not_written() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    subscribe(service, profile=Profile(tags=("news",)))
    store.calls.clear()
    subscribe(service, profile=Profile(tags=("news",)), now=NOW + timedelta(minutes=59))
    assert store.calls == ["get"]


def test_the_key_it_subscribed_under_stays_when_the_site_takes_another() -> None:
    sites = OneSiteEach()
    service = make_subscriptions(MemorySubscriptions(), sites)
    before = subscribe(service)
    sites.key_id = "vap_2"
    assert show(service, subscribe(service, now=LATER)).key_id == "vap_1"
    assert show(service, subscribe(service, "y")).key_id == "vap_2"
    service.end(**ON_SITE, subscription_id=before.subscription.id, now=NOW)
    assert show(service, subscribe(service, now=LATER)).key_id == "vap_1"


def test_nobody_subscribes_to_a_site_that_is_not_there() -> None:
    store = MemorySubscriptions()
    for tenant_id, site_id in ((ADA, "site_c"), (CYD, "site_a"), (ADA, "site_?")):
        with pytest.raises(NotFound):
            subscribe(make_subscriptions(store), tenant_id=tenant_id, site_id=site_id)
    assert store.calls == []


# --- Whose browser it is ---


def test_an_external_id_needs_the_sites_own_signature() -> None:
    service = make_subscriptions(MemorySubscriptions())
    profile = Profile(external_id="user-1")
    found = subscribe(service, profile=profile, signature=signed("ids_of_ada", "user-1"))
    assert show(service, found).external_id == "user-1"
    unpadded = signed("ids_of_ada", "user-1").rstrip("=")
    assert subscribe(service, "y", profile=profile, signature=unpadded).is_new
    assert service.keys_of(**ON_SITE, external_id="user-1") == sorted(
        key_of(subscribe(service, name, profile=Profile()).subscription.id) or b"" for name in "xy"
    )


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "AAAA",
        "not base64!",
        "é",
        signed("ids_of_ada", "user-2"),
        signed("ids_of_cyd", "user-1"),
        signed("ids_of_ada", "user-1")[:-2],
    ],
)
def test_a_wrong_signature_changes_nothing(signature: str) -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    with pytest.raises(UnprovenExternalId):
        subscribe(service, profile=Profile(external_id="user-1"), signature=signature)
    assert store.rows == {}
    found = subscribe(service)
    before = dict(store.rows)
    with pytest.raises(UnprovenExternalId):
        own(service.change_own, found, profile=Profile(external_id="user-1"), signature=signature)
    assert store.rows == before


def test_an_external_id_without_a_signature_is_told_so() -> None:
    with pytest.raises(Invalid) as refused:
        subscribe(make_subscriptions(MemorySubscriptions()), profile=Profile(external_id="user-1"))
    assert refused.value.facts["errors"][0]["pointer"] == "/external_id_signature"


def test_who_logs_out_needs_no_signature() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service, profile=Profile(external_id="u"), signature=signed("ids_of_ada", "u"))
    own(service.change_own, found, profile=Profile(external_id=None))
    assert show(service, found).external_id is None
    assert service.keys_of(**ON_SITE, external_id="u") == []


# --- A browser that gets a new endpoint ---


def test_a_new_endpoint_takes_over_from_the_old() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    consent = Consent(1, "Yes")
    profile = Profile(("news",), {"plan": "pro"}, "UTC", "de", "u")
    old = subscribe(service, "old", profile=profile, signature=signed("ids_of_ada", "u"), consent=consent)
    store.calls.clear()
    new = subscribe(service, "new", now=LATER, previous_endpoint=endpoint("old"))
    assert store.calls == ["get", "get", "put", "put"]
    before, was, now = old.subscription.packed, show(service, old), show(service, new)
    assert (was.status, was.ended_reason, was.ended_at) == (Status.ENDED, EndReason.REPLACED, LATER)
    assert (now.is_active, now.active_since, now.external_id) == (True, in_milliseconds(LATER), "u")
    assert now.packed == msgspec.structs.replace(before, endpoint=endpoint("new"), seen_ms=in_milliseconds(LATER))


def test_what_the_page_says_goes_before_what_the_old_row_knew() -> None:
    service = make_subscriptions(MemorySubscriptions())
    said = Profile(("old",), {"a": 1, "b": 1}, "UTC", "de", "u")
    subscribe(service, "old", profile=said, signature=signed("ids_of_ada", "u"))
    said = Profile(("new",), {"a": 2}, None, "en")
    now = show(service, subscribe(service, "new", profile=said, previous_endpoint=endpoint("old")))
    assert (now.packed.tags, now.packed.attributes) == (("new",), {"a": 2, "b": 1})
    assert (now.packed.zone, now.packed.language, now.external_id) == (None, "en", "u")


def test_a_crash_between_the_two_can_be_repeated() -> None:
    store = Crashing()
    service = make_subscriptions(store)
    old = subscribe(service, "old", profile=Profile(tags=("news",)))
    store.broken = True
    with pytest.raises(Unavailable):
        subscribe(service, "new", previous_endpoint=endpoint("old"))
    assert show(service, old).is_active
    store.broken = False
    again = subscribe(service, "new", previous_endpoint=endpoint("old"))
    assert not again.is_new
    assert show(service, again).packed.tags == ("news",)
    assert show(service, old).ended_reason == EndReason.REPLACED


class Crashing(MemorySubscriptions):
    broken = False

    def put(self, subscription: Subscription) -> bool:
        if self.broken and subscription.ended_reason == EndReason.REPLACED:
            raise Unavailable
        return super().put(subscription)


def test_one_that_its_push_service_ended_still_passes_on_what_it_knew() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    old = subscribe(service, "old", profile=Profile(tags=("news",))).subscription
    store.bury(ADA, "site_a", key=old.key, active_since=old.active_since, reason="gone", at=NOW)
    store.calls.clear()
    new = subscribe(service, "new", previous_endpoint=endpoint("old"))
    assert "bury" not in store.calls
    assert show(service, new).packed.tags == ("news",)


def test_one_that_left_passes_nothing_on() -> None:
    service = make_subscriptions(MemorySubscriptions())
    old = subscribe(service, "old", profile=Profile(tags=("news",)))
    own(service.end_own, old)
    new = subscribe(service, "new", previous_endpoint=endpoint("old"))
    assert show(service, new).packed.tags == ()
    assert show(service, old).ended_reason == EndReason.UNSUBSCRIBED


@pytest.mark.parametrize("previous", [endpoint("same"), endpoint("never seen"), "", "https://evil.test/x", "x" * 2_000])
def test_a_previous_endpoint_that_means_nothing_does_nothing(previous: str) -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service, "same", profile=Profile(tags=("news",)))
    again = subscribe(service, "same", previous_endpoint=previous)
    assert (again.is_new, show(service, found).is_active, show(service, found).packed.tags) == (False, True, ("news",))


def test_a_previous_endpoint_reaches_no_other_site() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    theirs = subscribe(service, "x", tenant_id=CYD, site_id="site_c", profile=Profile(tags=("secret",)))
    ours = subscribe(service, "new", previous_endpoint=endpoint("x"))
    assert show(service, ours).packed.tags == ()
    assert store.rows[CYD, "site_c", theirs.subscription.key].is_active


# --- A browser's own subscription ---


def test_a_browser_changes_and_ends_its_own() -> None:
    service = make_subscriptions(MemorySubscriptions())
    found = subscribe(service)
    said = Profile(("news",), {"a": 1}, "UTC", "de", "u")
    own(service.change_own, found, profile=said, signature=signed("ids_of_ada", "u"), now=LATER, consent=Consent(7))
    known = show(service, found)
    assert (known.packed.tags, known.external_id, known.packed.consent) == (("news",), "u", Consent(7))
    assert known.packed.seen_ms == in_milliseconds(LATER)
    own(service.end_own, found, now=LATER)
    known = show(service, found)
    assert (known.status, known.ended_reason, known.ended_at) == (Status.ENDED, EndReason.UNSUBSCRIBED, LATER)
    assert (known.external_id, known.packed.tags) == ("u", ("news",))
    own(service.end_own, found)
    assert show(service, found) == known
    with pytest.raises(SubscriptionEnded):
        own(service.change_own, found, profile=said, signature=signed("ids_of_ada", "u"))


def test_only_the_right_token_opens_a_subscription() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    found, other = subscribe(service), subscribe(service, "y")
    elsewhere = subscribe(service, site_id="site_b")
    stranger = subscribe(service, tenant_id=CYD, site_id="site_c")
    before = dict(store.rows)
    store.calls.clear()
    tokens = [None, "", "é", "\ud800", found.token[:-1], found.token + "=", found.token.upper()]
    for token in [*tokens, other.token, elsewhere.token, stranger.token]:
        for ask, words in ((service.change_own, {"profile": Profile(tags=("x",))}), (service.end_own, {})):
            with pytest.raises(BadSubscriptionToken):
                own(ask, found, token=token, **words)
    for subscription_id in ("", "sub_", UNKNOWN, found.subscription.id.upper(), "x" * 10_000):
        with pytest.raises(BadSubscriptionToken):
            own(service.end_own, found, subscription_id=subscription_id)
    assert store.rows == before
    assert store.calls == []


def test_a_token_is_bound_to_tenant_and_site_whatever_the_key() -> None:
    service = make_subscriptions(MemorySubscriptions())
    places = [(ADA, "site_a", b"k"), (ADA, "site_b", b"k"), (CYD, "site_a", b"k"), (ADA, "site_a", b"j")]
    assert len({service._proofs.token(*place) for place in places}) == len(places)


def test_a_token_outlives_its_row_but_finds_nothing() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    found = subscribe(service)
    store.rows.clear()
    with pytest.raises(NotFound):
        own(service.end_own, found)
    with pytest.raises(NotFound):
        own(service.change_own, found, profile=Profile())
