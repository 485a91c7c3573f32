"""The stand-in providers on a port of their own, and a browser that goes there and comes back."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from chalicelib.config import settings
from chalicelib.core import clock
from chalicelib.features.identity.adapters.oidc import terms
from infra.local.console.exchange import Request
from infra.local.oidc.desk import Desk, Persona, Somebody
from infra.local.oidc.seam import lead_to
from tests.fakes.gateway import Client, HttpAnswer

Misbehaviour = Callable[[BaseHTTPRequestHandler], None]


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: Any) -> None:
        """Tests say themselves what was asked."""

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        self.server.asked.append(url.path)
        for ending, misbehaviour in self.server.misbehaviours.items():
            if url.path.endswith(ending):
                misbehaviour(self)
                return
        query = dict(parse_qsl(url.query))
        desk = self.server.desk
        answer = desk.answer(Request(method=self.command, path=url.path, query=query, body=body))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    desk: Desk
    misbehaviours: dict[str, Misbehaviour]
    asked: list[str]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hangs up in the middle of an answer is meant to."""


@dataclass
class Providers:
    """`misbehaviours` by the end of a path; `asked` are the paths that the product has asked for."""

    desk: Desk
    misbehaviours: dict[str, Misbehaviour]
    asked: list[str]

    def __getitem__(self, name: str) -> Persona:
        return self.desk.personas[name]


@contextmanager
def providers() -> Iterator[Providers]:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.misbehaviours, server.asked = {}, []
    url = f"http://127.0.0.1:{server.server_address[1]}"
    server.desk = Desk(url=url, public_url=settings().public_url, now=clock.now)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    before = terms.in_use()
    lead_to(server.desk)
    try:
        yield Providers(server.desk, server.misbehaviours, server.asked)
    finally:
        terms.use(*before)
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class Browser:
    """Keeps its cookie, as browsers do."""

    client: Client
    providers: Providers
    cookie: str = ""
    start_query: Mapping[str, str] = field(default_factory=dict)

    def start(self, provider: str = "google") -> dict[str, str]:
        """What the provider is asked."""
        path = f"/v1/auth/oauth/{provider}/start"
        answer = self.client.get(path, headers=self._headers(), query=self.start_query or None)
        assert answer.status == 302, answer.text
        self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return dict(parse_qsl(urlsplit(answer.headers["location"]).query))

    def sign_in(self, asked: Mapping[str, str], who: Somebody, *, provider: str = "google") -> str:
        """The address that the provider sends the browser back to."""
        return self.providers[provider].authorize(asked, who)

    def come_back(self, address: str) -> HttpAnswer:
        url = urlsplit(address)
        return self.client.get(f"{url.path}?{url.query}", headers=self._headers())

    def code_for(self, who: Somebody, provider: str = "google") -> str:
        """Ours, after all of it."""
        answer = self.come_back(self.sign_in(self.start(provider), who, provider=provider))
        assert answer.status == 302, answer.text
        return answer.headers["location"].partition("#code=")[2]

    def exchange(self, code: str, **more: str) -> HttpAnswer:
        return self.client.post("/v1/auth/oauth/exchange", json={"code": code, **more})

    def _headers(self) -> dict[str, str]:
        return {"Cookie": self.cookie} if self.cookie else {}


def failed(answer: HttpAnswer) -> bool:
    return (answer.status, answer.code) == (401, "sign_in_failed")
