from __future__ import annotations

from datetime import timedelta

from chalicelib.features.sending.model.gate import Closure, Gate
from tests.chaos.simulation import EPOCH as NOW

NO_WISH = timedelta()


def test_each_closing_lasts_twice_as_long_as_the_one_before_up_to_a_day() -> None:
    gate, pauses = Gate("h"), []
    for _ in range(15):
        gate = gate.closed(Closure.BUSY, now=NOW, wish=NO_WISH)
        assert gate.closed_until is not None
        pauses.append((gate.closed_until - NOW).total_seconds())
    assert pauses[:3] == [60, 120, 240]
    assert pauses[-1] <= 86_400
    assert pauses == sorted(pauses)


def test_refused_signatures_close_it_for_longer() -> None:
    gate = Gate("h").closed(Closure.REFUSED, now=NOW, wish=NO_WISH)
    assert gate.closed_until == NOW + timedelta(hours=1)


def test_what_the_service_wishes_is_heard_up_to_a_day() -> None:
    assert Gate("h").closed(Closure.BUSY, now=NOW, wish=timedelta(minutes=20)).closed_until == NOW + timedelta(
        minutes=20
    )
    assert Gate("h").closed(Closure.BUSY, now=NOW, wish=timedelta(days=9)).closed_until == NOW + timedelta(days=1)


def test_it_is_closed_until_its_time_and_on_probation_until_something_gets_through() -> None:
    gate = Gate("h").closed(Closure.BUSY, now=NOW, wish=NO_WISH)
    assert gate.is_closed(now=NOW + timedelta(seconds=59))
    assert not gate.is_closed(now=NOW + timedelta(seconds=60))
    assert gate.is_on_probation
    assert not gate.opened().is_on_probation
    assert not Gate("h").is_on_probation


def test_a_suspicion_stands_until_an_operator_says_otherwise_for_a_while() -> None:
    suspected = Gate("h").suspected(now=NOW, answers=100, gone=60)
    assert Gate("h").believes(now=NOW) is None
    assert suspected.believes(now=NOW + timedelta(days=30)) is False
    trusted = suspected.trusted(until=NOW + timedelta(days=7))
    assert trusted.believes(now=NOW) is True
    assert trusted.believes(now=NOW + timedelta(days=7)) is None
