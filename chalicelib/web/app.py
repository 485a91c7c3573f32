"""The Chalice app with its doors named: who authenticates, counts, remembers answers, and writes the audit log."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from chalice.app import Chalice

from chalicelib.core.identity import Principal
from chalicelib.core.limits import FREE, Bucket, Plan, Room
from chalicelib.core.suspicion import Block, Rule
from chalicelib.web import middleware
from chalicelib.web.endpoint import Endpoint


class Observer(Protocol):
    def note(self, event: str, **facts: str | float | None) -> None:
        """Something happened."""
        ...

    def alarm(self, event: str, **facts: str | float | None) -> None:
        """Something is wrong with us."""
        ...


class Authenticator(Protocol):
    def authenticate(self, token: str, *, now: datetime) -> Principal:
        """Who is asking. Raises Unauthenticated."""
        ...

    def confirm(self, person: Principal, *, now: datetime) -> Principal:
        """The same as they stand now. Raises Unauthenticated for whom a token speaks no more."""
        ...


class Trail(Protocol):
    def append(
        self,
        *,
        tenant_id: str,
        actor: str,
        action: str,
        subject: str,
        request_id: str,
        at: datetime,
        facts: Mapping[str, str | int | bool] | None = None,
    ) -> None:
        """Write one mutation into the tenant's audit log."""
        ...

    def note_reading(
        self, *, tenant_id: str, actor: str, what: str, subject: str, request_id: str, at: datetime
    ) -> None:
        """Somebody looked at what is kept of people. Written once an hour for each of them, and of what."""
        ...


class Replays(Protocol):
    def begin(self, *, place: str, fingerprint: str, now: datetime) -> tuple[int, str] | None:
        """None: go ahead. An answer: it was done before. Raises Conflict when running, or for another body."""
        ...

    def finish(self, *, place: str, fingerprint: str, status: int, body: str, now: datetime, tenant_id: str) -> None:
        """Remember the answer."""
        ...

    def abandon(self, *, place: str) -> None:
        """It failed: the same key may try again."""
        ...


class Buckets(Protocol):
    def take(self, bucket: Bucket, *, now: datetime) -> Room:
        """Let one more request in, or not. Raises Unavailable when nobody can say."""
        ...


class Suspicion(Protocol):
    def block_of(self, subject: str, *, now: datetime) -> Block | None:
        """The one that stands for a person or a key. Raises Unavailable when nobody can say."""
        ...

    def note(self, rule: Rule, *, whose: str, tenant_id: str, mark: str, request_id: str, now: datetime) -> None:
        """Something looks odd. Nobody is refused because it could not be noted."""
        ...


class App(Chalice):
    """`plan_of` a tenant: the one plan there is, until billing says which."""

    def __init__(
        self,
        name: str,
        *,
        authenticator: Callable[[], Authenticator],
        trail: Callable[[], Trail],
        replays: Callable[[], Replays],
        buckets: Callable[[], Buckets],
        suspicion: Callable[[], Suspicion],
        observer: Observer,
        plan_of: Callable[[str], Plan] = lambda _tenant_id: FREE,
    ) -> None:
        super().__init__(app_name=name, configure_logs=False)
        self.authenticator = authenticator
        self.trail = trail
        self.replays = replays
        self.buckets = buckets
        self.suspicion = suspicion
        self.plan_of = plan_of
        self.uncounted_until = datetime.min.replace(
            tzinfo=UTC
        )  # the counters are out of reach: nobody asks them till then
        self.observer = observer
        self.endpoints: list[Endpoint] = []
        self.groups: dict[str, str] = {}
        self.register_middleware(middleware.answer, "http")

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        return super().__call__(_encodable(event), context)


_WORDS = ("path", "pathParameters", "headers", "multiValueHeaders")  # a query's are refused by its schema


def _encodable(event: dict[str, Any]) -> dict[str, Any]:
    """Half a surrogate pair can be said in JSON, which a Lambda event is, but neither stored nor signed."""
    said = json.dumps({name: event.get(name) for name in _WORDS}, ensure_ascii=False)
    try:
        said.encode()
    except UnicodeEncodeError:
        return {**event, **json.loads(said.encode("utf-8", "replace"))}
    return event
