"""The workers' door: which failures end a message, which bring it back, and what a handler learns of its Lambda."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from chalice.app import Chalice

from chalicelib.aws.messages import Message
from chalicelib.aws.worker import Broke, Invocation, Worker, decode
from chalicelib.core.errors import Conflict, FromTheFuture, NotFound, Unavailable
from tests.adapters.aws.logged import logged_from_now
from tests.adapters.aws.test_queues import waiting
from tests.fakes.clock import ManualClock
from tests.fakes.installation import Installation
from tests.fakes.lambdas import context


class Old(Message, frozen=True, kw_only=True):
    tenant: str


class New(Message, frozen=True, kw_only=True):
    """The same message two formats later."""

    v: int = 3
    tenant: str
    added: str = "default"


def _corrupt() -> None:
    msgspec.json.decode(b"{")


def _raise(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail


class Bench:
    """One worker with one of each handler; what they saw, and what they shall do next."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.act: Callable[[], None] = lambda: None
        worker = Worker(__name__)

        @worker.queue("mail", Old)
        def on_mail(message: Old, invocation: Invocation) -> None:
            self._see(message, invocation)

        @worker.every(minutes=1)
        def on_tick(invocation: Invocation) -> None:
            self._see(None, invocation)

        @worker.stream("arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/s")
        def on_stream(records: list[dict[str, Any]], invocation: Invocation) -> None:
            self._see(records, invocation)

        self.handlers = {"mail": on_mail, "tick": on_tick, "stream": on_stream}
        self.app = Chalice("bench", configure_logs=False)
        self.app.register_blueprint(worker)

    def deliver(self, *bodies: str, attempt: int = 1) -> None:
        records = [{"body": body, "attributes": {"ApproximateReceiveCount": str(attempt)}} for body in bodies]
        self.handlers["mail"]({"Records": records}, context("on_mail", seconds=60))

    def _see(self, what: Any, invocation: Invocation) -> None:
        self.seen.append((what, invocation))
        self.act()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    return logged_from_now(monkeypatch)


TICK = {
    "version": "0",
    "id": "1",
    "account": "123456789012",
    "region": "eu-central-1",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "time": "2026-01-05T00:00:00Z",
    "resources": [],
    "detail": {},
}
CHANGES = {"Records": [{"eventID": "1", "dynamodb": {"Keys": {"pk": {"S": "P"}}}}]}
HELLO = '{"v":1,"tenant":"ten_1"}'


def test_a_message_reaches_its_handler(bench: Bench, clock: ManualClock) -> None:
    bench.deliver(HELLO, attempt=3)
    ((message, invocation),) = bench.seen
    assert message == Old(tenant="ten_1")
    assert (invocation.started_at, invocation.attempt) == (clock.now(), 3)
    assert 0 < invocation.remaining_ms() <= 60_000


def test_a_record_that_says_less_is_a_first_attempt(bench: Bench) -> None:
    bench.handlers["mail"]({"Records": [{"body": HELLO, "attributes": {}}]}, context("on_mail"))
    assert bench.seen[0][1].attempt == 1


def test_unknown_fields_of_the_same_version_are_ignored(bench: Bench) -> None:
    bench.deliver('{"v":1,"tenant":"ten_1","extra":{"a":[1]}}')
    assert len(bench.seen) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        '"x"',
        "{}",
        '{"tenant":7}',
        '{"v":"one","tenant":"t"}',
        '{"v":1.5,"tenant":"t"}',
        "\x00",
    ],
)
def test_an_unreadable_message_is_dropped_and_on_record(bench: Bench, log: list[dict[str, Any]], body: str) -> None:
    bench.deliver(body)
    assert bench.seen == []
    assert [(line["level"], line["message"], line["queue"]) for line in log] == [
        ("ERROR", "message_unreadable", "mail")
    ]


def test_an_unreadable_message_is_not_quoted(bench: Bench, log: list[dict[str, Any]]) -> None:
    bench.deliver('{"tenant":["canary@example.com"],"canary@example.com":1}')
    assert "canary" not in json.dumps(log)


@pytest.mark.parametrize("error", [NotFound("canary"), Conflict(canary="canary")])
def test_what_can_never_succeed_is_dropped_and_on_record(
    bench: Bench, log: list[dict[str, Any]], error: Exception
) -> None:
    bench.act = _raise(error)
    bench.deliver(HELLO)
    assert [(line["message"], line["code"]) for line in log] == [("message_failed", error.code)]  # type: ignore[attr-defined]  # a PushError
    assert "canary" not in json.dumps(log)


def test_what_may_succeed_later_fails_the_message(bench: Bench) -> None:
    bench.act = _raise(Unavailable())
    with pytest.raises(Unavailable):
        bench.deliver(HELLO)


@pytest.mark.parametrize("act", [_raise(KeyError("canary")), _raise(RuntimeError("canary")), _corrupt])
def test_whatever_else_fails_the_message_without_its_words(
    bench: Bench, log: list[dict[str, Any]], act: Callable[[], None]
) -> None:
    bench.act = act
    with pytest.raises(Broke) as broke:
        bench.deliver(HELLO)
    assert "canary" not in str(broke.value)
    assert broke.value.__suppress_context__
    (line,) = log
    assert (line["message"], line["function"]) == ("worker_broke", "on_mail")
    assert "canary" not in json.dumps(line)
    assert line["exception"]


def test_a_message_from_the_future_goes_back_with_a_delay(
    aws: Installation, bench: Bench, log: list[dict[str, Any]]
) -> None:
    body = '{"v":2,"tenant":"ten_1","new":true}'
    bench.deliver(body)
    assert bench.seen == []
    (message,) = waiting()
    assert (message["body"], message["group"], message["delay_seconds"]) == (body, "ten_1", 300)
    assert [line["message"] for line in log] == ["message_from_the_future"]


def test_a_message_that_leads_to_a_row_from_the_future_goes_back_as_well(aws: Installation) -> None:
    def read(_message: Old, _invocation: Invocation) -> None:
        raise FromTheFuture

    stray = Worker(__name__)
    handler = stray.queue("mail", Old)(read)
    Chalice("stray", configure_logs=False).register_blueprint(stray)
    body = '{"v":1,"tenant":"ten_1"}'
    handler({"Records": [{"body": body, "attributes": {}}]}, context("stray"))
    (message,) = waiting()
    assert (message["body"], message["delay_seconds"]) == (body, 300)


def test_a_message_from_the_future_that_cannot_go_back_fails(bench: Bench, aws: Installation) -> None:
    stray = Worker(__name__)
    handler = stray.queue("nowhere", Old)(lambda _message, _invocation: None)
    Chalice("stray", configure_logs=False).register_blueprint(stray)
    event = {"Records": [{"body": '{"v":2,"tenant":"t"}', "attributes": {}}]}
    with pytest.raises(Unavailable):
        handler(event, context("stray"))


def test_older_formats_are_read_with_todays_defaults() -> None:
    assert decode('{"v":2,"tenant":"t"}', New) == New(v=2, tenant="t", added="default")
    assert decode('{"tenant":"t"}', New).v == 3


def test_cron_and_streams_reach_their_handlers(bench: Bench, clock: ManualClock) -> None:
    bench.handlers["tick"](TICK, context("on_tick"))
    bench.handlers["stream"](CHANGES, context("on_stream"))
    assert [what for what, _ in bench.seen] == [None, CHANGES["Records"]]
    assert bench.seen[0][1].started_at == clock.now()


def test_cron_and_streams_that_break_fail_without_their_words(bench: Bench, log: list[dict[str, Any]]) -> None:
    bench.act = _raise(KeyError("canary"))
    for name, event in (("tick", TICK), ("stream", CHANGES)):
        with pytest.raises(Broke):
            bench.handlers[name](event, context(name))
    assert [line["function"] for line in log] == ["on_tick", "on_stream"]


def test_one_message_an_invocation_and_a_bound_on_how_many_at_once() -> None:
    worker = Worker(__name__)
    worker.queue("send", Old, maximum_concurrency=5)(lambda _message, _invocation: None)
    app = Chalice("bounds", configure_logs=False)
    app.register_blueprint(worker)
    (source,) = app.event_sources
    assert (source.queue, source.batch_size, source.maximum_concurrency) == ("send", 1, 5)  # type: ignore[attr-defined]  # an SQSEventConfig
