"""A real HTTP server on loopback that answers as the deployed API would, or as a broken one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

WELL: dict[str, tuple[int, str, Any]] = {
    "/prod/v1/health": (200, "application/json", {"status": "ok"}),
    "/prod/v1/health/ready": (200, "application/json", {"status": "ok", "faults": []}),
    "/prod/openapi.json": (200, "application/json", {"openapi": "3.1.0"}),
    "/prod/v1/no-such-thing": (404, "application/problem+json; charset=utf-8", {"code": "not_found"}),
}
BROKEN = (502, "application/json", {"message": "Internal server error"})


@dataclass
class Api:
    """`well_after`: how many answers are broken ones first. `instead`: wrong answers, by path."""

    url: str = ""
    well_after: int = 0
    instead: dict[str, tuple[int, str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, str, Any]:
        self.asked.append(path)
        if len(self.asked) <= self.well_after:
            return BROKEN
        return {**WELL, **self.instead}.get(path, BROKEN)


@contextmanager
def serving() -> Iterator[Api]:
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, media_type, body = api.answer(self.path)
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name it has in the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}/prod/"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
