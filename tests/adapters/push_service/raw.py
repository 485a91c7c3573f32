"""A client that need not behave: raw bytes under TLS, or an h2 connection whose frames may be tampered with."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.local.push_service.service import STAND_IN_HOST, PushService

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
    received = b""
    with suppress(ConnectionError, ssl.SSLError):
        while piece := connection.recv(65_536):
            received += piece
    return received


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
