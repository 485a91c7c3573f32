"""The console on a stage: a small server in front of a fake product. `python -m tests.adapters.console.stage 8000`."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chalicelib.core.errors import NotFound
from infra.local.console.exchange import Answer, Request, answer_problem
from infra.local.console.product_view import Product
from infra.local.console.routes import Console
from tests.adapters.console.fake_product import in_full_swing


@dataclass
class Stage:
    """`heard` is what the page asked of the app, which answers what `says` holds for a method, and otherwise 404."""

    url: str
    server: ThreadingHTTPServer
    heard: list[Request] = field(default_factory=list)
    says: dict[str, Answer] = field(default_factory=dict)

    def app(self, request: Request) -> Answer:
        self.heard.append(request)
        return self.says.get(request.method) or answer_problem(NotFound())

    def vanish(self) -> None:
        """As when Ctrl-C has stopped the product: nobody listens, and what was open is cut."""
        vars(self.server)["console"] = None
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def on_stage(make_product: Callable[[str], Product], *, port: int = 0) -> Iterator[Stage]:
    server = ThreadingHTTPServer(("127.0.0.1", port), _Visit)
    server.daemon_threads = True
    url = f"http://127.0.0.1:{server.server_port}"
    console = Console(make_product(url), port=server.server_port)
    stage = Stage(url, server)
    vars(server).update(console=console, stage=stage)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield stage
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        console.close()


class _Visit(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_DELETE(self) -> None:
        self._answer()

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def _answer(self) -> None:
        url = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=url.path,
            query=dict(parse_qsl(url.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(self.headers.get("content-length") or 0)),
        )
        console: Console | None = vars(self.server)["console"]
        if console is None:
            self.close_connection = True
            return
        stage: Stage = vars(self.server)["stage"]
        answer = console.answer(request) if console.concerns(request.path) else stage.app(request)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


if __name__ == "__main__":
    with on_stage(lambda url: in_full_swing(url=url), port=int(sys.argv[1])) as stage:
        sys.stdout.write(f"{stage.url}\n")
        sys.stdout.flush()
        threading.Event().wait()
