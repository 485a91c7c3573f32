"""What pushing sends out, byte for byte: the kernel's own count on each connection to the push service stand-in."""

from __future__ import annotations

import socket
import struct
import threading
from dataclasses import dataclass

import pycurl

from chalicelib.channels.webpush.transport import Connector

_ACKNOWLEDGED = struct.Struct("=Q")  # bytes_acked of Linux's struct tcp_info
_ACKNOWLEDGED_AT = 120
_INFO_BYTES = 256


@dataclass(frozen=True)
class Traffic:
    """`payload_bytes` is what TCP carried: TLS and all within it, handshakes included."""

    connections: int
    payload_bytes: int


class Metered:
    """A connector that keeps a second handle on every socket curl opens, to ask the kernel about it afterwards."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def prepare(self, curl: pycurl.Curl, host: str) -> None:
        self._connector.prepare(curl, host)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)

    def traffic(self) -> Traffic:
        with self._lock:
            return Traffic(len(self._sockets), sum(map(_sent_bytes, self._sockets)))

    def close(self) -> None:
        with self._lock:
            for each in self._sockets:
                each.close()
            self._sockets.clear()

    def _open(self, _purpose: int, address: tuple[int, int, int, object]) -> socket.socket:
        family, kind, protocol, _ = address
        opened = socket.socket(family, kind, protocol)
        with self._lock:
            self._sockets.append(opened)  # curl works on a duplicate of it
        return opened


def _sent_bytes(connection: socket.socket) -> int:
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_BYTES)
    acknowledged: int = _ACKNOWLEDGED.unpack_from(info, _ACKNOWLEDGED_AT)[0]
    return acknowledged
