"""Sees every call to AWS that a function makes while it runs, and who it was. Every invocation is a cold start here:
what another function has fetched and kept would hide that this one may not fetch it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

from botocore import handlers

from tests.adapters.policies.needs import Need, needs
from tests.fakes.cold import CLIENTS, start_cold
from tests.fakes.gateway import Client, HttpAnswer
from tests.fakes.lambdas import Lambdas
from tests.world import World

API = "api_handler"
_REFUSED = 400
_HOOK = "provide-client-params"
_running: ContextVar[str | None] = ContextVar("running", default=None)


@dataclass
class Witness:
    """`needs` by function; `answered` are the routes that did what they were asked."""

    needs: dict[str, set[Need]] = field(default_factory=dict)
    answered: set[tuple[str, str]] = field(default_factory=set)

    def __enter__(self) -> Self:
        """Clients take their hooks from this list when they are made."""
        handlers.BUILTIN_HANDLERS.append((_HOOK, self._on_call))
        _forget_clients()
        return self

    def __exit__(self, *_: object) -> None:
        handlers.BUILTIN_HANDLERS.remove((_HOOK, self._on_call))
        _forget_clients()

    @contextmanager
    def running(self, function: str) -> Iterator[None]:
        start_cold()
        token = _running.set(function)
        self.needs.setdefault(function, set())
        try:
            yield
        finally:
            _running.reset(token)

    def watched(self, function: str, handler: Callable[..., Any]) -> Callable[..., Any]:
        def invoke(event: dict[str, Any], context: Any) -> Any:
            with self.running(function):
                return handler(event, context)

        return invoke

    def _on_call(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if (function := _running.get()) is not None:
            self.needs[function].update(needs(model.service_model.service_name, model.name, params))


@dataclass(frozen=True)
class WitnessedWorld(World):
    witness: Witness

    @classmethod
    def around(cls, world: World, witness: Witness) -> WitnessedWorld:
        return cls(world.aws, world.clock, world.ada, world.ben, world.cyd, witness)

    @cached_property
    def client(self) -> Client:
        return _WitnessedClient(self.witness)

    @cached_property
    def lambdas(self) -> Lambdas:
        return _WitnessedLambdas(self.aws.prefix, self.witness)


class _WitnessedClient(Client):
    def __init__(self, witness: Witness) -> None:
        super().__init__()
        self._witness = witness
        self._route = ""

    def request(self, method: str, path: str, **words: Any) -> HttpAnswer:
        with self._witness.running(API):
            answer = super().request(method, path, **words)
        if answer.status < _REFUSED:
            self._witness.answered.add((method, self._route))
        return answer

    def _event(self, method: str, path: str, headers: dict[str, str], raw: bytes | str | None) -> dict[str, Any]:
        event = super()._event(method, path, headers, raw)
        self._route = str(event["requestContext"]["resourcePath"])
        return event


class _WitnessedLambdas(Lambdas):
    def __init__(self, prefix: str, witness: Witness) -> None:
        super().__init__(prefix)
        self._witness = witness

    def fire(self, name: str) -> None:
        with self._witness.running(name):
            super().fire(name)

    def _handler(self, queue: str) -> tuple[str, Any]:
        name, handler = super()._handler(queue)
        return name, self._witness.watched(name, handler)


def _forget_clients() -> None:
    for made in CLIENTS:
        made.cache_clear()
