"""Who is in the audience, who is left out, and what is counted for whom nobody pushes to."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.clock import in_milliseconds
from chalicelib.features.sending.model.run import Order
from chalicelib.features.sending.service.persons import Persons
from tests.chaos.stores import Subscriber
from tests.unit.campaigns.memory import TENANT
from tests.unit.sending.scene import MESSAGE, PERSONS, Scene, chosen

BUSY = Outcome(Verdict.LATER, "throttled", 60.0)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_cutoff_leaves_out_who_came_at_or_after_it(scene: Scene) -> None:
    before, at, after = scene.subscribe(3)
    cutoff = in_milliseconds(scene.now)
    scene.launch(order=Order(message=MESSAGE, cutoff=cutoff))
    for key, since in ((before, cutoff - 1), (at, cutoff), (after, cutoff + 1)):
        scene.audience.rows[key] = Subscriber(key, active_since=since)
    scene.deliver()
    assert scene.services.started == [before]
    assert scene.counts == {"accepted": 1, "excluded": 2}


def test_the_ended_are_no_part_of_the_audience(scene: Scene) -> None:
    scene.subscribe(4, is_active=False)
    scene.launch()
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.counts == {}


@pytest.mark.parametrize("how", ["tombstone", "erased"])
def test_who_left_while_waiting_is_counted_as_gone(scene: Scene, how: str) -> None:
    """They were in the audience when it was read."""
    (key,) = scene.subscribe(1)
    scene.launch()
    scene.services.says(key, BUSY, ACCEPTED)
    scene.deliver()
    if how == "tombstone":
        scene.audience.rows[key] = replace(scene.audience.rows[key], is_active=False)
    else:
        del scene.audience.rows[key]
    scene.pass_time(minutes=2)
    scene.deliver()
    assert scene.counts == {"gone:ended_meanwhile": 1}
    assert scene.services.started == [key]


def test_who_came_back_while_waiting_is_still_the_same_recipient(scene: Scene) -> None:
    (key,) = scene.subscribe(1)
    scene.launch()
    scene.services.says(key, BUSY, ACCEPTED)
    scene.deliver()
    scene.audience.rows[key] = replace(scene.audience.rows[key], active_since=in_milliseconds(scene.now))
    scene.pass_time(minutes=2)
    scene.deliver()
    assert scene.counts == {"accepted": 1}


def test_pages_are_turned_however_they_come(scene: Scene) -> None:
    scene.subscribe(scene.audience.PAGE * 2)
    scene.launch()
    scene.deliver()
    assert scene.counts == {"accepted": 46}


def test_the_very_last_key_of_the_ring_is_reached_and_ends_it(scene: Scene) -> None:
    for key in (b"\xff" * 16, bytes(16)):
        scene.audience.rows[key] = Subscriber(key)
    scene.launch()
    scene.services.silent_about(b"\xff" * 16)
    scene.deliver()
    assert scene.record().progress.cursor == b"\xff" * 16
    scene.services.script.clear()
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.counts == {"accepted": 2, "unknown": 1}


# --- those picked by name ---


def test_only_the_chosen_are_pushed_to(scene: Scene) -> None:
    keys = scene.subscribe(10)
    scene.launch(order=chosen(keys[7], keys[2]))
    scene.deliver()
    assert scene.services.started == [keys[2], keys[7]]
    assert scene.counts == {"accepted": 2}
    assert scene.audience.reads == 0


def test_a_chosen_browser_may_be_newer_than_the_cutoff(scene: Scene) -> None:
    (key,) = scene.subscribe(1, active_since=10**15)
    scene.launch(order=chosen(key))
    scene.deliver()
    assert scene.counts == {"accepted": 1}


def test_a_chosen_browser_that_is_not_subscribed_is_skipped(scene: Scene) -> None:
    ended, absent = scene.subscribe(2, is_active=False)
    del scene.audience.rows[absent]
    scene.launch(order=chosen(ended, absent))
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.counts == {"skipped:not_subscribed": 2}


@pytest.mark.parametrize("person", [PERSONS.hash("ada"), hashlib.sha256(b"ada").digest()[:8]])
@pytest.mark.parametrize("now_of", ["ben", None])
def test_a_browser_that_changed_hands_does_not_get_anothers_message(
    scene: Scene, now_of: str | None, person: bytes
) -> None:
    """Also one of a run from before there was a key."""
    keys = scene.subscribe(2, external_id="ada")
    scene.launch(order=chosen(*keys, person=person))
    scene.audience.rows[keys[0]] = Subscriber(keys[0], external_id=now_of)
    scene.deliver()
    assert scene.services.started == [keys[1]]
    assert scene.counts == {"accepted": 1, "skipped:identity_changed": 1}


def test_a_hand_over_goes_on_where_the_list_was_left(scene: Scene) -> None:
    keys = scene.subscribe(10)
    scene.launch(order=chosen(*keys))
    scene.services.silent_about(keys[9])
    scene.deliver()
    scene.services.script.clear()
    scene.services.started.clear()
    batch = scene.deliver()
    assert batch is not None
    assert (scene.services.started, batch.is_final) == ([keys[9]], True)


def test_many_in_doubt_are_read_a_hundred_at_a_time() -> None:
    scene = Scene(window=256)
    keys = scene.subscribe(250)
    scene.launch(order=chosen(*keys))
    scene.deliver()
    assert scene.counts == {"accepted": 250}


def test_a_person_is_named_by_a_keyed_hash_only() -> None:
    """Of an address a plain one could be ground; and nobody can tell that two tenants mean the same."""
    one = PERSONS.chosen(b"k" * 16, "ada@example.com")
    assert len(one.person) == 8
    others = [Persons(secret=secret, tenant_id=whose) for secret, whose in ((b"other", TENANT), (b"of the house", "b"))]
    plain = hashlib.sha256(b"ada@example.com").digest()[:8]
    assert len({one.person, plain, *(other.hash("ada@example.com") for other in others)}) == 4
