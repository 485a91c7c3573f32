"""A shop on an origin of its own: another port of this machine. The local product opens one; tests open as many as they
like.
"""

from __future__ import annotations

import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self

from infra.local.console.exchange import Answer, Request

LOG = logging.getLogger("local.shop")
_LONGEST_BODY = 65_536
_LOOK_EVERY_SECONDS = 0.05


class Answering(Protocol):
    def answer(self, request: Request) -> Answer: ...


class ShopServer:
    """Bound as soon as it is made (`port` 0: any free one), so that its origin is known before there is a site for it.

    Raises OSError when the port is taken.
    """

    def __init__(self, *, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), _Visit)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": _LOOK_EVERY_SECONDS}, name="shop", daemon=True
        )

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def open(self, shop: Answering) -> Self:
        self._server.shop = shop
        self._thread.start()
        return self

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    shop: Answering

    def handle_error(self, *_: object) -> None:
        fault = sys.exception()
        if not isinstance(fault, OSError):  # a visitor who hangs up is nothing to tell
            LOG.error("the shop broke", exc_info=fault)


class _Visit(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30

    def do_GET(self) -> None:
        self._answer(b"")

    def do_HEAD(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        said = self.headers.get("content-length", "0")
        size = int(said) if said.isdecimal() else _LONGEST_BODY + 1
        if size > _LONGEST_BODY:
            self.send_error(413)
            return
        self._answer(self.rfile.read(size))

    def log_message(self, *_: Any) -> None:
        """The browser's developer tools tell it better."""

    def _answer(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        method = "GET" if self.command == "HEAD" else self.command
        path = self.path.partition("?")[0]
        answer = self.server.shop.answer(Request(method=method, path=path, headers=headers, body=body))
        self.send_response(answer.status)
        for name, value in {**answer.headers, "Content-Length": str(len(answer.body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
