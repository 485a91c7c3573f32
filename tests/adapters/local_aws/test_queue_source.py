"""SQS reaches handlers as Lambda would bring it: true events, batches, failures, redrive."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections import Counter
from typing import Any

import pytest
from chalice.app import Chalice, SQSEvent

from infra.local.clock import LocalClock
from infra.local.runner import Runner
from tests.adapters.local_aws.conftest import QueueOf

Records = list[list[dict[str, Any]]]


@pytest.fixture
def app() -> Chalice:
    return Chalice("small", configure_logs=False)


@pytest.fixture
def runner(app: Chalice, clock: LocalClock, resources: str) -> RunnerOf:
    def make(**settings: Any) -> Runner:
        return Runner(app, clock=clock, prefix=resources, **settings)

    return make


RunnerOf = Any


def listen(app: Chalice, queue: str = "send", *, answers: list[Any] | None = None, **settings: Any) -> Records:
    """Registers a handler; what it was given collects in the list. An answer that is an exception is raised."""
    seen: Records = []

    @app.on_sqs_message(queue=queue, name=f"{queue}_worker", **settings)
    def work(event: SQSEvent) -> Any:
        seen.append(event.to_dict()["Records"])
        answer = answers.pop(0) if answers else None
        if isinstance(answer, BaseException):
            raise answer
        return answer(seen[-1]) if callable(answer) else answer

    return seen


def bodies(seen: Records) -> list[list[str]]:
    return [[record["body"] for record in records] for records in seen]


def test_an_event_has_the_shape_lambda_gives_it(app: Chalice, runner: RunnerOf, queue: QueueOf) -> None:
    seen = listen(app)
    kinds = {
        "kind": {"DataType": "String", "StringValue": "wake"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    queue("send").send('{"n": 1}', MessageAttributes=kinds, MessageGroupId="tenant")
    assert runner().step() == 1
    ((record,),) = seen
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", record.pop("messageId"))
    assert len(record.pop("receiptHandle")) > 100
    milliseconds = record["attributes"].pop("SentTimestamp")
    assert milliseconds == record["attributes"].pop("ApproximateFirstReceiveTimestamp") == "1906891230000"
    assert record["attributes"].pop("SenderId")
    assert record == {
        "body": '{"n": 1}',
        "attributes": {"ApproximateReceiveCount": "1", "MessageGroupId": "tenant"},
        "messageAttributes": {
            "kind": {"stringValue": "wake", "stringListValues": [], "binaryListValues": [], "dataType": "String"},
            "raw": {"binaryValue": "AP8=", "stringListValues": [], "binaryListValues": [], "dataType": "Binary"},
        },
        "md5OfBody": hashlib.md5(b'{"n": 1}').hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:test-send",
        "awsRegion": "eu-central-1",
    }


def test_a_handler_knows_its_lambda(app: Chalice, runner: RunnerOf, queue: QueueOf) -> None:
    contexts: list[Any] = []

    @app.on_sqs_message(queue="send")
    def work(event: SQSEvent) -> None:
        contexts.append(event.context)

    queue("send").send("1", "2")
    runner().drain()
    first, second = contexts
    assert first.function_name == "work"
    assert first.aws_request_id != second.aws_request_id
    assert 0 < first.get_remaining_time_in_millis() <= 60_000


@pytest.mark.parametrize(("batch_size", "expected"), [(1, [1] * 7), (3, [3, 3, 1]), (10, [7]), (25, [7])])
def test_batches_are_as_large_as_the_decorator_says(
    app: Chalice, runner: RunnerOf, queue: QueueOf, batch_size: int, expected: list[int]
) -> None:
    seen = listen(app, batch_size=batch_size)
    queue("send").send(*"abcdefg")
    assert runner().drain() == len(expected)
    assert [len(records) for records in seen] == expected
    assert sorted(body for batch in bodies(seen) for body in batch) == list("abcdefg")


def test_what_succeeded_is_gone(app: Chalice, runner: RunnerOf, queue: QueueOf, clock: LocalClock) -> None:
    seen = listen(app)
    queue("send").send("once")
    runner().drain()
    clock.advance(86_400)
    assert runner().drain() == 0
    assert bodies(seen) == [["once"]]


def test_what_fails_comes_back_after_its_visibility_and_ends_in_the_dead_letter_queue(
    app: Chalice, runner: RunnerOf, queue: QueueOf, clock: LocalClock
) -> None:
    seen = listen(app, answers=[RuntimeError("no")] * 9)
    queue("send").send("poison")
    turned = runner()
    for attempt in range(1, 6):
        assert turned.drain() == 1
        assert turned.drain() == 0
        assert seen[-1][0]["attributes"]["ApproximateReceiveCount"] == str(attempt)
        clock.advance(359)
        assert turned.drain() == 0
        clock.advance(1)
    assert turned.drain() == 0
    assert queue("send-dlq").receive() == ["poison"]
    tally = turned.status().handlers[0].tally
    assert (tally.runs, tally.failures, tally.last_error) == (5, 5, "RuntimeError: no")


def test_a_retry_can_come_sooner_than_in_production(
    app: Chalice, runner: RunnerOf, queue: QueueOf, clock: LocalClock
) -> None:
    seen = listen(app, answers=[RuntimeError("no")])
    queue("send").send("again")
    turned = runner(retry_after_seconds=5)
    assert turned.drain() == 1
    clock.advance(5)
    assert turned.drain() == 1
    assert bodies(seen) == [["again"], ["again"]]


def test_failures_are_logged_with_their_traceback(
    app: Chalice, runner: RunnerOf, queue: QueueOf, caplog: pytest.LogCaptureFixture
) -> None:
    listen(app, answers=[ZeroDivisionError("by zero")])
    queue("send").send("x")
    runner().drain()
    assert "send_worker failed" in caplog.text
    assert "ZeroDivisionError: by zero" in caplog.text
    assert "Traceback" in caplog.text


def report(*wanted: str) -> Any:
    def answer(records: list[dict[str, Any]]) -> Any:
        return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in records if r["body"] in wanted]}

    return answer


def test_only_reported_failures_of_a_batch_come_back(
    app: Chalice, runner: RunnerOf, queue: QueueOf, clock: LocalClock
) -> None:
    seen = listen(app, batch_size=10, answers=[report("b", "d"), report()])
    queue("send").send(*"abcde")
    turned = runner()
    turned.drain()
    clock.advance(360)
    turned.drain()
    assert [sorted(batch) for batch in bodies(seen)] == [list("abcde"), ["b", "d"]]
    clock.advance(360)
    assert turned.drain() == 0


@pytest.mark.parametrize(
    "answer",
    [
        {"batchItemFailures": [{"itemIdentifier": "nobody's"}]},
        {"batchItemFailures": [{"itemIdentifier": ""}]},
        {"batchItemFailures": [{"itemIdentifier": None}]},
        {"batchItemFailures": [{"identifier": "x"}]},
        {"batchItemFailures": "all"},
        {"batchItemFailures": 7},
    ],
)
def test_an_unintelligible_report_fails_the_whole_batch(
    app: Chalice, runner: RunnerOf, queue: QueueOf, clock: LocalClock, answer: Any
) -> None:
    seen = listen(app, batch_size=10, answers=[answer])
    queue("send").send("a", "b")
    turned = runner()
    turned.drain()
    clock.advance(360)
    turned.drain()
    assert [sorted(batch) for batch in bodies(seen)] == [["a", "b"], ["a", "b"]]


@pytest.mark.parametrize("answer", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}, "done", [1]])
def test_any_other_answer_is_success(
    app: Chalice, runner: RunnerOf, queue: QueueOf, clock: LocalClock, answer: Any
) -> None:
    listen(app, answers=[answer])
    queue("send").send("a")
    runner().drain()
    clock.advance(360)
    assert runner().drain() == 0


class Killed(BaseException):
    """What a test raises inside a worker that shall die there."""


def test_a_killed_worker_leaves_its_message_to_the_next(
    app: Chalice, runner: RunnerOf, queue: QueueOf, clock: LocalClock
) -> None:
    seen = listen(app, answers=[Killed()])
    queue("send").send("half done")
    turned = runner()
    with pytest.raises(Killed):
        turned.step()
    assert {held.name: held.in_flight for held in turned.status().queues}["send"] == 1
    clock.advance(360)
    assert turned.drain() == 1
    assert bodies(seen) == [["half done"], ["half done"]]


def test_a_handler_that_exits_has_failed(app: Chalice, runner: RunnerOf, queue: QueueOf) -> None:
    listen(app, answers=[SystemExit(1)])
    queue("send").send("x")
    turned = runner()
    assert turned.drain() == 1
    assert turned.status().handlers[0].tally.failures == 1


def test_delayed_messages_wait_for_the_clock_or_for_an_impatient_test(
    app: Chalice, runner: RunnerOf, queue: QueueOf, clock: LocalClock
) -> None:
    seen = listen(app)
    queue("send").send("later", delay_seconds=60)
    turned = runner()
    assert turned.drain() == 0
    clock.advance(60)
    assert turned.drain() == 1
    queue("send").send("much later", delay_seconds=900)
    assert turned.drain() == 0
    assert turned.drain(skip_delays=True) == 1
    assert bodies(seen) == [["later"], ["much later"]]


def test_draining_ends_though_a_handler_feeds_itself(app: Chalice, runner: RunnerOf, queue: QueueOf) -> None:
    @app.on_sqs_message(queue="send")
    def work(event: SQSEvent) -> None:
        queue("send").send("again", delay_seconds=1)

    queue("send").send("first")
    assert runner().drain(limit=25, skip_delays=True) == 25


def test_an_arn_names_a_queue_too(app: Chalice, runner: RunnerOf, queue: QueueOf) -> None:
    ran: list[str] = []

    @app.on_sqs_message(queue_arn="arn:aws:sqs:eu-central-1:123456789012:test-mail")
    def work(event: SQSEvent) -> None:
        ran.extend(record.body for record in event)

    queue("mail").send("letter")
    runner().drain()
    assert ran == ["letter"]


def test_a_queue_nobody_made_stops_the_start(app: Chalice, runner: RunnerOf) -> None:
    listen(app, "imaginary")
    with pytest.raises(Exception, match="does not exist"):
        runner()


def test_a_handler_nobody_could_feed_stops_the_start(app: Chalice, runner: RunnerOf) -> None:
    @app.on_sns_message(topic="alarms")
    def work(event: Any) -> None: ...

    with pytest.raises(TypeError, match=r"SNSEventConfig \(work\)"):
        runner()


def test_first_calls_at_once_share_no_half_built_middleware(app: Chalice, runner: RunnerOf, queue: QueueOf) -> None:
    passed = Counter[str]()
    lock = threading.Lock()

    def middleware(event: Any, get_response: Any) -> Any:
        with lock:
            passed["middleware"] += 1
        return get_response(event)

    app.register_middleware(middleware, "all")
    listen(app, maximum_concurrency=8)
    queue("send").send(*map(str, range(40)))
    (source,) = runner().sources
    threads = [threading.Thread(target=source.step) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert passed["middleware"] == 40


def test_live_workers_run_side_by_side_up_to_the_limit(app: Chalice, runner: RunnerOf, queue: QueueOf) -> None:
    running, most, done = 0, 0, 0
    lock = threading.Lock()
    three_together = threading.Barrier(3)

    @app.on_sqs_message(queue="send", maximum_concurrency=3)
    def work(event: SQSEvent) -> None:
        nonlocal running, most, done
        with lock:
            running += 1
            most = max(most, running)
        three_together.wait(10)
        with lock:
            running -= 1
            done += 1

    live = runner()
    live.start()
    queue("send").send(*map(str, range(12)))
    until(lambda: done == 12)
    assert live.stop() == []
    assert most == 3


def test_a_live_worker_sees_an_advanced_clock(
    app: Chalice, runner: RunnerOf, queue: QueueOf, clock: LocalClock
) -> None:
    seen = listen(app)
    live = runner()
    live.start()
    queue("send").send("in an hour", delay_seconds=900)
    queue("send").send("now")
    until(lambda: len(seen) == 1)
    clock.advance(900)
    until(lambda: len(seen) == 2)
    assert live.stop() == []
    assert bodies(seen) == [["now"], ["in an hour"]]


def test_live_workers_survive_failures(app: Chalice, runner: RunnerOf, queue: QueueOf) -> None:
    seen = listen(app, answers=[RuntimeError("no"), SystemExit(), None], maximum_concurrency=2)
    live = runner()
    live.start()
    queue("send").send("a", "b", "c")
    until(lambda: len(seen) == 3)
    assert live.stop() == []


def test_idle_workers_stop_together_and_not_one_after_the_other(app: Chalice, runner: RunnerOf) -> None:
    listen(app)
    live = runner(most_at_once=16)
    live.start()
    assert live.stop(within_seconds=8) == []  # each of them may have just begun to wait a second


def test_stopping_is_bounded_though_a_handler_hangs(app: Chalice, runner: RunnerOf, queue: QueueOf) -> None:
    hanging, released = threading.Event(), threading.Event()

    @app.on_sqs_message(queue="send", name="stuck")
    def work(event: SQSEvent) -> None:
        hanging.set()
        released.wait(30)

    live = runner(most_at_once=1)
    live.start()
    queue("send").send("x")
    assert hanging.wait(10)
    assert live.stop(within_seconds=0.1) == ["stuck-0"]
    released.set()


def until(condition: Any) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
