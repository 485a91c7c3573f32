"""The engine under a seeded world that kills, loses, repeats and lies. What must hold is DESIGN's promise."""

from __future__ import annotations

import pytest

from tests.chaos.plots import ROUGH, STORM, replay
from tests.chaos.service import Habits
from tests.chaos.simulation import Faults
from tests.chaos.story import Plot, Story

SEEDS = range(50)


def _judge(seed: int, plot: Plot) -> Story:
    story = Story(seed, plot)
    story.tell()
    assert not story.faults(), f"replay: {replay(seed, plot)}"
    return story


def test_without_faults_everyone_is_reached_exactly_once() -> None:
    for seed in range(10):
        story = _judge(seed, Plot())
        assert story.duplicates == 0
        assert story.totals.family("accepted") == len(story.services.accepted)


def test_no_subscribers_is_a_run_that_ends() -> None:
    assert _judge(1, Plot(subscribers=0)).totals.audience == 0


def test_one_subscriber_is_reached() -> None:
    assert _judge(1, Plot(subscribers=1, habits=Habits(gone=0))).totals.family("accepted") == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_storm_loses_nobody(seed: int) -> None:
    _judge(seed, Plot(faults=STORM, habits=ROUGH, skew_seconds=5))


@pytest.mark.parametrize("seed", range(40))
def test_a_storm_in_which_no_message_is_tried_twice_leaves_all_to_the_calendar(seed: int) -> None:
    """An entry dropped before the next one stood would be nobody's to find again."""
    _judge(seed, Plot(faults=STORM, habits=ROUGH, skew_seconds=5, most_receives=1))


def test_busy_push_services_delay_but_lose_nobody() -> None:
    for seed in range(10):
        story = _judge(seed, Plot(habits=ROUGH))
        assert story.duplicates <= story.services.unknown


def test_stalled_workers_repeat_no_more_than_their_window() -> None:
    for seed in range(10):
        _judge(seed, Plot(faults=Faults(stall=0.01)))


def test_a_cancel_counts_everyone_it_spares() -> None:
    stories = [_judge(seed, Plot(faults=STORM, habits=ROUGH, cancel_after_seconds=0.1 * seed)) for seed in range(10)]
    cancelled = [story for story in stories if story.run.state == "cancelled"]
    assert len(cancelled) > 5  # the others were cancelled before there was a run
    assert any(story.totals.counts.get("skipped:cancelled") for story in cancelled)


def test_a_kill_at_every_single_await_loses_nobody() -> None:
    plot = Plot(subscribers=40, habits=ROUGH)
    calls = _judge(7, plot).simulation.tally.calls
    for call in range(1, calls):  # after the last one there is nothing left to lose
        killed = Plot(subscribers=40, habits=ROUGH, faults=Faults(kill_at_call=call))
        assert _judge(7, killed).simulation.tally.kills == 1, call
