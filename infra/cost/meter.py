"""Counts what each function asks of AWS, by a hook in botocore, and how long its invocations run. For the demo run.

What no function asks (the runner's own polling, this package's look-ups) is not counted: AWS does that part itself.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from typing import Any

from botocore.handlers import BUILTIN_HANDLERS

from chalicelib.core.ports import Clock
from infra.cost.scales import NOTHING, Scales, Weight
from infra.local.invocation import Function

_ASKED = "cost.asked"


@dataclass(frozen=True)
class Invocation:
    function: str
    number: int


@dataclass(frozen=True)
class Timed:
    """On this machine: `wall_seconds` beside moto, `cpu_seconds` of the function's thread, moto's work in it."""

    invocation: Invocation
    wall_seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Call:
    """One request to AWS. `operation` is `dynamodb.Query`; `target` the table or queue by its short name."""

    invocation: Invocation
    operation: str
    target: str
    weight: Weight
    sent_bytes: int

    @property
    def function(self) -> str:
        return self.invocation.function


@dataclass(frozen=True)
class Reading:
    calls: tuple[Call, ...]
    invocations: tuple[Timed, ...]

    def __add__(self, later: Reading) -> Reading:
        return Reading(self.calls + later.calls, self.invocations + later.invocations)

    def runs_of(self, function: str) -> int:
        return sum(timed.invocation.function == function for timed in self.invocations)


_inside: ContextVar[Invocation | None] = ContextVar("inside", default=None)


class Meter:
    """Attach it before the first client is made, give it the functions to watch, read it as often as needed."""

    def __init__(self, *, prefix: str) -> None:
        self._prefix = f"{prefix}-"
        self._scales: Scales | None = None
        self._numbers = count(1)
        self._lock = threading.Lock()
        self._calls: list[Call] = []
        self._timed: list[Timed] = []

    @contextmanager
    def attached(self) -> Iterator[None]:
        handlers: list[tuple[str, Callable[..., None]]] = [
            ("before-parameter-build", self._ask),
            ("response-received", self._answer),
        ]
        BUILTIN_HANDLERS.extend(handlers)
        try:
            yield
        finally:
            for handler in handlers:
                BUILTIN_HANDLERS.remove(handler)

    def weigh_with(self, dynamodb: Any) -> None:
        self._scales = Scales(dynamodb)

    def metered(self, function: Function, *, clock: Clock) -> Function:
        """The same function, watched; its name counts."""

        def watched(event: dict[str, Any], _context: Any) -> Any:
            return self._watch(function.name, lambda: function.invoke(event))

        return Function(function.name, watched, clock=clock)

    def read(self) -> Reading:
        """Everything since the last reading."""
        with self._lock:
            reading = Reading(tuple(self._calls), tuple(self._timed))
            self._calls, self._timed = [], []
        return reading

    def _watch(self, name: str, invoke: Callable[[], Any]) -> Any:
        invocation = Invocation(name, next(self._numbers))
        token = _inside.set(invocation)
        began, cpu = time.monotonic(), time.thread_time()
        try:
            return invoke()
        finally:
            _inside.reset(token)
            timed = Timed(invocation, time.monotonic() - began, time.thread_time() - cpu)
            with self._lock:
                self._timed.append(timed)

    def _ask(self, *, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        if (invocation := _inside.get()) is None:
            return
        before: Any = {}
        if self._scales and model.service_model.service_name == "dynamodb":
            with _uncounted():
                before = self._scales.before(model.name, params)
        context[_ASKED] = (invocation, model, params, before)

    def _answer(self, *, parsed_response: dict[str, Any] | None, context: dict[str, Any], **_: Any) -> None:
        if _ASKED not in context:
            return
        invocation, model, params, before = context[_ASKED]
        service, weight = model.service_model.service_name, NOTHING
        if self._scales and service == "dynamodb":
            with _uncounted():
                weight = self._scales.weigh(model.name, params, parsed_response or {}, before)
        call = Call(invocation, f"{service}.{model.name}", self._target(params), weight, _bytes(params))
        with self._lock:
            self._calls.append(call)

    def _target(self, params: dict[str, Any]) -> str:
        return ",".join(dict.fromkeys(name.removeprefix(self._prefix) for name in _names(params)))


@contextmanager
def _uncounted() -> Iterator[None]:
    token = _inside.set(None)
    try:
        yield
    finally:
        _inside.reset(token)


def _names(params: dict[str, Any]) -> Iterator[str]:
    if "TableName" in params:
        yield params["TableName"]
    elif "QueueUrl" in params:
        yield params["QueueUrl"].rpartition("/")[2]
    elif "RequestItems" in params:
        yield from params["RequestItems"]
    for entry in params.get("TransactItems", ()):
        yield from (write["TableName"] for write in entry.values())


def _bytes(params: dict[str, Any]) -> int:
    """About what goes over the wire: SQS charges one request for each 64 kB of it."""
    return len(json.dumps(params, default=str))
