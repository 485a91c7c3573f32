"""How many are really reached, and who is given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import NotFound
from chalicelib.core.ports import Chance
from chalicelib.features.subscriptions.model import EndReason, Packed, Profile, Status, Subscription, is_unseen
from chalicelib.features.subscriptions.service.health import SAMPLE_ROWS, STEPS, Checkup, Health, Part, short
from chalicelib.features.subscriptions.service.sunset import Sunset, Walked
from tests.unit.subscriptions.asking import ON_SITE, show, subscribe
from tests.unit.subscriptions.memory import (
    ADA,
    AUTH,
    CYD,
    NOW,
    POINT,
    MemorySubscriptions,
    OneSiteEach,
    endpoint,
    make_subscriptions,
)

DAY = timedelta(days=1)


class Fixed:
    def __init__(self, token: bytes) -> None:
        self._token = token

    def uniform(self) -> float:
        return 0.5

    def token(self, size: int) -> bytes:
        assert size == len(self._token)
        return self._token


def a_row(number: int, *, days: float = 0, of: int = 1_000, **words: Any) -> Subscription:
    """The n-th of so many, evenly around the ring."""
    seen_ms = in_milliseconds(NOW - timedelta(days=days))
    key = (number * 2**128 // of).to_bytes(16)
    row = Subscription(
        ADA, "site_a", key, "vap_1", Packed(endpoint(number), POINT, AUTH, seen_ms=seen_ms), active_since=seen_ms
    )
    return replace(row, **words)


def stored(*rows: Subscription) -> MemorySubscriptions:
    store = MemorySubscriptions()
    for row in rows:
        store.rows[row.tenant_id, row.site_id, row.key] = row
    return store


def checked(store: MemorySubscriptions, *, first: bytes = b"\x80" + bytes(15), sunset: int | None = None) -> Health:
    sites = OneSiteEach()
    sites.sunset_after_days = sunset
    chance: Chance = Fixed(first)
    return Checkup(store=store, sites=sites, chance=chance).of_site(**ON_SITE, now=NOW)


def test_everybody_of_a_small_site_counts_by_how_long_ago_they_were_seen() -> None:
    ages = (0, 1, 1.5, 7, 30, 31, 90, 180, 270, 271, 400)
    found = checked(stored(*(a_row(n, days=days) for n, days in enumerate(ages))))
    assert [part.subscribers for _, part in found.by_age] == [2, 2, 1, 2, 1, 1, 2]
    expected = 2 * 0.99 + 2 * 0.97 + 0.9 + 2 * 0.7 + 0.45 + 0.25 + 2 * 0.05
    assert (found.subscribers, found.reachable) == (11, round(expected))
    assert found.score == pytest.approx(expected / 11)
    assert (found.is_exact, found.error_bound) == (True, 0)


def test_chances_fall_with_time() -> None:
    chances = [step.chance for step in STEPS]
    assert chances == sorted(chances, reverse=True)
    assert all(0 < chance < 1 for chance in chances)
    assert [step.days for step in STEPS if step.days is None] == [None] == [STEPS[-1].days]


def test_who_has_ended_is_nobody_and_who_must_subscribe_anew_is_not_reached() -> None:
    tombstone = a_row(1, status=Status.ENDED, ended_at=NOW, ended_reason="gone")
    found = checked(stored(a_row(0), tombstone, a_row(2, trouble="needs_resubscribe")))
    assert (found.subscribers, found.reachable, found.needs_resubscribe) == (2, 1, 1)


def test_nobody_is_no_score() -> None:
    found = checked(MemorySubscriptions())
    assert (found.subscribers, found.reachable, found.score, found.by_browser) == (0, 0, None, {})
    assert [part for _, part in found.by_age] == [Part(0, 0)] * len(STEPS)


def test_browsers_are_told_apart() -> None:
    mozilla = Packed("https://updates.push.services.mozilla.com/wpush/x", POINT, AUTH, seen_ms=in_milliseconds(NOW))
    found = checked(stored(a_row(0), a_row(1, days=400), a_row(2, packed=mozilla)))
    assert found.by_browser == {"chrome": Part(2, 1), "firefox": Part(1, 1)}


@pytest.mark.parametrize("first", [bytes(16), b"\x80" + bytes(15), b"\xfe" * 16, b"\xff" * 16])
def test_a_large_site_is_judged_by_a_sample_wherever_it_begins(first: bytes) -> None:
    rows = [a_row(n, days=0 if n % 2 else 100, of=8_000) for n in range(8_000)]
    store = stored(*rows)
    found = checked(store, first=first)
    assert not found.is_exact
    assert len([call for call in store.calls if call == "page"]) <= 2
    assert found.subscribers == pytest.approx(8_000, rel=0.01)
    truth = 4_000 * 0.99 + 4_000 * 0.45
    assert abs(found.reachable - truth) <= found.error_bound
    assert 0.02 * truth < found.error_bound < 0.1 * truth


@pytest.mark.parametrize("first", [b"\x01" * 16, b"\x81" * 16, b"\xff" * 16])
@pytest.mark.parametrize(("rows", "is_exact"), [(SAMPLE_ROWS - 1, True), (SAMPLE_ROWS, True), (SAMPLE_ROWS + 1, False)])
def test_it_is_exact_as_long_as_all_were_read(first: bytes, rows: int, *, is_exact: bool) -> None:
    found = checked(stored(*(a_row(n, of=rows) for n in range(rows))), first=first)
    assert found.is_exact == is_exact
    assert found.subscribers == pytest.approx(rows, abs=0 if is_exact else 2)


@pytest.mark.parametrize(("rows", "is_exact"), [(SAMPLE_ROWS, True), (SAMPLE_ROWS + 1, False)])
def test_begun_at_a_key_that_exists_it_ends_there(rows: int, *, is_exact: bool) -> None:
    found = checked(stored(*(a_row(n, of=rows) for n in range(rows))), first=a_row(500, of=rows).key)
    assert (found.is_exact, found.subscribers) == (is_exact, rows)


def test_nobody_sees_anothers_health() -> None:
    checkup = Checkup(store=stored(a_row(0)), sites=OneSiteEach(), chance=Fixed(bytes(16)))
    for place in ({"tenant_id": CYD, "site_id": "site_a"}, {"tenant_id": ADA, "site_id": "site_c"}):
        with pytest.raises(NotFound):
            checkup.of_site(**place, now=NOW)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1_000, "1k"),
        (1_234, "1.23k"),
        (71_240, "71.2k"),
        (100_213, "100k"),
        (999_499, "999k"),
        (999_501, "1M"),
        (1_300_000, "1.3M"),
        (123_456_789, "123M"),
    ],
)
def test_numbers_are_said_as_people_say_them(number: int, text: str) -> None:
    assert short(number) == text


# --- Sunset ---


def test_how_many_a_sunset_would_end_is_told_before() -> None:
    rows = [a_row(0, days=90), a_row(1, days=89.9), a_row(2, days=200, status=Status.ENDED, ended_at=NOW)]
    assert (checked(stored(*rows), sunset=90).sunset_due, checked(stored(*rows)).sunset_due) == (1, 0)
    assert checked(stored(*rows), sunset=90).sunset_after_days == 90


def test_whom_an_operator_brought_back_has_all_the_time_again() -> None:
    row = a_row(0, days=90)
    assert is_unseen(row, days=90, now=NOW)
    assert not is_unseen(replace(row, active_since=in_milliseconds(NOW - DAY)), days=90, now=NOW)


def walk(store: MemorySubscriptions, *, after: bytes | None = None, rows: int = 500) -> Walked:
    return Sunset(store=store, rows_a_portion=rows).walk(**ON_SITE, days=90, after=after, now=NOW)


def test_who_gave_no_sign_of_life_is_ended_for_that_reason() -> None:
    store = stored(a_row(0, days=100, trouble="needs_resubscribe"), a_row(1, days=10), a_row(2, days=90))
    assert walk(store) == Walked(2, None)
    ended = [row for row in store.rows.values() if not row.is_active]
    assert [(row.ended_reason, row.reason, row.ended_at, row.rev) for row in ended] == [
        (EndReason.SUNSET, EndReason.SUNSET, NOW, 2)
    ] * 2
    assert walk(store) == Walked(0, None)


def test_it_is_walked_in_portions() -> None:
    store = stored(*(a_row(n, days=100, of=16) for n in range(7)))
    position, ended, portions = None, 0, 0
    for _ in range(10):
        done = walk(store, after=position, rows=3)
        ended, position, portions = ended + done.ended, done.position, portions + 1
        if position is None:
            break
    assert (ended, portions) == (7, 3)


def test_who_gives_one_meanwhile_stays() -> None:
    class Visited(MemorySubscriptions):
        def put(self, subscription: Subscription) -> bool:
            place = (subscription.tenant_id, subscription.site_id, subscription.key)
            self.rows[place] = replace(self.rows[place], rev=self.rows[place].rev + 1)
            return super().put(subscription)

    store = Visited()
    store.rows = stored(a_row(0, days=100)).rows
    assert walk(store) == Walked(0, None)
    assert all(row.is_active for row in store.rows.values())


def test_one_that_was_given_up_comes_back_by_a_visit_with_all_it_had() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    found = subscribe(service, profile=Profile(("news",)))
    later = NOW + 100 * DAY
    Sunset(store=store).walk(**ON_SITE, days=90, after=None, now=later)
    assert show(service, found).ended_reason == EndReason.SUNSET
    again = show(service, subscribe(service, now=later + DAY))
    assert (again.is_active, again.packed.tags, again.packed.created_ms) == (True, ("news",), in_milliseconds(NOW))
    assert again.active_since == in_milliseconds(later + DAY)


def test_one_that_was_given_up_passes_on_what_it_knew() -> None:
    store = MemorySubscriptions()
    service = make_subscriptions(store)
    subscribe(service, "old", profile=Profile(("news",)))
    Sunset(store=store).walk(**ON_SITE, days=90, after=None, now=NOW + 100 * DAY)
    new = subscribe(service, "new", now=NOW + 101 * DAY, previous_endpoint=endpoint("old"))
    assert show(service, new).packed.tags == ("news",)
