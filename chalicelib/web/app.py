"""The Chalice app with its doors named: who authenticates, who remembers answers, who writes the audit log."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from chalice.app import Chalice

from chalicelib.core.identity import Principal
from chalicelib.web import middleware
from chalicelib.web.endpoint import Endpoint


class Observer(Protocol):
    def note(self, event: str, **facts: str | float | None) -> None:
        """Something happened."""
        ...

    def alarm(self, event: str, **facts: str | float | None) -> None:
        """Something is wrong with us."""
        ...


class Trail(Protocol):
    def append(self, *, tenant_id: str, actor: str, action: str, subject: str, request_id: str, at: datetime) -> None:
        """Write one mutation into the tenant's audit log."""
        ...


class Replays(Protocol):
    def begin(self, *, place: str, fingerprint: str, now: datetime) -> tuple[int, str] | None:
        """None: go ahead. An answer: it was done before. Raises Conflict when running, or for another body."""
        ...

    def finish(self, *, place: str, fingerprint: str, status: int, body: str, now: datetime) -> None:
        """Remember the answer."""
        ...

    def abandon(self, *, place: str) -> None:
        """It failed: the same key may try again."""
        ...


class App(Chalice):
    def __init__(
        self,
        name: str,
        *,
        authenticate: Callable[[str, datetime], Principal],
        confirm: Callable[[Principal, datetime], Principal],
        trail: Callable[[], Trail],
        replays: Callable[[], Replays],
        observer: Observer,
    ) -> None:
        super().__init__(app_name=name, configure_logs=False)
        self.authenticate = authenticate
        self.confirm = confirm
        self.trail = trail
        self.replays = replays
        self.observer = observer
        self.endpoints: list[Endpoint] = []
        self.groups: dict[str, str] = {}
        self.register_middleware(middleware.answer, "http")
