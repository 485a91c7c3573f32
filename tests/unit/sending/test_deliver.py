"""One batch and its worker: how far it gets, what it leaves behind, and what a successor repeats."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.errors import Unavailable
from chalicelib.features.sending.model.run import State
from chalicelib.features.sending.service.claim import LEASE
from chalicelib.features.sending.service.deliver import deliver
from tests.unit.campaigns.memory import TENANT
from tests.unit.sending.scene import RUN, Scene

BUSY = Outcome(Verdict.LATER, "throttled", 1_800.0)


@pytest.fixture
def scene() -> Scene:
    return Scene(window=16)


def pushes(scene: Scene) -> Counter[bytes]:
    return Counter(scene.services.started)


def test_everyone_is_pushed_to_once_in_order(scene: Scene) -> None:
    keys = scene.subscribe(100)
    scene.launch()
    batch = scene.deliver()
    assert batch is not None
    assert scene.services.started == keys
    assert (batch.is_final, batch.owner, batch.next_at) == (True, "", None)
    assert scene.record().progress.counts == {"accepted": 100}
    assert scene.record().progress.cursor == keys[-1]


def test_nobody_at_all_is_a_final_batch(scene: Scene) -> None:
    scene.launch()
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.counts == {}


def test_a_batch_pushes_to_its_own_arc_only(scene: Scene) -> None:
    keys = scene.subscribe(64)
    scene.launch(batches=4)
    for number in (2, 0, 3, 1):
        scene.deliver(number)
        assert scene.services.started[-16:] == keys[16 * number : 16 * number + 16]
    assert scene.counts == {"accepted": 64}


@pytest.mark.parametrize(("careful", "window"), [(False, 16), (True, 4)])
def test_no_more_keys_than_the_window_are_ever_unstored(*, careful: bool, window: int) -> None:
    """Whenever a push starts, a kill would repeat at most W."""
    scene = Scene(window=16)
    scene.subscribe(100)
    order = scene.launch().order
    scene.change(order=type(order)(message=order.message, cutoff=order.cutoff, careful=careful))
    unstored: list[int] = []

    def look() -> None:
        stored = sum(scene.record().progress.counts.values()) if scene.batches.rows else 0
        unstored.append(len(scene.services.started) - stored)

    scene.services.watch = look
    scene.deliver()
    assert max(unstored) == window
    assert scene.counts == {"accepted": 100}


def test_a_window_of_one_saves_once_for_each(scene: Scene) -> None:
    scene = Scene(window=1)
    scene.subscribe(5)
    scene.launch()
    scene.deliver()
    assert scene.counts == {"accepted": 5}
    assert len(scene.batches.saved) <= 5 + 2  # and once each to claim and to release


def test_a_record_is_written_once_for_half_a_window_or_once_a_second(scene: Scene) -> None:
    scene.subscribe(64)
    scene.launch()
    scene.services.usual = (ACCEPTED, 4.0)
    scene.deliver()
    assert len(scene.batches.saved) <= 64 // 8 + scene.simulation.seconds


# --- silence ---


def test_the_silent_one_in_front_does_not_hold_up_those_behind(scene: Scene) -> None:
    keys = scene.subscribe(100)
    scene.launch()
    scene.services.says(keys[0], ACCEPTED, after=8.0)
    doubts: list[list[bytes]] = []
    scene.in_seconds(6.0, lambda: doubts.append(list(scene.record().progress.in_doubt)))
    batch = scene.deliver()
    assert batch is not None
    assert doubts == [[keys[0]]]
    assert batch.is_final
    assert scene.counts == {"accepted": 100}
    assert max(pushes(scene).values()) == 1


def test_a_key_is_not_doubted_before_three_seconds(scene: Scene) -> None:
    scene.subscribe(20)
    scene.launch()
    scene.services.usual = (ACCEPTED, 2.9)
    scene.deliver()
    assert not any(batch.progress.in_doubt for batch in scene.batches.saved)


def test_when_time_is_up_the_unanswered_are_left_in_doubt_and_pushed_again(scene: Scene) -> None:
    keys = scene.subscribe(20)
    scene.launch()
    scene.services.silent_about(keys[3], keys[7])
    batch = scene.deliver()
    assert batch is not None
    assert (batch.is_final, batch.next_at) == (False, None)
    assert list(scene.record().progress.in_doubt) == [keys[3], keys[7]]
    assert scene.counts == {"accepted": 18, "unknown": 2}
    scene.services.script.clear()
    scene.services.started.clear()
    again = scene.deliver()
    assert again is not None
    assert scene.services.started == [keys[3], keys[7]]
    assert again.is_final
    assert scene.counts == {"accepted": 20, "unknown": 2}


def test_at_most_32_are_in_doubt_while_a_worker_lives() -> None:
    scene = Scene(window=64)
    keys = scene.subscribe(100)
    scene.launch()
    scene.services.silent_about(*keys[:50])
    seen: list[int] = []
    scene.in_seconds(40.0, lambda: seen.append(len(scene.record().progress.in_doubt)))
    batch = scene.deliver()
    assert seen == [32]
    assert batch is not None
    assert set(batch.progress.in_doubt) == set(keys[:50])
    assert scene.services.most_under_way == 64


def test_what_never_comes_back_while_it_is_pushed_again_stays_in_doubt(scene: Scene) -> None:
    keys = scene.subscribe(3)
    scene.launch()
    scene.services.silent_about(keys[1])
    for _ in range(3):
        scene.deliver()
    assert list(scene.record().progress.in_doubt) == [keys[1]]
    assert scene.counts == {"accepted": 2, "unknown": 3}
    assert pushes(scene)[keys[1]] == 3


# --- the deadline ---


def test_a_function_of_sixty_seconds_starts_nothing_in_its_last_fifteen(scene: Scene) -> None:
    scene.subscribe(300)
    scene.launch()
    scene.services.usual = (ACCEPTED, 9.9)
    starts: list[float] = []
    scene.services.watch = lambda: starts.append(scene.simulation.seconds)
    batch = scene.deliver()
    assert batch is not None
    assert 35.0 < max(starts) < 45.0
    assert scene.simulation.seconds < 56.0
    assert not batch.progress.in_doubt  # all that was started had time to be answered


def test_hand_overs_repeat_nobody_and_lose_nobody(scene: Scene) -> None:
    scene.subscribe(300)
    scene.launch()
    scene.services.usual = (ACCEPTED, 5.0)
    hands = 0
    while (batch := scene.deliver()) is not None and not batch.is_final:
        assert (batch.owner, batch.next_at) == ("", None)
        hands += 1
    assert hands >= 2
    assert scene.counts == {"accepted": 300}
    assert max(pushes(scene).values()) == 1


def test_a_worker_without_time_hands_over_at_once(scene: Scene) -> None:
    scene.subscribe(3)
    scene.launch()
    batch = scene.deliver(seconds=10.0)
    assert batch is not None
    assert not batch.is_final
    assert scene.services.started == []


# --- the lease ---


def test_the_lease_is_renewed_while_one_waits(scene: Scene) -> None:
    keys = scene.subscribe(1)
    scene.launch()
    scene.services.silent_about(keys[0])
    scene.deliver()
    leases = [batch.leased_until for batch in scene.batches.saved if batch.leased_until]
    begun = scene.now - timedelta(seconds=56)
    assert leases[0] == begun + LEASE
    assert timedelta(seconds=30) <= leases[1] - leases[0] < timedelta(seconds=31)


def test_who_finds_the_lease_gone_stops_and_writes_nothing_more(scene: Scene) -> None:
    scene.subscribe(300)
    scene.launch()
    scene.services.usual = (ACCEPTED, 1.0)

    def lose() -> None:
        thief = scene.record()
        thief.owner, thief.rev = "thief", thief.rev + 1

    scene.in_seconds(2.5, lose)
    assert scene.deliver() is None
    assert scene.record().owner == "thief"
    assert len(scene.services.started) < 100
    assert scene.simulation.seconds < 10


def test_two_at_once_push_once(scene: Scene) -> None:
    scene.subscribe(50)
    run = scene.launch()
    deadline = scene.now + timedelta(seconds=60)

    async def second() -> None:
        assert await deliver(scene.ports, run, 0, deadline=deadline) is None

    scene.in_seconds(0.01, lambda: scene.do(second()))
    assert scene.deliver() is not None
    assert scene.counts == {"accepted": 50}
    assert max(pushes(scene).values()) == 1


def test_a_store_that_is_down_ends_the_worker_and_its_successor_repeats_a_window_at_most(scene: Scene) -> None:
    scene.subscribe(100)
    scene.launch()
    scene.services.usual = (ACCEPTED, 0.5)

    def fail() -> None:
        scene.batches.down = 5

    scene.in_seconds(1.2, fail)
    with pytest.raises(Unavailable):
        scene.deliver()
    scene.pass_time(seconds=90)
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.counts == {"accepted": 100}
    assert sum(pushes(scene).values()) - 100 <= 16


# --- what owners decide meanwhile ---


def test_a_pause_is_heard_and_the_rest_is_left(scene: Scene) -> None:
    scene.subscribe(300)
    scene.launch()
    scene.services.usual = (ACCEPTED, 1.0)
    scene.in_seconds(6.0, lambda: scene.change(state=State.PAUSED))
    batch = scene.deliver()
    assert batch is not None
    assert not batch.is_final
    assert scene.counts["accepted"] == len(scene.services.started) < 250
    assert scene.simulation.seconds < 15
    assert scene.deliver() is None


def test_after_a_cancel_the_rest_is_counted_and_not_pushed(scene: Scene) -> None:
    scene.subscribe(300)
    scene.launch()
    scene.services.usual = (ACCEPTED, 1.0)
    scene.in_seconds(6.0, lambda: scene.change(state=State.CANCELLED))
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    pushed = len(scene.services.started)
    assert 0 < pushed < 250
    assert scene.counts == {"accepted": pushed, "skipped:cancelled": 300 - pushed}


def test_a_run_that_has_vanished_is_finished_as_it_was_known(scene: Scene) -> None:
    scene.subscribe(200)
    scene.launch()
    scene.services.usual = (ACCEPTED, 1.0)
    scene.in_seconds(3.0, lambda: scene.runs.rows.pop(f"{TENANT}/{RUN}"))
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final


def test_when_a_run_expires_the_rest_is_counted_as_such(scene: Scene) -> None:
    scene.subscribe(100)
    scene.launch(expires_at=scene.now + timedelta(seconds=3))
    scene.services.usual = (ACCEPTED, 1.0)
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.counts["accepted"] + scene.counts["expired"] == 100
    assert scene.counts["expired"] > 30


def test_a_stopped_run_does_not_wait_for_those_who_were_to_wait(scene: Scene) -> None:
    scene.subscribe(10)
    scene.launch()
    scene.services.usual = (BUSY, 0.05)
    waiting = scene.deliver()
    assert waiting is not None
    assert waiting.next_at is not None
    assert waiting.next_at > scene.now + timedelta(minutes=29)
    scene.change(state=State.CANCELLED)
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.counts == {"skipped:cancelled": 10}
