"""Schedules reach their handlers by the local clock."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from chalice.app import Chalice, CloudWatchEvent, Cron, Rate

from infra.local import moto_patch
from infra.local.clock import LocalClock
from infra.local.runner import Runner
from infra.local.schedule import BadSchedule
from tests.adapters.local_aws.test_queue_source import until


@pytest.fixture
def app() -> Chalice:
    return Chalice("small", configure_logs=False)


def schedule(app: Chalice, expression: Any, name: str = "tick") -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []

    @app.schedule(expression, name=name)
    def tick(event: CloudWatchEvent) -> None:
        events.append(event.to_dict())

    return events


def test_an_event_has_the_shape_eventbridge_gives_it(app: Chalice, clock: LocalClock, resources: str) -> None:
    events = schedule(app, Rate(1, unit=Rate.MINUTES))
    runner = Runner(app, clock=clock, prefix=resources)
    assert runner.drain() == 0
    clock.advance(45)
    assert runner.drain() == 1
    (event,) = events
    assert re.fullmatch(r"[0-9a-f-]{36}", event.pop("id"))
    assert event == {
        "version": "0",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "123456789012",
        "time": "2030-06-05T12:01:15Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/tick"],
        "detail": {},
    }


def test_each_schedule_fires_at_its_own_times(app: Chalice, clock: LocalClock, resources: str) -> None:
    minutely, hourly = (
        schedule(app, "rate(1 minute)", "minutely"),
        schedule(app, Cron(15, "*", "*", "*", "?", "*"), "hourly"),
    )
    runner = Runner(app, clock=clock, prefix=resources)
    for _ in range(120):
        clock.advance(30)
        runner.drain()
    assert (len(minutely), len(hourly)) == (60, 1)
    assert hourly[0]["time"] == "2030-06-05T12:15:00Z"


def test_after_a_leap_of_days_each_schedule_fires_once(app: Chalice, clock: LocalClock, resources: str) -> None:
    minutely, daily, yearly = (
        schedule(app, expression, name)
        for name, expression in [("m", "rate(1 minute)"), ("d", "rate(1 day)"), ("y", "cron(0 0 1 1 ? *)")]
    )
    runner = Runner(app, clock=clock, prefix=resources)
    clock.advance(3 * 86_400)
    assert runner.drain() == 2
    assert (len(minutely), len(daily), len(yearly)) == (1, 1, 0)
    assert minutely[0]["time"] == daily[0]["time"] == "2030-06-08T12:00:30Z"
    clock.advance(30)
    assert runner.drain() == 1


def test_what_fell_due_between_two_lives_fires_once(app: Chalice, clock: LocalClock, resources: str) -> None:
    events = schedule(app, "rate(1 day)")
    notes = Runner(app, clock=clock, prefix=resources).notes()
    later = LocalClock(stands_at=datetime(2030, 6, 9, 8, tzinfo=UTC))
    second = Runner(app, clock=later, prefix=resources, notes=notes)
    assert second.drain() == 1
    third = Runner(app, clock=later, prefix=resources, notes=second.notes())
    assert third.drain() == 0
    assert len(events) == 1


def test_notes_from_a_future_do_not_silence_a_schedule(app: Chalice, clock: LocalClock, resources: str) -> None:
    events = schedule(app, "rate(1 minute)")
    notes = {"schedules": {"tick": "2040-01-01T00:00:00+00:00"}}
    runner = Runner(app, clock=clock, prefix=resources, notes=notes)
    clock.advance(60)
    assert runner.drain() == len(events) == 1


def test_a_failing_tick_does_not_stop_the_next(app: Chalice, clock: LocalClock, resources: str) -> None:
    @app.schedule("rate(1 minute)")
    def tick(event: CloudWatchEvent) -> None:
        raise RuntimeError("no")

    runner = Runner(app, clock=clock, prefix=resources)
    for _ in range(3):
        clock.advance(60)
        assert runner.drain() == 1
    (handler,) = runner.status().handlers
    assert (handler.source, handler.tally.runs, handler.tally.failures) == ("rate(1 minute)", 3, 3)


def test_the_status_tells_last_and_next_times(app: Chalice, clock: LocalClock, resources: str) -> None:
    schedule(app, "rate(1 hour)")
    runner = Runner(app, clock=clock, prefix=resources)
    (before,) = runner.status().schedules
    assert (before.last_at, before.next_at) == (None, datetime(2030, 6, 5, 13, tzinfo=UTC))
    clock.advance(3600)
    runner.drain()
    (after,) = runner.status().schedules
    assert (after.last_at, after.next_at) == (clock.now(), datetime(2030, 6, 5, 14, tzinfo=UTC))


def test_a_live_schedule_sees_an_advanced_clock(app: Chalice, resources: str) -> None:
    clock = LocalClock()
    moto_patch.follow(clock)
    events = schedule(app, "cron(0 0 1 1 ? *)")
    runner = Runner(app, clock=clock, prefix=resources)
    runner.start()
    clock.advance(366 * 86_400)
    until(lambda: len(events) == 1)
    assert runner.stop() == []


def test_a_bad_expression_stops_the_start(app: Chalice, clock: LocalClock, resources: str) -> None:
    schedule(app, "cron(* * * * * *)")
    with pytest.raises(BadSchedule):
        Runner(app, clock=clock, prefix=resources)
