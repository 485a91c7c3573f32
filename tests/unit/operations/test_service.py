from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.features.operations.model import QUEUES, DeadLetter, Depth, QueueState, Redriven, Stop
from chalicelib.features.operations.service import MOST_REDRIVEN, Operations, Probe
from tests.unit.operations.memory import NOTHING, Queues, Stops


def _operations(probes: Mapping[str, Probe], queues: Queues | None = None) -> Operations:
    return Operations(probes=probes, stops=Stops(), queues=queues or Queues())


def _answers() -> None:
    return


def _is_silent() -> None:
    raise Unavailable


def _is_broken() -> None:
    raise ZeroDivisionError


def test_when_everything_answers_there_are_no_faults() -> None:
    assert _operations({"tables": _answers, "secrets": _answers}).faults() == []


def test_a_part_that_does_not_answer_is_named() -> None:
    assert _operations({"tables": _answers, "secrets": _is_silent}).faults() == ["secrets"]


def test_a_mistake_of_ours_is_no_fault_of_a_part() -> None:
    with pytest.raises(ZeroDivisionError):
        _operations({"tables": _is_broken}).faults()


NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_one_tenant_is_stopped_and_started_again() -> None:
    operations = _operations({})
    operations.stop_sending(tenant_id="ten_a", now=NOON)
    assert operations.is_stopped(tenant_id="ten_a")
    assert not operations.is_stopped(tenant_id="ten_b")
    operations.start_sending(tenant_id="ten_a")
    assert not operations.is_stopped(tenant_id="ten_a")


def test_an_account_that_is_reopened_is_started_unless_an_operator_has_stopped_it() -> None:
    operations = _operations({})
    operations.stop_closing(tenant_id="ten_a", now=NOON)
    assert operations.is_stopped(tenant_id="ten_a")
    operations.start_reopened(tenant_id="ten_a")
    assert not operations.is_stopped(tenant_id="ten_a")
    operations.stop_sending(tenant_id="ten_a", now=NOON)
    operations.stop_closing(tenant_id="ten_a", now=NOON)
    operations.start_reopened(tenant_id="ten_a")
    assert operations.is_stopped(tenant_id="ten_a")
    operations.stop_closing(tenant_id="ten_a", now=NOON)
    operations.start_sending(tenant_id="ten_a")
    assert operations.is_stopped(tenant_id="ten_a")  # nothing is sent for an account that is closing


def test_to_start_one_tenant_does_not_start_what_is_stopped_for_all() -> None:
    operations = _operations({})
    operations.stop_sending(tenant_id=None, now=NOON)
    operations.start_sending(tenant_id="ten_a")
    assert operations.is_stopped(tenant_id="ten_a")


def test_everything_that_is_stopped_is_listed() -> None:
    operations = _operations({})
    assert list(operations.stops()) == []
    operations.stop_sending(tenant_id="ten_a", now=NOON)
    operations.stop_sending(tenant_id=None, now=NOON)
    assert list(operations.stops()) == [Stop(None, NOON), Stop("ten_a", NOON)]


# --- queues ---


def a_letter(number: int) -> DeadLetter:
    return DeadLetter(str(number), NOON - timedelta(hours=number), receives=5, group="ten_a")


def test_every_queue_is_listed_with_its_dead_letters() -> None:
    queues = Queues(depths={"send": Depth(7, 2, 1)}, dead={"mail": [a_letter(1), a_letter(3)]})
    found = {state.name: state for state in _operations({}, queues).queues()}
    assert tuple(found) == QUEUES
    assert found["send"] == QueueState("send", Depth(7, 2, 1), NOTHING, None)
    assert found["mail"].dead_letters.waiting == 2
    assert found["mail"].oldest_dead_letter_at == NOON - timedelta(hours=3)


def test_what_would_be_redriven_is_shown_and_stays() -> None:
    queues = Queues(dead={"send": [a_letter(number) for number in range(12)]})
    shown = _operations({}, queues).would_redrive(name="send")
    assert (shown.moved, shown.left, len(shown.sample)) == (0, 12, 10)
    assert not queues.revived


def test_where_nothing_is_dead_nothing_is_shown() -> None:
    assert _operations({}).would_redrive(name="send") == Redriven(moved=0, left=0)


def test_dead_letters_go_back_into_their_queue() -> None:
    queues = Queues(dead={"send": [a_letter(number) for number in range(25)], "mail": [a_letter(1)]})
    assert _operations({}, queues).redrive(name="send") == Redriven(moved=25, left=0)
    assert len(queues.revived["send"]) == 25
    assert len(queues.dead["mail"]) == 1


def test_one_call_moves_so_many_and_says_what_is_left() -> None:
    queues = Queues(dead={"send": [a_letter(number) for number in range(MOST_REDRIVEN + 7)]})
    operations = _operations({}, queues)
    assert operations.redrive(name="send") == Redriven(moved=MOST_REDRIVEN, left=7)
    assert operations.redrive(name="send") == Redriven(moved=7, left=0)


def test_what_a_queue_does_not_take_back_is_left() -> None:
    queues = Queues(dead={"send": [a_letter(number) for number in range(5)]}, stuck=2)
    assert _operations({}, queues).redrive(name="send") == Redriven(moved=3, left=2)


@pytest.mark.parametrize("name", ["", "nope", "send-dlq", "SEND", "send "])
def test_a_queue_that_is_not_ours_is_not_found(name: str) -> None:
    operations = _operations({})
    for ask in (operations.redrive, operations.would_redrive):
        with pytest.raises(NotFound):
            ask(name=name)
