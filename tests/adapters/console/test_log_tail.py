import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_lambda_powertools import Logger

from chalicelib.aws import telemetry
from infra.local.console.log_tail import LogTail
from tests.fakes.clock import ManualClock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "log"


@pytest.fixture
def tail(file: Path) -> Iterator[LogTail]:
    with LogTail(file).attached() as attached:
        yield attached


def ours(tail: LogTail, source: str = "console.test") -> list[str]:
    return [line.text for line in tail.lines(most=1_000) if line.source == source]


def test_lines_are_kept_in_memory_and_in_the_file(tail: LogTail, file: Path, clock: ManualClock) -> None:
    logging.getLogger("console.test").warning("It is %s", "late")
    (line,) = [line for line in tail.lines(most=10) if line.source == "console.test"]
    assert (line.level, line.text, line.at, line.trace) == ("WARNING", "It is late", clock.now(), None)
    assert f"{clock.now():%Y-%m-%d %H:%M:%S} WARNING  console.test  It is late\n" in file.read_text()


def test_only_facts_that_telemetry_allows_are_shown(tail: LogTail, file: Path) -> None:
    logging.getLogger("console.test").info("sent", extra={"count": 3, "queue": "mail", "endpoint": "https://secret"})
    line = tail.lines(most=1)[0]
    assert line.facts == {"count": 3, "queue": "mail"}
    assert "secret" not in file.read_text()


def test_an_exception_brings_its_trace(tail: LogTail, file: Path) -> None:
    try:
        raise ValueError("scar")  # noqa: TRY301 -- an exception to be logged
    except ValueError:
        logging.getLogger("console.test").exception("It broke")
    trace = tail.lines(most=1)[0].trace
    assert trace is not None
    assert trace.endswith("ValueError: scar")
    assert "ValueError: scar" in file.read_text()


def test_the_products_own_lines_arrive(tail: LogTail) -> None:
    telemetry.note("run_planned", run_id="run_1", count=4)
    telemetry.alarm("message_failed", queue="mail")
    lines = [line for line in tail.lines(most=10) if line.source == "pushsaas"]
    assert [(line.text, dict(line.facts), line.trace) for line in lines] == [
        ("run_planned", {"run_id": "run_1", "count": 4}, None),
        ("message_failed", {"queue": "mail"}, None),
    ]


def test_a_powertools_logger_made_later_cannot_hide_itself(tail: LogTail) -> None:
    Logger(service="console-late").info("I am here")
    assert ours(tail, "console-late") == ["I am here"]


def test_whoever_watches_gets_what_is_new(tail: LogTail) -> None:
    log = logging.getLogger("console.test")
    log.info("one")
    seen = tail.lines(most=10)[-1].number
    log.info("two")
    log.info("three")
    assert [line.text for line in tail.lines(after=seen, most=10)] == ["two", "three"]
    assert [line.text for line in tail.lines(after=seen, most=1)] == ["three"]


def test_memory_is_bounded_and_texts_too(tail: LogTail) -> None:
    for number in range(2_100):
        logging.getLogger("console.test").info("%s %s", number, "x" * 10_000)
    lines = tail.lines(most=10_000)
    assert len(lines) == 2_000
    assert len(lines[-1].text) == 4_000


def test_a_line_that_cannot_be_formatted_breaks_nothing(tail: LogTail, capsys: pytest.CaptureFixture[str]) -> None:
    tail.handle(logging.LogRecord("console.test", logging.INFO, "", 0, "%d", ("not a number",), None))
    logging.getLogger("console.test").info("still here")
    assert ours(tail) == ["still here"]
    assert "Logging error" in capsys.readouterr().err


def test_afterwards_the_root_logger_is_as_before(file: Path) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers))
    with LogTail(file).attached():
        assert root.level == logging.INFO or before[0] < logging.INFO
    assert (root.level, list(root.handlers)) == before


def test_an_alarm_says_what_was_raised_and_where(tmp_path: Path) -> None:
    with LogTail(tmp_path / "log").attached() as log:
        try:
            int("forty-three")
        except ValueError:
            telemetry.alarm("request_broke", route="/v1/x")
        (line,) = log.lines(most=1)
    assert line.facts == {"route": "/v1/x"}
    assert line.trace is not None
    assert "ValueError" in line.trace
    assert "test_an_alarm_says_what_was_raised_and_where" in line.trace
    assert "ValueError" in (tmp_path / "log").read_text()
