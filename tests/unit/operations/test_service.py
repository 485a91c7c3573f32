from __future__ import annotations

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.features.operations.service import Operations


def _answers() -> None:
    return


def _is_silent() -> None:
    raise Unavailable


def _is_broken() -> None:
    raise ZeroDivisionError


def test_when_everything_answers_there_are_no_faults() -> None:
    assert Operations(probes={"tables": _answers, "secrets": _answers}).faults() == []


def test_a_part_that_does_not_answer_is_named() -> None:
    assert Operations(probes={"tables": _answers, "secrets": _is_silent}).faults() == ["secrets"]


def test_a_mistake_of_ours_is_no_fault_of_a_part() -> None:
    with pytest.raises(ZeroDivisionError):
        Operations(probes={"tables": _is_broken}).faults()
