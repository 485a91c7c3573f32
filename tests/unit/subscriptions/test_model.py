"""What may be said of a visitor, and how a subscription comes, changes and goes."""

from __future__ import annotations

import zoneinfo
from dataclasses import replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.core import locales
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.encoding import b64url
from chalicelib.core.errors import Invalid
from chalicelib.features.subscriptions import model
from chalicelib.features.subscriptions.model import (
    Browser,
    Consent,
    EndReason,
    Packed,
    Profile,
    Sight,
    Status,
    Subscription,
    SubscriptionEnded,
    TagEdit,
    blank,
    changed,
    pack,
    unpack,
    welcomed,
)
from chalicelib.features.subscriptions.service.succession import inheriting, may_pass_on
from tests.unit.subscriptions.memory import ADA, AUTH, NOW, POINT, a_browser, endpoint

KEY = b"\x8f" * 16
AT_MS = in_milliseconds(NOW)
HOUR_MS = 3_600_000
NOTHING = Profile()


def pointer(refused: pytest.ExceptionInfo[Invalid]) -> str:
    return str(refused.value.facts["errors"][0]["pointer"])


# --- Browsers and consents ---


def test_a_browser_is_read_from_what_it_says() -> None:
    for auth, padded in ((b64url(AUTH), b64url(POINT)), (b64url(AUTH) + "==", b64url(POINT) + "=")):
        assert model.read_browser(endpoint=endpoint(), p256dh=padded, auth=auth) == Browser(endpoint(), POINT, AUTH)


@pytest.mark.parametrize(
    "point",
    [
        b"",
        POINT[:-1],
        POINT + b"\0",
        b"\x02" + POINT[1:33],
        b"\x05" + POINT[1:],
        b"\0" * 65,
        b"\x04" + b"\0" * 64,
        b"\x04" + b"\xff" * 64,
        POINT[:-1] + bytes([POINT[-1] ^ 1]),
    ],
    ids=["none", "short", "long", "compressed", "unknown form", "zeros", "origin", "outside", "off the curve"],
)
def test_a_key_that_is_no_point_on_the_curve_is_refused(point: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        model.read_browser(endpoint=endpoint(), p256dh=b64url(point), auth=b64url(AUTH))
    assert pointer(refused) == "/subscription/keys/p256dh"


@pytest.mark.parametrize("auth", ["", "AAAA", b64url(AUTH[:-1]), b64url(AUTH + b"!"), "not base64!", "é", "A+/="])
def test_a_secret_of_another_size_is_refused(auth: str) -> None:
    with pytest.raises(Invalid) as refused:
        model.read_browser(endpoint=endpoint(), p256dh=b64url(POINT), auth=auth)
    assert pointer(refused) == "/subscription/keys/auth"


def test_an_endpoint_off_the_list_is_refused_first() -> None:
    with pytest.raises(Invalid) as refused:
        model.read_browser(endpoint="https://evil.test/x", p256dh="", auth="")
    assert pointer(refused) == "/subscription/endpoint"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("de", "de"),
        ("en-us", "en-US"),
        ("es-419", "es-419"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("de-CH-1996", "de-CH-1996"),
        ("en-US-u-ca-buddhist", "en-US-u-CA-buddhist"),
        ("fil", "fil"),
    ],
)
def test_a_language_has_one_spelling(said: str, kept: str) -> None:
    assert locales.language_tag(said) == kept == locales.language_tag(kept)


def test_every_known_time_zone_can_tell_the_time() -> None:
    assert locales.is_timezone("Europe/Berlin")
    assert locales.is_timezone("Asia/Calcutta")  # as browsers still call it
    for name in locales._timezones():
        assert NOW.astimezone(zoneinfo.ZoneInfo(name)) == NOW


# --- How it comes, changes and goes ---


def first(profile: Profile = NOTHING, *, at_ms: int = AT_MS, consent: Consent | None = None) -> Subscription:
    browser = a_browser()
    known = blank(ADA, "site_a", KEY, key_id="vap_1", browser=browser, at_ms=at_ms)
    return welcomed(known, browser, profile, consent=consent, at_ms=at_ms)


def ended(subscription: Subscription, reason: EndReason = EndReason.GONE) -> Subscription:
    return replace(subscription, status=Status.ENDED, ended_at=NOW, ended_reason=reason)


RICH = Profile(("news",), {"plan": "pro"}, "Europe/Berlin", "de", "user-1")


def test_a_new_browser_is_active_from_now_on() -> None:
    found = first(RICH, consent=Consent(AT_MS, "Yes"))
    assert (found.is_active, found.active_since, found.rev, found.id) == (True, AT_MS, 0, "sub_" + "8f" * 16)
    assert (found.packed.created_ms, found.packed.seen_ms) == (AT_MS, AT_MS)
    assert (found.external_id, found.packed.zone, found.packed.language) == ("user-1", "Europe/Berlin", "de")
    assert (found.packed.tags, found.packed.attributes) == (("news",), {"plan": "pro"})
    assert found.packed.consent == Consent(AT_MS, "Yes")


def test_one_that_shows_up_again_keeps_its_history_and_what_it_does_not_say() -> None:
    known = replace(first(RICH, consent=Consent(AT_MS, "Yes")), rev=4)
    fresh = a_browser(auth=b"another secret !")
    found = welcomed(known, fresh, NOTHING, consent=None, at_ms=AT_MS + HOUR_MS)
    packed = msgspec.structs.replace(known.packed, auth=fresh.auth, seen_ms=AT_MS + HOUR_MS)
    assert found == replace(known, packed=packed)


def test_a_page_that_subscribes_on_every_view_changes_nothing_within_the_hour() -> None:
    known = first(RICH)
    assert welcomed(known, a_browser(), NOTHING, consent=None, at_ms=AT_MS + HOUR_MS - 1) == known
    assert welcomed(known, a_browser(), NOTHING, consent=None, at_ms=AT_MS - 1) != known


def test_one_that_comes_back_starts_a_new_life() -> None:
    known = ended(first(RICH))
    later = AT_MS + 7 * 86_400_000
    found = welcomed(known, a_browser(), NOTHING, consent=None, at_ms=later)
    assert (found.is_active, found.active_since, found.ended_at, found.ended_reason) == (True, later, None, None)
    assert (found.packed.tags, found.packed.created_ms, found.packed.seen_ms) == (("news",), AT_MS, later)


def test_one_that_comes_back_within_the_hour_has_been_seen_again() -> None:
    found = welcomed(ended(first()), a_browser(), NOTHING, consent=None, at_ms=AT_MS + 1_000)
    assert found.packed.seen_ms == AT_MS + 1_000


def test_a_new_life_is_never_mistaken_for_the_last() -> None:
    for skew in (0, -5_000):
        found = welcomed(ended(first()), a_browser(), NOTHING, consent=None, at_ms=AT_MS + skew)
        assert found.active_since == AT_MS + 1


def test_what_is_said_replaces_and_null_takes_back() -> None:
    known = first(RICH)
    told = changed(known, Profile(("sport",), {"age": 44, "plan": None}, "UTC", "en", "user-2"), seen_ms=5)
    assert (told.external_id, told.packed.tags, told.packed.attributes) == ("user-2", ("sport",), {"age": 44})
    assert (told.packed.zone, told.packed.language, told.packed.seen_ms) == ("UTC", "en", 5)
    bare = changed(told, Profile(None, None, None, None, None))
    assert (bare.external_id, bare.packed.tags, bare.packed.attributes) == (None, (), {})
    assert (bare.packed.zone, bare.packed.language) == (None, None)


def test_saying_nothing_changes_nothing() -> None:
    known = first(RICH, consent=Consent(AT_MS))
    assert changed(known, NOTHING) == known
    assert changed(known, Profile(attributes={})) == known
    assert changed(known, NOTHING, consent=Consent(AT_MS + 1)).packed.consent == Consent(AT_MS + 1)


def test_attributes_merged_stay_within_the_limit() -> None:
    known = first(Profile(attributes={str(n): n for n in range(32)}))
    swapped = changed(known, Profile(attributes={"0": None, "new": 1}))
    assert len(swapped.packed.attributes) == 32
    with pytest.raises(Invalid):
        changed(known, Profile(attributes={"new": 1}))


def test_one_that_has_ended_is_not_changed() -> None:
    with pytest.raises(SubscriptionEnded):
        changed(ended(first()), RICH)


def test_a_new_endpoint_inherits_what_it_does_not_know() -> None:
    older = first(RICH, consent=Consent(AT_MS, "Yes"))
    newer = first(at_ms=AT_MS + HOUR_MS)
    found = inheriting(newer, older)
    assert (found.external_id, found.packed.tags, found.packed.attributes) == ("user-1", ("news",), {"plan": "pro"})
    assert (found.packed.zone, found.packed.language) == ("Europe/Berlin", "de")
    assert (found.packed.created_ms, found.packed.consent) == (AT_MS, Consent(AT_MS, "Yes"))
    assert (found.active_since, found.key, found.key_id) == (newer.active_since, newer.key, newer.key_id)


def test_what_it_knows_itself_goes_first() -> None:
    newer = first(Profile(("own",), {"own": 1}, "UTC", "en", "user-9"), consent=Consent(AT_MS, "Own"))
    older = replace(first(RICH, at_ms=AT_MS + 1, consent=Consent(1)), active_since=AT_MS - 1)
    assert inheriting(newer, older) == newer


def test_who_left_on_purpose_passes_nothing_on() -> None:
    known = first(RICH)
    assert may_pass_on(known, now=NOW)
    assert may_pass_on(ended(known, EndReason.GONE), now=NOW)
    for reason in (EndReason.UNSUBSCRIBED, EndReason.REPLACED, EndReason.REMOVED):
        assert not may_pass_on(ended(known, reason), now=NOW)


# --- How it is shown and stored ---


@pytest.mark.parametrize(
    ("url", "browser", "host"),
    [
        (endpoint(), "chrome", "fcm.googleapis.com"),
        ("https://updates.push.services.mozilla.com/x", "firefox", "updates.push.services.mozilla.com"),
        ("https://web.push.apple.com/x", "safari", "web.push.apple.com"),
        ("https://db5p.notify.windows.com/w/?token=x", "edge", "db5p.notify.windows.com"),
        ("https://push.gone.example/x", "unknown", "push.gone.example"),
    ],
)
def test_a_browser_is_told_by_its_push_service(url: str, browser: str, host: str) -> None:
    known = first()
    known = replace(known, packed=msgspec.structs.replace(known.packed, endpoint=url))
    assert (known.browser, known.push_host) == (browser, host)


@pytest.mark.parametrize(
    "text",
    ["", "sub_", "sub_" + "8F" * 16, "sub_" + "8f" * 15, "sub_" + "8f" * 17, "8f" * 16, "sub_" + "8f" * 16 + "\n"],
)
def test_what_cannot_be_an_id_has_no_key(text: str) -> None:
    assert model.key_of(text) is None
    assert model.key_of("sub_" + "8f" * 16) == KEY


attributes = st.dictionaries(
    st.text(max_size=5), st.one_of(st.text(max_size=9), st.booleans(), st.integers(-(2**53), 2**53), st.floats(-1, 1))
)


@given(st.lists(st.text(max_size=9)), attributes, st.none() | st.just(Consent(1, "Yes", "2")))
def test_a_packed_row_comes_back_with_its_types(
    tags: list[str], said: dict[str, str | bool | int | float], consent: Consent | None
) -> None:
    packed = Packed(endpoint(), POINT, AUTH, "UTC", "de", tuple(tags), said, AT_MS, AT_MS, consent)
    found = unpack(pack(packed))
    assert found == packed
    assert {name: type(value) for name, value in found.attributes.items()} == {n: type(v) for n, v in said.items()}


def test_rows_of_yesterday_and_tomorrow_can_be_read() -> None:
    yesterday = msgspec.msgpack.encode([endpoint(), POINT, AUTH])
    assert unpack(yesterday) == Packed(endpoint(), POINT, AUTH)
    today = msgspec.to_builtins(Packed(endpoint(), POINT, AUTH), builtin_types=(bytes,))
    today[7:10] = 1, 2, [3, "Yes", "1", "more"]
    tomorrow = msgspec.msgpack.encode([*today, "more"])
    assert unpack(tomorrow) == Packed(endpoint(), POINT, AUTH, created_ms=1, seen_ms=2, consent=Consent(3, "Yes", "1"))


# --- Tags by what changes, and what a call shows ---


def test_tags_are_added_and_removed_beside_those_of_others() -> None:
    known = changed(first(RICH), Profile(tags=("a", "b")))
    told = changed(known, Profile(tags=TagEdit(add=("c", "a"), remove=("b", "never there"))))
    assert told.packed.tags == ("a", "c")
    other_way = changed(changed(known, Profile(tags=TagEdit(remove=("b",)))), Profile(tags=TagEdit(add=("c",))))
    assert other_way.packed.tags == told.packed.tags


def test_a_tag_too_many_is_refused_whoever_added_the_others() -> None:
    full = changed(first(), Profile(tags=tuple(map(str, range(64)))))
    with pytest.raises(Invalid) as refused:
        changed(full, Profile(tags=TagEdit(add=("one more",))))
    assert pointer(refused) == "/tags/add"
    swapped = changed(full, Profile(tags=TagEdit(add=("one more",), remove=("0",))))
    assert len(swapped.packed.tags) == 64


def test_where_a_browser_is_and_which_is_what_its_last_call_showed() -> None:
    known = welcomed(first(), a_browser(), NOTHING, consent=None, at_ms=AT_MS, sight=Sight("DE", "opera"))
    assert (known.packed.country, known.browser) == ("DE", "opera")
    assert changed(known, NOTHING) == known
    told = changed(known, NOTHING, sight=Sight("FR"))
    assert (told.packed.country, told.browser) == ("FR", "opera")
    assert inheriting(first(), told).packed == msgspec.structs.replace(told.packed)


def test_a_push_service_of_one_browser_knows_better() -> None:
    known = welcomed(first(), a_browser(), NOTHING, consent=None, at_ms=AT_MS, sight=Sight(None, "opera"))
    elsewhere = msgspec.structs.replace(known.packed, endpoint="https://updates.push.services.mozilla.com/wpush/x")
    assert replace(known, packed=elsewhere).browser == "firefox"


def test_a_row_from_before_knows_of_no_country() -> None:
    old = msgspec.msgpack.encode([endpoint(), POINT, AUTH, "UTC", "de", ["news"], {"a": 1}, 1, 2, None])
    assert unpack(old) == Packed(endpoint(), POINT, AUTH, "UTC", "de", ("news",), {"a": 1}, 1, 2)
