"""A client that need not behave: raw bytes under TLS, or an h2 connection whose frames may be tampered with."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from h2.connection import H2Connection

from infra.local.push_service.service import STAND_IN_HOST, PushService
from tests.adapters.push_service.sender import Sender

_SECONDS = 5


@contextmanager
def tls_connection(service: PushService, alpn: str | None, host: str = STAND_IN_HOST) -> Iterator[ssl.SSLSocket]:
    context = ssl.create_default_context(cafile=service.ca_path)
    if alpn is not None:
        context.set_alpn_protocols([alpn])
    with tcp_connection(service) as plain:
        secure = context.wrap_socket(plain, server_hostname=host, suppress_ragged_eofs=True)
        try:
            yield secure
        finally:
            secure.close()


@contextmanager
def tcp_connection(service: PushService) -> Iterator[socket.socket]:
    plain = socket.create_connection(("127.0.0.1", service.port), timeout=_SECONDS)
    try:
        yield plain
    finally:
        plain.close()


def read_all(connection: socket.socket) -> bytes:
    """Until the server ends the connection, one way or another."""
    received: list[bytes] = []
    with suppress(ConnectionError, ssl.SSLError):
        while piece := connection.recv(65_536):
            received.append(piece)
    return b"".join(received)


def read_beneath_tls(connection: ssl.SSLSocket) -> None:
    """Until TCP ends; raises ConnectionResetError where TLS would only see an end."""
    with socket.socket(fileno=os.dup(connection.fileno())) as beneath:
        beneath.settimeout(_SECONDS)
        while beneath.recv(65_536):
            pass


def plain_request(service: PushService, sender: Sender, *more: str) -> bytes:
    """A sound push without payload in HTTP/1.1's own words."""
    url = service.subscribe()["endpoint"]
    head = [f"POST /{url.split('/', 3)[3]} HTTP/1.1", f"Host: {STAND_IN_HOST}", "Content-Length: 0", *more]
    return "\r\n".join([*head, *sender.headers(url), "", ""]).encode()


def ask_over_h2(client_side: H2Connection, service: PushService, sender: Sender) -> int:
    """The same as HTTP/2 frames, left in the connection's buffer; returns the stream's number."""
    url = service.subscribe()["endpoint"]
    stream_id = client_side.get_next_available_stream_id()
    fields = [(name, value) for name, _, value in (line.partition(": ") for line in sender.headers(url))]
    path = "/" + url.split("/", 3)[3]
    pseudo = [(":method", "POST"), (":scheme", "https"), (":authority", STAND_IN_HOST), (":path", path)]
    client_side.send_headers(stream_id, [*pseudo, *fields], end_stream=True)
    return stream_id


def eventually(claim: Callable[[], bool]) -> bool:
    """Becomes true before a deadline that only a failure meets."""
    deadline = time.monotonic() + _SECONDS
    while not claim():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def memory_bytes() -> int:
    """What this process holds in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
