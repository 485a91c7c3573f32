"""What becomes of each answer: counted, tried once more, put off, given up, or buried."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.clock import in_milliseconds
from chalicelib.core.errors import Unavailable
from chalicelib.features.sending.model.batch import MOST_LATER, Grave, Wait
from tests.unit.campaigns.memory import TENANT
from tests.unit.sending.scene import Scene

GONE = Outcome(Verdict.GONE, "ended")
FAILED = Outcome(Verdict.FAILED, "too_large")
BUSY = Outcome(Verdict.LATER, "service_busy")
UNKNOWN = Outcome(Verdict.UNKNOWN, "no_answer")
UNREACHED = Outcome(Verdict.UNREACHED, "unreachable")


@pytest.fixture
def scene() -> Scene:
    return Scene(window=16)


def throttled(seconds: float) -> Outcome:
    return Outcome(Verdict.LATER, "throttled", seconds)


def to_the_end(scene: Scene, *, most: int = 50) -> int:
    """Delivers, and waits as the record says; returns how often."""
    for turn in range(1, most + 1):
        batch = scene.deliver()
        assert batch is not None
        if batch.is_final:
            return turn
        if batch.next_at is not None:
            scene.simulation.seconds += (batch.next_at - scene.now).total_seconds()
    raise AssertionError("it never ends")


def test_a_refusal_is_final_and_the_subscription_stays(scene: Scene) -> None:
    keys = scene.subscribe(3)
    scene.launch()
    scene.services.says(keys[1], FAILED)
    scene.deliver()
    assert scene.counts == {"accepted": 2, "failed:too_large": 1}
    assert scene.audience.rows[keys[1]].is_active


def test_who_was_made_under_another_key_is_noted_and_stays(scene: Scene) -> None:
    keys = scene.subscribe(3)
    scene.launch()
    scene.services.says(keys[1], Outcome(Verdict.FAILED, "needs_resubscribe"))
    batch = scene.deliver()
    assert batch is not None
    assert (batch.is_final, scene.audience.misfits) == (True, {keys[1]})
    assert scene.counts == {"accepted": 2, "failed:needs_resubscribe": 1}
    assert scene.audience.rows[keys[1]].is_active


def test_a_worker_notes_so_many_and_leaves_the_others_to_the_next_run(scene: Scene) -> None:
    keys = scene.subscribe(130)
    scene.launch()
    for key in keys:
        scene.services.says(key, Outcome(Verdict.FAILED, "needs_resubscribe"))
    scene.deliver()
    assert len(scene.audience.misfits) == 100


def test_a_table_that_does_not_answer_costs_a_note_and_nothing_else(scene: Scene) -> None:
    (key,) = scene.subscribe(1)
    scene.launch()
    scene.services.says(key, Outcome(Verdict.FAILED, "needs_resubscribe"))
    scene.audience.notes_fail = True
    batch = scene.deliver()
    assert batch is not None
    assert (batch.is_final, scene.audience.misfits) == (True, set())


@pytest.mark.parametrize(("broken", "unknown"), [(UNKNOWN, 1), (UNREACHED, 0)])
def test_a_broken_exchange_is_tried_once_more_at_once(scene: Scene, broken: Outcome, unknown: int) -> None:
    keys = scene.subscribe(1)
    scene.launch()
    scene.services.says(keys[0], broken, ACCEPTED)
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.simulation.seconds < 1
    assert scene.counts == {"accepted": 1} | ({"unknown": unknown} if unknown else {})


@pytest.mark.parametrize(("broken", "unknown"), [(UNKNOWN, 2), (UNREACHED, 0)])
def test_broken_twice_waits_for_later(scene: Scene, broken: Outcome, unknown: int) -> None:
    keys = scene.subscribe(1)
    scene.launch()
    scene.services.says(keys[0], broken)
    scene.chance.uniformly = 0.9
    batch = scene.deliver()
    assert batch is not None
    assert scene.services.started == [keys[0]] * 2
    assert [(wait.attempt, wait.reason) for wait in batch.progress.later] == [(1, broken.reason)]
    assert scene.counts.get("unknown", 0) == unknown


def test_a_retry_after_is_waited_for_and_only_its_keys_are_read_again(scene: Scene) -> None:
    keys = scene.subscribe(10)
    scene.launch()
    scene.services.says(keys[4], throttled(600), ACCEPTED)
    batch = scene.deliver()
    assert batch is not None
    assert batch.next_at is not None
    assert timedelta(seconds=599) < batch.next_at - scene.now <= timedelta(seconds=605)
    assert scene.deliver() is None
    scene.pass_time(seconds=606)
    scene.services.started.clear()
    scene.audience.reads = 0
    again = scene.deliver()
    assert again is not None
    assert again.is_final
    assert (scene.services.started, scene.audience.reads) == ([keys[4]], 0)
    assert scene.counts == {"accepted": 10}


def test_without_a_wish_the_wait_is_drawn_from_chance(scene: Scene) -> None:
    keys = scene.subscribe(1)
    scene.launch()
    scene.services.says(keys[0], BUSY)
    scene.chance.uniformly = 0.5
    batch = scene.deliver()
    assert batch is not None
    (wait,) = batch.progress.later
    assert wait.at == in_milliseconds(scene.now.replace(second=10, microsecond=0))  # 7.5 s of 15, rounded up to 5


def test_after_six_attempts_it_is_given_up(scene: Scene) -> None:
    keys = scene.subscribe(2)
    scene.launch()
    scene.services.says(keys[0], BUSY)
    assert to_the_end(scene) == 6
    assert scene.services.started.count(keys[0]) == 6
    assert scene.counts == {"accepted": 1, "failed:attempts_exhausted": 1}


def test_a_wait_beyond_the_end_of_the_run_is_none(scene: Scene) -> None:
    keys = scene.subscribe(2)
    scene.launch(expires_at=scene.now + timedelta(minutes=30))
    scene.services.says(keys[0], throttled(1_800))
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.counts == {"accepted": 1, "expired": 1}


def test_what_fails_differently_each_time_ends_all_the_same(scene: Scene) -> None:
    keys = scene.subscribe(1)
    scene.launch()
    scene.services.says(keys[0], throttled(30), UNKNOWN, UNREACHED, BUSY, UNKNOWN, GONE)
    to_the_end(scene)
    assert scene.counts == {"unknown": 2, "gone:ended": 1}
    assert not scene.audience.rows[keys[0]].is_active


def test_in_doubt_and_then_throttled_waits_and_is_counted_once(scene: Scene) -> None:
    keys = scene.subscribe(40)
    scene.launch()
    scene.services.script[keys[0]] = [(throttled(60), 5.0), (ACCEPTED, 0.05)]
    to_the_end(scene)
    assert scene.counts == {"accepted": 40}
    assert scene.services.started.count(keys[0]) == 2


def test_one_that_waits_and_then_fails_leaves_its_place(scene: Scene) -> None:
    keys = scene.subscribe(2)
    scene.launch()
    scene.services.says(keys[0], throttled(60), FAILED)
    to_the_end(scene)
    assert scene.record().progress.later == {}
    assert scene.counts == {"accepted": 1, "failed:too_large": 1}


# --- no room for more ---


def test_a_full_record_reads_on_when_some_have_left() -> None:
    scene = Scene(window=256)
    keys = scene.subscribe(64)
    scene.launch()
    batch = scene.deliver(seconds=10.0)  # takes it, and hands it over
    assert batch is not None
    wait = Wait.until(scene.now + timedelta(minutes=1), attempt=1, reason="throttled")
    for number in range(MOST_LATER):
        batch.progress.postpone(b"\0" + number.to_bytes(15), wait)
    batch.progress.cursor = b"\0" + b"\xff" * 15  # of those 12,000 the last was read
    assert scene.do(scene.batches.save(TENANT, batch))

    full = scene.deliver()
    assert full is not None
    assert (scene.services.started, full.progress.is_read) == ([], False)
    assert full.next_at is not None

    scene.pass_time(minutes=2)
    last = scene.deliver()
    assert last is not None
    assert last.is_final
    assert scene.services.started == keys  # the first of them was one of the 12,000; the others are no more
    assert scene.counts == {"gone:ended_meanwhile": MOST_LATER - 1, "accepted": 64}


# --- burying ---


def test_the_gone_are_buried_once_all_are_read(scene: Scene) -> None:
    keys = scene.subscribe(40)
    scene.launch()
    for key in keys[::4]:
        scene.services.says(key, GONE)
    still_there: list[int] = []
    scene.services.watch = lambda: still_there.append(sum(row.is_active for row in scene.audience.rows.values()))
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert set(still_there) == {40}
    assert {key for key, row in scene.audience.rows.items() if not row.is_active} == set(keys[::4])
    assert scene.counts == {"accepted": 30, "gone:ended": 10}
    assert batch.progress.hosts == {"push.example": [40, 10]}


def test_who_came_back_meanwhile_is_not_buried(scene: Scene) -> None:
    keys = scene.subscribe(40)
    scene.launch()
    scene.services.usual = (ACCEPTED, 1.0)
    scene.services.says(keys[0], GONE)
    scene.services.says(keys[1], GONE)
    back = replace(scene.audience.rows[keys[0]], active_since=7)
    scene.in_seconds(1.5, lambda: scene.audience.rows.update({keys[0]: back}))
    scene.deliver()
    assert scene.audience.rows[keys[0]].is_active
    assert not scene.audience.rows[keys[1]].is_active


def test_answers_are_stored_before_anyone_is_buried(scene: Scene) -> None:
    """A successor finds buried rows no more, and could not count them."""
    keys = scene.subscribe(10)
    scene.launch()
    scene.services.usual = (GONE, 0.05)
    scene.audience.bury_fails = 5
    with pytest.raises(Unavailable):
        scene.deliver()
    assert scene.counts == {"gone:ended": 10}
    assert scene.record().progress.gone == {"push.example": [Grave(key, 0) for key in keys]}
    assert not scene.record().is_final
    scene.pass_time(seconds=90)
    scene.services.started.clear()
    batch = scene.deliver()
    assert batch is not None
    assert batch.is_final
    assert scene.services.started == []
    assert not any(row.is_active for row in scene.audience.rows.values())


def test_many_graves_are_dug_in_turns_so_that_the_lease_stays_fresh(scene: Scene) -> None:
    for key in scene.subscribe(1_250)[::5]:
        scene.services.says(key, GONE)
    scene.launch()
    scene.deliver()
    unburied = [len(batch.progress.gone.get("push.example", [])) for batch in scene.batches.saved]
    assert unburied.count(250) >= 3
    assert unburied[-1] == 0
