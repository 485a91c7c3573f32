import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from infra.local.console.misbehaviour import PRESETS, Misbehaviour
from infra.local.push_service.rules import parse_rules
from tests.fakes.clock import ManualClock

RULES = [{"answer": {"status": 503}}]


class Stand:
    """As much of the push service as rules concern."""

    def __init__(self) -> None:
        self.rules: Sequence[Mapping[str, Any]] = []
        self.calls = 0

    def set_rules(self, rules: Sequence[Mapping[str, Any]]) -> None:
        parse_rules(rules)
        self.rules, self.calls = rules, self.calls + 1


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def misbehaviour(stand: Stand, clock: ManualClock) -> Misbehaviour:
    return Misbehaviour(stand.set_rules, now=clock.now)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda preset: preset["label"])
def test_every_preset_is_made_of_rules(preset: dict[str, Any]) -> None:
    assert len(parse_rules(preset["rules"])) == len(preset["rules"]) > 0


def test_it_ends_by_the_local_clock(misbehaviour: Misbehaviour, stand: Stand, clock: ManualClock) -> None:
    misbehaviour.begin(RULES, label="down", for_seconds=60)
    clock.advance(seconds=59)
    assert misbehaviour.mood().label == "down"
    clock.advance(seconds=1)
    assert misbehaviour.mood().label == ""
    assert stand.rules == []
    misbehaviour.close()


def test_it_ends_though_nobody_looks(misbehaviour: Misbehaviour, stand: Stand) -> None:
    misbehaviour.begin(RULES, for_seconds=0.05)
    deadline = time.monotonic() + 10
    while stand.rules and time.monotonic() < deadline:
        time.sleep(0.005)
    assert stand.rules == []
    assert misbehaviour.mood().label == ""


def test_without_an_end_it_goes_on(misbehaviour: Misbehaviour, stand: Stand, clock: ManualClock) -> None:
    misbehaviour.begin(RULES)
    clock.advance(days=30)
    assert misbehaviour.mood().label == "rules of your own"
    assert stand.rules == RULES


def test_the_end_of_what_was_replaced_ends_nothing(misbehaviour: Misbehaviour, stand: Stand) -> None:
    misbehaviour.begin(RULES, for_seconds=0.05)
    timers = [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    misbehaviour.begin(RULES, label="another")
    for timer in timers:
        timer.join(10)
    assert stand.rules == RULES
    assert misbehaviour.mood().label == "another"


def test_wrong_rules_leave_the_mood_and_its_end(misbehaviour: Misbehaviour, stand: Stand, clock: ManualClock) -> None:
    misbehaviour.begin(RULES, label="down", for_seconds=60)
    with pytest.raises(ValueError, match="rule 0"):
        misbehaviour.begin([{"answer": {"status": 1}}])
    assert misbehaviour.mood().label == "down"
    clock.advance(seconds=60)
    assert misbehaviour.mood().until is None
    assert stand.rules == []


def test_closing_leaves_no_thread_behind(misbehaviour: Misbehaviour) -> None:
    before = threading.active_count()
    misbehaviour.begin(RULES, for_seconds=3_600)
    misbehaviour.close()
    deadline = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.005)
    assert threading.active_count() == before
