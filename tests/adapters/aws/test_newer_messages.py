"""Whatever queue it stands in: a message that newer code wrote is put back for it, word for word, and never lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chalice.app import SQSEventConfig

from app import app
from chalicelib.features.operations.model import QUEUES
from tests.adapters.aws.test_queues import waiting
from tests.fakes.installation import Installation
from tests.fakes.lambdas import Lambdas
from tests.world import World

_EVERY = sorted(str(source.queue) for source in app.event_sources if isinstance(source, SQSEventConfig))
_NEWER = [
    {
        "v": 99,
        "tenant": "ten_1",
        "site": "site_1",
        "run": "run_1",
        "n": 0,
        "kind": "run",
        "id": "run_1",
        "new": {"x": 1},
    },
    {"v": 99, "tenant": ["now", "a list"], "run": {"of": "another kind"}},
    {"v": 10**6},
]


def test_no_queue_is_left_out() -> None:
    assert sorted(QUEUES) == _EVERY


@pytest.mark.parametrize("queue", _EVERY)
@pytest.mark.parametrize("message", _NEWER, ids=["more fields", "other kinds", "nothing else"])
def test_it_is_put_back_with_a_delay(aws: Installation, queue: str, message: dict[str, Any]) -> None:
    body = json.dumps(message)
    Lambdas(aws.prefix).deliver(queue, body)
    (found,) = waiting(queue)
    assert (found["body"], found["delay_seconds"]) == (body, 300)


@pytest.mark.parametrize("queue", _EVERY)
def test_it_goes_round_until_newer_code_is_there(world: World, queue: str) -> None:
    body = json.dumps(_NEWER[1])
    world.lambdas.deliver(queue, body)
    for _ in range(4):
        world.clock.advance(minutes=6)
        assert world.lambdas.work(queue) == 1
    assert world.lambdas.bodies(queue) == [body]


@pytest.mark.parametrize("queue", _EVERY)
def test_what_nobody_ever_can_read_is_dropped_and_does_not_come_again(aws: Installation, queue: str) -> None:
    for body in ("", "[]", "{", '{"v": "two"}', '{"v": 1}'):
        Lambdas(aws.prefix).deliver(queue, body)
    assert waiting(queue) == []
