"""Servers on loopback that count who comes, say how they were called, and answer as badly as they are told to."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.channels.outside.curl import Curl, Way
from chalicelib.core.addresses import Address

HOST = "web.push.apple.com"  # a name on the certificate
Answer = Callable[["Visit"], None]


@dataclass
class Visit:
    """One request; `sent` counts what the network took of the answer."""

    wire: ssl.SSLSocket
    head: str
    body: bytes
    sent: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)

    def send(self, content: bytes) -> None:
        self.wire.sendall(content)
        self.sent += len(content)


def plain(content: bytes, kind: str = "image/png", status: str = "200 OK", *headers: str) -> Answer:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(content)}", *headers]
    return lambda visit: visit.send("\r\n".join([*lines, "", ""]).encode() + content)


class Server:
    """Listens as soon as it is made. `connections` counts from the first packet on, before any TLS."""

    def __init__(self, context: ssl.SSLContext, *, address: str = "127.0.0.1", port: int = 0) -> None:
        self.answer: Answer = plain(b"png")
        self.connections = 0
        self.names: list[str | None] = []
        self.visits: list[Visit] = []
        self._context = context
        self._stopping = threading.Event()
        self._listener = socket.create_server((address, port))
        self._listener.settimeout(0.05)
        self.address, self.port = self._listener.getsockname()
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def stop(self) -> None:
        self._stopping.set()
        for visit in self.visits:
            visit.is_over.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                wire, _ = self._listener.accept()
                self.connections += 1
                self._threads.append(threading.Thread(target=self._serve, args=(wire,), daemon=True))
                self._threads[-1].start()

    def _serve(self, plain_wire: socket.socket) -> None:
        with plain_wire, contextlib.suppress(OSError):
            plain_wire.settimeout(10)
            with self._context.wrap_socket(plain_wire, server_side=True) as wire:
                self.names.append(getattr(wire, "asked_for", None))
                visit = _read(wire)
                self.visits.append(visit)
                try:
                    self.answer(visit)
                finally:
                    visit.is_over.set()


def _read(wire: ssl.SSLSocket) -> Visit:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(wire)
    head, _, body = received.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += _more(wire)
    return Visit(wire, head.decode(), body)


def _more(wire: ssl.SSLSocket) -> bytes:
    found = wire.recv(4_096)
    if not found:
        raise ConnectionError("they have hung up")
    return found


def remember_names(context: ssl.SSLContext) -> None:
    """What the client asked for by SNI, on the socket that it asked with."""

    def note(wire: Any, name: str | None, _context: ssl.SSLContext) -> None:
        wire.asked_for = name

    context.sni_callback = note


@dataclass
class Fickle:
    """A resolver that says something else each time, and the last thing for ever."""

    answers: Sequence[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    def addresses(self, host: str, *, within_seconds: float) -> Sequence[str]:
        assert within_seconds > 0
        self.asked.append(host)
        return self.answers[min(len(self.asked), len(self.answers)) - 1]


@dataclass
class Watched:
    """Remembers where sockets were to go, and hands out some that go nowhere."""

    places: list[tuple[str, int]] = field(default_factory=list)

    def open(self, place: Any) -> socket.socket:
        self.places.append(place.addr[:2])
        return socket.socket(socket.AF_UNIX)


@dataclass(frozen=True)
class Only:
    """The one rule for tests: these addresses are as good as public."""

    addresses: frozenset[str]

    def __call__(self, address: Address) -> bool:
        return str(address) in self.addresses


def led(server: Server, ca_path: str, *, resolver: Any = None) -> Curl:
    """A guard for which this server's address is public, and no other."""
    resolver = resolver or Fickle([[server.address]])
    return Curl(Way(resolver=resolver, admits=Only(frozenset({server.address})), ca_path=ca_path))
