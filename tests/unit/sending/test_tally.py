"""What a worker tells of one go: how many came to what end, how long answers took, how late it began."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.channels.outcome import ACCEPTED, Outcome, Verdict
from chalicelib.core.errors import Unavailable
from chalicelib.features.sending.model.batch import MOST_ATTEMPTS, Batch
from chalicelib.features.sending.model.run import Run, State
from chalicelib.features.sending.model.tally import MOST_SAMPLES, Sample, Tally
from chalicelib.features.sending.service.claim import claim
from tests.unit.sending.scene import Batches, Scene, chosen

BUSY = Outcome(Verdict.LATER, "throttled", 1_800.0)
GONE = Outcome(Verdict.GONE, "ended")
FAILED = Outcome(Verdict.FAILED, "too_large")


@pytest.fixture
def scene() -> Scene:
    return Scene(window=16)


def told(scene: Scene) -> Tally:
    (tally,) = scene.meter.tallies
    return tally


def figures(tally: Tally) -> dict[str, int]:
    return {verdict.value: count for verdict, count in tally.outcomes.items()}


# --- outcomes ---


def test_each_subscription_is_told_by_what_became_of_it(scene: Scene) -> None:
    keys = scene.subscribe(10)
    scene.services.says(keys[0], GONE)
    scene.services.says(keys[1], FAILED)
    scene.services.says(keys[2], BUSY)
    scene.launch()
    scene.deliver()
    assert figures(told(scene)) == {"accepted": 7, "gone": 1, "failed": 1, "later": 1}
    assert told(scene).answered == 9


def test_the_last_attempt_is_a_failure_and_the_others_are_not(scene: Scene) -> None:
    (key,) = scene.subscribe(1)
    scene.services.says(key, Outcome(Verdict.LATER, "throttled", 600.0))
    scene.launch()
    for _ in range(MOST_ATTEMPTS):
        scene.deliver()
        scene.pass_time(minutes=11)
    assert [figures(tally) for tally in scene.meter.tallies] == [{"later": 1}] * 5 + [{"failed": 1}]


def test_who_waits_beyond_the_end_of_the_run_is_no_longer_waiting(scene: Scene) -> None:
    (key,) = scene.subscribe(1)
    scene.services.says(key, Outcome(Verdict.LATER, "throttled", 86_400.0))
    scene.launch(expires_at=scene.now + timedelta(hours=1))
    scene.deliver()
    assert figures(told(scene)) == {}


def test_who_is_not_tried_because_the_host_is_closed_waits(scene: Scene) -> None:
    for key in scene.subscribe(40):
        scene.services.says(key, BUSY)
    scene.launch()
    scene.deliver()
    assert figures(told(scene)) == {"later": 40}
    assert len(scene.services.started) < 40


def test_a_worker_that_lost_its_batch_tells_what_it_did_all_the_same(scene: Scene) -> None:
    scene.subscribe(64)
    scene.launch()
    scene.services.watch = scene.batches.rows.clear
    assert scene.deliver() is None
    assert 0 < told(scene).answered < 64


def test_a_worker_whose_store_is_gone_for_good_tells_what_it_did(scene: Scene) -> None:
    scene.subscribe(64)
    scene.launch()

    def break_the_store() -> None:
        scene.batches.down = 10**6

    scene.services.watch = break_the_store
    with pytest.raises(Unavailable):
        scene.deliver()
    assert told(scene).answered > 0


# --- how long answers took ---


def test_answers_are_timed_from_the_push_to_the_engine(scene: Scene) -> None:
    scene.subscribe(10)
    scene.launch()
    scene.deliver()
    assert len(told(scene).push_ms.values) == 10
    assert all(50 <= value < 1_000 for value in told(scene).push_ms.values)


@pytest.mark.parametrize("verdict", [Verdict.UNKNOWN, Verdict.UNREACHED])
def test_where_there_was_no_answer_there_is_no_time(scene: Scene, verdict: Verdict) -> None:
    (key,) = scene.subscribe(1)
    scene.services.says(key, Outcome(verdict, "no_answer"))
    scene.launch()
    scene.deliver()
    assert told(scene).push_ms.values == []


def test_a_second_try_is_timed_by_itself(scene: Scene) -> None:
    (key,) = scene.subscribe(1)
    scene.services.script[key] = [(Outcome(Verdict.UNREACHED, "unreachable"), 2.0), (ACCEPTED, 0.05)]
    scene.launch()
    scene.deliver()
    (value,) = told(scene).push_ms.values
    assert value < 1_000


@pytest.mark.parametrize("count", [0, 1, MOST_SAMPLES, MOST_SAMPLES + 1, 500, 12_345])
def test_a_sample_is_small_and_spread_over_all(count: int) -> None:
    sample = Sample()
    for value in range(count):
        sample.add(value)
    assert len(sample.values) <= MOST_SAMPLES
    assert len(sample.values) >= min(count, MOST_SAMPLES // 2)
    steps = {later - earlier for earlier, later in zip(sample.values, sample.values[1:], strict=False)}
    assert len(steps) <= 1
    assert sample.values[:1] == [0][:count]
    assert not sample.values or count - sample.values[-1] <= max(steps, default=1)


# --- how late it was begun ---


def test_a_batch_is_as_old_as_its_release(scene: Scene) -> None:
    scene.subscribe(1)
    scene.launch()
    scene.pass_time(seconds=42)
    scene.deliver()
    assert told(scene).age_seconds == 42


def test_one_that_waited_is_as_old_as_the_time_it_waited_for(scene: Scene) -> None:
    (key,) = scene.subscribe(1)
    scene.services.says(key, BUSY)
    scene.launch()
    scene.deliver()
    next_at = scene.record().next_at
    assert next_at is not None
    scene.pass_time(seconds=(next_at - scene.now).total_seconds() + 7)
    scene.deliver()
    assert scene.meter.tallies[1].age_seconds == pytest.approx(7)


def test_one_whose_worker_died_before_it_wrote_anything_has_not_been_begun(scene: Scene) -> None:
    scene.subscribe(1)
    scene.launch()
    scene.deliver(seconds=0)
    scene.pass_time(seconds=30)
    scene.deliver()
    assert scene.meter.tallies[-1].age_seconds == pytest.approx(30)


def test_one_that_only_goes_on_has_no_age(scene: Scene) -> None:
    scene.subscribe(64)
    scene.launch()

    def take_a_second() -> None:
        scene.pass_time(seconds=1)

    scene.services.watch = take_a_second
    scene.deliver(seconds=20)
    assert not scene.record().is_final
    assert scene.record().progress.cursor
    scene.deliver()
    assert scene.meter.tallies[1].age_seconds is None


@pytest.mark.parametrize("changes", [{"state": State.CANCELLED}, {"paused_seconds": 60.0}], ids=["cancelled", "held"])
def test_a_run_that_was_held_back_says_nothing_of_us(scene: Scene, changes: dict[str, object]) -> None:
    scene.subscribe(1)
    scene.launch(**changes)
    scene.pass_time(seconds=42)
    scene.deliver()
    assert told(scene).age_seconds is None


def test_a_clock_behind_the_planners_makes_nothing_younger_than_new(scene: Scene) -> None:
    scene.subscribe(1)
    scene.launch(created_at=scene.now + timedelta(seconds=5))
    scene.deliver()
    assert told(scene).age_seconds == 0


# --- duplicates ---


def test_a_wake_up_that_comes_twice_is_told_and_pushes_nobody(scene: Scene) -> None:
    scene.subscribe(3)
    scene.launch()
    scene.deliver()
    assert scene.meter.suppressed_runs == []
    scene.deliver()
    assert scene.meter.suppressed_runs == [scene.run.id]
    assert (len(scene.services.started), len(scene.meter.tallies)) == (3, 1)


def test_one_for_a_batch_that_another_holds_is_told(scene: Scene) -> None:
    scene.launch()
    assert scene.do(claim(scene.ports, scene.run, 0))
    scene.deliver()
    assert len(scene.meter.suppressed_runs) == 1


@pytest.mark.parametrize(("wait_seconds", "suppressed"), [(1_800.0, 1), (30.0, 0)], ids=["long", "a little early"])
def test_one_for_a_batch_that_waits_is_told_unless_it_is_early(
    scene: Scene, wait_seconds: float, suppressed: int
) -> None:
    (key,) = scene.subscribe(1)
    scene.services.says(key, Outcome(Verdict.LATER, "throttled", wait_seconds))
    scene.launch()
    scene.deliver()
    scene.deliver()
    assert (len(scene.meter.suppressed_runs), len(scene.services.started)) == (suppressed, 1)


class _Overtaken(Batches):
    """Another takes each batch just after it was read."""

    async def get(self, tenant_id: str, run: Run, number: int) -> Batch | None:
        found = await super().get(tenant_id, run, number)
        self.rows[tenant_id, run.id, number] = replace(found or Batch.unstarted(run, number), owner="rival", rev=1)
        return found


def test_one_for_a_batch_that_another_takes_just_now_is_told(scene: Scene) -> None:
    ports = replace(scene.ports, batches=_Overtaken(scene.simulation))
    assert scene.do(claim(ports, scene.launch(), 0)) is None
    assert len(scene.meter.suppressed_runs) == 1


def test_one_that_waits_for_a_verdict_is_no_duplicate(scene: Scene) -> None:
    keys = scene.subscribe(2)
    scene.services.says(keys[0], Outcome(Verdict.GONE, "ended"))
    scene.launch(batches=2)
    scene.deliver()
    scene.deliver()
    assert scene.meter.suppressed_runs == []


def test_one_for_a_run_that_is_over_is_told(scene: Scene) -> None:
    scene.launch(finished_at=scene.now)
    scene.deliver()
    assert len(scene.meter.suppressed_runs) == 1


@pytest.mark.parametrize("reason", ["paused", "stopped", "no such batch"])
def test_one_that_is_held_back_is_no_duplicate(scene: Scene, reason: str) -> None:
    scene.launch(state=State.PAUSED if reason == "paused" else State.SENDING)
    scene.switch.is_off = reason == "stopped"
    scene.deliver(7 if reason == "no such batch" else 0)
    assert (scene.meter.suppressed_runs, scene.meter.tallies) == ([], [])


def test_a_notification_is_as_old_as_its_call(scene: Scene) -> None:
    keys = scene.subscribe(2)
    scene.launch(order=chosen(*keys))
    scene.pass_time(seconds=3)
    scene.deliver()
    assert (told(scene).age_seconds, figures(told(scene))) == (3, {"accepted": 2})
