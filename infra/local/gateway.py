"""HTTP on loopback in front of the app, as API Gateway is in production. The entry point starts one; so do tests.

What API Gateway never lets through (unknown paths and methods, bodies over 10 MB) is answered here, as its gateway
responses do. Requests run side by side in threads: Chalice's `current_request` is one for all of them, ours is not.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from http.client import responses
from types import TracebackType
from typing import Any, Protocol, Self

import waitress.server
from chalice.app import Chalice

from chalicelib.core import errors, ids
from chalicelib.web import middleware, problems
from chalicelib.web.body import TooLarge
from infra.local import rest_event
from infra.local.console.exchange import Answer, Request
from infra.local.invocation import Context
from infra.local.rest_event import Incoming, Outgoing

LOG = logging.getLogger("local.gateway")
logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of each request that waits for a thread
LARGEST_BODY_BYTES = 10 * 1024 * 1024
_TIMEOUT_SECONDS = 29
_READ_BUT_REFUSED_BYTES = 64 * 1024 * 1024  # beyond this waitress itself refuses, without problem+json
_STOP_SECONDS = 5
_WITHOUT_BODY = {204, 304}


class LocalSite(Protocol):
    """What only the local product serves, beside the app: the console, and what a CDN would."""

    def concerns(self, path: str) -> bool: ...
    def answer(self, request: Request) -> Answer: ...


class Gateway:
    """Listens as soon as it is made (`port` 0: any free one), answers between `start` and `stop`, or within `with`."""

    def __init__(self, app: Chalice, *, port: int = 0, sites: Sequence[LocalSite] = (), threads: int = 8) -> None:
        self._app = app
        self._sites = sites
        self._routes = rest_event.by_precedence(app.routes)
        listener = _bound(port)
        self.port: int = listener.getsockname()[1]
        self._connections: dict[int, Any] = {}
        self._server: Any = waitress.server.create_server(
            self._wsgi,
            map=self._connections,
            sockets=[listener],
            threads=threads,
            ident=None,
            max_request_body_size=_READ_BUT_REFUSED_BYTES,
            clear_untrusted_proxy_headers=True,
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="gateway", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Lets what is being answered end, within a few seconds, then closes every connection."""
        self._stopping.set()
        if self._thread.is_alive():
            self._server.pull_trigger()
            self._thread.join(2 * _STOP_SECONDS)
        self._server.task_dispatcher.shutdown(timeout=_STOP_SECONDS)
        for connection in list(self._connections.values()):
            connection.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def answer(self, incoming: Incoming) -> Outgoing:
        """From any thread. Never raises."""
        request_id = ids.new("req")
        try:
            if site := self._site_at(incoming.path):
                return _of_site(site.answer(_to_site(incoming)))
            return self._of_app(incoming, request_id)
        except Exception:  # one request's fault must not end the thread that serves the next
            LOG.exception("%s %s broke (%s)", incoming.method, incoming.path, request_id)
            return _refusal(problems.Broken(), request_id)

    def _of_app(self, incoming: Incoming, request_id: str) -> Outgoing:
        route = rest_event.find_route(self._routes, incoming.path)
        if route is None or incoming.method not in self._app.routes[route.path]:
            return _refusal(errors.NotFound(), request_id)
        binary_types = self._app.api.binary_types
        event = rest_event.to_event(incoming, route, request_id=request_id, binary_types=binary_types)
        return rest_event.from_answer(self._app(event, Context("api", _TIMEOUT_SECONDS)))

    def _site_at(self, path: str) -> LocalSite | None:
        return next((site for site in self._sites if site.concerns(path)), None)

    def _wsgi(self, environ: Mapping[str, Any], start_response: Any) -> Iterable[bytes]:
        began = time.monotonic()
        is_too_large = int(environ.get("CONTENT_LENGTH") or 0) > LARGEST_BODY_BYTES
        incoming = rest_event.from_wsgi(environ, body=b"" if is_too_large else environ["wsgi.input"].read())
        outgoing = _refusal(TooLarge(), ids.new("req")) if is_too_large else self.answer(incoming)
        has_body = incoming.method != "HEAD" and outgoing.status not in _WITHOUT_BODY
        length = [] if outgoing.status in _WITHOUT_BODY else [("Content-Length", str(len(outgoing.body)))]
        start_response(f"{outgoing.status} {responses.get(outgoing.status, '')}", [*outgoing.headers, *length])
        milliseconds = (time.monotonic() - began) * 1000
        if not self._site_at(incoming.path):  # the console asks every second
            LOG.info("%s %s %d %.0f ms", incoming.method, incoming.path, outgoing.status, milliseconds)
        return [outgoing.body] if has_body else []

    def _serve(self) -> None:
        while not self._stopping.is_set():
            self._turn(seconds=1)
        self._server.accepting = False
        deadline = time.monotonic() + _STOP_SECONDS
        while self._is_answering() and time.monotonic() < deadline:
            self._turn(seconds=0.05)

    def _turn(self, *, seconds: float) -> None:
        self._server.asyncore.loop(timeout=seconds, map=self._connections, use_poll=True, count=1)

    def _is_answering(self) -> bool:
        threads = self._server.task_dispatcher
        unsent = (channel.total_outbufs_len for channel in self._server.active_channels.values())
        return bool(threads.active_count or threads.queue or any(unsent))


def _bound(port: int) -> socket.socket:
    """Before waitress makes its threads: it would leave them behind when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def _to_site(incoming: Incoming) -> Request:
    return Request(
        method="GET" if incoming.method == "HEAD" else incoming.method,
        path=incoming.path,
        query={name: values[-1] for name, values in incoming.query.items()},
        headers=incoming.headers,
        body=incoming.body,
    )


def _of_site(answer: Answer) -> Outgoing:
    return Outgoing(answer.status, list(answer.headers.items()), answer.body)


def _refusal(error: errors.PushError, request_id: str) -> Outgoing:
    found = middleware.refuse(error, request_id=request_id)
    headers = [(name, str(value)) for name, value in found.headers.items()]
    return Outgoing(found.status_code, headers, str(found.body).encode())
