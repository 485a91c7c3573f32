"""One HTTP call as a view sees it: who asks, what with, and what to add to the answer."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from chalice.app import Request

from chalicelib.core.identity import Principal
from chalicelib.web.problems import Headers
from chalicelib.web.schema import Nothing, Query, Schema

B = TypeVar("B", bound=Schema)


@dataclass(frozen=True)
class Envelope:
    """What the middleware knows before a view is chosen. A context variable, because Chalice's own is one for all."""

    request: Request
    request_id: str
    headers: Headers = field(default_factory=dict)

    @property
    def client_address(self) -> str:
        """As API Gateway saw it. What headers say of it, anybody may have written."""
        return str(self.request.context.get("identity", {}).get("sourceIp", ""))


current: ContextVar[Envelope] = ContextVar("current")


@dataclass(frozen=True)
class Call(Generic[B]):
    body: B
    path: dict[str, str]
    query: Query
    at: datetime
    request_id: str
    client_address: str
    request_headers: dict[str, str]
    answer_headers: Headers
    _principal: Principal | None = None

    @property
    def principal(self) -> Principal:
        if self._principal is None:
            raise RuntimeError("this endpoint asks for no credentials")
        return self._principal

    @property
    def tenant_id(self) -> str:
        return self.principal.tenant_id

    def header(self, name: str) -> str | None:
        return self.request_headers.get(name.lower())


@dataclass(frozen=True)
class Answer:
    """For the views whose status or headers depend on what happened. Others return their schema."""

    body: Schema | str | bytes = field(default_factory=Nothing)
    status: int | None = None
    headers: Headers = field(default_factory=dict)
