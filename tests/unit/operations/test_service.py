from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from chalicelib.core.errors import Unavailable
from chalicelib.features.operations.service import Operations, Probe
from tests.unit.operations.memory import Stops


def _operations(probes: Mapping[str, Probe]) -> Operations:
    return Operations(probes=probes, stops=Stops())


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


def test_to_start_one_tenant_does_not_start_what_is_stopped_for_all() -> None:
    operations = _operations({})
    operations.stop_sending(tenant_id=None, now=NOON)
    operations.start_sending(tenant_id="ten_a")
    assert operations.is_stopped(tenant_id="ten_a")
