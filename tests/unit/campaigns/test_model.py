"""The states of a campaign: the whole table, and what each of them allows."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from chalicelib.features.campaigns.model import LONGEST_RUN, Launch, Status, WrongState
from tests.unit.campaigns.memory import NOON, a_campaign

TABLE = """
            draft scheduled sending sent paused cancelled failed archived
draft         .      x         x     .     .        .        .      .
scheduled     x      x         x     .     .        x        .      .
sending       .      .         .     x     x        x        x      .
paused        .      .         x     x     .        x        x      .
sent          .      .         .     .     .        .        .      x
cancelled     .      .         .     .     .        .        .      x
failed        .      .         .     .     .        .        .      x
archived      .      .         .     .     .        .        .      .
"""


def _allowed() -> set[tuple[Status, Status]]:
    head, *lines = [line.split() for line in TABLE.strip().splitlines()]
    return {
        (Status(name), Status(to))
        for name, *marks in lines
        for to, mark in zip(head, marks, strict=True)
        if mark == "x"
    }


@pytest.mark.parametrize(("before", "after"), list(product(Status, Status)))
def test_every_step_of_the_table_and_no_other(before: Status, after: Status) -> None:
    campaign = a_campaign(status=before)
    if (before, after) in _allowed():
        assert campaign.to(after).status is after
    else:
        with pytest.raises(WrongState) as refused:
            campaign.to(after)
        assert refused.value.facts == {"campaign_status": str(before)}


@pytest.mark.parametrize("status", Status)
def test_what_has_not_begun_can_be_changed(status: Status) -> None:
    campaign = a_campaign(status=status)
    if status in {Status.DRAFT, Status.SCHEDULED}:
        campaign.must_be_editable()
    else:
        with pytest.raises(WrongState, match="cannot be changed"):
            campaign.must_be_editable()


@pytest.mark.parametrize("status", Status)
def test_what_is_still_to_happen_cannot_be_deleted(status: Status) -> None:
    campaign = a_campaign(status=status)
    if status in {Status.SCHEDULED, Status.SENDING, Status.PAUSED}:
        with pytest.raises(WrongState, match="cannot be deleted"):
            campaign.must_be_removable()
    else:
        campaign.must_be_removable()


def test_no_run_lasts_longer_than_two_weeks() -> None:
    assert a_campaign().run_expires_at(now=NOON) == NOON + LONGEST_RUN
    assert a_campaign(expires_at=NOON + timedelta(days=99)).run_expires_at(now=NOON) == NOON + LONGEST_RUN
    assert a_campaign(expires_at=NOON + timedelta(hours=1)).run_expires_at(now=NOON) == NOON + timedelta(hours=1)


def test_a_launch_of_a_cancelled_campaign_only_stops_what_runs() -> None:
    assert Launch(a_campaign(status=Status.CANCELLED), "run_a").is_cancelled
    assert not Launch(a_campaign(status=Status.SENDING), "run_a").is_cancelled
