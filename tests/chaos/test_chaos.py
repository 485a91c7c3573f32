"""The engine under a seeded world that kills, loses, repeats and lies: a quick look. `make chaos` looks for minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.features.sending.model.run import Run, State
from chalicelib.features.sending.service.ports import Tuning
from tests.chaos.mutants import MUTANTS, Mutant
from tests.chaos.plot import Deed, Occasion, Order, Plot
from tests.chaos.service import Episode, Habits, Trouble
from tests.chaos.simulation import CALM, Actor, End, Faults
from tests.chaos.stores import Subscriber
from tests.chaos.story import Story
from tests.chaos.suite import replay
from tests.chaos.weather import ROUGH, SHORT_OF_TIME, STORM, is_gentle, weather

SMALL = Tuning(rows_per_batch=25, window=16, careful_window=4)


def _told(seed: int, plot: Plot) -> Story:
    story = Story(seed, plot)
    breaches = story.tell()
    assert not breaches, f"seed {seed}: {breaches[0]}"
    return story


def test_without_faults_everyone_is_reached_exactly_once() -> None:
    for seed in range(5):
        story = _told(seed, Plot(tuning=SMALL))
        assert story.duplicates == 0
        assert story.totals.family("accepted") == len(story.services.accepted) > 150


def test_no_subscribers_is_a_run_that_ends() -> None:
    assert _told(1, Plot(subscribers=0)).totals.audience == 0


def test_one_subscriber_is_reached() -> None:
    assert _told(1, Plot(subscribers=1, habits=Habits(gone=0))).totals.family("accepted") == 1


@pytest.mark.parametrize("tens", range(4))
def test_whatever_the_weather_nobody_is_lost(tens: int) -> None:
    for seed in range(10 * tens, 10 * tens + 10):
        story = Story(seed, weather(seed, 300))
        assert not story.tell(), replay(seed, subscribers=300)


def test_without_kills_zombies_or_unknowns_nobody_hears_twice() -> None:
    gentle = [seed for seed in range(100) if is_gentle(seed)]
    assert len(gentle) == 10
    for seed in gentle:
        story = _told(seed, weather(seed, 300))
        assert story.simulation.tally.kills == story.simulation.tally.zombies == len(story.services.unknown) == 0
        assert story.duplicates == 0


def test_the_same_seed_is_the_same_story() -> None:
    one, two = (Story(3, weather(3, 300)) for _ in range(2))
    assert one.tell() == two.tell() == []
    assert (one.totals, one.services.accepted, one.simulation.tally) == (
        two.totals,
        two.services.accepted,
        two.simulation.tally,
    )


def test_where_no_message_is_tried_twice_all_is_left_to_the_calendar() -> None:
    """An entry dropped before the next one stood would be nobody's to find again."""
    for seed in range(15):
        _told(seed, Plot(tuning=SMALL, faults=STORM, habits=ROUGH, skew_seconds=5, most_receives=1))


def test_frozen_workers_repeat_no_more_than_their_window() -> None:
    stories = [_told(seed, Plot(tuning=SMALL, faults=Faults(freeze=0.01))) for seed in range(10)]
    assert any(story.simulation.tally.zombies for story in stories)


def test_a_cancel_counts_everyone_it_spares() -> None:
    def cancelled(seed: int) -> Story:
        occasions = (Occasion(0.1 * seed, Deed.CANCEL),)
        return _told(seed, Plot(tuning=SMALL, faults=STORM, habits=ROUGH, occasions=occasions))

    stories = [story for story in map(cancelled, range(10)) if story.run.state == "cancelled"]
    assert len(stories) > 3  # the others were cancelled before there was a run
    assert any(story.totals.counts.get("skipped:cancelled") for story in stories)


def test_a_pause_holds_and_a_resume_lets_go() -> None:
    occasions = (Occasion(1.0, Deed.PAUSE), Occasion(300.0, Deed.RESUME))
    order = Order(throttle_per_minute=100)
    story = _told(1, Plot(tuning=SMALL, order=order, occasions=occasions))
    assert story.run.finished_at is not None
    assert story.run.finished_at - story.run.created_at > timedelta(minutes=6)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_an_engine_that_is_wrong_is_caught(mutant: Mutant) -> None:
    assert mutant.caught()


@pytest.mark.parametrize("tuning", [SMALL, replace(SMALL, rows_per_batch=4, wakes_per_note=3)], ids=["few", "many"])
def test_a_kill_at_every_single_await_loses_nobody(tuning: Tuning) -> None:
    plot = Plot(subscribers=40, tuning=tuning, habits=ROUGH, planner_seconds=SHORT_OF_TIME)
    calls = _told(7, plot).simulation.tally.calls
    for call in range(1, calls):  # after the last one there is nothing left to lose
        killed = replace(plot, faults=Faults(kill_at_call=call))
        assert _told(7, killed).simulation.tally.kills == 1, call


@pytest.mark.parametrize(
    ("deeds", "end"),
    [((Deed.PAUSE, Deed.RESUME, Deed.RESUME), State.SENT), ((Deed.CANCEL,), State.CANCELLED)],
    ids=["held", "cancelled"],
)
def test_nor_does_one_while_its_owner_turns_it(deeds: Sequence[Deed], end: State) -> None:
    """Before or after the one step in which campaign, run and calendar turn: the witness never sees one without the
    others.
    """
    occasions = tuple(Occasion(0.4 + 600.0 * number, deed) for number, deed in enumerate(deeds))
    plot = Plot(subscribers=40, tuning=replace(SMALL, window=4), habits=Habits(latency=(0.2, 0.4)), occasions=occasions)
    calm = _told(7, plot)
    assert (calm.run.state, calm.run.paused_seconds > 0) == (end, end is State.SENT)
    turned = 0
    for call in range(1, calm.simulation.tally.calls):
        story = _told(7, replace(plot, faults=Faults(kill_at_call=call)))
        assert story.simulation.tally.kills == 1, call
        turned += story.run.state is end
    assert turned > calm.simulation.tally.calls / 2  # else the kills came before


def test_planners_die_and_hand_over_in_the_middle_of_their_wakes() -> None:
    """Whoever comes next goes on from a note: nobody begins from the first again."""
    tuning = replace(SMALL, rows_per_batch=4, wakes_per_note=3)
    plot = Plot(
        subscribers=300, tuning=tuning, faults=STORM, habits=ROUGH, skew_seconds=5, planner_seconds=SHORT_OF_TIME
    )
    went_on = 0
    for seed in range(20):
        story, planners = Story(seed, plot), _Planners()
        planners.watch(story)
        assert not story.tell(), seed
        assert planners.notes == sorted(planners.notes)
        went_on += planners.died and len(set(planners.notes)) > 2
    assert went_on > 5


class _Planners:
    """How far their notes say that the wakes have come, and whether one died in between."""

    def __init__(self) -> None:
        self.notes: list[int] = []
        self.died = False

    def watch(self, story: Story) -> None:
        turned, ended = story.runs.on_save, story.simulation.on_end

        def note(run: Run) -> None:
            if run.woken is not None and run.state is not State.PAUSED:
                self.notes.append(run.woken)
            turned(run)

        def end(actor: Actor, how: End) -> None:
            is_between = bool(self.notes) and 0 < self.notes[-1] < (story.run.batches or 0)
            self.died |= is_between and how is End.KILLED and actor.name in {"plan", "sweep"}
            ended(actor, how)

        story.runs.on_save, story.simulation.on_end = note, end


@pytest.mark.parametrize("faults", [CALM, STORM], ids=["calm", "storm"])
def test_a_host_of_one_browser_a_batch_is_closed_after_some_twenty_refusals(faults: Faults) -> None:
    """And nobody is lost over it: when it takes our signature again, the others are reached."""
    rare, mends_at = "rare.example", 1_800.0
    plot = Plot(
        subscribers=2_000,
        tuning=SMALL,
        faults=faults,
        habits=Habits(gone=0.0),
        hosts=("push.example",) * 24 + (rare,),
        episodes=(Episode(rare, Trouble.REFUSED, ends=mends_at),),
        workers=2,
    )
    for seed in range(5):
        story = Story(seed, plot)
        knocked = _knocks(story, until=mends_at)
        assert not story.tell(), seed
        there = sum(row.host == rare for row in story.audience.rows.values())
        assert 20 <= knocked[rare] <= 45 < there  # those under way at the twentieth, and of workers that died untold
        assert story.totals.counts["failed:vapid_refused"] <= knocked[rare]
        assert story.totals.family("accepted") > 1_800


def _knocks(story: Story, *, until: float) -> Counter[str]:
    """Pushes by host."""
    found, pushed = Counter[str](), story.services.on_push

    def push(subscriber: Subscriber, actor: Actor | None) -> None:
        found[subscriber.host] += story.simulation.seconds < until
        pushed(subscriber, actor)

    story.services.on_push = push
    return found
