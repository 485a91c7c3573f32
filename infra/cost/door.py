"""API Gateway as the demo run needs it: calls the API's function as it would, without the socket, watched or not."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from chalice.app import Chalice

from chalicelib.core.ports import Clock
from infra.cost.meter import Meter
from infra.local import rest_event
from infra.local.invocation import Function
from infra.local.rest_event import Incoming, Outgoing

API = "api_handler"
_JSON = {"content-type": "application/json"}
_HERE = "127.0.0.1"


class Unfinished(Exception):
    """The demo run did not come to its end; counting half of it would flatter."""


class Door:
    def __init__(self, app: Chalice, *, meter: Meter, clock: Clock) -> None:
        self._app = app
        self._uncounted = Function(API, app, clock=clock)
        self._counted = meter.metered(self._uncounted, clock=clock)

    def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        headers: Mapping[str, str],
        expects: Collection[int],
        peer: str = _HERE,
        counts: bool = True,
    ) -> Outgoing:
        """Raises Unfinished at any other answer."""
        incoming = Incoming(
            method=method,
            path=path,
            query_string="",
            headers={**_JSON, **headers},
            body=b"" if body is None else json.dumps(body).encode(),
            peer=peer,
        )
        route = rest_event.find_route(rest_event.by_precedence(self._app.routes), path)
        assert route is not None, "the path is one of the product's"
        event = rest_event.to_event(incoming, route, request_id="cost", binary_types=())
        answer = rest_event.from_answer((self._counted if counts else self._uncounted).invoke(event))
        if answer.status not in expects:
            raise Unfinished(f"{method} {path}: {answer.status} {answer.body.decode()}")
        return answer
