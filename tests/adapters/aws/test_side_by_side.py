"""Several messages of one invocation: each on its own, all at the same time, and who failed is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest
from chalice.app import Chalice, SQSEventConfig

from chalicelib.aws import side_by_side
from chalicelib.aws.messages import Message
from chalicelib.aws.worker import Broke, Invocation, Worker
from chalicelib.core.errors import Conflict, Unavailable
from tests.fakes.lambdas import context

_SECONDS = 10
_whose: ContextVar[str] = ContextVar("whose")


class Numbered(Message, frozen=True, kw_only=True):
    n: int


class Door:
    """A worker with one queue; what its handler does is the test's."""

    def __init__(self) -> None:
        self.seen: list[int] = []
        self.act: Callable[[int], None] = lambda _: None
        worker = Worker(__name__)

        @worker.queue("mail", Numbered, at_once=4)
        def on_mail(message: Numbered, _invocation: Invocation) -> None:
            self.act(message.n)
            self.seen.append(message.n)

        self._handler = on_mail
        self._app = Chalice("door", configure_logs=False)
        self._app.register_blueprint(worker)

    @property
    def batch_size(self) -> int:
        (source,) = self._app.event_sources
        assert isinstance(source, SQSEventConfig)
        return int(source.batch_size)

    def deliver(self, *numbers: int) -> Any:
        records = [
            {"messageId": f"m{number}", "body": f'{{"v":1,"n":{number}}}', "attributes": {}} for number in numbers
        ]
        return self._handler({"Records": records}, context("on_mail"))


@pytest.fixture
def door() -> Iterator[Door]:
    yield Door()
    side_by_side.rest()


def test_the_queue_is_asked_for_so_many(door: Door) -> None:
    assert door.batch_size == 4


def test_they_are_under_way_at_the_same_time(door: Door) -> None:
    together = threading.Barrier(4)

    def act(_number: int) -> None:
        together.wait(_SECONDS)

    door.act = act
    assert door.deliver(1, 2, 3, 4) == {"batchItemFailures": []}
    assert sorted(door.seen) == [1, 2, 3, 4]


def test_who_failed_is_told_and_the_others_are_done(door: Door) -> None:
    def act(number: int) -> None:
        if number == 2:
            raise Unavailable
        if number == 3:
            raise ZeroDivisionError
        if number == 4:
            raise Conflict  # it can never succeed: done

    door.act = act
    told = door.deliver(1, 2, 3, 4)
    assert [failure["itemIdentifier"] for failure in told["batchItemFailures"]] == ["m2", "m3"]
    assert door.seen == [1]


def test_a_single_one_fails_as_a_whole(door: Door) -> None:
    def act(_number: int) -> None:
        raise Unavailable

    door.act = act
    with pytest.raises(Unavailable):
        door.deliver(1)


def test_when_all_of_them_fail_the_function_does(door: Door) -> None:
    """Or no alarm would ring: to Lambda, an answer that names failures is a success."""

    def act(_number: int) -> None:
        raise Unavailable

    door.act = act
    with pytest.raises(Broke):
        door.deliver(1, 2, 3, 4)


def test_what_kills_one_kills_the_function_and_leaves_nobody_half_way(door: Door) -> None:
    class Killed(BaseException):
        pass

    has_been_killed = threading.Event()

    def act(number: int) -> None:
        if number == 1:
            has_been_killed.set()
            raise Killed
        has_been_killed.wait(_SECONDS)

    door.act = act
    with pytest.raises(Killed):
        door.deliver(1, 2)
    assert door.seen == [2]


def test_each_inherits_what_its_caller_knows(door: Door) -> None:
    found: set[str] = set()
    door.act = lambda _: found.add(_whose.get("nobody's"))
    token = _whose.set("ours")
    door.deliver(1, 2)
    _whose.reset(token)
    assert found == {"ours"}


def test_threads_are_kept_and_sent_home(door: Door) -> None:
    threads: set[int] = set()
    door.act = lambda _: threads.add(threading.get_ident())
    for _ in range(20):
        door.deliver(1, 2)
    assert len(threads) <= side_by_side.MOST
    before = threading.active_count()
    side_by_side.rest()
    assert threading.active_count() < before
    side_by_side.rest()
