"""What `make fuzz` makes of schemathesis' report: the last line, and how it ends."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.fuzz.__main__ import judge, operations

FINE: dict[str, Any] = {
    "exit_code": 0,
    "operations": {"tested": 48},
    "test_cases": {"generated": 2000, "unique_failures": 0, "errored": 0},
    "failures": [],
    "valid_rates": {operation: {"fuzzing": {"accepted": 1}} for operation in operations()},
}


def counts(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    last = capsys.readouterr().out.splitlines()[-1]
    return dict(json.loads(last.removeprefix("FUZZ ")))


def test_a_clean_report_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(FINE, []) == 0
    assert counts(capsys) == {"operations": 48, "examples": 2000, "failures": 0, "server_errors": 0}


def test_a_server_error_fails(capsys: pytest.CaptureFixture[str]) -> None:
    report = copy.deepcopy(FINE)
    report["failures"] = [{"type": "ServerError", "count": 3}, {"type": "JsonSchemaError", "count": 2}]
    report["test_cases"]["unique_failures"] = 5
    assert judge(report, []) == 1
    assert counts(capsys) == {"operations": 48, "examples": 2000, "failures": 5, "server_errors": 3}


def test_an_error_that_only_the_log_knows_of_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(FINE, ['{"event": "request_broke"}']) == 1
    assert counts(capsys)["server_errors"] == 1


@pytest.mark.parametrize("accepted", [{}, {"fuzzing": {"accepted": 0}}])
def test_an_operation_that_was_never_reached_fails(accepted: Any, capsys: pytest.CaptureFixture[str]) -> None:
    report = copy.deepcopy(FINE)
    report["valid_rates"]["GET /v1/me"] = accepted
    assert judge(report, []) == 1
    assert counts(capsys)["failures"] == 1


def test_a_run_that_ended_badly_fails() -> None:
    assert judge(FINE | {"exit_code": 1}, []) == 1


def test_an_example_that_could_not_be_tried_fails() -> None:
    assert judge(FINE | {"test_cases": {"generated": 9, "unique_failures": 0, "errored": 1}}, []) == 1
