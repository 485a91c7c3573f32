"""Somebody's own web server on loopback, over plain HTTP: pages by path, and who came for them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Page:
    body: str | bytes = ""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class ShopFront:
    url: str
    pages: dict[str, Page] = field(default_factory=dict)
    visits: list[str] = field(default_factory=list)


@contextmanager
def shop_front() -> Iterator[ShopFront]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Visit)
    server.daemon_threads = True
    shop = ShopFront(f"http://127.0.0.1:{server.server_port}")
    vars(server)["shop"] = shop
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Visit(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        shop: ShopFront = vars(self.server)["shop"]
        shop.visits.append(self.path)
        page = shop.pages.get(self.path, Page("not here", status=404))
        body = page.body.encode() if isinstance(page.body, str) else page.body
        self.send_response(page.status)
        for name, value in {"Content-Type": page.kind, "Content-Length": str(len(body)), **page.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
