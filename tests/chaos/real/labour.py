"""The life of a worker process: the real app's handlers, turned by the local runner, over an AWS and push services that
live in another process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from ctypes import c_double
from dataclasses import dataclass
from multiprocessing.synchronize import Lock
from pathlib import Path
from typing import Any

from botocore.handlers import BUILTIN_HANDLERS

from chalicelib.core import clock
from chalicelib.core.clock import minute_of
from tests.chaos.real import leash
from tests.chaos.real.fate import FUNCTIONS, Fate, Hand
from tests.chaos.real.shared_clock import SharedClock

_NAP_SECONDS = 0.05

Handler = Callable[[dict[str, Any], Any], Any]


@dataclass(frozen=True)
class Surroundings:
    """What a worker process must be told. `mutant` names what is wrong with its engine."""

    aws_url: str
    push_port: int
    ca_path: Path
    passed: c_double
    log: Path
    fate: Fate
    mutant: str = ""


def labour(surroundings: Surroundings, group: int, turn: Lock, hand: Hand) -> None:
    """For ever. `turn` is held while it may have something in hand."""
    leash.take(group)
    _write_to(surroundings.log)
    os.environ["AWS_ENDPOINT_URL"] = surroundings.aws_url
    BUILTIN_HANDLERS.extend((name, lambda **_: surroundings.fate.meet(hand)) for name in _STEPS)
    sources = _sources(surroundings, hand)
    while True:
        with turn:
            found = sum(source.step() for source in sources)
        if not found:
            time.sleep(_NAP_SECONDS)


_STEPS = ("before-send", "response-received")


def _sources(surroundings: Surroundings, hand: Hand) -> list[Any]:
    from app import app
    from chalicelib.channels import registry
    from infra.local.connector import Everywhere
    from infra.local.runner import Runner
    from tests.chaos.real.mutants import change_of
    from tests.chaos.real.senders import rebuild

    shared_clock = SharedClock(surroundings.passed)
    clock.use(shared_clock)
    registry.use(Everywhere(port=surroundings.push_port, ca_path=surroundings.ca_path))
    rebuild(hand, change_of(surroundings.mutant))
    for name in FUNCTIONS:
        app.handler_map[name] = _watched(name, app.handler_map[name], hand)
    app.handler_map["tick"] = _once_a_minute(app.handler_map["tick"], surroundings.fate)
    runner = Runner(app, clock=shared_clock, prefix=os.environ["PREFIX"])
    return [source for source in runner.sources if source.function.name in FUNCTIONS]


def _watched(name: str, handler: Handler, hand: Hand) -> Handler:
    def watched(event: dict[str, Any], context: Any) -> Any:
        with hand.holding(name):
            return handler(event, context)

    return watched


def _once_a_minute(handler: Handler, fate: Fate) -> Handler:
    """A schedule fires for one of them."""
    return lambda event, context: handler(event, context) if fate.ticks(minute_of(clock.now())) else None


def _write_to(log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
