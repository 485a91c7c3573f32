"""How long things are kept, and when the night of a tenant is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.clock import in_milliseconds
from chalicelib.features.due.model import next_night
from chalicelib.features.privacy.model import DISCLOSED_FOR, TOLD_FOR, Kind, Retention, begin
from chalicelib.features.subscriptions.model import Packed, Status, Subscription
from tests.unit.privacy.memory import ADA, NOW


def kept(*, seen_days_ago: int = 0, ended_days_ago: int | None = None) -> Subscription:
    seen_ms = in_milliseconds(NOW - timedelta(days=seen_days_ago))
    ended_at = None if ended_days_ago is None else NOW - timedelta(days=ended_days_ago)
    status = Status.ACTIVE if ended_at is None else Status.ENDED
    packed = Packed("https://push.example/1", b"", b"", seen_ms=seen_ms)
    return Subscription(ADA, "site_a", bytes(16), "vap_a", packed, 0, status, ended_at=ended_at)


@pytest.mark.parametrize(("days", "goes"), [(6, False), (7, True), (8, True)])
def test_who_has_ended_goes_to_the_day(days: int, goes: bool) -> None:
    assert Retention(ended_subscriptions_days=7).drops(kept(ended_days_ago=days), now=NOW) is goes


@pytest.mark.parametrize(("days", "goes"), [(29, False), (30, True)])
def test_who_is_not_seen_goes_only_if_that_was_said(days: int, goes: bool) -> None:
    assert Retention(unseen_subscriptions_days=30).drops(kept(seen_days_ago=days), now=NOW) is goes
    assert not Retention().drops(kept(seen_days_ago=days), now=NOW)


def test_a_run_goes_by_when_it_began() -> None:
    wanted = Retention(campaign_runs_days=90)
    assert [wanted.drops_run(NOW - timedelta(days=days), now=NOW) for days in (89, 90)] == [False, True]
    assert Retention().needs_nobody
    assert not wanted.needs_nobody


def test_every_tenant_has_its_own_minute_of_the_night() -> None:
    nights = {next_night(f"ten_{number}", after=NOW) for number in range(200)}
    assert len(nights) > 100
    for night in nights:
        assert NOW < night <= NOW + timedelta(days=1)
        assert datetime(2026, 3, 2, 2, tzinfo=UTC) <= night < datetime(2026, 3, 2, 5, tzinfo=UTC)


def test_the_next_night_is_never_this_very_one() -> None:
    night = next_night(ADA, after=NOW)
    assert next_night(ADA, after=night) == night + timedelta(days=1)
    assert next_night(ADA, after=night - timedelta(seconds=1)) == night


@pytest.mark.parametrize("kind", Kind)
def test_what_names_people_is_told_for_a_day_only(kind: Kind) -> None:
    job = begin(kind, tenant_id=ADA, asked_by="usr_a", about={}, now=NOW)
    assert job.kept_for == (DISCLOSED_FOR if kind in {Kind.EXPORT, Kind.RETENTION} else TOLD_FOR)
