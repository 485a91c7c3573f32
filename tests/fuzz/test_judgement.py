"""What `make fuzz` makes of schemathesis' report: the last line, and how it ends."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tests.fuzz import __main__ as fuzz
from tests.fuzz.__main__ import operations, too_few
from tests.fuzz.profiles import PROFILES, asked_for
from tests.fuzz.targets.siege import Siege, besiege

FINE: dict[str, Any] = {
    "exit_code": 0,
    "operations": {"tested": 48},
    "test_cases": {"generated": 2000, "unique_failures": 0, "errored": 0},
    "failures": [],
    "valid_rates": {operation: {"fuzzing": {"accepted": 1}} for operation in operations()},
}


HELD = Siege(500, [])


def judge(report: Any, broken: list[str], siege: Siege = HELD, few: tuple[str, ...] = ()) -> int:
    return fuzz.judge(report, broken, siege, few=list(few))


def counts(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    last = capsys.readouterr().out.splitlines()[-1]
    return dict(json.loads(last.removeprefix("FUZZ ")))


def test_a_clean_report_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(FINE, []) == 0
    assert counts(capsys) == {"operations": 48, "examples": 2500, "failures": 0, "server_errors": 0}


def test_a_server_error_fails(capsys: pytest.CaptureFixture[str]) -> None:
    report = copy.deepcopy(FINE)
    report["failures"] = [{"type": "ServerError", "count": 3}, {"type": "JsonSchemaError", "count": 2}]
    report["test_cases"]["unique_failures"] = 5
    assert judge(report, []) == 1
    assert counts(capsys) == {"operations": 48, "examples": 2500, "failures": 5, "server_errors": 3}


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


def test_a_reader_that_broke_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(FINE, [], Siege(400, ["cursor"])) == 1
    assert counts(capsys) == {"operations": 48, "examples": 2400, "failures": 1, "server_errors": 0}


def test_an_operation_that_was_sent_too_little_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert judge(FINE, [], few=("POST /v1/sites, 3 of 200",)) == 1
    assert counts(capsys)["failures"] == 1


def test_what_takes_nothing_may_be_sent_little(capsys: pytest.CaptureFixture[str]) -> None:
    sent = {"POST /v1/sites": 199, "GET /v1/sites": 200, "POST /v1/auth/logout": 3}
    assert too_few(sent, 200, {*sent, "GET /v1/me"}) == ["POST /v1/sites, 199 of 200"]
    assert capsys.readouterr().out.splitlines()[4:] == [
        "all that there is to send: 0 of GET /v1/me",
        "all that there is to send: 3 of POST /v1/auth/logout",
    ]


def test_a_piece_is_the_operations_whose_paths_fit() -> None:
    assert operations("^/v1/sites$") == {"GET /v1/sites", "POST /v1/sites"}
    assert operations("no such") == set()


def test_the_targets_are_counted_and_one_that_cannot_be_tried_has_fallen(capsys: pytest.CaptureFixture[str]) -> None:
    assert besiege(1, ["cursor", "no such"]) == Siege(1, ["no such"])
    assert capsys.readouterr().out.splitlines() == ["target cursor: 1 examples", "target no such: BROKEN"]


def test_the_full_profile_sends_two_hundred_of_each() -> None:
    assert PROFILES["full"].at_least == 200
    assert asked_for(name="full", examples="") == PROFILES["full"]
    assert asked_for(name="quick", examples="7").examples == 7


@pytest.mark.parametrize(("name", "examples"), [("fast", ""), ("quick", "0"), ("quick", "many"), ("full", "-1")])
def test_what_no_profile_is_is_refused(name: str, examples: str) -> None:
    with pytest.raises(ValueError, match=r"PROFILE=fast is none of quick, full|is no number of examples"):
        asked_for(name=name, examples=examples)
