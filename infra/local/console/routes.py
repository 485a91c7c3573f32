"""The console's routes: `GET /` and everything under `/local/`. The gateway asks them before it asks the app."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from chalicelib.core.errors import Invalid, NotFound, PushError
from chalicelib.web.body import guard
from chalicelib.web.problems import MethodNotAllowed
from chalicelib.web.schema import Schema, parse, parse_query
from infra.local.console.exchange import Answer, Request, admit, answer_json, answer_problem
from infra.local.console.misbehaviour import Misbehaviour
from infra.local.console.pages import pages, show
from infra.local.console.product_view import Product
from infra.local.console.schemas import (
    Advance,
    CheckQuery,
    NewCampaign,
    OutboxQuery,
    PushRules,
    ReceivedQuery,
    StateQuery,
)
from infra.local.console.state import State


class Site(Protocol):
    """A stand-in to whom browsers come from elsewhere, with forms."""

    def concerns(self, path: str) -> bool: ...
    def answer(self, request: Request) -> Answer: ...


S = TypeVar("S", bound=Schema)
Route = Callable[[Request], Answer]


class Console:
    """`concerns` says whether a path is the console's, `answer` answers it; both from any thread.

    `port` is where the gateway listens; it may be told later, when a free one was found.
    """

    def __init__(self, product: Product, *, port: int, providers: Sequence[Site] = ()) -> None:
        self._product = product
        self._providers = providers
        self.port = port
        self._misbehaviour = Misbehaviour(product.set_push_rules, now=product.now)
        self._state = State(product, self._misbehaviour)
        self._pages = pages()
        self._routes: dict[str, dict[str, Route]] = {
            "/local/state": {"GET": self._show_state},
            "/local/outbox": {"GET": self._show_outbox},
            "/local/received": {"GET": self._show_received},
            "/local/sites": {"GET": self._show_sites},
            "/local/check": {"GET": self._check},
            "/local/clock/advance": {"POST": self._advance},
            "/local/push-service/rules": {"POST": self._set_rules},
            "/local/campaigns": {"POST": self._send_campaign},
        }

    @staticmethod
    def concerns(path: str) -> bool:
        return path in {"/", "/local"} or path.startswith("/local/")

    def answer(self, request: Request) -> Answer:
        for provider in self._providers:
            if provider.concerns(request.path):
                return provider.answer(request)
        try:
            admit(request, port=self.port)
            return self._route(request)(request)
        except MethodNotAllowed as error:
            return answer_problem(error, allow=", ".join(self._methods(request.path)))
        except PushError as error:
            return answer_problem(error)

    def close(self) -> None:
        self._misbehaviour.close()

    def _route(self, request: Request) -> Route:
        methods = self._methods(request.path)
        if not methods:
            raise NotFound
        if request.method not in methods:
            raise MethodNotAllowed
        return methods[request.method]

    def _methods(self, path: str) -> dict[str, Route]:
        if path in self._pages:
            return {"GET": lambda request: show(self._pages[request.path])}
        return self._routes.get(path, {})

    def _show_state(self, request: Request) -> Answer:
        return answer_json(self._state.since(_query(StateQuery, request).since))

    def _show_outbox(self, request: Request) -> Answer:
        return answer_json({"data": self._product.outbox(to=_query(OutboxQuery, request).to)})

    def _show_received(self, request: Request) -> Answer:
        return answer_json({"data": self._product.received(run_id=_query(ReceivedQuery, request).run)})

    def _show_sites(self, _request: Request) -> Answer:
        return answer_json({"data": self._product.sites()})

    def _check(self, request: Request) -> Answer:
        wanted = _query(CheckQuery, request)
        return answer_json(self._product.check(tenant_id=wanted.tenant, site_id=wanted.site))

    def _advance(self, request: Request) -> Answer:
        self._product.advance(seconds=_body(Advance, request).seconds)
        self._misbehaviour.mood()
        return answer_json({"now": self._product.now()})

    def _set_rules(self, request: Request) -> Answer:
        wanted = _body(PushRules, request)
        try:
            self._misbehaviour.begin(wanted.rules, label=wanted.label, for_seconds=wanted.for_seconds)
        except ValueError as error:
            raise Invalid(str(error), pointer="/rules") from None
        return answer_json(self._misbehaviour.mood())

    def _send_campaign(self, request: Request) -> Answer:
        wanted = _body(NewCampaign, request)
        return answer_json({"run": self._product.send_campaign(title=wanted.title, body=wanted.body)}, status=202)


def _query(schema: type[S], request: Request) -> S:
    return parse_query(schema, dict(request.query))


def _body(schema: type[S], request: Request) -> S:
    return parse(schema, guard(request.body))
