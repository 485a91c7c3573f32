"""Many messages as one piece of work: all that can be read, in one go, and the places of those that come again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest
from chalice.app import Chalice, SQSEventConfig

from chalicelib.aws.messages import Message
from chalicelib.aws.worker import Broke, Invocation, Worker
from chalicelib.core.errors import Unavailable
from tests.adapters.aws.logged import logged_from_now
from tests.adapters.aws.test_queues import waiting
from tests.fakes.installation import Installation
from tests.fakes.lambdas import context


class Numbered(Message, frozen=True, kw_only=True):
    n: int


class Door:
    """A worker with one queue; which messages shall come again is the test's to say."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.again: set[int] = set()
        self.trouble: Exception | None = None
        worker = Worker(__name__)

        @worker.batch("mail", Numbered, at_once=50, window_seconds=2)
        def on_mail(messages: Sequence[Numbered], invocation: Invocation) -> Collection[int]:
            assert invocation.remaining_ms() > 0
            self.seen.append([message.n for message in messages])
            if self.trouble:
                raise self.trouble
            return {place for place, message in enumerate(messages) if message.n in self.again}

        self._handler = on_mail
        self._app = Chalice("door", configure_logs=False)
        self._app.register_blueprint(worker)

    @property
    def source(self) -> SQSEventConfig:
        (source,) = self._app.event_sources
        assert isinstance(source, SQSEventConfig)
        return source

    def deliver(self, *bodies: int | str) -> Any:
        records = [
            {
                "messageId": f"m{place}",
                "body": body if isinstance(body, str) else f'{{"v":1,"n":{body}}}',
                "attributes": {},
            }
            for place, body in enumerate(bodies)
        ]
        return self._handler({"Records": records}, context("on_mail"))


@pytest.fixture
def door() -> Door:
    return Door()


def told(*places: int) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": f"m{place}"} for place in places]}


def test_lambda_is_asked_to_wait_for_so_many(door: Door) -> None:
    source = door.source
    assert (source.batch_size, source.maximum_batching_window_in_seconds) == (50, 2)


def test_all_are_given_at_once_and_done(door: Door) -> None:
    assert door.deliver(1, 2, 3) == told()
    assert door.seen == [[1, 2, 3]]


def test_those_that_come_again_are_named(door: Door) -> None:
    door.again = {2, 4}
    assert door.deliver(1, 2, 3, 4, 5) == told(1, 3)


def test_what_nobody_can_read_is_dropped_and_shifts_no_place(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    log = logged_from_now(monkeypatch)
    door.again = {3}
    assert door.deliver("{", 1, "[]", 3, '{"v":1,"n":"x"}') == told(3)
    assert door.seen == [[1, 3]]
    assert [line["message"] for line in log].count("message_unreadable") == 3


def test_what_newer_code_wrote_is_put_back_and_the_others_are_done(door: Door, aws: Installation) -> None:
    newer = '{"v":9,"n":1,"tenant":"ten_1"}'
    assert door.deliver(1, newer, 2) == told()
    assert door.seen == [[1, 2]]
    assert [each["body"] for each in waiting()] == [newer]


def test_when_all_come_again_lambda_hears_of_a_failure(door: Door) -> None:
    door.again = {1, 2}
    with pytest.raises(Broke):
        door.deliver(1, 2)


@pytest.mark.parametrize("trouble", [Unavailable(), RuntimeError("oops")])
def test_when_the_work_breaks_all_come_again(door: Door, trouble: Exception) -> None:
    door.trouble = trouble
    with pytest.raises((Unavailable, Broke)):
        door.deliver(1, 2)


def test_nothing_that_can_be_read_is_no_failure(door: Door) -> None:
    assert door.deliver("{") == told()
    assert door.seen == [[]]
