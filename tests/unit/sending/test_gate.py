from __future__ import annotations

from datetime import timedelta

from chalicelib.features.sending.model.gate import Closure, Gate
from tests.chaos.simulation import EPOCH as NOW

NO_WISH = timedelta()


def told(gate: Gate, *refusals: int, seconds: float, has_taken: bool = False) -> Gate:
    """By one batch after another, so far apart."""
    for number, each in enumerate(refusals):
        gate = gate.told(each, has_taken=has_taken, now=NOW + timedelta(seconds=seconds * number))
    return gate


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


def test_refusals_of_many_batches_add_up_to_twenty() -> None:
    before, after = (told(Gate("h"), *[1] * number, seconds=1) for number in (19, 20))
    assert (before.refused, before.refused_since, before.closure) == (19, NOW, None)
    assert (after.closure, after.refused, after.refused_since) == (Closure.REFUSED, 0, None)
    assert after.closed_until == NOW + timedelta(seconds=19, hours=1)


def test_before_they_close_it_those_that_began_together_are_heard_out() -> None:
    """A thousand batches end at the same moment, and most of them may have been taken from."""
    gate = told(Gate("h"), *[1] * 100, seconds=0.02)
    assert (gate.refused, gate.closure) == (100, None)
    assert gate.told(0, has_taken=True, now=NOW).refused == 0
    assert gate.told(1, has_taken=False, now=NOW + timedelta(seconds=10)).closure is Closure.REFUSED


def test_a_push_that_is_taken_begins_anew_with_what_came_after_it() -> None:
    gate = told(Gate("h"), *[1] * 19, seconds=1)
    assert told(gate, 0, seconds=1, has_taken=True) == Gate("h")
    assert told(gate, 3, seconds=1, has_taken=True).refused == 3


def test_refusals_of_long_ago_are_forgotten() -> None:
    gate = told(Gate("h"), 19, seconds=1)
    assert gate.told(1, has_taken=False, now=NOW + timedelta(days=6)).closure is Closure.REFUSED
    again = gate.told(1, has_taken=False, now=NOW + timedelta(days=7))
    assert (again.refused, again.refused_since) == (1, NOW + timedelta(days=7))


def test_whoever_opens_it_begins_anew() -> None:
    assert told(Gate("h"), 19, seconds=1).opened() == Gate("h")
