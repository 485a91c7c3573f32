"""Suspicion without its outside: what costs a call, what holds when nobody answers, and how far countries are apart."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.core import suspicion
from chalicelib.core.errors import NotFound, Stale, Unavailable
from chalicelib.core.suspicion import RULES, Block, Blocked, Consequence
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.model.device import Device
from chalicelib.features.identity.model.travel import Sighting, is_impossible, kilometres_between
from chalicelib.features.identity.service.blocks import KNOWN_FOR, MOST_SUBJECTS, Blocks
from chalicelib.features.identity.service.marks import Marks
from tests.fakes.suspicion import MemoryBlocks
from tests.unit.identity.house import NOW, PASSWORD, House

KEY, TENANT = "key_01kz8m5q3v7x9c2b4n6t8w0y1e", "ten_01kz8m5q3v7x9c2b4n6t8w0y1e"


class RivalledBlocks(MemoryBlocks):
    """Somebody else changes the block right before it is lifted, so many times."""

    def __init__(self, rivals: int) -> None:
        super().__init__()
        self.rivals = rivals

    def lift(self, block: Block, *, by: str, now: datetime) -> None:
        if self.rivals:
            self.rivals -= 1
            raise Stale
        super().lift(block, by=by, now=now)


STANDING = Block(
    "blk_01kz8m5q3v7x9c2b4n6t8w0y1e", TENANT, KEY, "enumeration", Consequence.BLOCK, NOW, NOW + timedelta(hours=1)
)


@pytest.fixture
def house() -> House:
    return House()


def use(house: House, *addresses: str) -> None:
    for address in addresses:
        house.suspicion.note(
            suspicion.KEY_ADDRESSES, whose=KEY, tenant_id=TENANT, mark=address, request_id="req_1", now=house.now
        )


# --- What it costs ---


def test_a_key_on_one_address_costs_no_call_and_on_another_only_what_is_new(house: House) -> None:
    use(house, "a", "a", "a")
    assert house.scores.calls == []
    use(house, "b", "a", "b")
    assert house.scores.calls == ["add key_from_many_addresses"]
    use(house, "c", "b", "c")
    assert house.scores.calls == ["add key_from_many_addresses"] * 2


def test_who_was_asked_about_a_moment_ago_is_not_asked_about_again() -> None:
    store = MemoryBlocks()
    blocks = Blocks(store=store, cursor_secret=lambda: "pepper")
    for _ in range(9):
        assert blocks.of(KEY, now=NOW) is None
    assert store.calls == ["standing block"]


def test_a_block_and_its_end_hold_in_every_process_within_half_a_minute() -> None:
    store = MemoryBlocks()
    here, there = (Blocks(store=store, cursor_secret=lambda: "pepper") for _ in range(2))
    assert there.of(KEY, now=NOW) is None
    assert here.begin(STANDING, now=NOW)
    assert here.of(KEY, now=NOW) == STANDING
    later = NOW + KNOWN_FOR
    assert there.of(KEY, now=later) == STANDING
    here.lift(tenant_id=TENANT, block_id=STANDING.id, by="usr_1", now=later)
    assert here.of(KEY, now=later) is None
    assert there.of(KEY, now=later + KNOWN_FOR) is None
    assert timedelta(seconds=30) >= KNOWN_FOR


def test_what_a_process_remembers_is_bounded() -> None:
    marks = Marks(most_remembered=3)
    for number in range(9):
        marks.see(suspicion.SITES, f"usr_{number}", "x", now=NOW)
    assert len(marks._seen) == 3
    for number in range(999):
        marks.see(suspicion.SITES, "usr_8", f"x{number}", now=NOW)
    assert len(marks._seen["rapid_sites", "usr_8"]) == suspicion.SITES.needed


def test_of_many_at_once_one_begins(house: House) -> None:
    blocks = house.suspicion.blocks
    assert blocks.begin(STANDING, now=NOW)
    assert not blocks.begin(replace(STANDING, id="blk_other"), now=NOW + timedelta(seconds=5))
    assert blocks.begin(replace(STANDING, id="blk_next"), now=NOW + timedelta(hours=2))


def test_a_process_forgets_blocks_before_it_knows_too_many() -> None:
    store = MemoryBlocks()
    blocks = Blocks(store=store, cursor_secret=lambda: "pepper")
    blocks.learn(KEY, STANDING, now=NOW)
    assert blocks.of(KEY, now=NOW) == STANDING
    for number in range(MOST_SUBJECTS):
        blocks.learn(f"usr_{number}", None, now=NOW)
    assert store.calls == []
    assert blocks.of(KEY, now=NOW) is None
    assert store.calls == ["standing block"]


@pytest.mark.parametrize(("rivals", "is_lifted"), [(1, True), (7, True), (8, False)])
def test_a_block_that_changes_meanwhile_is_lifted_or_said_to_be_busy(rivals: int, is_lifted: bool) -> None:
    store = RivalledBlocks(rivals)
    blocks = Blocks(store=store, cursor_secret=lambda: "pepper")
    blocks.begin(STANDING, now=NOW)
    with nullcontext() if is_lifted else pytest.raises(Stale):
        blocks.lift(tenant_id=TENANT, block_id=STANDING.id, by="usr_1", now=NOW)
    assert (blocks.of(KEY, now=NOW) is None) is is_lifted


def test_who_comes_a_moment_later_than_another_adds_no_second_block(house: House) -> None:
    standing = replace(STANDING, since=house.now, until=house.now + timedelta(hours=1))
    assert house.suspicion.blocks.begin(standing, now=house.now)
    use(house, *map(str, range(suspicion.KEY_ADDRESSES.needed)))
    assert list(house.blocks.listed.values()) == [standing]
    assert house.notes == []


# --- When nobody answers ---


def test_a_signal_that_cannot_be_noted_is_lost_on_record_and_told_with_the_next(house: House) -> None:
    house.scores.is_away = True
    use(house, "a", "b")
    assert house.alarms == ["signal_lost"]
    house.scores.is_away = False
    use(house, "c")
    assert len(house.scores.kept["key_from_many_addresses", KEY]) == 3


def test_a_block_that_is_known_goes_on_to_its_end_and_where_nothing_is_known_nobody_says_so() -> None:
    store = MemoryBlocks()
    blocks = Blocks(store=store, cursor_secret=lambda: "pepper")
    blocks.begin(STANDING, now=NOW)
    assert blocks.of(KEY, now=NOW) == STANDING
    store.is_away = True
    assert blocks.of(KEY, now=NOW + timedelta(minutes=59)) == STANDING
    with pytest.raises(Unavailable):
        blocks.of(KEY, now=NOW + timedelta(minutes=61))
    asked = len(store.calls)
    with pytest.raises(Unavailable):
        blocks.of("usr_other", now=NOW + timedelta(minutes=61))
    assert len(store.calls) == asked  # for five seconds nobody asks again


def test_a_wrong_password_stays_wrong_and_a_right_one_right_when_nothing_can_be_noted(house: House) -> None:
    house.open()
    house.scores.is_away = house.sightings.is_away = True
    words = {"email": "ada@example.com", "address": "203.0.113.7", "request_id": "req_1", "now": house.now}
    with pytest.raises(InvalidCredentials):
        house.entrance.login(password="wrong one", **words)  # type: ignore[arg-type]  # by name
    assert house.entrance.login(password=PASSWORD, **words).device_token  # type: ignore[arg-type]  # by name
    assert house.alarms == ["signal_lost", "signal_lost"]


def test_who_cannot_be_placed_signs_in_all_the_same(house: House) -> None:
    house.open()
    house.sightings.is_away = True
    words = {"email": "ada@example.com", "address": "203.0.113.7", "request_id": "req_1", "now": house.now}
    assert house.entrance.login(password=PASSWORD, device=Device(country="DE"), **words).device_token  # type: ignore[arg-type]  # by name
    assert house.alarms == ["signal_lost"]


def test_a_letter_that_cannot_be_sent_leaves_the_block_standing(house: House) -> None:
    house.letters.is_away = True
    use(house, *(str(number) for number in range(suspicion.KEY_ADDRESSES.needed)))
    assert house.alarms == ["letter_lost"]
    assert house.suspicion.block_of(KEY, now=house.now) is not None


# --- Nobody learns who has an account ---


def test_an_account_is_blocked_by_the_same_steps_whether_or_not_anybody_has_it(house: House) -> None:
    house.open()
    seen = []
    for email in ("ada@example.com", "nobody@example.com"):
        before = len(house.calls), len(house.scores.calls), len(house.blocks.calls)
        for number in range(suspicion.GUESSES_AT_ACCOUNT.needed):
            address = f"192.0.2.{number}" if email.startswith("ada") else f"198.51.100.{number}"
            with pytest.raises(InvalidCredentials):
                house.entrance.login(
                    email=email, password="wrong one", address=address, request_id="req_1", now=house.later(minutes=4)
                )
        seen.append((house.scores.calls[before[1] :], house.blocks.calls[before[2] :], house.calls[before[0] :]))
    assert seen[0] == seen[1]
    assert house.notes == ["block_began", "block_began"]


# --- Rules ---


def test_rules_are_told_apart_and_can_be_met() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(1 <= rule.told_from <= rule.needed <= 500 for rule in RULES)
    assert [rule.scaled(1000).needed for rule in (suspicion.TRAVEL, suspicion.SITES)] == [1, 20_000]
    assert (suspicion.TRAVEL.window, suspicion.SITES.window, suspicion.words_of(7)) == (
        "1 day",
        "10 minutes",
        "7 seconds",
    )


def test_a_person_who_has_proven_themselves_since_is_let_through_and_a_key_never() -> None:
    step_up = replace(STANDING, consequence=Consequence.STEP_UP)
    assert step_up.stops(None)
    assert step_up.stops(NOW)
    assert not step_up.stops(NOW + timedelta(seconds=1))
    assert STANDING.stops(NOW + timedelta(seconds=1))


def test_the_blocked_are_told_which_why_and_until_when(house: House) -> None:
    place = house.suspicion._place("203.0.113.7")
    house.suspicion.blocks.begin(replace(STANDING, subject=place, tenant_id=""), now=NOW)
    with pytest.raises(Blocked) as refusal:
        house.suspicion.check_address("203.0.113.7", now=NOW)
    told = {"block": STANDING.id, "rule": "enumeration", "until": "2026-03-01T13:00:00Z"}
    assert refusal.value.facts == told


def test_a_made_up_block_costs_no_call_and_one_that_is_over_is_let_be(house: House) -> None:
    blocks = house.suspicion.blocks
    for made_up in ("", "blk_1", "key_01kz8m5q3v7x9c2b4n6t8w0y1e"):
        with pytest.raises(NotFound):
            blocks.lift(tenant_id=TENANT, block_id=made_up, by="usr_1", now=NOW)
    assert house.blocks.calls == []
    blocks.begin(STANDING, now=NOW)
    blocks.lift(tenant_id=TENANT, block_id=STANDING.id, by="usr_1", now=NOW + timedelta(hours=2))
    assert "lift block" not in house.blocks.calls


# --- Distances ---


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [("DE", "BR", 9_400), ("US", "JP", 10_300), ("NZ", "ES", 19_800), ("DE", "FR", 733), ("DE", "XX", 0)],
)
def test_countries_are_about_as_far_apart_as_they_are(one: str, other: str, km: int) -> None:
    assert kilometres_between(one, other) == pytest.approx(km, rel=0.06)
    assert kilometres_between(one, other) == kilometres_between(other, one)


@pytest.mark.parametrize(
    ("one", "other", "hours", "is_suspicious"),
    [
        ("DE", "BR", 5, True),
        ("DE", "BR", 6, False),
        ("US", "CA", 0, False),
        ("AU", "GB", 10, True),
        ("CY", "IE", 0, False),
    ],
)
def test_nobody_flies_faster_than_aeroplanes(one: str, other: str, hours: int, is_suspicious: bool) -> None:
    before, after = Sighting(one, NOW), Sighting(other, NOW + timedelta(hours=hours))
    assert is_impossible(before, after) is is_suspicious
