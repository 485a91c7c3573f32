"""A death at every single step, from the owner's call to the last record: the calendar and the queues mend it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.features.campaigns.model import Status
from chalicelib.features.sending.model.run import State
from tests.unit.sending.mortal import Installation

Story = Callable[[Installation], object]


def sent(house: Installation) -> None:
    house.send()
    house.pass_time(minutes=30)


def scheduled(house: Installation) -> None:
    house.schedule()
    house.pass_time(minutes=30)


def rescheduled(house: Installation) -> None:
    house.schedule()
    house.schedule(minutes=4)
    house.pass_time(minutes=30)


def unscheduled(house: Installation) -> None:
    house.schedule()
    if house.campaign.status is Status.SCHEDULED:
        house.unschedule()
    house.pass_time(minutes=30)


def cancelled_at_once(house: Installation) -> None:
    house.send()
    if house.campaign.status is Status.SENDING:
        house.cancel()
    house.pass_time(minutes=30)


def cancelled_under_way(house: Installation) -> None:
    house.schedule()
    house.pass_time(minutes=2, messages=2)  # its plan, and one of its two batches
    if house.campaign.status is Status.SENDING:
        house.cancel()
    house.pass_time(minutes=30)


def paused_and_resumed(house: Installation) -> None:
    house.schedule()
    house.pass_time(minutes=2, messages=2)  # its plan, and one of its two batches
    house.pause()
    _agree(house)
    house.pass_time(minutes=3)
    house.resume()
    _agree(house)
    house.pass_time(minutes=3)
    house.resume()  # whoever was told that it failed asks again
    house.pass_time(minutes=30)


def _agree(house: Installation) -> None:
    """A death between two of a turn's steps would leave one held and the other not."""
    for run in house.runs.rows.values():
        assert run.is_over or (run.state is State.PAUSED) == (house.campaign.status is Status.PAUSED)


def lives(story: Story) -> range:
    """The steps of a story in which nobody dies."""
    calm = Installation()
    story(calm)
    return range(1, calm.life.steps + 1)


@pytest.mark.parametrize("story", [sent, scheduled, rescheduled, unscheduled, paused_and_resumed])
def test_a_death_anywhere_loses_nobody_and_makes_no_second_run(story: Story) -> None:
    for step in lives(story):
        house = Installation(dies_at=step)
        story(house)
        assert house.deaths == 1, step
        if house.campaign.status is Status.DRAFT:  # the owner was told that it failed, and it did
            assert (house.accepted, house.runs.rows) == ([], {})
            continue
        (run,) = house.runs.rows.values()
        assert (house.campaign.status, run.state, run.is_over) == (Status.SENT, State.SENT, True), step
        assert run.totals == {"accepted": Installation.BROWSERS}, step
        assert len(set(house.accepted)) == Installation.BROWSERS, step
        assert len(house.accepted) - Installation.BROWSERS <= house.ports.tuning.window, step
        assert house.rows.links == {("ten_ada", house.id): {run.id}}, step


@pytest.mark.parametrize("story", [cancelled_at_once, cancelled_under_way])
def test_a_cancel_that_dies_anywhere_is_still_heard_by_whatever_runs(story: Story) -> None:
    for step in lives(story):
        house = Installation(dies_at=step)
        story(house)
        if house.campaign.status is not Status.CANCELLED:
            assert house.campaign.status in {Status.DRAFT, Status.SENT}, step
            continue
        for run in house.runs.rows.values():
            assert run.is_over, step
            assert run.state in {State.CANCELLED, State.SENT}, step
            assert sum(run.totals.values()) == Installation.BROWSERS, step


def test_a_cancelled_campaign_that_is_deleted_pushes_to_nobody_any_more() -> None:
    def story(house: Installation) -> list[bytes] | None:
        """What was pushed before it was gone."""
        house.schedule()
        house.pass_time(minutes=2, messages=2)
        if house.campaign.status in {Status.SENDING, Status.SCHEDULED}:
            house.cancel()
        before = list(house.accepted) if house.delete() else None
        house.pass_time(minutes=30)
        return before

    for step in lives(story):
        house = Installation(dies_at=step)
        before = story(house)
        assert before is None or before == house.accepted, step
        assert all(run.is_over for run in house.runs.rows.values()), step
        assert before is not None or house.delete() or house.delete(), step  # that, too, may be where it dies
        house.pass_time(minutes=20)
        assert not house.entries.rows, step


@pytest.mark.parametrize("story", [sent, scheduled, rescheduled, unscheduled, cancelled_at_once, cancelled_under_way])
def test_after_any_death_the_calendar_is_empty_in_the_end(story: Story) -> None:
    for step in lives(story):
        house = Installation(dies_at=step)
        story(house)
        house.pass_time(minutes=20)
        assert not house.entries.rows, step
        assert not house.queue, step
